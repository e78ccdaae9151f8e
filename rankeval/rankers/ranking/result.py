"""The result of ``rank``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from rankeval.notes import Note
from rankeval.results import Result, Table, counted


@dataclass(frozen=True, repr=False)
class Ranking(Result):
    """What ``rank`` has scored.

    Attributes:
        candidate: the ranker.
        n: number of rows.
        queries: number of distinct queries, of sessions for a ranking log.
        out: the file with the run; None: the run is ``run``.
        inputs: the inputs and options.
        notes: the warnings.
        run: the run as an Arrow table, with the columns that a file would have; None if it is in a file.
    """

    candidate: str
    n: int
    queries: int
    out: str | None
    inputs: Mapping[str, Any]
    notes: Sequence[Note] = ()
    run: pa.Table | None = field(default=None, compare=False)
    command = "rank"

    def content(self) -> dict[str, Any]:
        return {"n": self.n, "results": self.rows()}

    def rows(self) -> list[dict[str, Any]]:
        return [{"candidate": self.candidate, "rows": self.n, "queries": self.queries, "out": self.out}]

    def tables(self) -> list[Table]:
        row = [self.candidate, counted(self.n), counted(self.queries), self.out or "-"]
        return [Table("", ["candidate", ">rows", ">queries", "run"], [row])]
