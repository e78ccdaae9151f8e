"""The credit of clicks on the items of interleaved lists, for lists of many queries at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rankeval.array_types import Floats, Ints
from rankeval.arrays import offsets_of, read_only
from rankeval.interleaving.credit import balanced_outcomes, draft_credits, softmax_credits
from rankeval.interleaving.enumeration import rank_weights
from rankeval.interleaving.methods import Method
from rankeval.interleaving.optimised import rank_credits
from rankeval.interleaving.random_lists import NO_TEAM, TEAM_A, Teams
from rankeval.interleaving.rankings import PairArrays


def list_credits(
    pairs: PairArrays, method: Method, queries: Ints, lists: Ints, teams: Teams | None = None
) -> Floats:
    """(n, L) float64, credit of a click on each item, positive for A; 0 beyond the end of a list.

    For ``team`` and ``marginal`` credit it is ``P(team A) - P(team B)``: given the teams for ``team`` credit
    with ``teams``, else given the list. For ``balanced`` it is 0, because a single click has no credit.

    Args:
        pairs: the rankings of the queries.
        method: the method that made the lists, with its credit.
        queries: (n,) int64, the query of each list.
        lists: (n, L) int64, numbers of items within their query, -1 beyond the end.
        teams: (n, L) int8, the team of each item; None if unknown.
    """
    if teams is not None and method.credit == "team":
        return np.where(teams == NO_TEAM, 0.0, np.where(teams == TEAM_A, 1.0, -1.0))
    shown = lists >= 0
    offsets, rank_a, rank_b = _flat(pairs, queries, lists)
    length_a, length_b = read_only(pairs.length_a[queries]), read_only(pairs.length_b[queries])
    flat = np.zeros(len(rank_a))
    if method.name == "team_draft":
        draft_credits(offsets, rank_a, rank_b, length_a, length_b, flat)
    elif method.name == "probabilistic":
        ranks = max(pairs.order_a.shape[1], pairs.order_b.shape[1])
        weights = read_only(rank_weights(method.tau, ranks))
        softmax_credits(offsets, rank_a, rank_b, length_a, length_b, weights, flat)
    elif method.name == "optimised":
        lengths = (np.repeat(length, shown.sum(axis=1)) for length in (length_a, length_b))
        flat = rank_credits(method.credit, rank_a, rank_b, *lengths)
    credits = np.zeros(lists.shape)
    credits[shown] = flat
    return credits


def session_credits(
    pairs: PairArrays,
    method: Method,
    queries: Ints,
    lists: Ints,
    teams: Teams | None,
    clicks: NDArray[np.int8],
) -> Floats:
    """(n,) float64, credit of each session, positive for A; for ``balanced`` 1, -1 or 0.

    Args:
        pairs, method, queries, lists, teams: as in :func:`list_credits`.
        clicks: (n, L) int8, 0 or 1.
    """
    if method.credit == "balanced":
        offsets, rank_a, rank_b = _flat(pairs, queries, lists)
        outcomes = np.zeros(len(lists))
        flat = read_only(clicks[lists >= 0].astype(np.float64))
        balanced_outcomes(offsets, rank_a, rank_b, flat, outcomes)
        return outcomes
    return np.asarray((list_credits(pairs, method, queries, lists, teams) * clicks).sum(axis=1))


def _flat(pairs: PairArrays, queries: Ints, lists: Ints) -> tuple[Ints, Ints, Ints]:
    """Offsets (n + 1,) of the lists in flat arrays, and the ranks of their items in A and in B (items,)."""
    shown = lists >= 0
    rank_a, rank_b = (read_only(ranks[queries[:, np.newaxis], lists][shown]) for ranks in pairs.ranks())
    return read_only(offsets_of(shown.sum(axis=1))), rank_a, rank_b
