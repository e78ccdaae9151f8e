"""Sums of the propensities of all candidates, which should be 1 where an estimator sums over candidates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import sums
from rankeval.logs import Log, Sessions
from rankeval.notes import Note

#: A sum further from 1 is an error.
FURTHEST = 0.01
#: A sum further from 1 gives a warning.
NOTICED = 0.001


@dataclass(frozen=True)
class ListSums:
    """The rounds whose propensities do not sum to 1; results of parts of a log can be merged.

    Attributes:
        rounds: number of lists with a sum that is noticed.
        furthest: the largest distance of their sums from 1.
        role: role of the list with this sum; empty without one.
    """

    rounds: int = 0
    furthest: float = 0.0
    role: str = ""

    @classmethod
    def of(cls, rounds: Sessions, role: str, offsets: Ints, values: Floats) -> ListSums:
        """The sums of a column of lists.

        Args:
            rounds: the rounds, for messages.
            role: role of the column.
            offsets: (n + 1,) the values of round ``i`` are ``offsets[i]:offsets[i + 1]``.
            values: (candidates,) the propensities.

        Raises:
            DataError: a sum differs from 1 by more than 0.01.
        """
        total = sums(offsets, values)
        away = np.abs(total - 1.0)
        furthest = float(away.max(initial=0.0))
        if furthest > FURTHEST:
            row = int(np.argmax(away > FURTHEST))
            raise rounds.error(role, row, f"{total[row]:.6g} in sum", "a sum of 1")
        if furthest <= NOTICED:
            return cls()
        return cls(int(np.count_nonzero(away > NOTICED)), furthest, role)

    def merge(self, other: ListSums) -> ListSums:
        """The result of both parts."""
        far = other if other.furthest > self.furthest else self
        return ListSums(self.rounds + other.rounds, far.furthest, far.role)

    def notes(self, log: Log) -> Iterator[Note]:
        """A warning if some sums are not 1."""
        if self.rounds:
            text = f"{self.rounds:,} lists of propensities do not sum to 1 within {NOTICED:g}"
            far = f"the furthest, in column {log.name(self.role)!r}, is {self.furthest:.2g} away"
            numbers = {"lists": self.rounds, "furthest": self.furthest, "threshold": NOTICED}
            yield Note(
                "list_sums",
                f"{text}: {far}",
                numbers,
                level="caution",
                value=self.furthest,
            )
