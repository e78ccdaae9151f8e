"""What is learned from the examples: grades, or clicks in one of four ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import as_float64
from rankeval.errors import DataError, UsageError
from rankeval.position_bias import PositionBias
from rankeval.rankers.training.examples import Examples
from rankeval.rankers.training.parameters import OBJECTIVES

#: The ways to learn from clicks.
CLICKS = {
    "naive": "clicks as grades",
    "position": "LightGBM's own factors by position, learned beside the model",
    "pairs": "pairwise lambdas, each click weighted by 1 / examination",
    "rows": "rows weighted by 1 / examination",
}
#: Those that need a curve.
WEIGHTED = ("pairs", "rows")
#: Label gain of LightGBM's ranking objectives by default: one for each grade up to this.
LARGEST_GRADE = 30
#: LightGBM holds labels and gradients in single precision.
LARGEST_LABEL = 1e15
#: Above this ratio of examinations, clicks at one position would count for everything.
LARGEST_RATIO = 1e6


@dataclass(frozen=True)
class Outcome:
    """What LightGBM gets for ``n`` items.

    Attributes:
        labels: (n,) float64, grades, clicks, or (for ``pairs``) clicks over examination.
        weights: (n,) float64, the weight of each row; None: all equal.
        positions: (n,) int64, for LightGBM's own factors; None where it learns none.
    """

    labels: Floats
    weights: Floats | None = None
    positions: Ints | None = None


@dataclass(frozen=True)
class Learning:
    """What is learned.

    Attributes:
        objective: LightGBM's objective.
        clicks: the way to learn from clicks, a key of ``CLICKS``; None for grades.
        curve: examination by position, if it is known.
        gains: what each grade gains (``label_gain``); None: ``2^grade - 1``.
    """

    objective: str
    clicks: str | None = None
    curve: PositionBias | None = None
    gains: Sequence[float] | None = None

    @property
    def kind(self) -> str:
        """The objective of training: that of LightGBM, or ``pairs``."""
        return "pairs" if self.clicks == "pairs" else self.objective

    def outcome(self, examples: Examples) -> Outcome:
        """What is learned from some examples.

        Raises:
            DataError: no grade is positive, or a grade does not fit the objective; a position is not on the
                curve.
        """
        if not (examples.grades > 0.0).any():
            what = "click" if self.clicks else "grade above 0"
            raise DataError(
                f"{examples.origin}: found no {what} among the training rows, wanted at least one"
            )
        if self.clicks is None:
            return Outcome(self._labels(examples))
        if self.clicks == "pairs":
            return Outcome(self.stopping_grades(examples))
        if self.clicks == "rows":
            return Outcome(examples.grades, weights=1.0 / self._examination(examples))
        positions = _positions(examples) if self.clicks == "position" else None
        return Outcome(examples.grades, positions=positions)

    def stopping_grades(self, examples: Examples) -> Floats:
        """(n,) float64, the grades of the validation metric: grades, or clicks over examination."""
        if self.clicks is None or self.curve is None or "position" not in examples.fields:
            return examples.grades
        return np.asarray(examples.grades / self._examination(examples))

    def _labels(self, examples: Examples) -> Floats:
        grades = examples.grades
        if self.objective == "binary":
            return np.asarray(grades >= 1.0, np.float64)
        if self.objective == "regression":
            _require_at_most(examples, LARGEST_LABEL)
            return grades
        most = LARGEST_GRADE if self.gains is None else len(self.gains) - 1
        wrong = (grades != np.floor(grades)) | (grades > most)
        if wrong.any():
            row = int(np.argmax(wrong))
            query = examples.queries[int(examples.query_rows[row])].as_py()
            raise DataError(
                f"{examples.origin}, query {query!r}: the grade is {grades[row]:g}, wanted whole grades from "
                f"0 to {most} for {self.objective} (param label_gain names the gain of each grade)"
            )
        return grades

    def _examination(self, examples: Examples) -> Floats:
        """(n,) float64, the examination of the position of each item."""
        assert self.curve is not None
        positions, theta = _positions(examples), self.curve.curve("examination")
        beyond = positions > len(theta)
        if beyond.any():
            raise DataError(
                f"{examples.origin}: found position {positions.max()}, wanted at most {len(theta)}, "
                f"the last of {self.curve.origin}"
            )
        found = np.asarray(theta[positions - 1])
        if found.max() > LARGEST_RATIO * found.min():
            raise DataError(
                f"{self.curve.origin}: examination is from {found.min():g} to {found.max():g}, wanted values "
                f"within a factor of {LARGEST_RATIO:g}"
            )
        return found


def _require_at_most(examples: Examples, most: float) -> None:
    if examples.grades.max() > most:
        row = int(np.argmax(examples.grades))
        query = examples.queries[int(examples.query_rows[row])].as_py()
        raise DataError(
            f"{examples.origin}, query {query!r}: the grade is {examples.grades[row]:g}, "
            f"wanted at most {most:g}"
        )


def parse_learning(objective: str | None, clicks: str | None, curve: Any, gains: Any) -> Learning:
    """The checked options of what is learned.

    Raises:
        UsageError: an option is unknown, or options do not go together.
        DataError: the curve cannot be read, or has no examination.
    """
    if objective is not None and objective not in OBJECTIVES:
        raise UsageError(f"objective: {objective!r} is none of {', '.join(OBJECTIVES)}")
    if clicks is not None and clicks not in CLICKS:
        raise UsageError(f"clicks: {clicks!r} is none of {', '.join(CLICKS)}")
    if clicks is None and curve is not None:
        raise UsageError("position_bias: found a curve for judgements, wanted one only with clicks")
    if clicks in WEIGHTED and curve is None:
        raise UsageError(f"clicks: {clicks} needs position_bias, the curve that `rankeval propensity` writes")
    if clicks == "pairs" and objective not in (None, "lambdarank"):
        raise UsageError(f"clicks: pairs is an objective of its own, found {objective!r} beside it")
    if clicks == "position" and objective not in (None, "lambdarank"):
        raise UsageError(
            f"clicks: position works with lambdarank alone, {objective} would ignore the positions"
        )
    known = None if curve is None else PositionBias.of(curve)
    if known is not None and "examination" not in known:
        raise DataError(f"{known.origin}: holds alpha and beta alone, wanted examination")
    if gains is not None and not (isinstance(gains, list | tuple) and len(gains) > 1):
        raise UsageError(f"param: label_gain is {gains!r}, wanted a list with a number for each grade")
    return Learning(objective or "lambdarank", clicks, known, gains)


def check_clicks(examples: Examples) -> None:
    """Check that all clicks are 0 or 1.

    Raises:
        DataError: a click is another number.
    """
    wrong = ~np.isin(examples.grades, (0.0, 1.0))
    if wrong.any():
        row = int(np.argmax(wrong))
        query = examples.queries[int(examples.query_rows[row])].as_py()
        raise DataError(
            f"{examples.origin}, session {query!r}: click is {examples.grades[row]:g}, wanted 0 or 1"
        )


def _positions(examples: Examples) -> Ints:
    """(n,) int64, the positions, from 1."""
    positions = as_float64(examples.fields["position"])
    wrong = ~((positions >= 1.0) & (positions == np.floor(positions)))
    if wrong.any():
        row = int(np.argmax(wrong))
        query = examples.queries[int(examples.query_rows[row])].as_py()
        found = examples.fields["position"][row].as_py()
        raise DataError(
            f"{examples.origin}, session {query!r}: position is {found}, wanted a whole number from 1"
        )
    return positions.astype(np.int64)
