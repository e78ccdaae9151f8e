from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import scipy.stats
from numpy.typing import NDArray

from rankeval.errors import UsageError
from rankeval.inference.comparisons import benjamini_hochberg, holm, paired_t, randomisation_test, t_test


def keys_of(n: int) -> NDArray[np.uint64]:
    return np.arange(n, dtype=np.uint64)


def exact_randomisation(differences: NDArray[np.float64]) -> float:
    """Over all sign patterns; at most a dozen differences."""
    signs = np.array(list(product((-1.0, 1.0), repeat=len(differences))))
    extreme = np.abs(signs @ differences) >= abs(differences.sum()) - 1e-12
    return float(extreme.mean())


@pytest.mark.parametrize("n", [2, 3, 10, 500])
@pytest.mark.parametrize("shift", [0.0, 0.3, 5.0])
def test_paired_t_equals_scipy(n: int, shift: float) -> None:
    rng = np.random.default_rng(n)
    a, b = rng.random(n) + shift, rng.random(n)
    assert paired_t(a - b) == pytest.approx(scipy.stats.ttest_rel(a, b).pvalue, rel=1e-9)


def test_paired_t_hand_worked() -> None:
    # mean 2, variance 1, t = 2 / (1 / sqrt 3); with 2 degrees p = 1 - t / sqrt(t^2 + 2)
    assert paired_t(np.array([1.0, 2.0, 3.0])) == pytest.approx(1 - (12 / 14) ** 0.5, rel=1e-12)


def test_t_test_is_the_paired_one_from_its_summary() -> None:
    differences = np.random.default_rng(0).normal(0.2, 1, 30)
    std_error = float(scipy.stats.sem(differences))
    assert t_test(float(differences.mean()), std_error, 29) == pytest.approx(paired_t(differences), rel=1e-12)
    assert t_test(-2.0, 1.0, 5) == t_test(2.0, 1.0, 5) == pytest.approx(2 * scipy.stats.t.sf(2, 5), rel=1e-12)
    assert (t_test(0.0, 0.0, 5), t_test(0.1, 0.0, 5), t_test(0.1, 1.0, 0)) == (1.0, 2**-5, None)


def test_tests_of_nothing() -> None:
    assert paired_t(np.zeros(5)) == randomisation_test(np.zeros(5), keys_of(5)) == 1.0
    assert paired_t(np.array([0.5])) is None
    assert paired_t(np.empty(0)) is None
    assert randomisation_test(np.empty(0), keys_of(0)) is None
    assert paired_t(np.full(4, 0.5)) == 2**-3  # as the sign test has it


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("n", [1, 4, 9, 12])
def test_randomisation_agrees_with_all_sign_patterns(n: int, seed: int) -> None:
    differences = np.random.default_rng(seed).normal(0.4, 1.0, n)
    exact = exact_randomisation(differences)
    p = randomisation_test(differences, keys_of(n), permutations=20_000, seed=seed)
    assert p == pytest.approx(exact, abs=4.5 * (exact * (1 - exact) / 20_000) ** 0.5 + 1e-4)


def test_randomisation_counts_ties_within_rounding() -> None:
    # Ten sums of +-0.1 in any order: |sum| takes few values, equal but for rounding.
    differences = np.array([0.1] * 7 + [-0.1] * 3)
    p = randomisation_test(differences, keys_of(10), permutations=50_000)
    exact = exact_randomisation(differences)
    assert exact == pytest.approx(0.34375)  # 2 P(Binomial(10, 1/2) >= 7)
    assert p == pytest.approx(exact, abs=4.5 * (exact * (1 - exact) / 50_000) ** 0.5)


def test_randomisation_of_a_clear_difference_is_as_small_as_can_be() -> None:
    assert randomisation_test(np.full(100, 0.1), keys_of(100), permutations=999) == 1 / 1000


def test_randomisation_depends_on_keys_and_seed_but_not_on_row_order() -> None:
    rng = np.random.default_rng(3)
    differences, keys, order = rng.normal(0.05, 1, 300), keys_of(300), rng.permutation(300)
    p = randomisation_test(differences, keys)
    assert randomisation_test(differences[order], keys[order]) == p
    assert randomisation_test(-differences, keys) == p
    assert randomisation_test(differences, keys, seed=1) != p
    assert randomisation_test(differences, keys[::-1]) != p


def test_queries_of_one_key_flip_together() -> None:
    pooled = randomisation_test(np.array([3.0, 1.0, -0.5]), keys_of(3))
    split = np.array([1.0, 2.0, 1.0, -0.25, -0.25])
    assert randomisation_test(split, np.array([0, 0, 1, 2, 2], np.uint64)) == pooled


def test_randomisation_is_uniform_under_the_null() -> None:
    rng = np.random.default_rng(0)
    p = [randomisation_test(rng.normal(0, 1, 40), keys_of(40), 199, seed) for seed in range(400)]
    assert scipy.stats.kstest(p, "uniform").pvalue > 0.01


@pytest.mark.parametrize("permutations", [1, 63, 64, 65])
def test_any_number_of_permutations(permutations: int) -> None:
    p = randomisation_test(np.array([1.0, -1.0]), keys_of(2), permutations)
    assert p is not None
    assert (p * (1 + permutations)) == pytest.approx(round(p * (1 + permutations)))
    assert 1 / (1 + permutations) <= p <= 1.0


def test_no_permutations_is_an_error() -> None:
    with pytest.raises(UsageError, match="permutations: found 0"):
        randomisation_test(np.ones(3), keys_of(3), permutations=0)


def test_holm_hand_worked() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == [1.0, 1.0]


def test_benjamini_hochberg_hand_worked() -> None:
    assert benjamini_hochberg([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.02, 0.04, 0.04, 0.02])
    assert benjamini_hochberg([0.9, 0.5]) == pytest.approx([0.9, 0.9])


def test_benjamini_hochberg_equals_scipy() -> None:
    p = np.random.default_rng(0).random(50) ** 2
    expected = scipy.stats.false_discovery_control(p)
    np.testing.assert_allclose(np.array(benjamini_hochberg(p.tolist()), float), expected, rtol=1e-12)


def test_unknown_p_values_are_left_out() -> None:
    assert holm([None, 0.02, None, 0.03]) == [None, pytest.approx(0.04), None, pytest.approx(0.04)]
    assert benjamini_hochberg([None, 0.02]) == [None, 0.02]
    assert holm([]) == benjamini_hochberg([]) == []
    assert holm([None]) == [None]
