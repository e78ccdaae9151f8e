"""Estimates with their intervals, and how records and tables show them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from rankeval.notes import Note
from rankeval.results import interval_text


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval; a bound that cannot be computed is None, and ``reason`` says why."""

    method: str
    level: float
    low: float | None
    high: float | None
    reason: str | None = None

    def holds(self, value: float) -> bool:
        """Whether it is known, and this value in it."""
        return self.low is not None and self.high is not None and self.low <= value <= self.high

    def to_dict(self) -> dict[str, Any]:
        """The five fields as JSON takes them."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its standard error and intervals (in the order asked for) over ``n`` units.

    What cannot be computed is None; ``notes`` say why, and where a number stands on thin ground.
    """

    value: float | None
    std_error: float | None
    intervals: tuple[Interval, ...]
    n: float
    notes: tuple[Note, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """All but the notes, which belong to the whole result; ``ci`` is the first interval, or None."""
        intervals = [interval.to_dict() for interval in self.intervals]
        return {
            "value": self.value,
            "std_error": self.std_error,
            "ci": intervals[0] if intervals else None,
            "intervals": intervals,
            "n": self.n,
        }

    def bounds(self, name: str) -> dict[str, float | None]:
        """The first interval as two columns of a record, ``NAME_low`` and ``NAME_high``."""
        interval = self.intervals[0]
        return {f"{name}_low": interval.low, f"{name}_high": interval.high}

    def cells(self) -> list[list[str]]:
        """Bounds and method of each interval, for people."""
        return [[interval_text(interval.to_dict()), interval.method] for interval in self.intervals]
