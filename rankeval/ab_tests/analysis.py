"""Comparisons of all arms with the control, from the moments of each arm."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from rankeval.ab_tests.accumulate import ArmSums
from rankeval.ab_tests.adjustment import Adjustment
from rankeval.ab_tests.contrasts import Contrast
from rankeval.ab_tests.guardrails import GuardrailRow, guardrail_row
from rankeval.ab_tests.metrics import Metric
from rankeval.ab_tests.omnibus import Omnibus, omnibus
from rankeval.ab_tests.proportions import is_proportion, proportions_of
from rankeval.ab_tests.request import Request
from rankeval.arrays import SMALL_SEGMENT
from rankeval.inference import Estimate, Mean, Moments, SamplingDistribution, adjust, family_key
from rankeval.notes import Note, distinct, listing

#: With fewer effective non-zero values in an arm, its mean is far from normal.
FEW_REWARDS = 100
#: A covariate that differs between arms with a smaller p-value is no covariate of before the test.
UNBALANCED = 0.001


@dataclass(frozen=True)
class Row:
    """A metric of an arm against the control.

    Attributes:
        metric: name of the metric.
        arm, control: names of the arms.
        segment: value of the column of segments; None for all units.
        value, control_value: of the arm and the control.
        n, control_n: numbers of units.
        difference, relative: with intervals.
        p_value: two-sided, or with a one-sided bound that of its side.
        test: name of the test.
        kept: the variance of the difference over that without a covariate; None without one.
        p_adjusted: the p-value adjusted over its family.
        tests: number of tests in the family.
    """

    metric: str
    arm: str
    control: str
    segment: Any
    value: float | None
    control_value: float | None
    n: float
    control_n: float
    difference: Estimate
    relative: Estimate
    p_value: float | None
    test: str
    kept: float | None = None
    p_adjusted: float | None = None
    tests: int = 0

    @property
    def label(self) -> str:
        """What the row is about, for warnings."""
        return f"{self.metric} of {self.arm}" + ("" if self.segment is None else f", segment {self.segment}")

    def unknown(self) -> Iterator[Note]:
        """A note for each interval without bounds, unless there is no standard error at all."""
        if self.difference.std_error is None and self.test == "welch":
            return
        for what, estimate in (("difference", self.difference), ("relative difference", self.relative)):
            for interval in estimate.intervals:
                if interval.reason is not None:
                    text = f"{self.label}: no {interval.method} interval of the {what}: {interval.reason}"
                    yield Note("no_interval", text)

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON values."""
        difference, relative = self.difference.to_dict(), self.relative.to_dict()
        return {
            "metric": self.metric,
            "arm": self.arm,
            "control": self.control,
            "value": self.value,
            "control_value": self.control_value,
            "difference": self.difference.value,
            "std_error": self.difference.std_error,
            "ci": difference["ci"],
            "relative": self.relative.value,
            "relative_ci": relative["ci"],
            "p_value": self.p_value,
            "p_adjusted": self.p_adjusted,
            "test": self.test,
            "segment": self.segment,
            "n": self.n,
            "control_n": self.control_n,
            "variance_kept": self.kept,
            "intervals": difference["intervals"],
            "relative_intervals": relative["intervals"],
        }


@dataclass
class Found:
    """What the analysis finds, in the order of metrics."""

    rows: list[Row] = field(default_factory=list)
    guardrails: list[GuardrailRow] = field(default_factory=list)
    omnibus: list[Omnibus] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


def analyse(request: Request, sums: ArmSums, control: str) -> Found:
    """All comparisons of a test with the control."""
    found = Found()
    parts = sums.parts()
    for metric in request.metrics:
        for segment, moments in parts if metric.margin is None else parts[:1]:
            if control in moments and len(moments) > 1:
                _compare(request, metric, segment, moments, control, found)
    found.notes += _small(request, parts, control, sums.arms)
    found.notes = distinct(found.notes)
    return found


def with_adjusted(rows: Sequence[Row], request: Request) -> tuple[Row, ...]:
    """The rows with p-values that are adjusted over their families."""
    keys = [family_key(request.family, row.metric, row.segment) for row in rows]
    adjusted = adjust([row.p_value for row in rows], keys)
    return tuple(
        replace(row, p_adjusted=one.holm if request.adjust == "holm" else one.bh, tests=one.tests)
        for row, one in zip(rows, adjusted, strict=True)
    )


def contrasts(
    request: Request, metric: Metric, moments: Mapping[str, Moments], control: str
) -> dict[str, Contrast]:
    """Arm -> its difference of a metric from the control."""
    options = request.rules.options
    arms = {
        arm: SamplingDistribution(of, options.level, options.clustered, options.replicates, options.seed)
        for arm, of in moments.items()
    }
    functional, covariate = request.values.metric(metric), request.values.covariate(metric)
    adjustment = Adjustment.of(functional, covariate, list(arms.values()))
    proportion = (
        isinstance(functional, Mean)
        and covariate is None
        and not options.clustered
        and is_proportion(list(arms.values()), functional.term)
    )
    rules = request.rules if metric.margin is None else request.rules.two_sided
    found = {}
    for arm, treatment in arms.items():
        if arm == control:
            continue
        contrast = Contrast(rules, treatment, arms[control], adjustment)
        if proportion and isinstance(functional, Mean):
            contrast = replace(contrast, proportions=proportions_of(treatment, arms[control], functional))
        found[arm] = contrast
    return found


def _compare(
    request: Request,
    metric: Metric,
    segment: Any,
    moments: Mapping[str, Moments],
    control: str,
    found: Found,
) -> None:
    each = contrasts(request, metric, moments, control)
    first = next(iter(each.values()))
    arms = {arm: first.control if arm == control else each[arm].treatment for arm in moments}
    if len(arms) > 2 and metric.margin is None and not request.rules.sequential:
        tested = omnibus(metric.name, segment, list(arms.values()), first.adjustment.functional)
        found.omnibus.append(tested)
    for arm, contrast in each.items():
        found.notes += _doubts(metric, segment, arm, contrast)
        if metric.margin is not None:
            found.guardrails.append(guardrail_row(metric, (arm, control), contrast))
            continue
        row = _row(metric.name, (arm, control), segment, contrast)
        found.rows.append(row)
        found.notes += row.unknown()
    if first.adjustment.covariate is not None and segment is None:
        found.notes += _unbalanced(request, metric, arms, control)


def _row(name: str, arms: tuple[str, str], segment: Any, contrast: Contrast) -> Row:
    difference, relative = contrast.estimates()
    value, reference = (x if math.isfinite(x) else None for x in contrast.values)
    return Row(
        name,
        *arms,
        segment,
        value,
        reference,
        contrast.treatment.moments.units,
        contrast.control.moments.units,
        difference,
        relative,
        contrast.p_value,
        contrast.test,
        _kept(contrast),
    )


def _kept(contrast: Contrast) -> float | None:
    """The share of the variance of a difference that stays with its covariate."""
    if contrast.adjustment.covariate is None or contrast.obstacle is not None:
        return None
    plain = replace(contrast, adjustment=Adjustment(contrast.adjustment.metric))
    return (contrast.std_error / plain.std_error) ** 2 if plain.std_error > 0.0 else None


def _doubts(metric: Metric, segment: Any, arm: str, contrast: Contrast) -> Iterator[Note]:
    """Warnings about one comparison: few successes or rewards, few clusters, no error."""
    where = f"{metric.name} of {arm}" + ("" if segment is None else f", segment {segment}")
    if contrast.proportions is not None:
        if contrast.proportions.rough:
            text = (
                f"{where}: an arm expects fewer than 5 successes or failures: p-value and interval are rough"
            )
            yield Note("few_successes", text)
    else:
        for side in (contrast.treatment, contrast.control):
            term = min(contrast.adjustment.metric.terms)
            moments = side.moments
            square = moments.sum_of_squares(term)
            if moments.low[term] < 0.0 or not square > 0.0:
                continue
            effective = float(moments.total[term]) ** 2 / square
            if effective < min(FEW_REWARDS, moments.units / 2):
                text = (
                    f"{where}: an arm has effectively {effective:,.0f} values other than 0, fewer than "
                    f"{FEW_REWARDS}: p-value and interval are rough"
                )
                yield Note("few_rewards", text, {"effective": effective, "threshold": FEW_REWARDS})
                break
    if contrast.obstacle is not None and contrast.proportions is None:
        yield Note("no_standard_error", f"{where}: no interval: {contrast.obstacle}")
    if contrast.treatment.clustered:
        for side in (contrast.treatment, contrast.control):
            yield from side.notes()


def _unbalanced(
    request: Request, metric: Metric, arms: Mapping[str, SamplingDistribution], control: str
) -> Iterator[Note]:
    """A warning if a covariate differs between arms: it was then not measured before the test."""
    covariate = request.values.covariate(metric)
    assert covariate is not None
    rules = replace(request.rules.two_sided, methods=("student",), looks=None)
    for arm, treatment in arms.items():
        p = (
            None
            if arm == control
            else Contrast(rules, treatment, arms[control], Adjustment(covariate)).p_value
        )
        if p is not None and p < UNBALANCED:
            text = (
                f"covariate {metric.covariate} of {metric.name} differs between {arm} and {control} "
                f"(p = {p:.2g}): it was measured after the start, or the assignment is broken; trust no "
                "adjusted difference"
            )
            yield Note("covariate_unbalanced", text, {"p_value": p, "threshold": UNBALANCED})


def _small(
    request: Request, parts: Sequence[tuple[Any, Mapping[str, Moments]]], control: str, arms: Sequence[str]
) -> Iterator[Note]:
    """Warnings about segments without an arm, or with few units in one."""
    segments = parts[1:]
    lacking = [str(segment) for segment, of in segments if len(of) < len(arms)]
    if lacking:
        text = (
            f"column {request.grouping.by!r}: {listing(lacking)}: an arm has no unit, so it is not compared"
        )
        yield Note("segment_without_arm", text, {"segments": len(lacking)})
    small = [str(s) for s, of in segments if min(moments.units for moments in of.values()) < SMALL_SEGMENT]
    if small:
        text = (
            f"column {request.grouping.by!r}: {listing(small)}: an arm has fewer than {SMALL_SEGMENT} units"
        )
        yield Note("small_segment", text, {"segments": len(small), "threshold": SMALL_SEGMENT})
