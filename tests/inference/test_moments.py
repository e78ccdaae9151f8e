from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from rankeval.arrays.hashes import BUCKETS, mix64
from rankeval.inference.moments import Moments, MomentsAccumulator

PAIRS = np.array([(0, 0), (0, 2), (1, 1), (2, 2)], np.int64)


def random_terms(n: int, seed: int = 0) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    return np.vstack([rng.lognormal(0, 1, n), rng.random(n) < 0.1, rng.normal(5, 2, n)])


def keys_of(n: int) -> NDArray[np.uint64]:
    return np.arange(n, dtype=np.uint64)


def assert_same(a: Moments, b: Moments, tolerance: float = 1e-12) -> None:
    assert a.n == b.n
    np.testing.assert_allclose(a.mean, b.mean, rtol=tolerance)
    np.testing.assert_allclose(a.comoment, b.comoment, rtol=tolerance)
    np.testing.assert_array_equal(a.low, b.low)
    np.testing.assert_array_equal(a.high, b.high)
    assert a.buckets is not None
    assert b.buckets is not None
    np.testing.assert_allclose(a.buckets, b.buckets, rtol=tolerance, atol=1e-12)


def assert_identical(a: Moments, b: Moments) -> None:
    assert a.n == b.n
    for name in ("total", "mean", "pairs", "comoment", "low", "high", "buckets"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))


def test_hand_worked() -> None:
    moments = Moments.of(np.array([[1.0, 2.0, 6.0], [0.0, 3.0, 3.0]]), np.array([(0, 0), (0, 1), (1, 1)]))
    assert moments.n == 3
    assert moments.mean.tolist() == [3.0, 2.0]
    assert moments.comoment.tolist() == [4 + 1 + 9, 4 - 1 + 3, 4 + 1 + 1]
    assert moments.covariance(0, 1) == moments.covariance(1, 0) == 6 / 2
    assert (moments.low.tolist(), moments.high.tolist()) == ([1.0, 0.0], [6.0, 3.0])
    assert moments.buckets is None


@pytest.mark.parametrize("n", [1, 2, 31, 32, 33, 1000, 20_000])
def test_equals_numpy(n: int) -> None:
    terms, keys = random_terms(n), keys_of(n)
    moments = Moments.of(terms, PAIRS, keys)
    centred = terms - terms.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(moments.mean, terms.mean(axis=1), rtol=1e-13)
    expected = [float(np.sum(centred[i] * centred[j])) for i, j in PAIRS]
    np.testing.assert_allclose(moments.comoment, expected, rtol=1e-11, atol=1e-12)
    np.testing.assert_array_equal(moments.low, terms.min(axis=1))
    np.testing.assert_array_equal(moments.high, terms.max(axis=1))
    buckets = (mix64(keys) % np.uint64(BUCKETS)).astype(int)
    for column, weights in enumerate([np.ones(n), *terms]):
        naive = np.bincount(buckets, weights=weights, minlength=BUCKETS)
        assert moments.buckets is not None
        np.testing.assert_allclose(moments.buckets[:, column], naive, rtol=1e-12)


def test_empty_moments_are_neutral() -> None:
    empty = Moments.of(np.empty((3, 0)), PAIRS, keys_of(0))
    assert empty.n == 0
    assert empty.mean.tolist() == [0.0, 0.0, 0.0]
    assert empty.covariance(0, 0) == 0.0
    moments = Moments.of(random_terms(100), PAIRS, keys_of(100))
    assert_identical(empty.merge(moments), moments)
    assert_identical(moments.merge(empty), moments)
    assert_identical(empty.merge(empty), empty)


def test_totals_of_whole_numbers_are_exact_however_the_data_is_cut() -> None:
    terms = np.random.default_rng(0).integers(0, 5, (3, 5000)).astype(float)
    for block in (1, 77, 5000):
        leaves = [Moments.of(terms[:, a : a + block], PAIRS) for a in range(0, 5000, block)]
        merged = reduce(Moments.merge, leaves)
        assert merged.total.tolist() == terms.sum(axis=1).tolist()
        assert merged.mean.tolist() == (terms.sum(axis=1) / 5000).tolist()


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=120),
    st.lists(st.integers(0, 120), max_size=4),
)
def test_merged_parts_equal_the_whole(values: list[float], cuts: list[int]) -> None:
    terms = np.vstack([values, np.square(values), np.ones(len(values))])
    keys = keys_of(len(values))
    edges = [0, *sorted(min(cut, len(values)) for cut in cuts), len(values)]
    parts = [Moments.of(terms[:, a:b], PAIRS, keys[a:b]) for a, b in pairwise(edges)]
    whole, merged = Moments.of(terms, PAIRS, keys), reduce(Moments.merge, parts)
    assert merged.n == whole.n
    scale = np.max(np.abs(terms), axis=1)
    np.testing.assert_array_less(np.abs(merged.mean - whole.mean), 1e-13 * scale + 1e-300)
    sizes = np.array([scale[i] * scale[j] for i, j in PAIRS])
    np.testing.assert_array_less(
        np.abs(merged.comoment - whole.comoment), 1e-12 * len(values) * sizes + 1e-300
    )
    np.testing.assert_array_equal(merged.low, whole.low)
    np.testing.assert_array_equal(merged.high, whole.high)


def test_blocks_of_any_size_and_units_in_any_order_change_only_rounding() -> None:
    terms, keys = random_terms(10_000), keys_of(10_000)
    whole = Moments.of(terms, PAIRS, keys)
    for block in (7, 1000, 4096):
        accumulator = MomentsAccumulator(3, PAIRS, bucketed=True)
        for start in range(0, 10_000, block):
            accumulator.add(terms[:, start : start + block], keys[start : start + block])
        assert_same(accumulator.moments(), whole)
    order = np.random.default_rng(1).permutation(10_000)
    assert_same(Moments.of(terms[:, order], PAIRS, keys[order]), whole)


@pytest.mark.parametrize("constant", [0.3, 1 / 3, 1e9 + 0.1, -7e-5])
def test_constant_terms_are_exact_over_blocks_and_merges(constant: float) -> None:
    pairs = np.array([(0, 0)])
    leaves = [Moments.of(np.full((1, n), constant), pairs) for n in (1, 100, 4097)]
    merged = reduce(Moments.merge, leaves)
    assert merged.mean.tolist() == [constant]
    assert merged.covariance(0, 0) == 0.0
    assert merged.constant.tolist() == [True]
    assert merged.low.tolist() == merged.high.tolist() == [constant]


def test_small_noise_on_a_large_mean_keeps_its_variance() -> None:
    x = 1e9 + 1e-3 * np.random.default_rng(0).standard_normal(50_000)
    accumulator = MomentsAccumulator(1, np.array([(0, 0)]), bucketed=False)
    for start in range(0, 50_000, 1000):
        accumulator.add(x[np.newaxis, start : start + 1000])
    moments = accumulator.moments()
    assert moments.covariance(0, 0) == pytest.approx(np.var(x - 1e9, ddof=1), rel=1e-6)
    assert moments.mean[0] - 1e9 == pytest.approx(np.mean(x - 1e9), abs=1e-6)


def test_an_outlier_does_not_spoil_the_rest() -> None:
    x = np.concatenate([[1e8], np.random.default_rng(0).random(999)])
    moments = Moments.of(x[np.newaxis], np.array([(0, 0)]))
    assert moments.mean[0] == pytest.approx(np.mean(x), rel=1e-14)
    assert moments.covariance(0, 0) == pytest.approx(np.var(x, ddof=1), rel=1e-13)


def test_moments_stay_as_they_were_when_more_is_added() -> None:
    accumulator = MomentsAccumulator(3, PAIRS, bucketed=True)
    accumulator.add(random_terms(50), keys_of(50))
    before = accumulator.moments()
    expected = Moments.of(random_terms(50), PAIRS, keys_of(50))
    accumulator.add(random_terms(50, seed=1), keys_of(50))
    assert_identical(before, expected)
    assert accumulator.moments().n == 100


def test_merging_changes_neither_part() -> None:
    a, b = Moments.of(random_terms(50), PAIRS, keys_of(50)), Moments.of(random_terms(9), PAIRS, keys_of(9))
    a.merge(b)
    assert_identical(a, Moments.of(random_terms(50), PAIRS, keys_of(50)))
    assert_identical(b, Moments.of(random_terms(9), PAIRS, keys_of(9)))


def test_merging_with_unbucketed_moments_drops_the_buckets() -> None:
    bucketed = Moments.of(random_terms(50), PAIRS, keys_of(50))
    assert bucketed.merge(Moments.of(random_terms(9), PAIRS)).buckets is None


def test_moments_survive_pickling() -> None:
    moments = Moments.of(random_terms(50), PAIRS, keys_of(50))
    moments.covariance(0, 2)
    assert_identical(pickle.loads(pickle.dumps(moments)), moments)


@pytest.mark.parametrize("threads", [2, 8])
def test_leaves_folded_in_order_give_the_same_bits_for_any_number_of_threads(threads: int) -> None:
    def leaf(i: int) -> Moments:
        return Moments.of(random_terms(5000, seed=i), PAIRS, keys_of(5000))

    with ThreadPoolExecutor(threads) as pool:
        assert_identical(
            reduce(Moments.merge, pool.map(leaf, range(12))), reduce(Moments.merge, map(leaf, range(12)))
        )


def test_spread_moments_are_those_of_terms_that_are_zero() -> None:
    terms, keys = random_terms(100)[:2], keys_of(100)
    pairs = np.array([[0, 0], [0, 1], [1, 1]])
    wide = np.array([[0, 0], [0, 2], [1, 1], [1, 3], [0, 3], [2, 2], [2, 3], [3, 3]])
    zeros = np.zeros(100)
    for places in ([0, 2], [3, 0]):
        rows = [zeros] * 4
        for place, term in zip(places, terms, strict=True):
            rows[place] = term
        found = Moments.of(terms, pairs, keys).spread(np.array(places), 4, wide)
        assert_same(found, Moments.of(np.array(rows), wide, keys))
    empty = Moments.of(terms[:, :0], pairs, keys[:0]).spread(np.array([0, 2]), 4, wide)
    assert_same(empty, Moments.of(np.zeros((4, 0)), wide, keys[:0]))


def test_units_that_count_often_are_like_repeated_ones() -> None:
    terms, keys = random_terms(300), keys_of(300)
    counts = np.random.default_rng(1).integers(0, 4, 300)
    repeated = np.repeat(np.arange(300), counts)
    accumulator = MomentsAccumulator(3, PAIRS, bucketed=True)
    for block in (slice(0, 100), slice(100, 101), slice(101, 300)):
        accumulator.add(terms[:, block], keys[block], counts[block].astype(float))
    found, wanted = accumulator.moments(), Moments.of(terms[:, repeated], PAIRS, keys[repeated])
    assert_same(found, wanted)
    assert isinstance(found.n, int)
    assert found.whole
    assert found.covariance(0, 2) == pytest.approx(wanted.covariance(0, 2), rel=1e-12)


def test_units_that_count_in_part_stand_for_a_distribution() -> None:
    terms, counts = random_terms(300), np.random.default_rng(1).random(300)
    moments = Moments.of(terms, PAIRS, counts=counts / counts.sum())
    assert not moments.whole
    wanted = np.cov(terms, aweights=counts, ddof=0)
    for i, j in PAIRS:
        assert moments.covariance(i, j) * moments.n == pytest.approx(wanted[i, j], rel=1e-12)
    merged = Moments.of(terms, PAIRS).merge(moments)
    assert not merged.whole
    assert merged.n == pytest.approx(301)


def test_units_that_do_not_count_are_as_if_they_were_not_there() -> None:
    terms = random_terms(100)
    counts = (np.arange(100) < 60).astype(float)
    assert_same(Moments.of(terms, PAIRS, keys_of(100), counts), Moments.of(terms[:, :60], PAIRS, keys_of(60)))
    nothing = Moments.of(terms, PAIRS, counts=np.zeros(100))
    assert nothing.n == 0
    assert np.isinf(nothing.low).all()
