"""The sums of logs with and without candidate lists, against loops over rounds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from rankeval.propensity_tests import ListedActions, LoggedActions, MeanWeights
from rankeval.propensity_tests.list_tests import list_tests
from rankeval.propensity_tests.listed_actions import BINS, WEIGHT_BOUND, bin_of
from rankeval.propensity_tests.logged_tests import logged_tests
from rankeval.propensity_tests.mean_weights import weight_tests
from tests.propensity_tests.logs import draw


def test_by_hand() -> None:
    """Two rounds, (0.2, 0.8) with action 1 and (1, 0) with action 0."""
    keys = np.array([0, 1, 0, 1], np.uint64)
    sums = ListedActions.of(
        np.array([0, 2, 4]),
        np.array([0.2, 0.8, 1.0, 0.0]),
        np.array([1, 2]),
        keys,
        lambda row: int(keys[row]),
    )
    assert sums.actions.sums[0] == pytest.approx([2, 1, 1.2, 0.16, 1, 2, 25 * 0.16])
    assert sums.actions.sums[1] == pytest.approx([1, 1, 0.8, 0.16, 1.25, 1, 0.25])
    assert sums.match.sums == pytest.approx([2, 1.8, 1.68, 0.52 - 0.68**2, 0.2, 0.0])
    assert sums.bins[-1].tolist() == [1.0, 1.0, 0.0]
    assert sums.bins[list(BINS).index(0.7)] == pytest.approx([1, 0.8, 0.16])
    assert (sums.sums_off, sums.mass) == (0, 2.0)


def test_against_loops() -> None:
    log, _ = draw(1, 200, 5, 0.5)
    found = {(test.test, test.group): test for test in list_tests(log.listed())}
    for a in range(5):
        taken = sum(1.0 for action in log.actions if action == a)
        p = [float(row[a]) for row in log.p]
        test = found["arithmetic", a]
        assert test.observed == pytest.approx(taken / 200)
        assert test.expected == pytest.approx(sum(p) / 200)
        assert test.z == pytest.approx((taken - sum(p)) / math.sqrt(sum(x * (1 - x) for x in p)))
        weights = [min(1 / x, WEIGHT_BOUND) for x in p]
        got = sum(w for w, action in zip(weights, log.actions, strict=True) if action == a)
        spread = sum(w * w * x * (1 - x) for w, x in zip(weights, p, strict=True))
        deviation = got - sum(w * x for w, x in zip(weights, p, strict=True))
        assert found["harmonic", a].z == pytest.approx(deviation / math.sqrt(spread))
    for b in range(len(BINS) - 1):
        inside = [[x for x in row if bin_of(x) == b] for row in log.p.tolist()]
        expected = sum(map(sum, inside))
        if expected:
            name = f"p in [{BINS[b]:g}, {BINS[b + 1]:g})"
            got = sum(bin_of(x) == b for x in log.own)
            spread = sum(sum(row) * (1 - sum(row)) for row in inside)
            assert found["calibration", name].z == pytest.approx((got - expected) / math.sqrt(spread))


def test_actions_without_lists_by_loops() -> None:
    log, _ = draw(3, 4000, 3)
    tests = {test.group: test for test in logged_tests(log.logged())}
    assert tests.keys() == {0, 1, 2}
    for a, test in tests.items():
        weights = 1 / log.own[log.actions == a]
        assert test.observed == pytest.approx(weights.sum() / 4000)
        variance = max(float((weights * (weights - 1)).sum()), 4000**2 / len(weights) - 4000)
        if test.observed > 1:
            assert test.z == pytest.approx((weights.sum() - 4000) / math.sqrt(variance))
            effective = weights.sum() ** 2 / (weights**2).sum()
            assert test.p_value == pytest.approx(2 * stats.t(effective - 1).sf(test.z))


def test_rounds_that_drew_nothing_are_left_out() -> None:
    own = np.array([1.0, 0.5, 0.5, 1.0])
    names = lambda row: (None, row)  # noqa: E731
    sums = LoggedActions.of(own, np.zeros(4, np.uint64), np.arange(4, dtype=np.uint64), names)
    assert (sums.rounds, sums.certain) == (4, 2)
    assert sums.strata.sums.tolist() == [[4.0, 2.0]]
    assert sorted(sums.cells.sums.tolist()) == [[1.0, 2.0, 4.0, 8.0]] * 2


@pytest.mark.parametrize("kind", [np.int8, np.int32, np.uint64])
def test_small_numbers_of_actions_are_counted_as_keys_are(kind: type) -> None:
    """Many blocks; some actions only with p = 1; the sums have the same bits as by keys."""
    rng = np.random.default_rng(8)
    actions = rng.choice([0, 3, 7, 120], 40_000)
    own = np.where((actions == 7) | (rng.random(40_000) < 0.1), 1.0, rng.uniform(0.01, 1.0, 40_000))
    name = lambda row: ("all", int(actions[row]))  # noqa: E731
    small = LoggedActions.of(own, None, actions.astype(kind), name)
    by_key = LoggedActions.of(own, np.ones(40_000, np.uint64), actions, name)
    assert [action for _, action in small.cells.names] == [0, 3, 120]
    assert small.strata.sums.tolist() == by_key.strata.sums.tolist()
    sums = {action: row for (_, action), row in zip(by_key.cells.names, by_key.cells.sums, strict=True)}
    for (_, action), row in zip(small.cells.names, small.cells.sums, strict=True):
        assert row.tolist() == sums[action].tolist()


def test_other_numbers_of_actions() -> None:
    """Negative and large numbers are keys."""
    actions = np.array([-1, 5, 1 << 40, -1])
    found = LoggedActions.of(np.full(4, 0.5), None, actions, lambda row: (None, int(actions[row])))
    counts = {name: row[0] for (_, name), row in zip(found.cells.names, found.cells.sums, strict=True)}
    assert counts == {-1: 2.0, 5: 1.0, 1 << 40: 1.0}


def test_parts_merge() -> None:
    log, _ = draw(5, 300, 4)
    clusters = np.arange(300) % 7
    for of in (log.listed, log.logged):
        whole = of(slice(None), clusters)
        merged = of(slice(0, 100), clusters[:100]).merge(of(slice(100, None), clusters[100:]))
        tests = list_tests if isinstance(whole, ListedActions) else logged_tests
        for one, two in zip(tests(whole), tests(merged), strict=True):
            assert (one.test, one.group, one.n) == (two.test, two.group, two.n)
            assert one.p_value == pytest.approx(two.p_value, rel=1e-9)


def test_mean_weights() -> None:
    weights = np.random.default_rng(1).exponential(size=(2, 200))
    groups = np.repeat(np.array([0, 1], np.uint64), 200)
    sums = MeanWeights.of(weights.ravel(), groups, lambda row: f"position {row // 200}")
    for test, own in zip(weight_tests(sums), weights, strict=True):
        error = own.std(ddof=1) / math.sqrt(200)
        assert test.z == pytest.approx((own.mean() - 1) / error)
    few = MeanWeights.of(weights[0, :20], groups[:20], lambda _: None)
    assert list(weight_tests(few)) == []
