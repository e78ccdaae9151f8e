"""What one interval of one simulated log came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from rankeval.inference import Estimate
from rankeval.notes import Note

#: Where the truth was: within the interval, above or below it; ``null``: there was no interval.
Side = Literal["held", "above", "below", "null"]
#: Cell -> how often its truth was where, without and with a warning in the same log.
Tally = Counter[tuple[str, Side, bool]]

#: Codes of the warnings that tell a reader not to rely on intervals.
DOUBTS = frozenset(
    {
        "chosen_best",
        "few_clusters",
        "few_effective",
        "few_queries",
        "few_rewards",
        "leverage",
        "mean_weight",
        "model_bias",
        "parameter_chosen",
        "repeated_rounds",
        "unnamed_clusters",
        "weight_by_name",
        "weight_not_whole",
    }
)


@dataclass(frozen=True)
class Outcome:
    """Where the truth was, and whether the output warned.

    Attributes:
        cell: names of estimator, quantity and method.
        side: where the truth was.
        doubted: whether a warning of ``DOUBTS`` stood with the result.
    """

    cell: str
    side: Side
    doubted: bool


def doubted(notes: Iterable[Note]) -> bool:
    """Whether one of the notes tells a reader not to rely on intervals."""
    return any(note.code in DOUBTS for note in notes)


def outcomes(name: str, estimate: Estimate, truth: float, doubt: bool) -> Iterator[Outcome]:
    """The outcome of each interval of an estimate."""
    for interval in estimate.intervals:
        yield Outcome(f"{name} {interval.method}", side(interval.low, interval.high, truth), doubt)


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
