"""All that was found in a log, before it is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from rankeval.arrays import as_float64
from rankeval.inspection.columns import Columns
from rankeval.inspection.drift import ColumnDrift
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
from rankeval.inspection.unit_sums import UnitSums
from rankeval.propensity_tests import PropensityTests

#: Seconds from 1970 within which a calendar has dates.
CALENDAR = 6e10


@dataclass(frozen=True, eq=False)
class Found:
    """What was found in a log.

    Attributes:
        columns: its columns.
        cluster: the column of independent units that the caller names; None: units are independent.
        row_sums, unit_sums: what the passes found; the second is None if no row can be read as a round or
            session.
        sample: the sampled rows in the order of the log, or of time.
        tests: the tests of propensities; None without propensities.
        drift: the drift of each column between two windows.
        windows: names of the windows.
        can: the estimators that the log can feed -> what each assumes.
        cannot: the others -> the columns that each lacks.
        methods: method of ``propensity`` -> the columns that it lacks.
    """

    columns: Columns
    cluster: str | None
    row_sums: RowSums
    unit_sums: UnitSums | None
    sample: RowSample
    tests: PropensityTests | None
    drift: tuple[ColumnDrift, ...]
    windows: tuple[str, str]
    can: Mapping[str, str]
    cannot: Mapping[str, list[str]]
    methods: Mapping[str, list[str]]

    @property
    def other_kind(self) -> dict[str, str]:
        """What estimators of the other kind of log lack first -> that kind, in words for tables."""
        name = self.columns.log.name("session_id")
        if self.columns.log.session is None:
            return {name: f"a ranking log, with {name} and more"}
        lacks = [lacks[0] for lacks in self.cannot.values() if " " in lacks[0]]
        return dict.fromkeys(lacks, f"a bandit log, without {name}")

    @property
    def unit(self) -> str:
        """``sessions`` or ``rounds``."""
        return "rounds" if self.columns.log.session is None else "sessions"

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

    @cached_property
    def days(self) -> tuple[list[MeanReward], float | None]:
        """The mean reward of each day, and the p-value that all are equal."""
        days = [] if self.unit_sums is None else days_of(self.unit_sums.days)
        return days, same_mean_p(days, None if self.users is None else self.users.design_effect)

    @property
    def sample_ratio(self) -> dict[str, Any] | None:
        """Units of each logging policy, and the test that shares are equal; None without several."""
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
        """Items shown, mean reward, its error and 95 % interval by position; of clicks by Wilson (1927)."""
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


def wilson(clicks: float, n: float) -> list[float]:
    """The 95 % interval of a share by Wilson (1927), which is never empty."""
    z2 = 1.959963984540054**2
    middle, half = (clicks + z2 / 2.0) / (n + z2), (1.959963984540054 / (n + z2))
    half *= float(np.sqrt(clicks * (n - clicks) / n + z2 / 4.0))
    return [max(middle - half, 0.0), min(middle + half, 1.0)]
