"""Random-utility policies: add independent noise to each item's score and show the highest sums."""

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

#: Scores above _FAR in size are condensed: gaps between neighbours above _DECIDED, which decide their order,
#: are cut to it.
_FAR, _DECIDED = 1e4, 100.0


def _condensed(scores: Floats, offsets: Ints) -> Floats:
    """Scores small enough that noise of scale 1 is not lost in rounding.

    In queries with a score above 10,000 in size, gaps between neighbouring scores are cut to 100. Items that
    far apart change their order with a probability below 1e-43.
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
    """A policy that sorts items by descending ``score + noise``, with independent noise of one distribution.

    Attributes:
        noise: the kind of noise, ``GUMBEL`` or ``NORMAL``.
        utilities: (items,) flat by query, the scores divided by the scale of the noise.
    """

    noise: ClassVar[int]

    @property
    @abstractmethod
    def utilities(self) -> Floats: ...

    @abstractmethod
    def draw(self, rng: np.random.Generator, queries: Ints, starts: Ints) -> Floats:
        """Sampled utilities plus noise, flat; the items of session ``i`` are ``starts[i]:starts[i + 1]``."""

    def lists(self, rng: np.random.Generator, queries: Ints) -> Lists:
        sizes = np.diff(self.offsets)[queries]
        starts = np.concatenate([[0], np.cumsum(sizes)])
        return best_of_each(self.draw(rng, queries, starts), starts, self.positions)

    def item_probabilities(self) -> Floats:
        return self._item_probabilities

    def examined_at(self, factors: Floats) -> Floats:
        """(items, K) ``P(item at k and examined)`` for users who examine lists from the top.

        Args:
            factors: (items,) in [0, 1], the probability that a user who examined the item goes on.
        """
        return places(self.noise, self.utilities, self.offsets, np.asarray(factors, float), self.positions)

    @cached_property
    def _item_probabilities(self) -> Floats:
        return self.examined_at(np.ones(len(self.utilities)))


class GumbelUtility(RandomUtility):
    """A random-utility policy with Gumbel noise.

    This equals drawing items one after the other, each with probability proportional to ``exp(utility)``
    among the items left (Yellott 1977).
    """

    noise = GUMBEL

    def draw(self, rng: np.random.Generator, queries: Ints, starts: Ints) -> Floats:
        noise = -np.log(rng.standard_exponential(starts[-1]))
        return noisy_utilities(self.utilities, self.offsets, queries, starts, noise)

    def prefix_probabilities(self, queries: Ints, lists: Lists) -> Floats:
        return np.exp(log_prefixes(self.utilities, self.offsets, queries, lists))


@dataclass(frozen=True, eq=False)
class PlackettLuce(GumbelUtility):
    """The Plackett-Luce policy.

    It draws items one after the other, each with probability proportional to ``exp(score / temperature)``
    among the items left.

    Attributes:
        scores: (items,) flat by query.
        temperature: above 0.
    """

    scores: Floats
    temperature: float = 1.0

    @cached_property
    def utilities(self) -> Floats:
        return _condensed(self.scores / self.temperature, self.offsets)


@dataclass(frozen=True, eq=False)
class Uniform(GumbelUtility):
    """A policy that shows every order of the items with the same probability."""

    @cached_property
    def utilities(self) -> Floats:
        return np.zeros(int(self.offsets[-1]))

    def item_probabilities(self) -> Floats:
        sizes = np.repeat(np.diff(self.offsets), np.diff(self.offsets))
        held = np.arange(self.positions) < sizes[:, np.newaxis]
        return np.asarray(held / sizes[:, np.newaxis])


@dataclass(frozen=True, eq=False)
class NoisyScores(RandomUtility):
    """A policy that sorts items by descending ``score + sd e``, ``e`` independent and standard normal.

    Probabilities of prefixes and lists are None: they are integrals with one dimension for each item.

    Attributes:
        scores: (items,) flat by query.
        sd: standard deviation of the noise, above 0.
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
