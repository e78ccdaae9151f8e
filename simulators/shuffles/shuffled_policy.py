"""List policies under a shuffle design, with exact probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import kernel
from rankeval.simulators.list_policies import Deterministic, GivenLists, ListPolicy, Lists, Uniform
from rankeval.simulators.shuffles.designs import display, exchanges, mixing_matrix
from rankeval.simulators.worlds import Shuffle


@dataclass(frozen=True, eq=False)
class Exchanged(ListPolicy):
    """The lists of another policy with the items at two places exchanged, in lists that have both places.

    Attributes:
        base: the other policy.
        low: the lower place, from 0.
        high: the higher place, from 0.
    """

    base: ListPolicy
    low: int
    high: int

    def lists(self, rng: np.random.Generator, queries: Ints) -> Lists:
        return self._exchanged(self.base.lists(rng, queries))

    def item_probabilities(self) -> Floats | None:
        found = self.base.item_probabilities()
        if found is None:
            return None
        sizes = np.repeat(np.diff(self.offsets), np.diff(self.offsets))
        other = found.copy()
        other[:, [self.low, self.high]] = found[:, [self.high, self.low]]
        return np.where((sizes > self.high)[:, np.newaxis], other, found)

    def prefix_probabilities(self, queries: Ints, lists: Lists) -> None:
        return None

    def list_probabilities(self, queries: Ints, lists: Lists) -> Floats | None:
        return self.base.list_probabilities(queries, self._exchanged(lists))

    def _exchanged(self, lists: Lists) -> Lists:
        other = lists.copy()
        long = lists[:, self.high] >= 0
        other[long, self.low], other[long, self.high] = lists[long, self.high], lists[long, self.low]
        return other


@dataclass(frozen=True, eq=False)
class TopShuffled(ListPolicy):
    """The lists of another policy with the first ``top`` items in uniformly random order."""

    base: ListPolicy
    top: int

    def lists(self, rng: np.random.Generator, queries: Ints) -> Lists:
        return display(Shuffle("full", 1.0, self.top), rng, self.base.lists(rng, queries)).lists

    def item_probabilities(self) -> Floats | None:
        return Shuffled(self.offsets, self.positions, self.base, self._shuffle).item_probabilities()

    def prefix_probabilities(self, queries: Ints, lists: Lists) -> Floats | None:
        if isinstance(self.base, Deterministic):
            return shuffled_prefixes(self.base.best, queries, lists, self.top)
        return None

    @property
    def _shuffle(self) -> Shuffle:
        return Shuffle("full", 1.0, self.top)


@dataclass(frozen=True, eq=False)
class Shuffled(ListPolicy):
    """A policy under a shuffle design. Probabilities are marginal over the draws of the design.

    ``P(item at k)`` is exact if that of the base policy is exact. Probabilities of prefixes and lists are
    exact if the base order is fixed, a mixture of fixed orders, or uniform. Probabilities of lists are also
    exact if the design exchanges pairs and the base policy has exact probabilities of lists.
    """

    base: ListPolicy
    shuffle: Shuffle

    @property
    def parts(self) -> list[tuple[Floats, ListPolicy]]:
        return [
            (share * inner, part)
            for share, base in self.base.parts
            for inner, part in self._of_part(base)
            if inner.any()
        ]

    def lists(self, rng: np.random.Generator, queries: Ints) -> Lists:
        return display(self.shuffle, rng, self.base.lists(rng, queries)).lists

    def item_probabilities(self) -> Floats | None:
        base = self.base.item_probabilities()
        if base is None:
            return None
        sizes = np.repeat(np.diff(self.offsets), np.diff(self.offsets))
        mixed = np.empty_like(base)
        for size in np.unique(sizes).tolist():
            rows = sizes == size
            mixed[rows] = base[rows] @ mixing_matrix(self.shuffle, size, self.positions)
        return mixed

    def prefix_probabilities(self, queries: Ints, lists: Lists) -> Floats | None:
        total = np.zeros(lists.shape)
        for share, base in self.base.parts:
            found = self._prefixes_of_part(base, queries, lists)
            if found is None:
                return None
            total += share[queries][:, np.newaxis] * found
        return total

    def list_probabilities(self, queries: Ints, lists: Lists) -> Floats | None:
        prefixes = self.prefix_probabilities(queries, lists)
        if prefixes is not None:
            return np.asarray(prefixes[:, -1])
        total = np.zeros(len(lists))
        for share, part in self.parts:
            found = part.list_probabilities(queries, lists)
            if found is None:
                return None
            total += share[queries] * found
        return total

    def _of_part(self, base: ListPolicy) -> list[tuple[Floats, ListPolicy]]:
        """Pairs of (Q,) a share of the sessions and their policy, for one part of the base policy."""
        sizes, common = np.diff(self.offsets), (self.offsets, self.positions)
        if isinstance(base, Uniform):
            return base.parts
        if self.shuffle.design == "full":
            share = np.full(len(sizes), self.shuffle.share)
            return [(1.0 - share, base), (share, self._top_shuffled(base))]
        lows, highs, chances = exchanges(self._within, sizes)
        changed = [Exchanged(*common, base, low, high) for low, high in zip(lows, highs, strict=True)]
        shown: list[ListPolicy] = [*changed]
        if isinstance(base, Deterministic):
            shown = [GivenLists(*common, policy._exchanged(base.best)) for policy in changed]
        return [(1.0 - chances.sum(axis=1), base), *zip(chances.T, shown, strict=True)]

    def _prefixes_of_part(self, base: ListPolicy, queries: Ints, lists: Lists) -> Floats | None:
        if isinstance(base, Uniform):
            return base.prefix_probabilities(queries, lists)
        if self.shuffle.design == "full":
            plain = base.prefix_probabilities(queries, lists)
            mixed = self._top_shuffled(base).prefix_probabilities(queries, lists)
            if plain is None or mixed is None:
                return None
            return np.asarray((1.0 - self.shuffle.share) * plain + self.shuffle.share * mixed)
        if not isinstance(base, Deterministic):
            return None
        return exchanged_prefixes(base.best, queries, lists, *exchanges(self._within, np.diff(self.offsets)))

    def _top_shuffled(self, base: ListPolicy) -> ListPolicy:
        """A part of the base policy with its first items in random order; uniform if these are all items."""
        if (np.diff(self.offsets) <= min(self.shuffle.top, self.positions)).all():
            return Uniform(self.offsets, self.positions)
        return TopShuffled(self.offsets, self.positions, base, self.shuffle.top)

    @property
    def _within(self) -> Shuffle:
        """The shuffle with ``top`` limited to the positions that lists have."""
        return Shuffle(self.shuffle.design, self.shuffle.share, min(self.shuffle.top, self.positions))


@kernel
def exchanged_prefixes(
    best: Lists, queries: Ints, lists: Lists, lows: Ints, highs: Ints, chances: Floats
) -> Floats:
    """(n, K) probability of the items at 1..k if at most one pair of a fixed list is exchanged.

    Args:
        best: (Q, K) the fixed list of each query.
        queries: (n,) the query of each list.
        lists: (n, K) the lists whose probabilities are computed.
        lows: (A,) lower place of each pair, from 0.
        highs: (A,) higher place of each pair, from 0.
        chances: (Q, A) probability that each pair is exchanged. Otherwise the list does not change.
    """
    n, positions = lists.shape
    prefixes = np.zeros((n, positions))
    for i in range(n):
        query = queries[i]
        stays = 1.0
        for arm in range(len(lows)):
            stays -= chances[query, arm]
        for arm in range(-1, len(lows)):
            low, high, chance = 0, 0, stays
            if arm >= 0:
                low, high, chance = lows[arm], highs[arm], chances[query, arm]
            for k in range(positions):
                place = high if k == low else (low if k == high else k)
                if lists[i, k] != best[query, place]:
                    break
                prefixes[i, k] += chance
    return prefixes


@kernel
def shuffled_prefixes(best: Lists, queries: Ints, lists: Lists, top: int) -> Floats:
    """(n, K) probability of the items at 1..k if the first ``top`` of a fixed list are in random order."""
    n, positions = lists.shape
    prefixes = np.zeros((n, positions))
    for i in range(n):
        own = best[queries[i]]
        size = 0
        while size < min(top, positions) and own[size] >= 0:
            size += 1
        chance = 1.0
        for k in range(positions):
            if k < size:
                found = False
                for place in range(size):
                    found = found or own[place] == lists[i, k]
                chance = chance / (size - k) if found else 0.0
            elif lists[i, k] != own[k]:
                chance = 0.0
            prefixes[i, k] = chance
    return prefixes
