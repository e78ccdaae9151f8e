"""The result of ``calibrate``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rankeval.calibration.calibration_file import Calibration
from rankeval.evaluation import Evaluation
from rankeval.inference import Estimate
from rankeval.notes import Note
from rankeval.results import Result, Table, interval_text, number, p_text, percent, segment_text


@dataclass(frozen=True, repr=False)
class FittedCalibration(Result):
    """A map from scores to probabilities, and its losses on queries that it was not fitted on.

    Attributes:
        inputs: the inputs and options, as JSON values.
        calibration: the map that was fitted on all queries.
        evaluation: the losses ``after`` and, if the scores are probabilities, ``before`` calibration, out of
            fold, with their paired differences.
        unjudged: number of items of the run without a label, which are left out.
        notes: warnings.
    """

    inputs: Mapping[str, Any]
    calibration: Calibration
    evaluation: Evaluation
    unjudged: int
    notes: tuple[Note, ...]
    command = "calibrate"

    def content(self) -> dict[str, Any]:
        found = self.calibration.to_dict()
        return {
            "method": found["method"],
            "scores": found["scores"],
            "parameters": found["parameters"],
            "n": self.evaluation.counts["queries"],
            "items": self.evaluation.counts["runs"]["after"]["items"],
            "items_unjudged": self.unjudged,
            "results": [row.to_dict() for row in self.evaluation.metric_rows],
            "comparisons": [comparison.to_dict() for comparison in self.evaluation.comparisons],
        }

    def rows(self) -> list[dict[str, Any]]:
        """The records of :meth:`Evaluation.rows`; ``run`` is ``after`` or ``before``."""
        return self.evaluation.rows()

    def tables(self) -> list[Table]:
        return [
            self._map(),
            self._losses(),
            *([self._differences()] if self.evaluation.comparisons else []),
        ]

    def _map(self) -> Table:
        """The parameters; of an isotonic map, which may have many, only its number of thresholds."""
        parameters = self.calibration.mapping.parameters()
        if self.calibration.method == "isotonic":
            parameters = {
                "thresholds": len(parameters["values"]),
                "lowest": parameters["values"][0],
                "highest": parameters["values"][-1],
            }
        header = ["method", "scores", *(f">{name.replace('_', ' ')}" for name in parameters)]
        numbers = [str(value) if isinstance(value, int) else number(value) for value in parameters.values()]
        row = [self.calibration.method, self.calibration.scores, *numbers]
        return Table("Map from scores to probabilities", header, [row])

    def _losses(self) -> Table:
        rows = [
            [row.metric, row.run, *self._segment(row.segment), *_cells(row.estimate)]
            for metric in self.evaluation.inputs["metrics"]
            for segment in dict.fromkeys(row.segment for row in self.evaluation.metric_rows)
            for row in reversed(self.evaluation.metric_rows)
            if (row.metric, row.segment) == (metric, segment)
        ]
        header = ["metric", "scores", *self._header, ">value", f">{self._level} interval", ">std error"]
        folds = self.inputs["folds"]
        title = "Losses" if folds is None else f"Losses out of fold, {folds} folds of queries"
        return Table(title, header, rows)

    def _differences(self) -> Table:
        rows = [
            [c.metric, *self._segment(c.segment), *_cells(c.estimate)[:2], p_text(c.p_value)]
            for c in self.evaluation.comparisons
            if c.test == "t"
        ]
        header = ["metric", *self._header, ">after - before", f">{self._level} interval", ">p (t-test)"]
        return Table("Paired differences; below 0 is better", header, rows)

    @property
    def _level(self) -> str:
        return percent(self.evaluation.metric_rows[0].estimate.intervals[0].level)

    @property
    def _header(self) -> list[str]:
        return [] if self.inputs["by"] is None else ["segment"]

    def _segment(self, value: Any) -> list[str]:
        return [] if self.inputs["by"] is None else [segment_text(value)]


def _cells(estimate: Estimate) -> list[str]:
    """Value, first interval and standard error as text."""
    interval = interval_text(estimate.intervals[0].to_dict())
    return [number(estimate.value), interval, number(estimate.std_error, 3)]
