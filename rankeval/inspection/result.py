"""The result of ``inspect``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from rankeval.arrays import as_float64
from rankeval.inspection.columns import Columns
from rankeval.inspection.drift import ColumnDrift
from rankeval.inspection.problems import SEVERITIES, Problem
from rankeval.inspection.row_pass import RowSums
from rankeval.inspection.row_sample import RowSample, seconds_of
from rankeval.inspection.stability import (
    MeanReward,
    Users,
    days_of,
    halves,
    mean_reward,
    same_mean_p,
    users_of,
)
from rankeval.inspection.tables import tables_of
from rankeval.inspection.unit_sums import UnitSums
from rankeval.notes import Note
from rankeval.propensity_tests import PropensityTests
from rankeval.results import Result, Table

#: Seconds from 1970 within which a calendar has dates.
CALENDAR = 6e10


@dataclass(frozen=True, repr=False)
class Inspection(Result):
    """What is in a log, what is wrong with it, and what it can be used for.

    Attributes:
        inputs: the log and the options.
        columns: its columns.
        row_sums, unit_sums: what the passes found; the second is None if no row can be read as a round or
            session.
        sample: the sampled rows in the order of the log, or of time.
        tests: the tests of propensities; None without propensities.
        drift: the drift of each column between two windows.
        windows: names of the windows.
        can: the estimators that the log can feed -> what each assumes.
        cannot: the others -> the columns that each lacks.
        methods: method of ``propensity`` -> the columns that it lacks.
        problems: the problems, the worst first.
        notes: what the readers tell.
    """

    inputs: Mapping[str, Any]
    columns: Columns
    row_sums: RowSums
    unit_sums: UnitSums | None
    sample: RowSample
    tests: PropensityTests | None
    drift: tuple[ColumnDrift, ...]
    windows: tuple[str, str]
    can: Mapping[str, str]
    cannot: Mapping[str, list[str]]
    methods: Mapping[str, list[str]]
    problems: tuple[Problem, ...] = ()
    notes: tuple[Note, ...] = ()
    command = "inspect"

    def with_problems(self, problems: Sequence[Problem]) -> Inspection:
        """The same result with problems."""
        return replace(self, problems=tuple(problems))

    def worst(self, severity: str) -> bool:
        """Whether there is a problem of this severity, or a worse one."""
        reached = SEVERITIES[: SEVERITIES.index(severity) + 1]  # type: ignore[arg-type]
        return any(problem.severity in reached for problem in self.problems)

    @property
    def unit(self) -> str:
        """``sessions`` or ``rounds``."""
        return "rounds" if self.columns.log.session is None else "sessions"

    @property
    def conclusion(self) -> str:
        """The result in one sentence."""
        can = list(self.can)
        names = ", ".join(can[:6]) + (f" and {len(can) - 6} more" if len(can) > 6 else "")
        counts = [sum(problem.severity == severity for problem in self.problems) for severity in SEVERITIES]
        told = ", ".join(
            f"{n} {name}{'s' if n != 1 and name != 'info' else ''}"
            for n, name in zip(counts[:2], SEVERITIES, strict=False)
        )
        return f"This log can feed {names or 'no estimator'}; {told}."

    @cached_property
    def users(self) -> Users | None:
        """The users who come back; None if no column names them."""
        units, user = self.unit_sums, self.columns.user
        if units is None or units.users is None or user is None:
            return None
        return users_of(user, units.users)

    @cached_property
    def halves(self) -> tuple[list[MeanReward], float | None]:
        """The mean rewards of the halves of the sample, and the p-value that they are equal."""
        role = self.columns.reward
        if role is None or role not in self.columns.compared:
            return [], None
        return halves(as_float64(self.sample.column(role)))

    @property
    def sample_ratio(self) -> dict[str, Any] | None:
        """The units of each logging policy, with the test that their shares are equal; None without several."""
        counts = {} if self.unit_sums is None else dict(self.unit_sums.loggers)
        if len(counts) < 2:
            return None
        from scipy.stats import chisquare

        named = {str(name): n for name, n in counts.items()}
        return {"counts": named, "p_value": float(chisquare(list(named.values())).pvalue)}

    @property
    def time_span(self) -> dict[str, Any] | None:
        """First and last time, as ISO 8601 where they are times of a calendar; None without times."""
        times = self.row_sums.times
        if times is None:
            return None
        kind = self.columns.log.kind("timestamp")
        seconds = seconds_of(np.array(times), pa.types.is_integer(kind) or pa.types.is_floating(kind))
        if seconds is None or not np.all(np.abs(seconds) < CALENDAR):
            return {"first": times[0], "last": times[1]}
        first, last = (datetime.fromtimestamp(float(t), UTC).isoformat() for t in seconds)
        return {"first": first, "last": last}

    @property
    def by_position(self) -> list[dict[str, Any]]:
        """Position, items shown, mean reward, standard error and 95 % interval; of clicks by Wilson (1927)."""
        sums = np.zeros((0, 3)) if self.unit_sums is None else self.unit_sums.positions
        clicks = self.columns.reward == "click"
        rows = []
        for k, (n, total, squares) in enumerate(sums.tolist()):
            if n:
                mean = mean_reward("", n, total, squares)
                ci = wilson(total, n) if clicks and 0 <= total <= n else mean.to_dict()["ci"]
                rows.append(
                    {
                        "position": k + 1,
                        "n": int(n),
                        "reward": mean.mean,
                        "std_error": mean.std_error,
                        "ci": ci,
                    }
                )
        return rows

    def content(self) -> dict[str, Any]:
        units = self.unit_sums
        parts, p = self.halves
        days = [] if units is None else days_of(units.days)
        return {
            "conclusion": self.conclusion,
            "rows": self.row_sums.rows,
            "sessions": None if units is None else units.units,
            "time_span": self.time_span,
            "columns": [{**each, **_counts(self.row_sums, each)} for each in self.columns.described()],
            "missing": sorted(
                {column for lacks in self.cannot.values() for column in lacks if " " not in column}
            ),
            "reward_by_position": self.by_position,
            "shuffled": None if units is None else units.shuffled,
            "sample_ratio": self.sample_ratio,
            "users": None if self.users is None else self.users.to_dict(),
            "problems": [problem.to_dict() for problem in self.problems],
            "estimators": {"can": list(self.can), "cannot": dict(self.cannot), "assumptions": dict(self.can)},
            "propensity_methods": dict(self.methods),
            "propensity_tests": None if self.tests is None else self.tests.to_dict(),
            "stability": {
                "halves": [part.to_dict() for part in parts],
                "p_value": p,
                "days": [day.to_dict() for day in days],
                "days_p_value": same_mean_p(days),
            },
            "drift": {
                "windows": list(self.windows),
                "sampled": len(self.sample),
                "complete": self.sample.complete,
                "columns": [each.to_dict() for each in self.drift],
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
        return tables_of(self)


def _counts(sums: RowSums, column: Mapping[str, Any]) -> dict[str, Any]:
    counts = sums.columns.get(column["role"] or column["name"])
    if counts is None:
        return {"values": None, "missing": None, "low": None, "high": None}
    return {"values": counts.n, "missing": counts.missing, "low": counts.low, "high": counts.high}


def wilson(clicks: float, n: float) -> list[float]:
    """The 95 % interval of a share by Wilson (1927), which is never empty."""
    z2 = 1.959963984540054**2
    middle, half = (clicks + z2 / 2.0) / (n + z2), (1.959963984540054 / (n + z2))
    half *= float(np.sqrt(clicks * (n - clicks) / n + z2 / 4.0))
    return [max(middle - half, 0.0), min(middle + half, 1.0)]
