"""Boundaries of planned looks, against published values and simulated tests."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankeval.ab_tests.looks import Looks, critical_values
from rankeval.ab_tests.sequences import anytime_p_value, sequence_multiplier

FIFTHS = (0.2, 0.4, 0.6, 0.8, 1.0)


def look(number: int = 3, boundary: str = "obrien_fleming", looks: int = 5) -> Looks:
    found = Looks.of(looks, number, boundary, None, 0.05)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("boundary", "published"),
    [
        ("obrien_fleming", (4.877, 3.357, 2.680, 2.290, 2.031)),
        ("pocock", (2.438, 2.427, 2.410, 2.397, 2.386)),
    ],
)
def test_boundaries_are_the_published_ones(boundary: str, published: tuple[float, ...]) -> None:
    """Reboussin, DeMets, Kim & Lan (2000), five equal looks, two-sided 5 %."""
    assert critical_values(boundary, FIFTHS, 0.05) == pytest.approx(published, abs=6e-4)


def test_one_look_is_the_plain_test() -> None:
    for boundary in ("obrien_fleming", "pocock"):
        assert critical_values(boundary, (1.0,), 0.05) == pytest.approx((1.959964,), abs=1e-6)


@pytest.mark.parametrize("boundary", ["obrien_fleming", "pocock"])
def test_twenty_looks_err_as_often_as_they_may(boundary: str) -> None:
    """50,000 random walks; a plain z would err in 25 %."""
    rng = np.random.default_rng(1)
    shares = tuple(k / 20 for k in range(1, 21))
    walks = np.cumsum(rng.normal(size=(50_000, 20)), axis=1) / np.sqrt(np.arange(1, 21))
    limits = np.array(critical_values(boundary, shares, 0.05))
    error = (0.05 * 0.95 / 50_000) ** 0.5
    assert (np.abs(walks) >= limits).any(axis=1).mean() == pytest.approx(0.05, abs=4 * error)
    assert (np.abs(walks) >= 1.96).any(axis=1).mean() > 0.2


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 6), st.sampled_from(["obrien_fleming", "pocock"]), st.floats(0.0, 7.0))
def test_the_repeated_p_value_is_up_to_the_level_where_the_boundary_is_crossed(
    number: int, boundary: str, z: float
) -> None:
    found = look(number, boundary, 6)
    p = found.p_value(z, 1e12)
    assert 0.0 < p <= 1.0
    if abs(z - found.critical) > 1e-6:
        assert (p <= 0.05) == (z >= found.critical)
    assert p >= math.erfc(z / math.sqrt(2.0)) - 1e-6


def test_the_p_value_inverts_the_boundary() -> None:
    for alpha in (1e-4, 0.01, 0.2):
        limit = critical_values("pocock", (0.2, 0.4), alpha)[-1]
        assert look(2, "pocock").p_value(limit, 1e12) == pytest.approx(alpha, rel=1e-4)


def test_few_degrees_of_freedom_widen_the_interval() -> None:
    assert look().multiplier(10.0) > look().multiplier(1e9) == pytest.approx(look().critical, rel=1e-6)


@settings(max_examples=50, deadline=None)
@given(st.floats(1.0, 1e9), st.floats(1.0, 1e7), st.floats(0.0, 30.0), st.floats(0.001, 0.4))
def test_a_sequence_and_its_p_value_agree(n: float, at: float, z: float, alpha: float) -> None:
    multiplier = sequence_multiplier(n, at, alpha)
    p = anytime_p_value(z, n, at, alpha)
    assert 0.0 <= p <= 1.0
    if abs(z - multiplier) > 1e-6 * multiplier:
        assert (p <= alpha) == (z >= multiplier)


def test_a_sequence_is_narrowest_where_it_was_tuned() -> None:
    """Over sizes, width over the standard error is least near it; at no size less than the plain quantile."""
    sizes = np.geomspace(10.0, 1e7, 2000)
    multipliers = np.array([sequence_multiplier(n, 10_000.0, 0.05) for n in sizes])
    assert sizes[np.argmin(multipliers)] == pytest.approx(10_000.0, rel=0.05)
    assert multipliers.min() > 1.96


def test_a_sequence_errs_rarely_at_any_look() -> None:
    rng = np.random.default_rng(2)
    walks = np.cumsum(rng.normal(size=(4000, 100)), axis=1) / np.sqrt(np.arange(1, 101))
    limits = np.array([sequence_multiplier(200.0 * k, 10_000.0, 0.05) for k in range(1, 101)])
    assert (np.abs(walks) >= limits).any(axis=1).mean() <= 0.05
