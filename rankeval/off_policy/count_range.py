"""Warnings on counts of rows that look like sampling weights."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from rankeval.array_types import Floats
from rankeval.logs import Log
from rankeval.notes import Note


@dataclass(frozen=True)
class CountRange:
    """The least and the largest count above 0 of some units, in column ``weight``.

    A count says that a row stands for so many equal rows, all of which were logged. A sampling weight says
    that a row was kept with probability 1 / weight. Both give the same values. The errors of counts are too
    small for a sample: by the square root of the weight, if it is the same for all rows.
    """

    low: float = math.inf
    high: float = -math.inf

    @classmethod
    def of(cls, counts: Floats | None) -> CountRange:
        """The range of some counts; empty without the column."""
        if counts is None or not (counts > 0.0).any():
            return cls()
        known = counts[counts > 0.0]
        return cls(float(known.min()), float(known.max()))

    def merge(self, other: CountRange) -> CountRange:
        """The range of both parts."""
        return CountRange(min(self.low, other.low), max(self.high, other.high))

    def notes(self, log: Log, whole: bool) -> Iterator[Note]:
        """A warning if counts are not ``whole``, all equal and above 1, or not called so by the caller."""
        name = f"column {log.name('weight')!r}"
        role = f"it wants --column sampling_weight={log.name('weight')}, whose errors take each row as one"
        if self.low <= self.high and not whole:
            text = (
                f"{name} is taken for the number of equal rows, all logged, and is not whole: if the log is "
                f"thinned or stratified, {role}"
            )
            yield Note("weight_not_whole", text, {"low": self.low, "high": self.high}, level="caution")
        elif 1.0 < self.low == self.high:
            text = (
                f"{name} is {self.low:g} in all rows and is taken for the number of equal rows, all logged: "
                f"if the log is thinned or stratified, {role}"
            )
            yield Note("weight_constant", text, {"weight": self.low}, level="caution")
        elif self.high > 1.0 and "weight" not in log.columns:
            text = (
                f"{name} is taken by its name for the number of equal rows, all logged: if the log is "
                f"thinned or stratified, {role}; --column weight={log.name('weight')} says that it is"
            )
            yield Note("weight_by_name", text, {"low": self.low, "high": self.high}, level="caution")
