"""Tests of paired differences between two runs, and corrections for many of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from rankeval.array_types import Floats, Hashes
from rankeval.arrays import GOLDEN, finalise, kernel, word, words
from rankeval.errors import UsageError

# Two statistics closer than this share of the largest possible one are tied: they differ by rounding alone.
TIED = 1e-12

_WORD_BITS = 64


def paired_t(differences: Floats) -> float | None:
    """Two-sided p-value of Student's paired t-test that the mean of ``differences`` (n,) is 0.

    1 where all differences are 0, None for fewer than two.
    """
    n = len(differences)
    if n < 2:
        return None
    if not np.any(differences):
        return 1.0
    return t_test(float(np.mean(differences)), float(np.std(differences, ddof=1)) / math.sqrt(n), n - 1)


def t_test(mean: float, std_error: float, degrees: int) -> float | None:
    """Two-sided p-value of Student's t-test that a mean is 0, from its standard error.

    1 where the mean is 0, 0 where it is not but has no error; None without a degree of freedom.
    """
    if degrees < 1:
        return None
    if std_error == 0.0:
        return float(mean == 0.0)
    from scipy.special import stdtr

    return float(2.0 * stdtr(degrees, -abs(mean / std_error)))


def randomisation_test(
    differences: Floats, keys: Hashes, permutations: int = 10_000, seed: int = 0
) -> float | None:
    """Two-sided p-value of the paired randomisation test (Fisher 1935) on the absolute mean difference.

    Under the null each difference is as likely to have the other sign. The sign of a query in permutation
    ``b`` is a bit of a hash of its key, ``b // 64`` and the seed, so the order of the rows changes nothing
    but rounding. ``p = (1 + as extreme) / (1 + permutations)``.

    Args:
        differences: (n,), finite.
        keys: (n,) uint64, a hash of the query's id; queries of one key flip together.
        permutations: how many signs are tried.
        seed: of the signs.

    Returns:
        The p-value, or None without differences.

    Raises:
        UsageError: ``permutations`` is less than 1.
    """
    if permutations < 1:
        raise UsageError(f"permutations: found {permutations}, wanted at least 1")
    if len(differences) == 0:
        return None
    flipped = np.zeros((-(-permutations // _WORD_BITS), _WORD_BITS))
    values = np.require(differences, np.float64, ["C", "W"])
    _sums_where_flipped(values, words(keys), word(seed), flipped)
    total, size = math.fsum(values), math.fsum(np.abs(values))
    statistics = np.abs(total - 2.0 * flipped.ravel()[:permutations])
    extreme = np.count_nonzero(statistics >= abs(total) - TIED * size)
    return (1 + int(extreme)) / (1 + permutations)


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Adjusted p-values that control the family-wise error (Holm 1979).

    ``max over j <= i of (m - j + 1) p_j`` for the i-th smallest of m, at most 1. A p-value of None stays
    None and is not counted.
    """
    return _adjusted(p_values, lambda p: np.maximum.accumulate(p * np.arange(len(p), 0, -1)))


def benjamini_hochberg(p_values: Sequence[float | None]) -> list[float | None]:
    """Adjusted p-values that control the false discovery rate (Benjamini and Hochberg 1995).

    ``min over j >= i of m p_j / j`` for the i-th smallest of m, at most 1. A p-value of None stays
    None and is not counted.
    """
    return _adjusted(
        p_values, lambda p: np.minimum.accumulate((p * len(p) / np.arange(1, len(p) + 1))[::-1])[::-1]
    )


def _adjusted(p_values: Sequence[float | None], adjust: Callable[[Floats], Floats]) -> list[float | None]:
    """Apply ``adjust`` to the known p-values in ascending order; back in the order they came."""
    known = sorted((p, i) for i, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    for (_, i), p in zip(known, adjust(np.array([p for p, _ in known])), strict=True):
        adjusted[i] = min(float(p), 1.0)
    return adjusted


@kernel
def _sums_where_flipped(differences: Floats, keys: Hashes, seed: np.uint64, sums: Floats) -> None:
    """``sums[w, bit]``: the sum of the differences whose sign permutation ``64 w + bit`` flips."""
    state = finalise(seed + GOLDEN)
    for w in range(sums.shape[0]):
        state += GOLDEN
        salt = finalise(state)
        row = sums[w]
        for i in range(differences.shape[0]):
            bits = finalise(keys[i] ^ salt)
            # Selecting instead of branching lets the loop vectorise (measured: 2.6 times faster).
            for bit in range(_WORD_BITS):
                row[bit] += differences[i] if (bits >> np.uint64(bit)) & np.uint64(1) else 0.0
