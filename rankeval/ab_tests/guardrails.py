"""Guardrails: metrics that a treatment must not harm by more than a margin."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from rankeval.ab_tests.contrasts import Contrast
from rankeval.ab_tests.metrics import Margin, Metric
from rankeval.inference import Estimate, students_quantile


@dataclass(frozen=True)
class GuardrailRow:
    """A guardrail of an arm against the control.

    Attributes:
        metric: name of the metric.
        arm, control: names of the arms.
        margin: the margin.
        value, control_value: of the arm and the control.
        difference, relative: with intervals.
        p_value: one-sided, of the hypothesis that the harm is at least the margin; None where there is none.
        status: ``holds``: the harm is shown to be less than the margin; ``violated``: it is shown to be more;
            ``unclear``: neither.
    """

    metric: str
    arm: str
    control: str
    margin: Margin
    value: float | None
    control_value: float | None
    difference: Estimate
    relative: Estimate
    p_value: float | None
    status: str

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON values."""
        interval = self.relative if self.margin.relative else self.difference
        return {
            "metric": self.metric,
            "arm": self.arm,
            "control": self.control,
            "value": self.value,
            "control_value": self.control_value,
            "difference": self.difference.value,
            "relative": self.relative.value,
            "ci": interval.intervals[0].to_dict(),
            "margin": self.margin.size,
            "margin_relative": self.margin.relative,
            "p_value": self.p_value,
            "status": self.status,
        }


def guardrail_row(metric: Metric, names: tuple[str, str], contrast: Contrast) -> GuardrailRow:
    """The non-inferiority test of a guardrail.

    The harm is less than the margin if the difference less the margin is further from 0, on the good side,
    than the end of the two-sided interval is from the difference. For a share of the control's value the test
    is of ``treatment - (1 + margin) control``, which needs no ratio and a control above 0.
    """
    assert metric.margin is not None
    difference, relative = contrast.estimates()
    found = (
        None if contrast.obstacle and contrast.proportions is None else _statistic(contrast, metric.margin)
    )
    p, status = None, "unclear"
    if found is not None:
        statistic, multiplier, degrees = found
        status = "holds" if statistic > multiplier else "violated" if statistic < -multiplier else "unclear"
        p = None if contrast.rules.sequential else _upper(statistic, degrees)
    value, reference = (x if math.isfinite(x) else None for x in contrast.values)
    return GuardrailRow(metric.name, *names, metric.margin, value, reference, difference, relative, p, status)


def _statistic(contrast: Contrast, margin: Margin) -> tuple[float, float, float] | None:
    """The distance from the margin in standard errors, that which is significant, and degrees of freedom."""
    good = 1.0 if margin.size < 0.0 else -1.0
    if margin.relative and not contrast.values[1] > 0.0 and contrast.proportions is None:
        return None
    if contrast.proportions is not None and not contrast.rules.sequential:
        if margin.relative and (contrast.proportions.control_successes == 0.0 or margin.size <= -1.0):
            return None
        score = contrast.proportions.z_of_ratio if margin.relative else contrast.proportions.z_of_difference
        quantile = students_quantile(contrast.rules.alpha / 2.0, math.inf)
        return good * score(margin.size + margin.relative), quantile, math.inf
    if contrast.obstacle is not None:
        return None
    tested = replace(contrast, scale=1.0 + margin.size) if margin.relative else contrast
    if tested.std_error == 0.0:
        return None
    apart = tested.difference - (0.0 if margin.relative else margin.size)
    method = {"group_sequential": "group_sequential", "sequence": "sequence"}.get(
        contrast.rules.sequential or "", "student"
    )
    return good * apart / tested.std_error, tested.multiplier(method), tested.degrees


def _upper(statistic: float, degrees: float) -> float:
    """The probability that Student's t is above ``statistic``."""
    from scipy.special import ndtr, stdtr

    return float(ndtr(-statistic) if math.isinf(degrees) else stdtr(degrees, -statistic))


def failures(rows: tuple[GuardrailRow, ...]) -> Mapping[str, int]:
    """Status -> the number of guardrails that do not hold."""
    return {
        status: sum(row.status == status for row in rows)
        for status in ("violated", "unclear")
        if any(row.status == status for row in rows)
    }
