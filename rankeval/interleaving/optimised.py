"""Optimised interleaving: the most sensitive of the unbiased distributions over allowed lists."""

from __future__ import annotations

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.errors import DataError
from rankeval.interleaving.rankings import PairArrays


def allowed_lists(pairs: PairArrays, length: int) -> Ints:
    """(m, L) int64, the lists of query 0 whose every prefix is the union of a prefix of A and one of B.

    Each next item is the best item left of A or of B, so there are at most ``2^L`` lists.
    """
    order_a, order_b = pairs.order_a[0].tolist(), pairs.order_b[0].tolist()
    prefixes: list[tuple[int, ...]] = [()]
    for _ in range(length):
        prefixes = [
            (*prefix, item) for prefix in prefixes for item in _nexts(order_a, order_b, frozenset(prefix))
        ]
    return np.array(prefixes, np.int64).reshape(-1, length)


def _nexts(order_a: list[int], order_b: list[int], there: frozenset[int]) -> list[int]:
    best = [next((item for item in order if item not in there), None) for order in (order_a, order_b)]
    return [item for item in dict.fromkeys(best) if item is not None]


def rank_credits(kind: str, rank_a: Ints, rank_b: Ints, length_a: Ints, length_b: Ints) -> Floats:
    """Credit of a click on each item, float64 in the shape of the ranks, positive for A.

    ``linear``: ``rank_B - rank_A``; ``inverse``: ``1/rank_A - 1/rank_B``; ``binary``: the sign of either. An
    item that a ranking lacks has the rank after its last item (Radlinski and Craswell 2013, section 4).

    Args:
        kind: ``linear``, ``inverse`` or ``binary``.
        rank_a, rank_b: ranks from 1, 0 if the ranking lacks the item.
        length_a, length_b: number of items of each ranking, in a shape that broadcasts with the ranks.
    """
    a = np.where(rank_a > 0, rank_a, length_a + 1).astype(np.float64)
    b = np.where(rank_b > 0, rank_b, length_b + 1).astype(np.float64)
    if kind == "inverse":
        return 1.0 / a - 1.0 / b
    return b - a if kind == "linear" else np.sign(b - a)


def sensitivities(credits: Floats) -> Floats:
    """(m,) sensitivity of each list: ``(1 - p_tie) H(p_A / (1 - p_tie))``, H the binary entropy in bits.

    ``p_A`` and ``p_tie`` are the probabilities that a single click gives credit to A and to neither. The
    click is at position k with probability proportional to ``1/k``.

    Args:
        credits: (m, L) credit of a click at each position.
    """
    chance = 1.0 / np.arange(1, credits.shape[1] + 1)
    chance /= chance.sum()
    p_a, p_b = (credits > 0.0) @ chance, (credits < 0.0) @ chance
    decided = np.maximum(p_a + p_b, 1e-300)
    return np.asarray(-(_log_term(p_a, decided) + _log_term(p_b, decided)))


def _log_term(p: Floats, decided: Floats) -> Floats:
    """``p log2(p / decided)``, 0 if p is 0."""
    return np.where(p > 0.0, p * np.log2(np.maximum(p, 1e-300) / decided), 0.0)


def optimised_distribution(credits: Floats, describe: str) -> Floats:
    """(m,) float64, the probability of each list in the unbiased distribution of largest mean sensitivity.

    A distribution is unbiased if the mean credit of a click at every position k is 0:
    ``sum_l p_l credits[l, k] = 0``. Then clicks at random positions, down to any depth, favour no ranking.
    This is a linear program; HiGHS solves it.

    Args:
        credits: (m, L) credit of a click at each position of each list.
        describe: name of the credit, for the error message.

    Raises:
        DataError: no distribution is unbiased.
    """
    from scipy.optimize import linprog

    lists, positions = credits.shape
    scale = np.maximum(np.abs(credits).max(axis=0), 1.0)
    constraints = np.vstack([(credits / scale).T, np.ones(lists)])
    wanted = np.append(np.zeros(positions), 1.0)
    found = linprog(-sensitivities(credits), A_eq=constraints, b_eq=wanted, method="highs")
    if found.status != 0:
        raise DataError(
            f"optimised: no distribution over the {lists} allowed lists is unbiased with credit {describe}; "
            "wanted rankings that differ otherwise, or another credit"
        )
    return _polished(np.maximum(np.asarray(found.x), 0.0), constraints, wanted)


def _polished(chances: Floats, constraints: Floats, wanted: Floats) -> Floats:
    """The solver's probabilities, corrected by least squares on the lists with positive probability.

    The solver meets the constraints only up to 1e-7.
    """
    chosen = np.flatnonzero(chances > 1e-9)
    exact = np.zeros_like(chances)
    off = wanted - constraints[:, chosen] @ chances[chosen]
    exact[chosen] = chances[chosen] + np.linalg.lstsq(constraints[:, chosen], off, rcond=None)[0]
    return np.asarray(np.maximum(exact, 0.0) / np.maximum(exact, 0.0).sum())
