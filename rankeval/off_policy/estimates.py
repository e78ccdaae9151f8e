"""From moments to estimates: values, gains, diagnostics and comparisons, of all units and of segments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rankeval.inference import (
    UNSETTLED,
    Best,
    Estimate,
    InferenceOptions,
    adjust,
    best_notes,
    family_key,
)
from rankeval.notes import Note
from rankeval.off_policy.accumulate import Sums
from rankeval.off_policy.betting_paths import BettingPaths
from rankeval.off_policy.estimate_notes import estimate_notes
from rankeval.off_policy.fit_errors import FitErrors
from rankeval.off_policy.known_ranges import KnownRanges, range_notes
from rankeval.off_policy.part_estimates import PartEstimates
from rankeval.off_policy.row_reasons import apart, row_reasons
from rankeval.off_policy.rows import EstimateRow, TargetComparison
from rankeval.reasons import gathered


@dataclass(frozen=True)
class Many:
    """How several comparisons are told together.

    Attributes:
        family: what a family of adjusted p-values spans, one of :data:`rankeval.inference.FAMILIES`.
        together: whether differences have intervals that hold for all of a family at once.
    """

    family: str = "metric"
    together: bool = False

    def groups(self, estimators: int, parts: int) -> int | None:
        """The number of groups of differences in a family, by estimator and segment; None: not together."""
        sizes = {"all": estimators * parts, "metric": parts, "segment": estimators}
        return sizes[self.family] if self.together else None


@dataclass(frozen=True)
class Estimates:
    """The estimates of a whole log and of its segments.

    Attributes:
        rows: one for each segment, target policy and estimator.
        comparisons: differences between policies; empty without named target policies.
        best: the best of several target policies by each estimator, over all units.
        sizes: number of units of each segment; None is the key of all units.
        whole_counts: whether every unit counts a whole number of times.
        many: how several comparisons are told together.
        unnamed: a warning on clusters that nobody named, if they make units dependent.
        ranges: the stated ranges.
    """

    rows: tuple[EstimateRow, ...]
    comparisons: tuple[TargetComparison, ...]
    best: tuple[Best, ...]
    sizes: Mapping[Any, float]
    whole_counts: bool
    ranges: KnownRanges
    many: Many = Many()
    unnamed: tuple[Note, ...] = ()

    @classmethod
    def of(
        cls,
        sums: Sums,
        infer: InferenceOptions,
        many: Many = Many(),
        errors: FitErrors = FitErrors(),  # noqa: B008
        paths: BettingPaths = BettingPaths(),  # noqa: B008
    ) -> Estimates:
        """The estimates.

        Args:
            sums: the moments.
            infer: how standard errors and intervals are computed.
            many: how several comparisons are told together.
            errors: which estimates lean on what was fitted to the log.
            paths: confidence sequences of all units.
        """
        moments = sums.moments.parts()
        ranges = KnownRanges.of(sums)
        parts = [
            PartEstimates(
                value, infer.of(part, paths.intervals if value is None else {}), sums.plan, ranges, errors
            )
            for value, part in moments.items()
        ]
        groups = many.groups(len(sums.plan.asked), len(parts))
        comparisons = [row for part in parts for row in part.comparisons(groups)]
        rows, whole = [row for part in parts for row in part.rows()], sums.moments.whole.whole
        low, high = ranges.reward or ranges.observed
        rows = [row.because(row_reasons(row, whole, ranges.reward is None, high - low)) for row in rows]
        return cls(
            rows=tuple(_with_rivals(rows, parts[0])),
            comparisons=adjusted(comparisons, many.family),
            best=tuple(parts[0].best()),
            sizes={value: part.units for value, part in moments.items()},
            whole_counts=whole,
            unnamed=parts[0].unnamed(),
            ranges=ranges,
            many=many,
        )

    @property
    def unsettled(self) -> bool:
        """Whether the choice of an interval needs sums by bucket, which were not kept."""
        shown = [
            each for row in self.rows for each in (row.value, row.gain, row.relative, row.logged, row.reward)
        ]
        shown += [comparison.difference for comparison in self.comparisons]
        return any(interval.reason == UNSETTLED for each in shown for interval in each.intervals)

    @property
    def logged(self) -> Estimate:
        """The mean reward of the log."""
        return self.rows[0].reward

    def notes(self) -> Iterator[Note]:
        """The warnings on the estimates: the reasons of all of them, and remarks."""
        yield from self.unnamed
        places = {row.place if len(self.rows) > 1 else "": row.reasons for row in self.rows}
        yield from gathered(places)
        yield from estimate_notes(self.sizes, self.rows, self.whole_counts)
        yield from range_notes(self.ranges, self.rows)
        yield from best_notes(self.best)


def _with_rivals(rows: Sequence[EstimateRow], whole: PartEstimates) -> list[EstimateRow]:
    """The rows with the reasons of those that differ from another estimate of the same policy."""
    found = {(target, one): apart(one.label, other.label, z) for target, one, other, z in whole.apart()}
    return [
        row.because([found[key]])
        if (key := (row.target or "", row.asked)) in found and not row.segment
        else row
        for row in rows
    ]


def adjusted(comparisons: Sequence[TargetComparison], family: str) -> tuple[TargetComparison, ...]:
    """Adjust the p-values over their families."""
    keys = [family_key(family, c.asked, c.segment) for c in comparisons]
    adjusted = adjust([c.p_value for c in comparisons], keys)
    return tuple(replace(c, adjusted=one) for c, one in zip(comparisons, adjusted, strict=True))
