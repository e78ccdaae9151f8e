"""The result of ``plan_ab``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rankeval.ab_tests.other_plans import OtherPlan
from rankeval.notes import Note
from rankeval.results import Result, Table, number, percent


@dataclass(frozen=True)
class PlanRow:
    """The test of one metric for one effect.

    Attributes:
        metric: name of the metric.
        label: where the effect is from.
        baseline: the metric's value in the log.
        std_dev: standard deviation of a session, without clusters and covariate; for a ratio of means, of its
            linearised terms.
        design_effect: variance with clusters over that without; None without clusters.
        variance_kept: variance with the covariate over that without; None without one.
        effect: the difference; None if it is unknown.
        relative_effect: the difference over the size of the baseline.
        sessions_per_arm: sessions of each treatment arm; None: no number is enough, or none is known.
        control_sessions: sessions of the control.
        sessions: sessions of all arms.
        clusters_per_arm: clusters of each treatment arm; None without clusters.
        days: whole days of the test; None without traffic.
        power: the power with so many sessions.
        level: 1 less the error probability.
    """

    metric: str
    label: str
    baseline: float
    std_dev: float
    design_effect: float | None
    variance_kept: float | None
    effect: float | None
    relative_effect: float | None
    sessions_per_arm: int | None
    control_sessions: int | None
    sessions: int | None
    clusters_per_arm: int | None
    days: float | None
    power: float | None
    level: float


@dataclass(frozen=True, repr=False)
class AbPlan(Result):
    """The sessions that an A/B test needs.

    Attributes:
        inputs: log, metrics and options.
        n: number of units of the log.
        units: what they are called.
        results: a row for each metric and effect.
        others: other experiments.
        notes: warnings.
    """

    inputs: Mapping[str, Any]
    n: float
    units: str
    results: tuple[PlanRow, ...]
    others: tuple[OtherPlan, ...]
    notes: tuple[Note, ...]
    command = "plan ab"

    def content(self) -> dict[str, Any]:
        return {"n": self.n, "results": self.rows(), "beside": [asdict(other) for other in self.others]}

    def rows(self) -> list[dict[str, Any]]:
        """One record for each metric and effect."""
        return [asdict(row) for row in self.results]

    def tables(self) -> list[Table]:
        return [self._metrics(), self._plans(), *([self._others()] if self.others else [])]

    def _others(self) -> Table:
        """Other experiments."""
        days = [">days"] if self.inputs["sessions_per_day"] is not None else []
        rows = [
            [
                other.experiment,
                other.design,
                other.finds,
                _whole(other.sessions),
                *([_whole(other.days)] if days else []),
            ]
            for other in self.others
        ]
        return Table("Other experiments", ["command", "design", "finds out", ">sessions", *days], rows)

    def _metrics(self) -> Table:
        """The metrics in the log."""
        first = {row.metric: row for row in self.results}
        rows = [
            [
                row.metric,
                number(row.baseline),
                number(row.std_dev),
                number(row.design_effect, 3),
                "-" if row.variance_kept is None else f"{100 * row.variance_kept:.1f} %",
            ]
            for row in first.values()
        ]
        header = ["metric", ">value", f">sd of a {self.units[:-1]}", ">design effect", ">variance kept"]
        return Table(f"The log ({self.n:,.0f} {self.units})", header, rows)

    def _plans(self) -> Table:
        clusters = [f">{self.inputs['cluster']} an arm"] if self.inputs["cluster"] else []
        days = [">days"] if self.inputs["sessions_per_day"] is not None else []
        uneven = any(row.control_sessions != row.sessions_per_arm for row in self.results)
        control = [">in the control"] if uneven else []
        header = [
            "metric",
            "effect",
            ">relative",
            f">{self.units} an arm",
            *control,
            *clusters,
            ">in all",
            *days,
        ]
        rows = [
            [
                row.metric,
                row.label,
                "-" if row.relative_effect is None else f"{100 * row.relative_effect:+.3g} %",
                _whole(row.sessions_per_arm),
                *([_whole(row.control_sessions)] if uneven else []),
                *([_whole(row.clusters_per_arm)] if clusters else []),
                _whole(row.sessions),
                *([_whole(row.days)] if days else []),
            ]
            for row in self.results
        ]
        arms = self.inputs["arms"]
        levels = [percent(self.inputs[name]) for name in ("power", "level")]
        title = f"Needed for {levels[0]} power at level {levels[1]}, {arms} arms"
        return Table(title, header, rows)


def _whole(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"
