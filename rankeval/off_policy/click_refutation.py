"""What the log says of the user model of estimators from clicks: tests, and reasons to doubt a result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from rankeval.inference import Inference, InferenceOptions
from rankeval.logs import Log
from rankeval.notes import Level, Note
from rankeval.off_policy.accumulate import Sums
from rankeval.off_policy.click_checks import APART, TOGETHER, ClickChecks
from rankeval.off_policy.rows import EstimateRow
from rankeval.off_policy.stages import Found
from rankeval.position_bias import (
    RANKED,
    SHUFFLED,
    LearnedCurve,
    ModelTests,
    PositionBias,
    Refutation,
    model_notes,
    refutation_notes,
    refute,
)

#: z of the clicks below a click from which the model is doubtful, and refuted.
DOUBTFUL, REFUTED = 2.58, 4.0
#: Share of a gain that a forgotten shuffle may make up.
NOTICED = 0.1


@dataclass(frozen=True)
class Dependence:
    """Clicks below a click on the first item, against those that independent clicks would give.

    Attributes:
        ratio: the one over the other.
        z: their difference in standard errors; None where it has none.
    """

    ratio: float
    z: float | None


@dataclass(frozen=True)
class ClickRefutation:
    """The tests of a log.

    Attributes:
        by_shuffle: curve -> the test by shuffled sessions.
        dependence: the test by sessions that show the same list; None without pairs of such.
        shuffled: share of the sessions that were shuffled or swapped.
        mixed: mean clicks of a session in the order of the ranker, minus those of all sessions.
        checked: whether there are estimators from clicks at all.
        models: the tests between rankers, and of held-out sessions.
    """

    by_shuffle: Mapping[str, Refutation] = field(default_factory=dict)
    dependence: Dependence | None = None
    shuffled: float = 0.0
    mixed: float = 0.0
    checked: bool = False
    models: ModelTests = ModelTests()  # noqa: RUF009

    @classmethod
    def of(
        cls, sums: Sums, log: Log, infer: InferenceOptions, learned: LearnedCurve | None
    ) -> ClickRefutation:
        """The tests, from the sums of all units; ``learned`` is the curve if it was learned from the log."""
        checks = ClickChecks.of(log, sums.plan)
        if checks is None or sums.clicks is None:
            return cls()
        inference = replace(infer, methods=("normal",), side="two", level=0.95).of(sums.clicks)
        bias = sums.plan.terms.setting.position_bias
        tests = {curve: _by_shuffle(checks, curve, inference, bias) for curve in checks.directions}
        if learned is not None and "examination" in tests:  # it knows the error of the curve
            tests["examination"] = learned.test.refutation
        mean = sums.clicks.mean
        return cls(
            {curve: test for curve, test in tests.items() if test is not None},
            _dependence(checks, inference),
            1.0 - float(mean[RANKED]),
            inference.value(checks.mixed) if 0.0 < mean[RANKED] < 1.0 else 0.0,
            True,
        )

    def with_models(self, found: Found) -> ClickRefutation:
        """The same with the tests by sampled sessions."""
        bias, sample = found.request.setting.position_bias, found.sums.sample
        if bias is None or sample is None:
            return self
        models = ModelTests.of(sample, bias if found.learned is None else found.learned.known)
        return replace(self, models=replace(models, cascade=None) if self.by_shuffle else models)

    def to_dict(self) -> dict[str, Any] | None:
        """The tests as values for JSON; None without estimators from clicks."""
        if not self.checked:
            return None
        pairs = self.dependence
        return {
            "shuffled_sessions": {curve: test.to_dict() for curve, test in self.by_shuffle.items()},
            "clicks_below_a_click": None if pairs is None else {"ratio": pairs.ratio, "z": pairs.z},
            "share_shuffled": self.shuffled,
            **self.models.to_dict(),
        }

    def notes(self, rows: Sequence[EstimateRow]) -> Iterator[Note]:
        """Warnings: what is refuted, what could not be tested, and shuffled sessions among those used."""
        if not self.checked:
            return
        for curve, test in self.by_shuffle.items():
            yield from refutation_notes(curve, test)
        yield from self._of_dependence()
        yield from model_notes(self.models)
        if not self.by_shuffle:
            text = "position bias cannot be checked on this log: it has no sessions in random order"
            yield Note("position_bias_not_checked", text, level="caution")
        yield from self._of_mixture(rows)

    def without_false_alarms(self, notes: Sequence[Note], bias: PositionBias | None) -> Iterator[Note]:
        """The notes, without that the curve is of this log if it comes from sessions not used here."""
        apart = bias is not None and bias.of_shuffled and self.checked and self.shuffled == 0.0
        return (note for note in notes if not (apart and note.code == "curve_of_this_log"))

    def _of_dependence(self) -> Iterator[Note]:
        pairs = self.dependence
        if pairs is None or pairs.z is None or pairs.z > -DOUBTFUL:
            return
        text = (
            f"users do not click as the position-based model says: below a click on the first item there are "
            f"{pairs.ratio:.3g} times the clicks of other sessions with the same list (z {pairs.z:.1f})"
        )
        level: Level = "do not trust" if pairs.z <= -REFUTED else "caution"
        numbers = {"threshold": -DOUBTFUL, "ratio": pairs.ratio}
        yield Note("clicks_stop", text, numbers, level=level, value=pairs.z)

    def _of_mixture(self, rows: Sequence[EstimateRow]) -> Iterator[Note]:
        """The warning on shuffled sessions that make the logged ranking worse than the ranker."""
        if not 0.0 < self.shuffled < 1.0:
            return
        logged = rows[0].reward.value or 0.0
        text = (
            f"{100.0 * self.shuffled:.3g} % of the sessions were shuffled: logged is not the ranker alone, "
            f"which itself would seem to gain {self.mixed:+.3g} ({_percent(self.mixed, logged)}); "
            "wanted --where 'not shuffled'"
        )
        gains = [abs(row.gain.value) for row in rows if row.estimator.definition.of_clicks and row.gain.value]
        part = abs(self.mixed) / min(gains) if gains else 0.0
        numbers = {"threshold": NOTICED, "share": self.shuffled, "gain": self.mixed}
        level: Level = "do not trust" if part > NOTICED else "caution"
        yield Note("shuffled_in_logged", text, numbers, level=level, value=part)


def _percent(part: float, of: float) -> str:
    return f"{100.0 * part / of:+.1f} %" if of else "-"


def _by_shuffle(
    checks: ClickChecks, curve: str, inference: Inference, bias: PositionBias | None
) -> Refutation | None:
    """The test by shuffled sessions: of this log, else those from which the curve was estimated."""
    known = None if bias is None or curve != "examination" else bias.arm
    if inference.moments.mean[SHUFFLED] > 0.0:
        known = None
    return refute(inference, checks.prediction(curve), known)


def _dependence(checks: ClickChecks, inference: Inference) -> Dependence | None:
    apart, together = float(inference.moments.mean[APART]), float(inference.moments.mean[TOGETHER])
    if not apart > 0.0:
        return None
    found = inference.estimate(checks.dependence)
    z = None if found.value is None or not found.std_error else found.value / found.std_error
    return Dependence(together / apart, z)


def with_doubts(rows: Sequence[EstimateRow], doubts: Sequence[Note]) -> tuple[EstimateRow, ...]:
    """The rows, of which those from clicks have these reasons too."""
    return tuple(
        replace(row, reasons=(*row.reasons, *(note for note in doubts if note.level)))
        if row.estimator.definition.of_clicks
        else row
        for row in rows
    )
