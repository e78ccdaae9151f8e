"""The result of ``simulate``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rankeval.notes import Note
from rankeval.results import Result, Table, number


@dataclass(frozen=True, repr=False)
class Simulation(Result):
    """A simulated log and its exact truth.

    Attributes:
        inputs: arguments of the simulation.
        sessions: number of sessions in the log.
        log_rows: number of rows in the log.
        files: names of the files written.
        truth: the exact truth by the keys of ``truth.json``.
        notes: warnings.
    """

    inputs: Mapping[str, Any]
    sessions: int
    log_rows: int
    files: tuple[str, ...]
    truth: Mapping[str, Any]
    notes: tuple[Note, ...]
    command = "simulate"

    def content(self) -> dict[str, Any]:
        return {
            "n": self.sessions,
            "rows": self.log_rows,
            "files": list(self.files),
            "truth": dict(self.truth),
        }

    def rows(self) -> list[dict[str, Any]]:
        """One record for each policy."""
        return [
            {
                "policy": name,
                "expected_clicks": truth["expected_clicks"],
                "p_any_click": truth["p_any_click"],
                "clicks_variance": truth["clicks_variance"],
                **truth["metrics"],
            }
            for name, truth in self._policies()
        ]

    def tables(self) -> list[Table]:
        metrics = list(self.truth["logging"]["metrics"])
        header = ["policy", ">clicks", ">P(any click)", ">variance", *(f">{name}" for name in metrics)]
        rows = [[str(cells[0]), *(number(cell) for cell in cells[1:])] for cells in map(_cells, self.rows())]
        where = f"{self.inputs['out']}: {self.sessions:,} sessions, {self.log_rows:,} rows"
        return [Table(f"{where}; exact means of a session", header, rows)]

    def _policies(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        yield "logging", self.truth["logging"]
        if "unshuffled" in self.truth:
            yield "unshuffled", self.truth["unshuffled"]
        yield from self.truth["candidates"].items()
        yield from ((f"arm {name}", arm) for name, arm in self.truth.get("arms", {}).items())


def _cells(row: Mapping[str, Any]) -> list[Any]:
    return list(row.values())
