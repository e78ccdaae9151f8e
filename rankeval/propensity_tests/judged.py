"""All tests of a log together: adjusted for their number, with the fault that they suggest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from rankeval.inference import holm
from rankeval.propensity_tests.faults import FAULTS, LEVEL, fault_of_lists, fault_of_logged
from rankeval.propensity_tests.list_tests import list_tests
from rankeval.propensity_tests.listed_actions import ListedActions
from rankeval.propensity_tests.logged_actions import LoggedActions
from rankeval.propensity_tests.logged_tests import logged_tests
from rankeval.propensity_tests.mean_weights import MeanWeights, weight_tests
from rankeval.propensity_tests.propensity_test import PropensityTest

#: Slices of a log whose propensities are tested apart.
MOST_SLICES = 50
Mergeable = TypeVar("Mergeable", ListedActions, LoggedActions, MeanWeights)


@dataclass(frozen=True)
class PropensityTests:
    """The tests of the propensities of one log.

    Attributes:
        tests: all tests, with p-values adjusted for their number.
        fault: the code of the fault that they suggest (:data:`FAULTS`); None if all hold.
        lists_off: number of candidate lists whose propensities do not sum to 1 within 0.001.
        furthest: the largest distance of such a sum from 1.
        untested: number of actions, or cells of actions, too rare to be tested.
        level: the level at which adjusted p-values fail.
    """

    tests: tuple[PropensityTest, ...]
    fault: str | None
    lists_off: int = 0
    furthest: float = 0.0
    untested: int = 0
    level: float = LEVEL

    @property
    def failed(self) -> list[PropensityTest]:
        """The tests that fail after adjustment, the most certain first."""
        failed = [test for test in self.tests if test.p_adjusted < self.level]
        return sorted(failed, key=lambda test: (test.p_value, -abs(test.z or 0.0)))

    def to_dict(self) -> dict[str, Any]:
        """The tests as JSON values."""
        return {
            "level": self.level,
            "fault": self.fault,
            "fault_text": None if self.fault is None else FAULTS[self.fault],
            "lists_off": self.lists_off,
            "furthest_sum": self.furthest,
            "untested": self.untested,
            "tests": [test.to_dict() for test in self.tests],
        }


@dataclass(frozen=True, eq=False)
class PropensitySums:
    """The sums of a log, or of a slice of it; any of them may be missing.

    Attributes:
        listed: over candidate lists.
        logged: over the propensities of logged actions; they are tested only where there are no lists.
        weights: of weights whose mean is 1 if the propensities are right.
    """

    listed: ListedActions | None = None
    logged: LoggedActions | None = None
    weights: MeanWeights | None = None

    def merge(self, other: PropensitySums) -> PropensitySums:
        """The sums of both parts."""
        return PropensitySums(
            _merged(self.listed, other.listed),
            _merged(self.logged, other.logged),
            _merged(self.weights, other.weights),
        )

    def tests(self) -> list[PropensityTest]:
        """The tests, not yet adjusted."""
        tests = [] if self.weights is None else list(weight_tests(self.weights))
        if self.listed is not None:
            return [*tests, *list_tests(self.listed)]
        return tests if self.logged is None else [*tests, *logged_tests(self.logged)]

    def fault(self, failed: Sequence[PropensityTest]) -> str | None:
        """The fault that the failed tests suggest; None if nothing is wrong."""
        if self.listed is not None:
            return fault_of_lists(self.listed, failed)
        if self.logged is not None:
            return fault_of_logged(self.logged, failed)
        return "other_policy" if failed else None

    @property
    def cells(self) -> int:
        """The number of actions without lists, tested or not."""
        return 0 if self.listed is not None or self.logged is None else len(self.logged.cells.keys)


def _merged(one: Mergeable | None, other: Mergeable | None) -> Mergeable | None:
    return (one or other) if one is None or other is None else one.merge(other)


@dataclass(frozen=True, eq=False)
class SlicedSums:
    """The sums of a log and of its slices; those of parts of it merge.

    Attributes:
        parts: the sums of the whole log under the key None, and those of slices of it under their values.
        few: whether there are so few slices, 50 at most, that they are kept.
    """

    parts: Mapping[Any, PropensitySums] = field(default_factory=dict)
    few: bool = True

    def merge(self, other: SlicedSums) -> SlicedSums:
        """The sums of both parts."""
        merged = dict(self.parts)
        for name, sums in other.parts.items():
            merged[name] = merged[name].merge(sums) if name in merged else sums
        return SlicedSums(merged, self.few and other.few).limited()

    def limited(self) -> SlicedSums:
        """The same sums, without slices if there are too many."""
        if self.few and len(self.parts) <= MOST_SLICES + 1:
            return self
        return SlicedSums({name: sums for name, sums in self.parts.items() if name is None}, few=False)


def judged(parts: Mapping[Any, PropensitySums], level: float = LEVEL) -> PropensityTests | None:
    """The tests of a log from its sums; None if nothing could be tested.

    Args:
        parts: the sums of the whole log under the key None, and those of slices of it under their values.
        level: the level at which adjusted p-values fail.
    """
    found = {part: sums.tests() for part, sums in parts.items()}
    tests = [replace(test, slice=part) for part, each in found.items() for test in each]
    cells = sum(sums.cells for sums in parts.values())
    if not tests and not cells:
        return None
    adjusted = holm([test.p_value for test in tests])
    tests = [replace(test, p_adjusted=p or 0.0) for test, p in zip(tests, adjusted, strict=True)]
    failed = [test for test in tests if test.p_adjusted < level]
    faults = {
        part: sums.fault([test for test in failed if test.slice == part]) for part, sums in parts.items()
    }
    tests = [replace(t, fault=faults[t.slice] if t.p_adjusted < level else None) for t in tests]
    whole = parts[None].listed
    return PropensityTests(
        tuple(tests),
        next((fault for fault in faults.values() if fault is not None), None),
        0 if whole is None else whole.sums_off,
        0.0 if whole is None else whole.furthest,
        max(cells - sum(test.test == "harmonic" for test in tests), 0) if whole is None else 0,
        level,
    )
