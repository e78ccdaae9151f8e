"""The result of ``ab``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rankeval.ab_tests.analysis import Row
from rankeval.ab_tests.guardrails import GuardrailRow, failures
from rankeval.ab_tests.omnibus import Omnibus
from rankeval.ab_tests.sample_ratio import SUSPICIOUS, SampleRatio
from rankeval.inference import Estimate, Interval
from rankeval.notes import Note
from rankeval.results import (
    Result,
    Table,
    counted,
    interval_text,
    number,
    p_text,
    percent,
    segment_text,
    signed,
)

_SEQUENTIAL = {
    "group_sequential": "p and intervals allow for the planned looks",
    "sequence": "p and intervals hold at any number of looks",
}
_ONE_SIDED = {
    "lower": "p one-sided, that the arm is higher",
    "upper": "p one-sided, that the arm is lower",
}


@dataclass(frozen=True, repr=False)
class AbAnalysis(Result):
    """Differences of metrics between the arms of an A/B test.

    Attributes:
        inputs: log, metrics and options.
        results: every metric of every arm against the control.
        guardrails: the non-inferiority tests.
        omnibus: tests over all arms, if there are more than two.
        sample_ratio: the check of the sizes of the arms.
        looks: the planned looks as JSON values; None: there are none.
        n: number of units.
        notes: warnings.
        sequence: confidence sequences after each day (:mod:`rankeval.ab_tests.over_time`).
    """

    inputs: Mapping[str, Any]
    results: tuple[Row, ...]
    guardrails: tuple[GuardrailRow, ...]
    omnibus: tuple[Omnibus, ...]
    sample_ratio: SampleRatio
    looks: Mapping[str, object] | None
    n: float
    notes: tuple[Note, ...]
    sequence: tuple[Mapping[str, Any], ...] = ()
    command = "ab"

    def failed(self, gate: str) -> bool:
        """Whether a gate does not hold.

        ``guardrail``: a guardrail is violated or unclear; ``sample_ratio``: the check warns.
        """
        if gate == "guardrail":
            return bool(failures(self.guardrails))
        p = self.sample_ratio.p_value
        return p is not None and p < SUSPICIOUS

    def content(self) -> dict[str, Any]:
        return {
            "n": self.n,
            "results": [row.to_dict() for row in self.results],
            "guardrails": [row.to_dict() for row in self.guardrails],
            "omnibus": [test.to_dict() for test in self.omnibus],
            "sample_ratio": self.sample_ratio.to_dict(),
            "looks": None if self.looks is None else dict(self.looks),
            "sequence": [dict(each) for each in self.sequence],
        }

    def rows(self) -> list[dict[str, Any]]:
        """One record for each metric, arm and segment."""
        return [
            {
                "metric": row.metric,
                "arm": row.arm,
                "control": row.control,
                "segment": row.segment,
                "value": row.value,
                "control_value": row.control_value,
                "difference": row.difference.value,
                "std_error": row.difference.std_error,
                "ci_method": row.difference.intervals[0].method,
                "ci_level": row.difference.intervals[0].level,
                **row.difference.bounds("ci"),
                "relative": row.relative.value,
                **row.relative.bounds("relative_ci"),
                "p_value": row.p_value,
                "p_adjusted": row.p_adjusted,
                "test": row.test,
                "variance_kept": row.kept,
                "n": row.n,
                "control_n": row.control_n,
            }
            for row in self.results
        ]

    def tables(self) -> list[Table]:
        shown = [self._arms()]
        if self.results:
            shown += [self._values(), self._differences(), self._relative()]
        if self.omnibus:
            shown.append(self._omnibus())
        if self.guardrails:
            shown.append(self._guardrails())
        return shown

    def _arms(self) -> Table:
        units, check = self.sample_ratio.units, self.sample_ratio
        total = sum(check.counts.values())
        rows = [
            [
                arm + (" (control)" if arm == self.inputs["control"] else ""),
                counted(count),
                f"{100 * count / total:.2f} %",
                f"{100 * check.expected[arm]:.2f} %",
            ]
            for arm, count in check.counts.items()
        ]
        title = f"Arms (sample-ratio check: p {_equals(check.p_value)})"
        return Table(title, ["arm", f">{units}", ">share", ">expected"], rows)

    def _values(self) -> Table:
        """Values of the arms, and how they are tested."""
        kept = any(row.kept is not None for row in self.results)
        header = [">control", ">arm", ">p", f">{self.inputs['adjust_name']}", "test"]
        rows = [
            [
                row.metric,
                row.arm,
                *self._segment(row),
                number(row.control_value),
                number(row.value),
                p_text(row.p_value),
                p_text(row.p_adjusted),
                row.test,
                *([] if not kept else ["-" if row.kept is None else f"{100 * row.kept:.1f} %"]),
            ]
            for row in self.results
        ]
        header += [">variance kept"] if kept else []
        tests = max((row.tests for row in self.results), default=0)
        over = f"; {self.inputs['adjust_name']} over {tests} tests" if tests > 1 else ""
        told = next((text for test, text in _SEQUENTIAL.items() if test == self.results[0].test), "")
        told = _ONE_SIDED.get(self.inputs["side"], told)
        title = "Values" + over + (f"; {told}" if told else "")
        return Table(title, ["metric", "arm", *self._segment_header, *header], rows)

    def _differences(self) -> Table:
        rows = [
            [row.metric, row.arm, *self._segment(row), signed(row.difference.value), *cells]
            for row in self.results
            for cells in row.difference.cells()
        ]
        header = ["metric", "arm", *self._segment_header, ">difference", f">{self._level} interval", "method"]
        return Table(f"Difference from {self.inputs['control']}", header, rows)

    def _relative(self) -> Table:
        rows = [
            [row.metric, row.arm, *self._segment(row), *cells]
            for row in self.results
            for cells in _percents(row.relative)
        ]
        header = ["metric", "arm", *self._segment_header, ">relative", f">{self._level} interval", "method"]
        return Table(f"Relative difference from {self.inputs['control']}", header, rows)

    def _omnibus(self) -> Table:
        rows = [
            [test.metric, *self._segment(test), number(test.statistic), p_text(test.p_value), test.test]
            for test in self.omnibus
        ]
        header = ["metric", *self._segment_header, ">statistic", ">p", "test"]
        return Table("All arms equal", header, rows)

    def _guardrails(self) -> Table:
        rows = []
        for row in self.guardrails:
            relative = row.margin.relative
            cells = _percents(row.relative)[0] if relative else row.difference.cells()[0]
            value = [cells[0], cells[1]] if relative else [signed(row.difference.value), cells[0]]
            rows.append([row.metric, row.arm, *value, row.margin.text, p_text(row.p_value), row.status])
        header = ["guardrail", "arm", ">difference", f">{self._level} interval", ">margin", ">p", "status"]
        return Table("Guardrails (p: one-sided, that the harm is less than the margin)", header, rows)

    @property
    def _level(self) -> str:
        return percent(self.inputs["level"])

    @property
    def _segment_header(self) -> list[str]:
        return [] if self.inputs["by"] is None else [str(self.inputs["by"])]

    def _segment(self, row: Row | Omnibus) -> list[str]:
        return [] if self.inputs["by"] is None else [segment_text(row.segment)]


def _percents(relative: Estimate) -> list[list[str]]:
    """The relative difference, its bounds and the method of each interval, in percent."""
    return [
        [
            _percent(relative.value),
            _percents_of(interval),
            interval.method,
        ]
        for interval in relative.intervals
    ]


def _percents_of(interval: Interval) -> str:
    """The bounds in percent, as :func:`rankeval.results.interval_text` has them."""
    if interval.reason is not None:
        return interval_text(None)
    if interval.side != "two":
        return f">= {_percent(interval.low)}" if interval.high is None else f"<= {_percent(interval.high)}"
    return f"{_percent(interval.low)} .. {_percent(interval.high)}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100.0 * share:+.2f} %"


def _equals(p: float | None) -> str:
    text = p_text(p)
    return text if text.startswith("<") else f"= {text}"
