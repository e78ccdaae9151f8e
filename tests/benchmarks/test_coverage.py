"""Intervals hold the truth as often as they say, over few worlds of the benchmark."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from benchmarks.coverage import (
    ESTIMATORS,
    LEAST_EFFECTIVE,
    SCENARIOS,
    Cell,
    cells,
    hits,
    p_value,
    rejected,
    setting,
)
from rankeval import ope


def outside(found: Counter[Cell], worlds: int, methods: tuple[str, ...]) -> dict[Cell, int]:
    """The cells whose coverage is not within 93 to 97 %."""
    counted = cells(methods)
    flags = rejected([found[cell] for cell in counted], worlds)
    return {cell: found[cell] for cell, flag in zip(counted, flags, strict=True) if flag}


@pytest.mark.parametrize("name", SCENARIOS)
def test_normal_intervals(name: str) -> None:
    assert outside(hits(SCENARIOS[name], 300, ("normal",)), 300, ("normal",)) == {}


def test_bootstrap_intervals() -> None:
    methods = ("normal", "bootstrap", "bootstrap_t")
    assert outside(hits(SCENARIOS["clicks"], 120, methods, replicates=200), 120, methods) == {}


def test_intervals_that_are_too_narrow_or_too_wide_are_told_apart() -> None:
    for level, worlds in ((0.8, 120), (0.9995, 300)):
        found = hits(SCENARIOS["revenue"], worlds, ("normal",), level=level)
        assert len(outside(found, worlds, ("normal",))) > len(cells(("normal",))) / 2


def test_worlds_are_those_that_coverage_is_asked_for() -> None:
    _, world = next(SCENARIOS["clicks"].worlds())
    assert world.effective_share >= LEAST_EFFECTIVE
    log = world.log(seed=1)
    weights = log["target_propensity"].to_numpy() / log["propensity"].to_numpy()
    share = weights.sum() ** 2 / (weights**2).sum() / len(weights)
    assert share == pytest.approx(world.effective_share, rel=0.1)


def test_truths_are_what_estimates_come_to() -> None:
    _, world = next(SCENARIOS["clicks"].worlds())
    result = ope(world.log(seed=2), [setting(name) for name in ESTIMATORS])
    truths = world.truths()
    for name, row in zip(ESTIMATORS, result.estimates, strict=True):
        assert row.value.value == pytest.approx(truths[name], abs=4 * (row.value.std_error or math.nan))
    # Those of the plain weights share the value of the policy.
    assert len({round(truth, 6) for truth in truths.values()}) == len(ESTIMATORS) - 3


def test_the_exact_test_by_hand() -> None:
    below = sum(math.comb(20, k) * 0.93**k * 0.07 ** (20 - k) for k in range(15 + 1))
    assert p_value(15, 20) == pytest.approx(below, rel=1e-12)
    assert p_value(20, 20) == pytest.approx(0.97**20, rel=1e-12)
    assert p_value(1900, 2000) > 0.99
    assert rejected([1900, 1800, 2000, 1861, 1939], 2000) == [False, True, True, False, False]


def test_holm_rejects_less_the_more_is_tested() -> None:
    border = next(k for k in range(2000) if p_value(k, 2000) > 0.02)
    assert rejected([border], 2000) == [True]
    assert rejected([border, *[1900] * 50], 2000) == [False] * 51
    assert not np.any(rejected([1900] * 50, 2000))
