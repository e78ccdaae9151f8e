"""The result of ``ope``, with its records and tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rankeval.inference import Best, Estimate, adjusted_over, best_table
from rankeval.notes import Note
from rankeval.off_policy.columns import (
    ESTIMAND,
    OVERLAP,
    OWN_LOGGED,
    WITH_UNSHOWN,
    WRONG,
    Column,
    candidate_cells,
    changes_at,
    effective,
    relative,
)
from rankeval.off_policy.rows import EstimateRow, TargetComparison
from rankeval.results import Result, Table, counted, number, p_text, percent, segment_text, signed


@dataclass(frozen=True, repr=False)
class OffPolicyEvaluation(Result):
    """Off-policy estimates of the value of target policies from a log.

    Values are means per round of a bandit log or per session of a ranking log.

    Attributes:
        inputs: the arguments of the call.
        estimates: one row for each segment, target policy and estimator, in the requested order.
        comparisons: differences of each two target policies, and of each target policy from the logging
            policy, by each estimator and segment; empty if the target policies have no names.
        best: the best of several target policies by each estimator, corrected for its having been chosen.
        logged: mean reward of the log.
        notes: warnings that a reader needs to interpret the estimates.
        learned_curve: the position-bias curve that was learned from the same log, with its method; None if
            none was.
        refutation: the tests of the user model of estimators from clicks; None without such estimators.
        propensity_tests: the tests of the logged propensities; None where there was nothing to test.
        weights: histograms of the importance weights (:mod:`rankeval.off_policy.weight_histograms`).
    """

    inputs: Mapping[str, Any]
    estimates: tuple[EstimateRow, ...]
    comparisons: tuple[TargetComparison, ...]
    best: tuple[Best, ...]
    logged: Estimate
    notes: tuple[Note, ...]
    learned_curve: Mapping[str, Any] | None = None
    refutation: Mapping[str, Any] | None = None
    propensity_tests: Mapping[str, Any] | None = None
    weights: tuple[Mapping[str, Any], ...] = ()
    command = "ope"
    judged = True

    def content(self) -> dict[str, Any]:
        """The computed part of :meth:`to_dict`: ``n``, ``results``, ``comparisons``, ``best``, ``logged``."""
        logged = self.logged.to_dict()
        return {
            "n": self.logged.n,
            "results": [row.to_dict() for row in self.estimates],
            "comparisons": [comparison.to_dict() for comparison in self.comparisons],
            "best": [best.to_dict() for best in self.best],
            "logged": {name: logged[name] for name in ("value", "std_error", "ci")},
            "position_bias": None if self.learned_curve is None else dict(self.learned_curve),
            "refutation": None if self.refutation is None else dict(self.refutation),
            "propensity_tests": None if self.propensity_tests is None else dict(self.propensity_tests),
            "weights": [dict(each) for each in self.weights],
        }

    def rows(self) -> list[dict[str, Any]]:
        """One flat record for each estimate, with its first interval, gain and diagnostics."""
        return [
            {
                "name": row.estimator.label,
                "target": row.target,
                "segment": row.segment,
                "estimand": row.estimand,
                "value": row.value.value,
                "std_error": row.value.std_error,
                "ci_method": row.value.intervals[0].method,
                "ci_level": row.value.intervals[0].level,
                **row.value.bounds("ci"),
                "bounds_low": None if row.bounds is None else row.bounds[0],
                "bounds_high": None if row.bounds is None else row.bounds[1],
                "n": row.value.n,
                "logged": row.logged.value,
                "gain": row.gain.value,
                "gain_std_error": row.gain.std_error,
                **row.gain.bounds("gain_ci"),
                "gain_relative": row.relative.value,
                **row.relative.bounds("gain_relative_ci"),
                **row.diagnostics,
                "sensitivity": None if row.sensitivity is None else row.sensitivity.parameter,
                "sensitivity_factor": None if row.sensitivity is None else row.sensitivity.factor,
                "verdict": row.verdict.level,
            }
            for row in self.estimates
        ]

    def tables(self) -> list[Table]:
        """The tables for people: logged policy, values, parameter choices, gains, differences and weights."""
        compared = [self._differences()] if self.comparisons else []
        compared += [best_table(self.best)] if self.best else []
        chosen = [self._selections()] if any(row.selection for row in self.estimates) else []
        sensitive = [self._sensitivity()] if any(row.sensitivity for row in self.estimates) else []
        first = [self._log(), self._values(), *chosen, self._gains(), *sensitive]
        return [*first, *compared, self._weights()]

    def _log(self) -> Table:
        header = [
            f">{self.estimates[0].estimator.definition.units}",
            ">mean reward",
            ">std error",
            *self._interval_header,
        ]
        rows = [
            [
                *self._segment(row),
                counted(row.logged.n),
                number(row.reward.value),
                number(row.reward.std_error, 3),
                *cells,
            ]
            for row in self._of_segments
            for cells in row.reward.cells()
        ]
        return Table("Logged policy", [*self._segment_header, *header], rows)

    def _values(self) -> Table:
        first, last = self._columns(ESTIMAND), self._columns(WITH_UNSHOWN)
        header = [">value", ">std error", *self._interval_header, *(column.header for column in last)]
        rows = [
            [
                row.label,
                *self._target(row),
                *self._segment(row),
                *(column.cell(row) for column in first),
                number(row.value.value),
                number(row.value.std_error, 3),
                *cells,
                *(column.cell(row) for column in last),
            ]
            for row in self.estimates
            for cells in row.value.cells()
        ]
        title = "Value of the target policies" if self._target_header else "Value of the target policy"
        header = [*self._segment_header, *(column.header for column in first), *header]
        return Table(title, ["estimator", *self._target_header, *header], rows)

    def _gains(self) -> Table:
        first = self._columns(ESTIMAND, OWN_LOGGED)
        header = [*(column.header for column in first), ">gain", *self._interval_header, ">relative"]
        rows = [
            [
                row.label,
                *self._target(row),
                *self._segment(row),
                *(column.cell(row) for column in first),
                signed(row.gain.value),
                *cells,
                relative(row),
            ]
            for row in self.estimates
            for cells in row.gain.cells()
        ]
        header = ["estimator", *self._target_header, *self._segment_header, *header]
        return Table("Gain over the logged policy", header, rows)

    def _sensitivity(self) -> Table:
        """How wrong the input of the weights must be for a gain to change its sign."""
        rows = [
            [row.label, *self._target(row), *self._segment(row), WRONG[row.sensitivity.of], changes_at(row)]
            for row in self.estimates
            if row.sensitivity is not None
        ]
        header = ["estimator", *self._target_header, *self._segment_header, "wrong by a factor", ">at"]
        return Table("Where the gain changes its sign", header, rows)

    def _selections(self) -> Table:
        """The candidate values of the parameters that the data chose, over all units."""
        header = [">value", ">std error", ">bound on mean squared error", "chosen by"]
        rows = [
            [cells[0], *self._target(row), *cells[1:]]
            for row in self.estimates
            if row.segment is None
            for cells in candidate_cells(row)
        ]
        return Table("Choice of parameters", ["estimator", *self._target_header, *header], rows)

    def _differences(self) -> Table:
        header = [">mean", *self._interval_header, ">p", ">Holm", ">BH"]
        rows = [
            [
                c.estimator.label,
                f"{c.a} - {c.b}",
                *([] if self.inputs["by"] is None else [segment_text(c.segment)]),
                signed(c.difference.value),
                *cells,
                *map(p_text, (c.p_value, c.adjusted.holm, c.adjusted.bh)),
            ]
            for c in self.comparisons
            for cells in c.difference.cells()
        ]
        title = f"Paired differences ({adjusted_over([c.adjusted for c in self.comparisons])})"
        return Table(title, ["estimator", "difference", *self._segment_header, *header], rows)

    def _weights(self) -> Table:
        """One line for each segment, target policy and kind of weight."""
        kinds = {(row.segment, row.target, row.estimator.weight_of): row for row in reversed(self.estimates)}
        named = any(row.estimator.weight_of != "action" for row in self.estimates)
        first = ["weight of"] if named else []
        header = [">effective sample size", ">largest", ">mean", ">z of mean against 1"]
        names, last = ("max_weight", "mean_weight", "mean_weight_z"), self._columns(OVERLAP)
        rows = [
            [
                *([row.estimator.weight_of] if named else []),
                *self._target(row),
                *self._segment(row),
                effective(row),
                *(number(row.diagnostics[name]) for name in names),
                *(column.cell(row) for column in last),
            ]
            for row in reversed(kinds.values())
        ]
        header = [*first, *self._target_header, *self._segment_header, *header]
        header += [column.header for column in last]
        return Table("Importance weights", header, rows)

    @property
    def _of_segments(self) -> list[EstimateRow]:
        """One row for each segment: all rows of a segment have the same mean reward."""
        return list({row.segment: row for row in self.estimates}.values())

    @property
    def _interval_header(self) -> list[str]:
        return [f">{percent(self.estimates[0].value.intervals[0].level)} interval", "method"]

    @property
    def _target_header(self) -> list[str]:
        return [] if self.estimates[0].target is None else ["target"]

    def _target(self, row: EstimateRow) -> list[str]:
        return [] if row.target is None else [row.target]

    @property
    def _segment_header(self) -> list[str]:
        return [] if self.inputs["by"] is None else [str(self.inputs["by"])]

    def _segment(self, row: EstimateRow) -> list[str]:
        return [] if self.inputs["by"] is None else [segment_text(row.segment)]

    def _columns(self, *columns: Column) -> list[Column]:
        """The columns that have a value in at least one row."""
        return [column for column in columns if any(map(column.says, self.estimates))]
