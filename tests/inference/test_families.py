"""Families of tests: which p-values are adjusted together, and over how many."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from rankeval import UsageError
from rankeval.inference import adjust, adjusted_over, family_key, parse_family


def naive_holm(p_values: list[float]) -> list[float]:
    """Each p-value: the largest of (number of those not smaller in order) times p, up to its own place."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    steps = [min((len(order) - place) * p_values[i], 1.0) for place, i in enumerate(order)]
    return [max(steps[: order.index(i) + 1]) for i in range(len(order))]


@given(st.lists(st.tuples(st.floats(0, 1), st.sampled_from("abc")), min_size=1, max_size=30))
def test_each_family_is_adjusted_for_itself(pairs: list[tuple[float, str]]) -> None:
    p_values, keys = [p for p, _ in pairs], [key for _, key in pairs]
    found = adjust(p_values, keys)
    for key in set(keys):
        members = [i for i, other in enumerate(keys) if other == key]
        of_family = [p_values[i] for i in members]
        assert [found[i].holm for i in members] == pytest.approx(naive_holm(of_family), abs=1e-12)
        wanted = false_discovery_control(of_family).tolist()
        assert [found[i].bh for i in members] == pytest.approx(wanted, abs=1e-12)
        assert {found[i].tests for i in members} == {len(members)}


def test_p_values_that_are_unknown_are_no_tests() -> None:
    first, unknown, last = adjust([0.01, None, 0.04], ["x"] * 3)
    assert (first.holm, first.tests, last.holm) == (0.02, 2, 0.04)
    assert (unknown.holm, unknown.bh, unknown.tests) == (None, None, 2)


def test_families_by_name() -> None:
    cells = [(metric, segment) for metric in ("map", "mrr") for segment in (None, "de", "fr")]
    sizes = {name: len({family_key(name, *cell) for cell in cells}) for name in ("all", "metric", "segment")}
    assert sizes == {"all": 1, "metric": 2, "segment": 3}
    assert (parse_family(None, None), parse_family(None, "country")) == ("metric", "all")
    assert parse_family("segment", None) == "segment"
    with pytest.raises(
        UsageError, match=re.escape("family: found 'run', wanted one of all, metric, segment")
    ):
        parse_family("run", None)


def test_what_is_said_of_the_size() -> None:
    assert adjusted_over(adjust([0.1], ["x"])) == "a family is one test: Holm and BH are p"
    assert adjusted_over(adjust([0.1, 0.2], ["x", "x"])) == "Holm and BH over 2 tests"
    assert adjusted_over(adjust([0.1, 0.2, 0.3], ["x", "x", "y"])) == "Holm and BH over 1 to 2 tests"


def test_many_tests_without_any_difference_find_one_at_most_as_often_as_stated() -> None:
    """20 segments of 5 metrics: apart, some segment differs in most of 400 logs; together in 5 %."""
    rng = np.random.default_rng(3)
    cells = [(metric, segment) for metric in range(5) for segment in range(20)]
    found = {"all": 0, "apart": 0}
    for _ in range(400):
        p_values = rng.random(len(cells)).tolist()
        for name in found:
            keys = [None if name == "all" else cell for cell in cells]
            adjusted = [one.holm for one in adjust(p_values, keys)]
            found[name] += any(p is not None and p < 0.05 for p in adjusted)
    assert found["apart"] > 380
    assert found["all"] <= 400 * 0.05 + 3 * (400 * 0.05 * 0.95) ** 0.5
