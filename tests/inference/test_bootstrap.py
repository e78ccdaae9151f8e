from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from rankeval.arrays.hashes import BUCKETS, GOLDEN
from rankeval.inference.bootstrap import Bootstrap, without_rounding
from rankeval.inference.functionals import Functional, Mean, Relative, pairs_needed
from rankeval.inference.moments import Moments

SNIPS = Mean(0) / Mean(1)
SNDR = Mean(2) + SNIPS
FUNCTIONALS = [Mean(2), SNIPS, SNDR, SNDR - Mean(0), Relative(SNIPS, Mean(2))]
MASK = (1 << 64) - 1


def finalise(z: int) -> int:
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def naive_draws(replicates: int, seed: int) -> list[list[int]]:
    """Five draws of 12 bits from each word of the SplitMix64 stream; the last word of a replicate is cut."""
    state, draws = finalise((seed + int(GOLDEN)) & MASK), []
    for _ in range(replicates):
        drawn: list[int] = []
        while len(drawn) < BUCKETS:
            state = (state + int(GOLDEN)) & MASK
            bits = finalise(state)
            drawn += [(bits >> 12 * k) % BUCKETS for k in range(5)]
        draws.append(drawn[:BUCKETS])
    return draws


def moments_of(n: int, seed: int = 0) -> Moments:
    rng = np.random.default_rng(seed)
    weights = rng.lognormal(0, 0.7, n)
    terms = np.vstack([weights * (rng.random(n) < 0.3), weights, rng.normal(5, 1, n)])
    return Moments.of(terms, pairs_needed(FUNCTIONALS), np.arange(n, dtype=np.uint64))


def buckets_of(moments: Moments) -> NDArray[np.float64]:
    assert moments.buckets is not None
    return moments.buckets


def bootstrap_of(moments: Moments, replicates: int = 3, seed: int = 5) -> Bootstrap:
    return Bootstrap(moments, buckets_of(moments), replicates, seed)


def naive_std_error(functional: Functional, rows: NDArray[np.float64]) -> float:
    """From the residuals of the buckets themselves."""
    count, sums = rows[:, 0], rows[:, 1:]
    means = sums.sum(axis=0) / count.sum()
    gradient = functional.gradient(means)
    residuals = sum(g * (sums[:, j] - count * means[j]) for j, g in gradient.items())
    return float(np.sqrt(np.sum(np.square(residuals)) * BUCKETS / (BUCKETS - 1)) / count.sum())


def test_replicate_means_are_sums_over_counts_of_the_drawn_buckets() -> None:
    moments = moments_of(20_000)
    means = bootstrap_of(moments).means
    for r, draws in enumerate(naive_draws(3, seed=5)):
        drawn = buckets_of(moments)[draws].sum(axis=0)
        np.testing.assert_allclose(means[r], drawn[1:] / drawn[0], rtol=1e-12)


@pytest.mark.parametrize("functional", FUNCTIONALS)
def test_standard_errors_equal_those_from_residuals(functional: Functional) -> None:
    moments = moments_of(20_000)
    bootstrap, rows = bootstrap_of(moments), buckets_of(moments)
    assert bootstrap.std_error(functional) == pytest.approx(naive_std_error(functional, rows), rel=1e-10)
    naive = [naive_std_error(functional, rows[draws]) for draws in naive_draws(3, seed=5)]
    np.testing.assert_allclose(bootstrap.std_errors(functional), naive, rtol=1e-9)


def test_draws_are_even_and_independent() -> None:
    draws = np.array(naive_draws(40, seed=1))
    counts = np.bincount(draws.ravel(), minlength=BUCKETS)
    assert abs(float(np.sum((counts - 40.0) ** 2 / 40.0)) - (BUCKETS - 1)) < 4 * (2 * BUCKETS) ** 0.5
    pairs = np.bincount((draws[:, :-1] % 64 * 64 + draws[:, 1:] % 64).ravel(), minlength=4096)
    expected = draws[:, 1:].size / 4096
    assert abs(float(np.sum((pairs - expected) ** 2 / expected)) - 4095) < 4 * (2 * 4095) ** 0.5


def test_a_seed_fixes_the_bits_and_another_seed_changes_them() -> None:
    moments = moments_of(500)
    first = bootstrap_of(moments, 50).means
    np.testing.assert_array_equal(bootstrap_of(moments, 50).means, first)
    assert not np.isin(bootstrap_of(moments, 50, seed=6).means[:, 0], first[:, 0]).any()


def test_spread_of_replicates_is_the_standard_error_however_large_the_mean() -> None:
    rng = np.random.default_rng(0)
    terms = 1e6 + rng.normal(0, 1, (1, 30_000))
    moments = Moments.of(terms, np.array([(0, 0)]), np.arange(30_000, dtype=np.uint64))
    bootstrap = bootstrap_of(moments, 2000)
    spread = float(np.std(bootstrap.values(Mean(0))))
    assert spread == pytest.approx(1 / 30_000**0.5, rel=0.06)
    assert bootstrap.std_error(Mean(0)) == pytest.approx(1 / 30_000**0.5, rel=0.05)


def test_constant_terms_do_not_vary() -> None:
    constant = np.full((1, 5000), 0.3)
    bootstrap = bootstrap_of(Moments.of(constant, np.array([(0, 0)]), np.arange(5000, dtype=np.uint64)), 100)
    assert set(bootstrap.values(Mean(0)).tolist()) == {0.3}
    assert bootstrap.std_error(Mean(0)) == 0.0
    assert bootstrap.std_errors(Mean(0)).tolist() == [0.0] * 100


def test_a_replicate_without_units_is_not_a_number() -> None:
    bootstrap = bootstrap_of(moments_of(2), 300)
    empty = np.isnan(bootstrap.values(Mean(1)))
    assert empty.mean() == pytest.approx(np.exp(-2), abs=4 * (0.135 * 0.865 / 300) ** 0.5)
    assert np.isnan(bootstrap.std_errors(Mean(1))[empty]).all()


def test_a_replicate_without_weight_has_a_denominator_of_exactly_zero() -> None:
    terms = np.zeros((3, 3000))
    terms[:, :2] = 1 / 3
    moments = Moments.of(terms, pairs_needed([SNIPS]), np.arange(3000, dtype=np.uint64))
    means = bootstrap_of(moments, 300).means
    assert (means[:, 1] == 0).mean() == pytest.approx(np.exp(-2), abs=4 * (0.135 * 0.865 / 300) ** 0.5)
    assert means[:, 1].min() == 0.0


def test_sums_that_cancel_are_zero() -> None:
    assert without_rounding([1.0, -1.0 + 1e-15]) == 0.0
    assert without_rounding([1.0, -1.5]) == 0.0
    assert without_rounding([1.0, -1.0 + 1e-12]) == pytest.approx(1e-12, rel=1e-3)
    assert np.isnan(without_rounding([np.nan, 1.0]))
