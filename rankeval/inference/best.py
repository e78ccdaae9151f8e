"""The best of several candidates as a record: its estimates as they are, and corrected for the choice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np

from rankeval.inference.estimate import Estimate, Interval
from rankeval.inference.functionals import Functional, Within
from rankeval.inference.inference import Inference
from rankeval.inference.undefined import NO_SPREAD
from rankeval.inference.winners import corrected
from rankeval.notes import Note, listing
from rankeval.results import Table, interval_text, number, percent

#: From this number of equal candidates on, the interval of the best one holds less often than it says.
MANY = 3
CHOSEN = "chosen for the estimate, which is therefore too good on average"


Correction = tuple[float | None, Interval]


@dataclass(frozen=True)
class Chosen:
    """An estimate of the best candidate.

    Attributes:
        naive: the estimate as if the candidate had not been chosen.
        correct: computes ``corrected`` and ``interval``, once they are read: it takes longer than all else.
    """

    naive: Estimate | None
    correct: Callable[[], Correction] = field(repr=False, compare=False)

    @cached_property
    def _correction(self) -> Correction:
        return self.correct()

    @property
    def corrected(self) -> float | None:
        """The estimate that is too high as often as too low; None where it cannot be computed."""
        return self._correction[0]

    @property
    def interval(self) -> Interval:
        """The corrected interval."""
        return self._correction[1]

    def to_dict(self) -> dict[str, Any]:
        """``naive``, ``naive_ci``, ``corrected`` and ``ci``, which is the corrected interval."""
        naive = self.naive
        return {
            "naive": None if naive is None else naive.value,
            "naive_ci": None if naive is None else naive.intervals[0].to_dict(),
            "corrected": self.corrected,
            "ci": self.interval.to_dict(),
        }

    def cells(self) -> list[str]:
        """The naive and the corrected estimate and the corrected interval as text."""
        naive = None if self.naive is None else self.naive.value
        return [number(naive), number(self.corrected), interval_text(self.interval.to_dict())]


@dataclass(frozen=True)
class Best:
    """The best of several candidates by one criterion.

    Attributes:
        criterion: a metric or an estimator, as text.
        name: the best candidate.
        kind: what the candidates are, in the singular, such as ``run``.
        candidates: their number.
        value: its value.
        gain: its gain.
        over: what the gain is over.
        relative: its gain as a share of what the gain is over; None where that is near 0, or has no size.
        labels: further entries of the record, at its beginning.
    """

    criterion: str
    name: str
    kind: str
    candidates: int
    value: Chosen
    gain: Chosen
    over: str
    relative: Chosen | None = None
    labels: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The record for JSON."""
        return {
            **self.labels,
            self.kind: self.name,
            "candidates": self.candidates,
            "value": self.value.to_dict(),
            "gain": {"over": self.over, **self.gain.to_dict(), **self._relative()},
            "note": CHOSEN,
        }

    def _relative(self) -> dict[str, Any]:
        found = self.relative
        if found is None:
            return {"relative": None, "relative_ci": None}
        return {"relative": found.corrected, "relative_ci": found.interval.to_dict()}

    def cells(self) -> list[list[str]]:
        """Two rows of a table, for the value and for the gain."""
        first = [self.criterion, self.name]
        return [
            [*first, "value", *self.value.cells()],
            [*first, f"gain over {self.over}", *self.gain.cells()],
        ]


def best_table(best: Sequence[Best]) -> Table:
    """The table of the best candidates by each criterion."""
    header = ["by", "best", "what", ">as is", ">corrected"]
    level, count = percent(best[0].value.interval.level), f"{best[0].candidates} {best[0].kind}s"
    rows = [cells for one in best for cells in one.cells()]
    return Table(f"Best of {count}, corrected for the choice", [*header, f">{level} interval"], rows)


def best_index(distribution: Inference, candidates: Sequence[Functional], sign: float) -> int | None:
    """The index of the best candidate, the first of equal ones; None without two known values."""
    values = np.array([sign * distribution.value(candidate) for candidate in candidates])
    if np.count_nonzero(np.isfinite(values)) < 2:
        return None
    return int(np.argmax(np.where(np.isfinite(values), values, -np.inf)))


def chosen(
    inference: Inference,
    candidates: Sequence[Functional],
    targets: Sequence[Functional],
    best: int,
    of_interest: Functional,
    sign: float,
) -> Chosen:
    """The estimate of ``of_interest``, of the best candidate, with its correction.

    Args:
        inference: the inference from all of them.
        candidates: the functionals of which the best was chosen; those without a finite value do not count.
        targets: the functionals that are estimated for all candidates that could have been chosen, such as
            their gains.
        best: the index of the best candidate.
        of_interest: its target.
        sign: 1 where the largest is the best, -1 where the smallest is.
    """
    naive = inference.estimate(of_interest)
    if naive.std_error is None:
        return Chosen(naive, partial(_unknown, inference, naive.notes[0].text))
    if naive.std_error == 0.0:
        return Chosen(naive, partial(_unknown, inference, NO_SPREAD))
    return Chosen(naive, partial(_correction, inference, candidates, targets, best, of_interest, sign))


def _correction(
    inference: Inference,
    candidates: Sequence[Functional],
    targets: Sequence[Functional],
    best: int,
    of_interest: Functional,
    sign: float,
) -> Correction:
    """The corrected estimate and interval; arguments as of :func:`chosen`."""
    others = [one for j, one in enumerate(candidates) if j != best and _known(inference, one)]
    known = [one for one in targets if _known(inference, one)]
    found = corrected(inference, candidates[best], others, known, of_interest, sign)
    bounds, value = (found.low, found.high), found.value
    if isinstance(of_interest, Within):
        bounds, (value, _) = of_interest.cut(bounds), of_interest.cut((value, value))
    return value, Interval(found.method, inference.level, *bounds)


def no_gain(inference: Inference, reason: str) -> Chosen:
    """The gain where the best candidate is the one that others are compared with."""
    return Chosen(None, partial(_unknown, inference, reason))


def _unknown(inference: Inference, reason: str) -> Correction:
    return None, Interval("hybrid", inference.level, None, None, reason)


def _known(inference: Inference, functional: Functional) -> bool:
    return inference.obstacle(functional) is None


def best_notes(best: Iterable[Best]) -> list[Note]:
    """A warning that the best of many was chosen."""
    many = [one for one in best if one.candidates >= MANY]
    if not many:
        return []
    text = (
        f"the best of {many[0].candidates} {many[0].kind}s by {listing(one.criterion for one in many)} was "
        f"{CHOSEN}; 'best' has corrected estimates and intervals"
    )
    return [Note("chosen_best", text, {"candidates": many[0].candidates, "threshold": MANY})]
