"""Estimates with their confidence intervals, and their form in records and tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from rankeval.errors import UsageError
from rankeval.notes import Note
from rankeval.results import interval_text

#: Which ends an interval has.
Side = Literal["two", "lower", "upper"]
SIDES: dict[str, Side] = {"two": "two", "lower": "lower", "upper": "upper"}


def parse_side(text: str) -> Side:
    """The side of this name.

    Raises:
        UsageError: there is no such side.
    """
    if text not in SIDES:
        raise UsageError(f"side: found {text!r}, wanted {', '.join(SIDES)}")
    return SIDES[text]


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval.

    Attributes:
        method: name in ``INTERVALS``, such as ``normal``.
        level: confidence level.
        low, high: the bounds; None where they cannot be computed, and for the open end of one side.
        reason: why the bounds cannot be computed; None where they can.
        side: ``two``; ``lower``: the interval is all from ``low`` up; ``upper``: all up to ``high``.
        why: why this method was chosen, if the choice was left to the data and it is not ``normal``.
    """

    method: str
    level: float
    low: float | None
    high: float | None
    reason: str | None = None
    side: Side = "two"
    why: str | None = None

    @classmethod
    def of(cls, method: str, level: float, ends: tuple[float, float], side: Side) -> Interval:
        """The interval between two ends, or from one of them on."""
        low, high = ends
        return cls(
            method, level, None if side == "upper" else low, None if side == "lower" else high, side=side
        )

    def holds(self, value: float) -> bool:
        """Whether the bounds are known and ``value`` is between them or equal to one of them."""
        above = self.side == "upper" if self.low is None else self.low <= value
        below = self.side == "lower" if self.high is None else value <= self.high
        return self.reason is None and above and below

    def to_dict(self) -> dict[str, Any]:
        """The attributes as JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimated value with its standard error and confidence intervals.

    Attributes:
        value: the estimate, None where it cannot be computed.
        std_error: its standard error, None where it cannot be computed.
        intervals: the confidence intervals, in the order of the requested methods.
        n: number of units.
        notes: why a number cannot be computed, or is unreliable.
        degrees: degrees of freedom of the standard error, of units or clusters; 0 without an error.
        worth: how many terms of equal size vary as much as its terms, if that decides on the method of an
            interval; None if nothing asks for it, or clusters are few.
    """

    value: float | None
    std_error: float | None
    intervals: tuple[Interval, ...]
    n: float
    notes: tuple[Note, ...] = ()
    degrees: float = 0.0
    worth: float | None = None

    def warned(self, notes: Sequence[Note]) -> Estimate:
        """The same estimate with more notes at the end."""
        return replace(self, notes=(*self.notes, *notes)) if notes else self

    def without_error(self, note: Note) -> Estimate:
        """The same value without a standard error and bounds, for the reason that ``note`` gives."""
        intervals = [replace(each, low=None, high=None, reason=note.text) for each in self.intervals]
        return replace(self, std_error=None, intervals=tuple(intervals), notes=(note, *self.notes))

    def to_dict(self) -> dict[str, Any]:
        """The attributes as JSON values, without the notes; ``ci`` is the first interval, or None."""
        intervals = [interval.to_dict() for interval in self.intervals]
        return {
            "value": self.value,
            "std_error": self.std_error,
            "ci": intervals[0] if intervals else None,
            "intervals": intervals,
            "n": self.n,
        }

    def bounds(self, name: str) -> dict[str, float | None]:
        """The first interval as two entries of a record, ``NAME_low`` and ``NAME_high``."""
        interval = self.intervals[0]
        return {f"{name}_low": interval.low, f"{name}_high": interval.high}

    def cells(self) -> list[list[str]]:
        """The bounds and the method of each interval as text."""
        return [[interval_text(interval.to_dict()), interval.method] for interval in self.intervals]
