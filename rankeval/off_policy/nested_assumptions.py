"""Tests of what estimators of rankings assume of users: pairs of them whose assumptions are nested.

Where the assumption of one estimator follows from that of another, both are right if the latter holds, so
that they then differ by chance alone (Hausman 1978). Their difference has a standard error from the same
sessions, which counts their covariance. A difference beyond it refutes the estimator that assumes more,
unless propensities are wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rankeval.estimators import ASSUME_LESS, Estimator, nested
from rankeval.inference import InferenceOptions, adjust, t_test
from rankeval.notes import Level, Note
from rankeval.off_policy.accumulate import Sums
from rankeval.off_policy.rows import EstimateRow

#: p-values, corrected by Holm, below which an assumption is doubtful, and refuted.
DOUBTFUL, REFUTED = 0.01, 0.001
#: An error that these tests would not see is too large above so many standard errors of the estimate.
UNSEEN = 0.5
#: Standard errors of a difference within which half of the tests would see it, before Holm's correction.
_SEEN = 2.58
#: Rewards of equal size below which an estimate is too rough to test another one.
FEWEST_REWARDS = 30.0


@dataclass(frozen=True)
class Disagreement:
    """The difference of two estimates of one policy.

    Attributes:
        target: name of the target policy; empty for the only one.
        strong: the estimator that assumes more.
        weak: the one that assumes less.
        difference: value of ``strong`` minus value of ``weak``.
        std_error: its standard error.
        p_value: of a t-test that it is 0.
    """

    target: str
    strong: Estimator
    weak: Estimator
    difference: float
    std_error: float
    p_value: float

    def note(self, adjusted: float) -> Note | None:
        """The reason for doubt; None if chance explains the difference."""
        if adjusted >= DOUBTFUL:
            return None
        level: Level = "do not trust" if adjusted < REFUTED else "caution"
        of = f" for {self.target}" if self.target else ""
        text = (
            f"{self.strong.label}{of} differs from {self.weak.label}, which assumes less, by "
            f"{self.difference:+.3g} (z {self.difference / self.std_error:.1f}, p {adjusted:.2g} by Holm): "
            f"its assumption is wrong ({self.strong.definition.assumes}), or propensities are"
        )
        return Note("assumptions_disagree", text, {"threshold": DOUBTFUL}, level=level, value=adjusted)


def disagreements(sums: Sums, infer: InferenceOptions, rows: Sequence[EstimateRow]) -> list[Disagreement]:
    """The tests of all pairs of requested estimators whose assumptions are nested, over all units."""
    plan = sums.plan
    inference = replace(infer, methods=("normal",), side="two", level=0.95).of(sums.moments.whole)
    rough = {
        (row.estimator, row.target or "")
        for row in rows
        if row.segment is None and (row.diagnostics["effective_rewards"] or 0.0) < FEWEST_REWARDS
    }
    found = []
    for target in plan.targets:
        for strong, weak in nested(plan.asked):
            if (weak, target) in rough:
                continue
            estimate = inference.estimate(plan.value(strong, target) - plan.value(weak, target))
            if estimate.value is None or not estimate.std_error:
                continue
            p_value = t_test(estimate.value, estimate.std_error, estimate.degrees)
            if p_value is not None:
                found.append(Disagreement(target, strong, weak, estimate.value, estimate.std_error, p_value))
    return found


def with_disagreements(
    rows: Sequence[EstimateRow], found: Sequence[Disagreement]
) -> tuple[tuple[EstimateRow, ...], tuple[Note, ...]]:
    """The rows, with reasons on the estimators that assume more, and all of these reasons."""
    adjusted = adjust([each.p_value for each in found], [0] * len(found))
    notes = [
        (each, each.note(corrected.holm))
        for each, corrected in zip(found, adjusted, strict=True)
        if corrected.holm is not None
    ]
    told = [(each, note) for each, note in notes if note is not None]
    changed = tuple(_weakly_tested(row, found).because(_of(row, told)) for row in rows)
    return changed, tuple(note for _, note in told)


def _weakly_tested(row: EstimateRow, found: Sequence[Disagreement]) -> EstimateRow:
    """The row, with the error of its assumption that the tests would miss, and a reason if that is large.

    Segments have the reason where all units have none of these tests; they are not tested themselves.
    """
    if row.estimator.name not in ASSUME_LESS or not row.value.std_error:
        return row
    errors = [
        one.std_error for one in found if one.strong == row.estimator and one.target == (row.target or "")
    ]
    unseen = _SEEN * min(errors) / row.value.std_error if errors else None
    row = replace(row, diagnostics={**row.diagnostics, "unseen_error": unseen})
    if unseen is not None and unseen <= UNSEEN:
        return row
    assumes = row.estimator.definition.assumes
    text = f"rests on an assumption that this log does not test: {assumes}"
    if unseen is not None:
        text = (
            f"rests on an assumption ({assumes}) that this log tests only roughly: an error of {unseen:.2g} "
        )
        text += "standard errors would not be seen"
    numbers = {"threshold": UNSEEN}
    return row.because([Note("assumption_not_tested", text, numbers, level="caution", value=unseen)])


def _of(row: EstimateRow, told: Sequence[tuple[Disagreement, Note]]) -> Iterator[Note]:
    for each, note in told:
        if each.strong == row.estimator and each.target == (row.target or ""):
            yield note
