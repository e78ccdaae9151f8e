"""What one interval of one simulated log came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rankeval.inference import Estimate
from rankeval.notes import Note
from rankeval.off_policy import OffPolicyEvaluation
from rankeval.off_policy.rows import EstimateRow

#: Where the truth was: within the interval, above or below it; ``null``: there was no interval.
Side = Literal["held", "above", "below", "null"]
#: Cell -> how often its truth was where, without and with a warning in the same log.
Tally = Counter[tuple[str, Side, bool]]

#: Codes of the warnings without a level that tell a reader not to rely on intervals.
DOUBTS = frozenset({"chosen_best", "model_bias"})


@dataclass(frozen=True)
class Outcome:
    """Where the truth was, and whether the output warned.

    Attributes:
        cell: names of estimator, quantity and method.
        side: where the truth was.
        doubted: whether the verdict on the same row was not ``trust``, or the result had such a warning.
    """

    cell: str
    side: Side
    doubted: bool


def doubted(notes: Iterable[Note], row: Iterable[Note] = (), rows: Iterable[Note] = ()) -> bool:
    """Whether a reader is told not to rely on the intervals of a row of a result.

    Args:
        notes: all notes of the result.
        row: the reasons of the verdict on the row.
        rows: the reasons of the verdicts on all rows: those of other rows do not count.
    """
    others = {reason.code for reason in rows}
    whole = (note for note in notes if note.code not in others)
    return any(True for _ in row) or any(note.level or note.code in DOUBTS for note in whole)


def of_rows(result: OffPolicyEvaluation) -> Iterator[tuple[EstimateRow, bool]]:
    """The rows of a result of ``ope``, each with whether its reader is told not to rely on it."""
    reasons = [reason for row in result.estimates for reason in row.reasons]
    for row in result.estimates:
        yield row, doubted(result.notes, row.reasons, reasons)


def outcomes(
    name: str, estimate: Estimate, truth: float, doubt: bool, methods: Sequence[str] = ()
) -> Iterator[Outcome]:
    """The outcome of each interval of an estimate, under the name of the method that was asked for.

    ``auto`` has the name of the method that it took; without ``methods`` each has its own.
    """
    names = methods or [interval.method for interval in estimate.intervals]
    for method, interval in zip(names, estimate.intervals, strict=True):
        yield Outcome(f"{name} {method}", side(interval.low, interval.high, truth), doubt)


def side(low: float | None, high: float | None, truth: float) -> Side:
    """Where the truth is; an interval may be open on one side, where its bound is None."""
    if low is None and high is None:
        return "null"
    if low is not None and truth < low:
        return "below"
    return "above" if high is not None and truth > high else "held"


def tally(found: Iterable[Outcome]) -> Tally:
    """Count outcomes."""
    return Counter((outcome.cell, outcome.side, outcome.doubted) for outcome in found)
