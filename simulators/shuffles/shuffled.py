"""A policy whose lists a shuffle design puts into another order, with its exact probabilities."""

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
    """The lists of another policy with the items at two places exchanged, where there are so many."""

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
    """A policy with a share of its sessions in the order of a design; probabilities are marginal over that.

    ``P(item at k)`` is exact where the base policy's is, that of prefixes and lists where the base order is
    fixed, a mixture of fixed ones, or uniform; that of lists also where pairs are exchanged and the base
    policy's lists have one.
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
        """Shares of the sessions of a part of the base policy, and what they show."""
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
        """The lists of a part of the base policy in random order: uniform where all items are shown."""
        if (np.diff(self.offsets) <= min(self.shuffle.top, self.positions)).all():
            return Uniform(self.offsets, self.positions)
        return TopShuffled(self.offsets, self.positions, base, self.shuffle.top)

    @property
    def _within(self) -> Shuffle:
        """The design, of positions that lists have."""
        return Shuffle(self.shuffle.design, self.shuffle.share, min(self.shuffle.top, self.positions))


@kernel
def exchanged_prefixes(
    best: Lists, queries: Ints, lists: Lists, lows: Ints, highs: Ints, chances: Floats
) -> Floats:
    """(n, K) probability of the items at 1..k where one of some pairs of a fixed list may be exchanged.

    ``chances``: (Q, A) of each pair; with the rest of the probability the list stays as it is.
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
    """(n, K) probability of the items at 1..k where the first ``top`` of a fixed list are in random order."""
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
