"""Rounds with candidate lists, as the tests of propensities read them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rankeval.array_types import Floats, Hashes, Ints
from rankeval.propensity_tests.listed_actions import ListedActions


@dataclass(frozen=True)
class ListedRounds:
    """``n`` rounds; arrays as in :meth:`ListedActions.of`.

    Attributes:
        offsets: (n + 1,) the places of the candidates of each round.
        propensities: (candidates,) in [0, 1].
        logged: (n,) index of the action taken among the candidates of all rounds.
        keys: (candidates,) the action that each candidate is; None: it is the index in its list.
        name: the name of the action of a candidate, by its index.
    """

    offsets: Ints
    propensities: Floats
    logged: Ints
    keys: Hashes | None
    name: Callable[[int], Any]

    def taken(self, rows: slice | Ints) -> ListedRounds:
        """Some of the rounds, in their order; a slice is all of them."""
        if isinstance(rows, slice):
            return self
        lengths = np.diff(self.offsets)[rows]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        moved = self.offsets[rows] - offsets[:-1]
        flat = np.arange(offsets[-1]) + np.repeat(moved, lengths)
        keys, name = None if self.keys is None else self.keys[flat], self.name
        return replace(
            self,
            offsets=offsets,
            propensities=self.propensities[flat],
            logged=self.logged[rows] - moved,
            keys=keys,
            name=lambda candidate: name(int(flat[candidate])),
        )

    def sums(self, clusters: Ints | None) -> ListedActions:
        """The sums of the rounds, at least one; ``clusters`` (n,) are the buckets of their clusters."""
        return ListedActions.of(self.offsets, self.propensities, self.logged, self.keys, self.name, clusters)
