"""Observed and expected counts for models in which users examine the list from the top until they stop.

Users examined every item down to their last click. The clicks do not show where a user stopped after it:
directly after the click, or after any of the items below, which have no click. Expectations sum over these
possibilities.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import kernel, read_only
from rankeval.parallel import default_threads
from rankeval.simulators.click_models.fitting.equal_sessions import equal_stretches
from rankeval.simulators.click_models.fitting.points import log_or_zero
from rankeval.simulators.click_models.fitting.sessions import SessionLists, Words

#: Most pieces that tails are split into. The pieces depend on the data alone, so that the number of threads
#: does not change the result.
PIECES = 16
#: Fewest tails of a piece, and most numbers that all pieces return together.
LEAST_ROWS, MOST_NUMBERS = 1 << 14, 1 << 25


class Tails(NamedTuple):
    """The tails of sessions: the last click and the items below it, or all items if there is no click.

    Attributes:
        words: as in :class:`SessionLists`.
        begins, ends: (n,) tail ``i`` is ``words[begins[i]:ends[i]]``; only its first word can be a click.
        places: (n,) position of the first word, from 0.
        counts: (n,) number of sessions that each tail stands for.
    """

    words: Words
    begins: Ints
    ends: Ints
    places: Ints
    counts: Floats

    def part(self, rows: slice) -> Tails:
        """The tails of the rows ``rows``."""
        return Tails(self.words, self.begins[rows], self.ends[rows], self.places[rows], self.counts[rows])


class Chains(NamedTuple):
    """The observed counts of P pairs at K positions.

    Attributes:
        clicks: (P,) clicks on each pair.
        skips: (P,) skips of each pair above the last click of a session.
        went_on: (P,) clicks above the last click of a session; after each of them the user went on.
        open: (P,) last clicks of sessions with items below; it is unknown whether the user went on.
        went_on_at, open_at: (K,) ``went_on`` and ``open`` by position.
        tails: of the sessions with items below their last click.
        threads: number of threads.
    """

    clicks: Floats
    skips: Floats
    went_on: Floats
    open: Floats
    went_on_at: Floats
    open_at: Floats
    tails: Tails
    threads: int | None


class Ways(NamedTuple):
    """The probabilities with which users click, and go on to the next item.

    Attributes:
        attractiveness: (P,) probability of a click on an examined item.
        after_skip: probability that the user goes on after a skip.
        after_click, at: (P,) and (K,), the user goes on after a click on pair i at position k with
            probability ``after_click[i] at[k]``.
    """

    attractiveness: Floats
    after_skip: float
    after_click: Floats
    at: Floats


class ChainCounts(NamedTuple):
    """The expected counts given the clicks.

    Attributes:
        examined: (P,) examinations of each pair, with or without a click.
        went_on: (P,) clicks on each pair after which the user went on to an item below.
        went_on_at: (K,) ``went_on`` by position.
        skipped: skips of examined items with items below them.
        went_on_after: the number of these skips after which the user went on.
        log_likelihood: natural log of the likelihood of the clicks.
    """

    examined: Floats
    went_on: Floats
    went_on_at: Floats
    skipped: float
    went_on_after: float
    log_likelihood: float


def count_chains(
    lists: SessionLists, counts: Floats, threads: int | None = None, *, grouped: bool = True
) -> Chains:
    """The observed counts of sessions.

    Args:
        lists: ``n`` distinct sessions.
        counts: (n,) number of sessions that each of them stands for.
        threads: number of threads that :func:`expected_chains` uses.
        grouped: whether to store equal tails once, which saves time if the counts are used often.
    """
    of_pairs, at = np.zeros((4, lists.pairs)), np.zeros((2, lists.positions))
    begins, places = np.empty(len(lists), np.int64), np.empty(len(lists), np.int64)
    _count(lists.offsets, lists.words, read_only(counts), of_pairs, at, begins, places)
    rows = np.flatnonzero(begins >= 0)
    tails = Tails(lists.words, begins[rows], lists.offsets[1:][rows], places[rows], counts[rows])
    clicks, skips, went_on, last = list(of_pairs)
    return Chains(clicks, skips, went_on, last, at[0], at[1], _distinct(tails) if grouped else tails, threads)


def _distinct(tails: Tails) -> Tails:
    begins, ends, places = tails.begins, tails.ends, tails.places
    numbers, first = equal_stretches(tails.words, read_only(begins), read_only(ends), read_only(places))
    counts = np.bincount(numbers, tails.counts, len(first)).astype(np.float64)
    return Tails(tails.words, begins[first], ends[first], places[first], counts)


@kernel
def _count(
    offsets: Ints, words: Words, counts: Floats, of_pairs: Floats, at: Floats, begins: Ints, places: Ints
) -> None:
    """Add to ``of_pairs`` and ``at``; fill ``begins`` with the start of each tail, -1 if there is none."""
    for row in range(offsets.size - 1):
        begin, end, n = offsets[row], offsets[row + 1], counts[row]
        last = end - 1
        while last >= begin and not (words[last] & 1):
            last -= 1
        for i in range(begin, last + 1):
            pair, clicked = words[i] >> 1, words[i] & 1
            if not clicked:
                of_pairs[1, pair] += n
                continue
            of_pairs[0, pair] += n
            if i < last:
                of_pairs[2, pair] += n
                at[0, i - begin] += n
            elif i < end - 1:
                of_pairs[3, pair] += n
                at[1, i - begin] += n
        start = max(last, begin)
        begins[row] = start if last < end - 1 else -1
        places[row] = start - begin


def expected_chains(chains: Chains, ways: Ways) -> ChainCounts:
    """Expected counts given the clicks, and the log-likelihood, under the probabilities ``ways``."""
    ways = Ways(ways.attractiveness, ways.after_skip, *(np.ascontiguousarray(part) for part in ways[2:]))
    pairs, positions = len(chains.clicks), len(chains.went_on_at)

    def piece(rows: slice) -> tuple[Floats, Floats, Floats]:
        expected = np.zeros((2, pairs)), np.zeros(positions), np.zeros(3)
        _expect(chains.tails.part(rows), ways, *expected)
        return expected

    of_pairs, at, totals = np.zeros((2, pairs)), np.zeros(positions), np.zeros(3)
    with ThreadPoolExecutor(chains.threads or default_threads()) as pool:
        for of_piece in pool.map(piece, _pieces(chains)):
            for total, part in zip((of_pairs, at, totals), of_piece, strict=True):
                total += part
    sure = float(chains.skips.sum())
    return ChainCounts(
        chains.clicks + chains.skips + of_pairs[0],
        chains.went_on + of_pairs[1],
        chains.went_on_at + at,
        sure + float(totals[0]),
        sure + float(totals[1]),
        float(totals[2]) + _above(chains, ways),
    )


def _above(chains: Chains, ways: Ways) -> float:
    """Log-likelihood of all sessions down to their last click, without going on or stopping after it."""
    logs = log_or_zero(chains.clicks, ways.attractiveness)
    logs += log_or_zero(chains.skips, 1.0 - ways.attractiveness)
    logs += log_or_zero(chains.went_on, ways.after_click)
    moves = log_or_zero(chains.went_on_at, ways.at).sum()
    skips = log_or_zero(chains.skips.sum(keepdims=True), np.array([ways.after_skip]))
    return float(logs.sum() + moves + skips[0])


def _pieces(chains: Chains) -> list[slice]:
    rows, numbers = len(chains.tails.counts), 2 * len(chains.clicks)
    pieces = max(min(PIECES, rows // LEAST_ROWS, MOST_NUMBERS // max(numbers, 1)), 1)
    bounds = np.linspace(0, rows, pieces + 1).astype(int).tolist()
    return [slice(bounds[i], bounds[i + 1]) for i in range(pieces)]


@kernel
def _expect(tails: Tails, ways: Ways, of_pairs: Floats, at: Floats, totals: Floats) -> None:
    """Add the expected counts and the log-likelihood of ``tails`` to ``of_pairs``, ``at`` and ``totals``.

    For each tail, first compute backwards the probability of no click from each item on, then forwards the
    probability that each item was examined.
    """
    words, going = tails.words, ways.after_skip
    longest = 1
    for row in range(tails.begins.size):
        longest = max(longest, tails.ends[row] - tails.begins[row])
    silent = np.zeros(longest + 1)
    for row in range(tails.begins.size):
        begin, end, n = tails.begins[row], tails.ends[row], tails.counts[row]
        clicked = words[begin] & 1
        first = begin + 1 if clicked else begin
        for i in range(end - 1, first - 1, -1):
            below = 1.0 if i == end - 1 else 1.0 - going + going * silent[i + 1 - begin]
            silent[i - begin] = (1.0 - ways.attractiveness[words[i] >> 1]) * below
        pair, place = words[begin] >> 1, tails.places[row]
        stays = ways.after_click[pair] * ways.at[place] if clicked else 1.0
        likelihood = 1.0 - stays + stays * silent[first - begin]
        totals[2] += n * np.log(likelihood)
        if likelihood <= 0.0:
            continue
        belief = n * stays * silent[first - begin] / likelihood
        if clicked:
            of_pairs[1, pair] += belief
            at[place] += belief
        for i in range(first, end):
            of_pairs[0, words[i] >> 1] += belief
            if i < end - 1:
                totals[0] += belief
                stays = going * silent[i + 1 - begin]
                below = 1.0 - going + stays
                belief *= stays / below if below > 0.0 else 0.0
                totals[1] += belief
