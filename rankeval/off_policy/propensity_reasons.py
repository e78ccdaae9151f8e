"""Reasons for doubt from tests of the logged propensities: are actions taken as often as these say?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rankeval.notes import Level, Note
from rankeval.off_policy.accumulate import Sums
from rankeval.off_policy.rows import EstimateRow
from rankeval.propensity_tests import FAULTS, PropensityTest, PropensityTests, judged
from rankeval.results import number, segment_text

#: p-values, corrected by Holm, and relative errors of a mean: beyond both, propensities are wrong. A large
#: log finds errors of any size, such as those of rounding.
WRONG: tuple[tuple[Level, float, float], ...] = (("do not trust", 0.0001, 0.05), ("caution", 0.01, 0.01))
#: The level at which tests fail.
LEVEL = 0.01
#: Tests that the result lists.
LISTED = 10


@dataclass(frozen=True)
class PropensityReasons:
    """The tests of a log.

    Attributes:
        tests: all of them; None where there was nothing to test.
        listed: whether they know the propensities of all candidates.
    """

    tests: PropensityTests | None
    listed: bool = False

    @classmethod
    def of(cls, sums: Sums) -> PropensityReasons:
        """The tests, from the sums of all rounds and of slices."""
        if sums.propensities is None or not sums.propensities.parts:
            return cls(None)
        parts = sums.propensities.parts
        return cls(judged(parts, LEVEL), parts[None].listed is not None)

    def to_dict(self) -> dict[str, Any] | None:
        """The number of tests, and the most certain of those that fail; None without tests."""
        if self.tests is None:
            return None
        failed = self.tests.failed
        return {
            "tests": len(self.tests.tests),
            "failed": len(failed),
            "level": LEVEL,
            "fault": self.tests.fault,
            "worst": [test.to_dict() for test in failed[:LISTED]],
        }

    def notes(self) -> list[Note]:
        """The reasons that concern the whole log, and those of slices."""
        return [note for _, note in self._found()]

    def on(self, rows: Sequence[EstimateRow]) -> tuple[EstimateRow, ...]:
        """The rows with the reasons of the whole log; those of segments with the reasons of their own too.

        A model alone weighs no rewards by propensities.
        """
        found = list(self._found())
        return tuple(
            row.because(note for part, note in found if row.segment is None or part in (None, row.segment))
            if row.estimator.definition.mean != "model" or row.estimator.definition.numerator
            else row
            for row in rows
        )

    def _found(self) -> Iterator[tuple[Any, Note]]:
        """The slice of each reason, None for the whole log, with the reason."""
        if self.tests is None:
            return
        parts = dict.fromkeys(test.slice for test in self.tests.tests)
        for part in parts:
            failed = [test for test in self.tests.failed if test.slice == part]
            crossed = _crossed(failed)
            if crossed is not None and (self.listed or not _impossible(failed)):
                yield part, self._note(part, failed, *crossed)

    def _note(
        self, part: Any, failed: Sequence[PropensityTest], level: Level, limit: float, test: PropensityTest
    ) -> Note:
        tests = self.tests.tests if self.tests is not None else ()
        of = len([each for each in tests if each.slice == part])
        where = "" if part is None else f" in {segment_text(part)}"
        text = (
            f"the logged propensities look wrong{where}: {FAULTS[test.fault or 'other_policy']} "
            f"({_told(test)}; {len(failed)} of {of} tests fail)"
        )
        numbers = {"threshold": limit, "failed": len(failed), "tests": of, "p": test.p_adjusted}
        return Note("propensities_wrong", text, numbers, level=level, value=relative(test))


def relative(test: PropensityTest) -> float:
    """By how much the observed mean differs from the expected one, as a share of it."""
    return (test.observed - test.expected) / (test.expected or test.observed)


def _crossed(failed: Sequence[PropensityTest]) -> tuple[Level, float, PropensityTest] | None:
    """The worst level whose limits a test crosses, with the limit and the most certain such test."""
    for level, p, far in WRONG:
        for test in failed:
            if test.p_adjusted < p and abs(relative(test)) > far:
                return level, far, test
    return None


def _impossible(failed: Sequence[PropensityTest]) -> bool:
    """Whether all tests fail as they do where actions were not always possible, which only lists show."""
    return all(test.fault != "rows_lost" and test.observed < test.expected for test in failed)


_TOLD = {
    "arithmetic": "action {} was taken in {} of the rounds, its propensities say {}",
    "harmonic": "rounds with action {} stand for {} of those in which it was possible, {} is right",
    "calibration": "actions with {} were taken in {} of the rounds, propensities say {}",
    "certain": "actions with {} were taken in {} of the rounds, propensities say {}",
    "match": "actions taken have a mean propensity of {1}, {2} is right",
}


def _told(test: PropensityTest) -> str:
    share = test.test != "match"
    found, wanted = (_percent(x) if share else number(x) for x in (test.observed, test.expected))
    z = "" if test.z is None else f", z {test.z:.1f}"
    return _TOLD[test.test].format(test.group, found, wanted) + z


def _percent(share: float) -> str:
    return f"{100.0 * share:.3g} %"
