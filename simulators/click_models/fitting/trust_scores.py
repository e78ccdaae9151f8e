"""The scores of sessions under the trust-biased model, for standard errors between clusters of sessions.

The score of a session is the derivative of its log-likelihood by the click rates. The relevance of each pair
is estimated too, which is profiled out: from the score one takes what a change of the pair's relevance would
explain. Notation: a pair of relevance ``g`` is clicked at position k with probability ``m = L_k + g d_k``,
``d_k = H_k - L_k``, where ``H_k`` and ``L_k`` are the click rates of relevant and of other items.
"""

from __future__ import annotations

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import BUCKET_MASK, BUCKETS, kernel, mix64, read_only
from rankeval.position_bias import Cells
from rankeval.simulators.click_models.fitting.sessions import SessionLists, Words

#: A pair whose relevance is within this of 0 or 1 is taken to be there, and its relevance as known.
EDGE = 1e-6


def clustered_covariance(
    covariance: Floats, rates: Floats, relevance: Floats, cells: Cells, lists: SessionLists
) -> Floats:
    """(2 K, 2 K) covariance of the click rates if only clusters of sessions are independent.

    It is ``G / (G - 1) A (sum over clusters of s s^T) A`` (Liang & Zeger 1986): ``A`` is the ``covariance``
    of the model, ``s`` the summed scores of a cluster, and G the number of clusters. Hashed buckets stand for
    clusters.

    Args:
        covariance: (2 K, 2 K) the inverse information of the click rates.
        rates: (2 K,) click rates of relevant items, then of others.
        relevance: (P,) of each pair.
        cells: impressions and clicks of the pairs by position.
        lists: the sessions with their clusters.
    """
    buckets = (mix64(lists.clusters) & BUCKET_MASK).astype(np.int64)
    scores = np.zeros((BUCKETS, len(rates)))
    cross, own = _profile(
        read_only(cells.offsets),
        read_only(cells.places),
        np.stack([cells.impressions, cells.clicks]),
        rates,
        relevance,
    )
    of_pair = np.repeat(np.arange(len(own)), np.diff(cells.offsets))
    per_pair = np.where(own[of_pair] > 0.0, cross / np.where(own > 0.0, own, 1.0)[of_pair], 0.0)
    slopes = _slopes(lists.offsets, lists.words, lists.counts, rates, relevance)
    _add_scores(
        lists.offsets,
        lists.words,
        buckets,
        slopes,
        read_only(cells.offsets),
        read_only(cells.places),
        per_pair,
        scores,
    )
    # Sums without BLAS, whose bits depend on the number of threads.
    moved = np.einsum("bi,ij->bj", scores, covariance)
    groups = len(np.unique(buckets))
    return np.asarray(moved.T @ moved * (groups / max(groups - 1, 1)))


@kernel
def _profile(
    offsets: Ints, places: Ints, counts: Floats, rates: Floats, relevance: Floats
) -> tuple[Floats, Floats]:
    """What profiling relevance out needs: observed information of relevance with the click rates.

    Returns:
        (2, cells) the information of the pair's relevance with ``H`` and with ``L`` of the cell's position,
        and (P,) that of relevance itself; 0 for a pair at the boundary.
    """
    size = rates.size // 2
    cross, own = np.zeros((2, places.size)), np.zeros(relevance.size)
    for pair in range(relevance.size):
        g = relevance[pair]
        if g <= EDGE or g >= 1.0 - EDGE:
            continue
        for i in range(offsets[pair], offsets[pair + 1]):
            high, low = rates[places[i]], rates[size + places[i]]
            m, clicked, skipped = low + g * (high - low), counts[1, i], counts[0, i] - counts[1, i]
            slope, weight = 0.0, 0.0
            if clicked > 0.0:
                slope += clicked / m
                weight += clicked / (m * m)
            if skipped > 0.0:
                slope -= skipped / (1.0 - m)
                weight += skipped / ((1.0 - m) * (1.0 - m))
            own[pair] += weight * (high - low) ** 2
            cross[0, i] = weight * g * (high - low) - slope
            cross[1, i] = weight * (1.0 - g) * (high - low) + slope
    return cross, own


@kernel
def _slopes(offsets: Ints, words: Words, counts: Floats, rates: Floats, relevance: Floats) -> Floats:
    """(3, items) slopes of the log-likelihood of each shown item by ``H``, ``L`` and its relevance."""
    size = rates.size // 2
    slopes = np.zeros((3, words.size))
    for row in range(offsets.size - 1):
        for i in range(offsets[row], offsets[row + 1]):
            k, g = i - offsets[row], relevance[np.int64(words[i] >> 1)]
            high, low = rates[k], rates[size + k]
            m = low + g * (high - low)
            slope = counts[row] / m if words[i] & 1 else -counts[row] / (1.0 - m)
            slopes[0, i], slopes[1, i], slopes[2, i] = g * slope, (1.0 - g) * slope, (high - low) * slope
    return slopes


@kernel
def _add_scores(
    offsets: Ints,
    words: Words,
    buckets: Ints,
    slopes: Floats,
    of_pair: Ints,
    places: Ints,
    per_pair: Floats,
    scores: Floats,
) -> None:
    """Add the profiled score of each session to the row of its bucket in ``scores`` (BUCKETS, 2 K)."""
    size = scores.shape[1] // 2
    for row in range(offsets.size - 1):
        total = scores[buckets[row]]
        for i in range(offsets[row], offsets[row + 1]):
            k, pair = i - offsets[row], np.int64(words[i] >> 1)
            total[k] += slopes[0, i]
            total[size + k] += slopes[1, i]
            for j in range(of_pair[pair], of_pair[pair + 1]):
                total[places[j]] -= slopes[2, i] * per_pair[0, j]
                total[size + places[j]] -= slopes[2, i] * per_pair[1, j]
