"""The last table of ``rankeval demo``: what each method says about the new ranker, beside the exact truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rankeval.notes import Note
from rankeval.results import Result, Table


@dataclass(frozen=True)
class MethodRow:
    """A method's relative gain of the new ranker over production.

    Attributes:
        method: what is done.
        gain: the relative gain.
        low, high: the ends of its 95 % interval; None: it has none.
        verdict: its verdict; None: the method has none.
    """

    method: str
    gain: float
    low: float | None
    high: float | None
    verdict: str | None

    @classmethod
    def of(cls, method: str, row: Mapping[str, Any]) -> MethodRow:
        """From a result of ``uplift`` or ``ope`` in JSON, with its verdict."""
        gain, interval = row["gain"], row["gain"]["relative_ci"]
        return cls(method, gain["relative"], interval["low"], interval["high"], row["verdict"]["level"])

    def holds(self, truth: float) -> bool | None:
        """Whether the interval holds the truth; None without an interval."""
        return None if self.low is None or self.high is None else self.low <= truth <= self.high


@dataclass(frozen=True, repr=False)
class Summary(Result):
    """All methods beside the truth.

    Attributes:
        inputs: seed and sessions.
        methods: the rows.
        truth: the exact relative gain.
        notes: warnings.
    """

    inputs: Mapping[str, Any]
    methods: Sequence[MethodRow]
    truth: float
    notes: tuple[Note, ...] = ()
    command = "demo"

    def content(self) -> dict[str, Any]:
        return {"truth": self.truth, "results": self.rows()}

    def rows(self) -> list[dict[str, Any]]:
        """One record for each method."""
        return [{**vars(row), "truth": self.truth, "holds": row.holds(self.truth)} for row in self.methods]

    def tables(self) -> list[Table]:
        header = ["method", ">gain", ">95 % interval", ">truth", "holds it", "verdict"]
        rows = [
            [
                row.method,
                percent(row.gain),
                "-" if row.low is None or row.high is None else f"{percent(row.low)} .. {percent(row.high)}",
                percent(self.truth),
                {None: "-", True: "yes", False: "NO"}[row.holds(self.truth)],
                row.verdict or "-",
            ]
            for row in self.methods
        ]
        return [Table("Relative gain in clicks of the new ranker over production", header, rows)]


def percent(share: float) -> str:
    """A share as a percentage with its sign."""
    return f"{100.0 * share:+.1f} %"
