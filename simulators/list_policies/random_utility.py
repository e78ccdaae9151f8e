"""Rankers that add noise of their own to each item's score, and show the highest."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.simulators.list_policies.base import ListPolicy
from rankeval.simulators.list_policies.kernels import Lists, best_of_each, log_prefixes, noisy_utilities
from rankeval.simulators.list_policies.quadrature import GUMBEL, NORMAL, places

#: Beyond the first, scores are brought nearer; beyond the second, a gap between two decides their order.
_FAR, _DECIDED = 1e4, 100.0


def _condensed(scores: Floats, offsets: Ints) -> Floats:
    """Scores whose noise of scale 1 is not lost in rounding: of queries with large ones, gaps are cut to 100.

    Items so far apart change places with a probability below 1e-43.
    """
    near = np.array(scores, np.float64)
    for first, last in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True):
        if last > first and np.abs(near[first:last]).max() > _FAR:
            order = np.argsort(near[first:last], kind="stable") + first
            with np.errstate(over="ignore"):
                gaps = np.diff(near[order])
            near[order] = np.concatenate([[0.0], np.cumsum(np.minimum(gaps, _DECIDED))])
    return near


@dataclass(frozen=True, eq=False)
class RandomUtility(ListPolicy):
    """Items by descending ``score + noise``, the noise independent and alike for all items.

    ``utilities``: (items,) flat, scores on the scale where the noise has scale 1.
    """

    noise: ClassVar[int]

    @property
    @abstractmethod
    def utilities(self) -> Floats: ...

    @abstractmethod
    def draw(self, rng: np.random.Generator, queries: Ints, starts: Ints) -> Floats:
        """Utilities of the items of each session, flat, those of session ``i`` at ``starts[i]`` on."""

    def lists(self, rng: np.random.Generator, queries: Ints) -> Lists:
        sizes = np.diff(self.offsets)[queries]
        starts = np.concatenate([[0], np.cumsum(sizes)])
        return best_of_each(self.draw(rng, queries, starts), starts, self.positions)

    def item_probabilities(self) -> Floats:
        return self._item_probabilities

    def examined_at(self, factors: Floats) -> Floats:
        """(items, K) ``P(item at k and examined)`` where users go on after an item with its factor.

        ``factors``: (items,) in [0, 1].
        """
        return places(self.noise, self.utilities, self.offsets, np.asarray(factors, float), self.positions)

    @cached_property
    def _item_probabilities(self) -> Floats:
        return self.examined_at(np.ones(len(self.utilities)))


class GumbelUtility(RandomUtility):
    """With Gumbel noise item after item is drawn in proportion to ``exp(utility)`` (Yellott 1977)."""

    noise = GUMBEL

    def draw(self, rng: np.random.Generator, queries: Ints, starts: Ints) -> Floats:
        noise = -np.log(rng.standard_exponential(starts[-1]))
        return noisy_utilities(self.utilities, self.offsets, queries, starts, noise)

    def prefix_probabilities(self, queries: Ints, lists: Lists) -> Floats:
        return np.exp(log_prefixes(self.utilities, self.offsets, queries, lists))


@dataclass(frozen=True, eq=False)
class PlackettLuce(GumbelUtility):
    """Item after item with probability in proportion to ``exp(score / temperature)`` of those left.

    ``scores``: (items,) flat.
    """

    scores: Floats
    temperature: float = 1.0

    @cached_property
    def utilities(self) -> Floats:
        return _condensed(self.scores / self.temperature, self.offsets)


@dataclass(frozen=True, eq=False)
class Uniform(GumbelUtility):
    """Any order with the same probability."""

    @cached_property
    def utilities(self) -> Floats:
        return np.zeros(int(self.offsets[-1]))

    def item_probabilities(self) -> Floats:
        sizes = np.repeat(np.diff(self.offsets), np.diff(self.offsets))
        held = np.arange(self.positions) < sizes[:, np.newaxis]
        return np.asarray(held / sizes[:, np.newaxis])


@dataclass(frozen=True, eq=False)
class NoisyScores(RandomUtility):
    """Items by descending ``score + sd e``, ``e`` standard normal and independent; ``scores``: (items,) flat.

    What a prefix or a list has for a probability is an integral over as many dimensions: None.
    """

    noise = NORMAL
    scores: Floats
    sd: float

    @cached_property
    def utilities(self) -> Floats:
        return _condensed(self.scores / self.sd, self.offsets)

    def draw(self, rng: np.random.Generator, queries: Ints, starts: Ints) -> Floats:
        noise = rng.standard_normal(starts[-1])
        return noisy_utilities(self.utilities, self.offsets, queries, starts, noise)

    def prefix_probabilities(self, queries: Ints, lists: Lists) -> None:
        return None
