"""Optimised interleaving: the distribution over allowed lists that is unbiased and most sensitive."""

from __future__ import annotations

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.errors import DataError
from rankeval.interleaving.rankings import PairArrays


def allowed_lists(pairs: PairArrays, length: int) -> Ints:
    """(m, L) lists of query 0 all of whose prefixes unite a prefix of A with one of B.

    Each next item is the best left of A or of B: at most ``2^L`` lists.
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
    """What a click on each item counts, positive for A; ranks from 1, 0 where a ranking lacks the item.

    ``linear``: ``rank_B - rank_A``; ``inverse``: ``1/rank_A - 1/rank_B``; ``binary``: the sign of either. An
    absent item ranks one below the last (Radlinski and Craswell 2013, section 4).
    """
    a = np.where(rank_a > 0, rank_a, length_a + 1).astype(np.float64)
    b = np.where(rank_b > 0, rank_b, length_b + 1).astype(np.float64)
    if kind == "inverse":
        return 1.0 / a - 1.0 / b
    return b - a if kind == "linear" else np.sign(b - a)


def sensitivities(credits: Floats) -> Floats:
    """(m,) how much a single click tells: ``(1 - p_tie) H(p_A / (1 - p_tie))``, H the entropy in bits.

    ``credits``: (m, L). The click is at position k with probability proportional to ``1/k``.
    """
    chance = 1.0 / np.arange(1, credits.shape[1] + 1)
    chance /= chance.sum()
    p_a, p_b = (credits > 0.0) @ chance, (credits < 0.0) @ chance
    decided = np.maximum(p_a + p_b, 1e-300)
    return np.asarray(-(_log_term(p_a, decided) + _log_term(p_b, decided)))


def _log_term(p: Floats, decided: Floats) -> Floats:
    return np.where(p > 0.0, p * np.log2(np.maximum(p, 1e-300) / decided), 0.0)


def optimised_distribution(credits: Floats, describe: str) -> Floats:
    """(m,) probabilities of lists with these ``credits`` (m, L).

    Maximises the mean sensitivity where a click at any position, drawn at random down to any depth, gives no
    ranking credit: ``sum_l p_l credits[l, k] = 0`` for every k. A linear program, solved by HiGHS.

    Raises:
        DataError: no distribution is unbiased; ``describe`` names the credit.
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
    """The solver meets its constraints to 1e-7 only: solve them once more on the lists that it chose."""
    chosen = np.flatnonzero(chances > 1e-9)
    exact = np.zeros_like(chances)
    off = wanted - constraints[:, chosen] @ chances[chosen]
    exact[chosen] = chances[chosen] + np.linalg.lstsq(constraints[:, chosen], off, rcond=None)[0]
    return np.asarray(np.maximum(exact, 0.0) / np.maximum(exact, 0.0).sum())
