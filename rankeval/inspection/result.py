"""The result of ``inspect``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rankeval.inspection.found import Found
from rankeval.inspection.problems import SEVERITIES, Problem, Severity
from rankeval.inspection.row_pass import RowSums
from rankeval.inspection.tables import tables_of
from rankeval.notes import Note
from rankeval.results import Result, Table


@dataclass(frozen=True, repr=False)
class Inspection(Result):
    """What is in a log, what is wrong with it, and what it can be used for.

    Attributes:
        inputs: the log and the options.
        found: all that was found.
        problems: the problems, the worst first.
        notes: what the readers tell.
    """

    inputs: Mapping[str, Any]
    found: Found
    problems: tuple[Problem, ...]
    notes: tuple[Note, ...] = ()
    command = "inspect"

    def has(self, severity: Severity) -> bool:
        """Whether there is a problem of this severity, or a worse one."""
        reached = SEVERITIES[: SEVERITIES.index(severity) + 1]
        return any(problem.severity in reached for problem in self.problems)

    @property
    def conclusion(self) -> str:
        """The result in one sentence."""
        can = list(self.found.can)
        names = ", ".join(can[:4]) + (f" and {len(can) - 4} more" if len(can) > 4 else "")
        counts = [sum(problem.severity == severity for problem in self.problems) for severity in SEVERITIES]
        told = ", ".join(
            f"{n} {name}{'s' if n != 1 and name != 'info' else ''}"
            for n, name in zip(counts[:2], SEVERITIES, strict=False)
        )
        return f"This log can feed {names or 'no estimator'}; {told}."

    def content(self) -> dict[str, Any]:
        units = self.found.unit_sums
        parts, p = self.found.halves
        days, days_p = self.found.days
        return {
            "conclusion": self.conclusion,
            "rows": self.found.row_sums.rows,
            "sessions": None if units is None else units.units,
            "time_span": self.found.time_span,
            "columns": [
                {**each, **_counts(self.found.row_sums, each)} for each in self.found.columns.described()
            ],
            "missing": _missing(self.found.cannot),
            "reward_by_position": self.found.by_position,
            "shuffled": None if units is None else units.shuffled,
            "sample_ratio": self.found.sample_ratio,
            "users": None if self.found.users is None else self.found.users.to_dict(),
            "problems": [problem.to_dict() for problem in self.problems],
            "estimators": {
                "can": list(self.found.can),
                "cannot": dict(self.found.cannot),
                "assumptions": dict(self.found.can),
            },
            "propensity_methods": dict(self.found.methods),
            "propensity_tests": None if self.found.tests is None else self.found.tests.to_dict(),
            "stability": {
                "halves": [part.to_dict() for part in parts],
                "p_value": p,
                "days": [day.to_dict() for day in days],
                "days_p_value": days_p,
            },
            "drift": {
                "windows": list(self.found.windows),
                "sampled": len(self.found.sample),
                "complete": self.found.sample.complete,
                "columns": [each.to_dict() for each in self.found.drift],
            },
        }

    def rows(self) -> list[dict[str, Any]]:
        """One record for each problem."""
        return [
            {
                **{name: value for name, value in problem.to_dict().items() if name not in ("rows", "files")},
                "rows": " ".join(map(str, problem.rows)),
                "files": " ".join(dict.fromkeys(problem.files)),
            }
            for problem in self.problems
        ]

    def tables(self) -> list[Table]:
        return tables_of(self.found, self.problems)


def _missing(cannot: Mapping[str, list[str]]) -> list[str]:
    """The names of all missing columns; what is no name has a space."""
    return sorted({column for lacks in cannot.values() for column in lacks if " " not in column})


def _counts(sums: RowSums, column: Mapping[str, Any]) -> dict[str, Any]:
    counts = sums.columns.get(column["role"] or column["name"])
    if counts is None:
        return {"values": None, "missing": None, "low": None, "high": None}
    return {"values": counts.n, "missing": counts.missing, "low": counts.low, "high": counts.high}
