"""Whether any of several arms differs: Welch's analysis of variance, and chi-square of proportions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rankeval.ab_tests.proportions import is_proportion
from rankeval.inference import Functional, Mean, SamplingDistribution


@dataclass(frozen=True)
class Omnibus:
    """A test that a metric is the same in all arms.

    Attributes:
        metric: name of the metric.
        segment: the segment; None for all units.
        test: ``welch_anova`` or ``chi_square``.
        statistic: F, or chi-square.
        degrees: degrees of freedom: of the arms and of the error, or of chi-square.
        p_value: the p-value; None where an arm has no variance.
    """

    metric: str
    segment: Any
    test: str
    statistic: float | None
    degrees: tuple[float, ...]
    p_value: float | None

    def to_dict(self) -> dict[str, Any]:
        """The test as JSON values."""
        return {
            "metric": self.metric,
            "segment": self.segment,
            "test": self.test,
            "statistic": self.statistic,
            "degrees": list(self.degrees),
            "p_value": self.p_value,
        }


def omnibus(
    metric: str, segment: Any, arms: Sequence[SamplingDistribution], functional: Functional
) -> Omnibus:
    """The test over all arms, for independent units chi-square where the metric is a proportion."""
    if isinstance(functional, Mean) and not arms[0].clustered and is_proportion(arms, functional.term):
        return _chi_square(metric, segment, arms, functional.term)
    return welch_anova(
        metric,
        segment,
        [arm.value(functional) for arm in arms],
        [0.0 if arm.obstacle(functional) else arm.std_error(functional) for arm in arms],
        [arm.degrees(functional) for arm in arms],
    )


def welch_anova(
    metric: str,
    segment: Any,
    values: Sequence[float],
    std_errors: Sequence[float],
    degrees: Sequence[float],
) -> Omnibus:
    """Welch's test (1951) that several means are equal, from estimates with their errors.

    With weights ``w_k = 1 / s_k^2``, ``F = sum w_k (m_k - m)^2 / (K - 1) / (1 + 2 (K - 2) L / (K^2 - 1))``
    where ``L = sum (1 - w_k / sum w)^2 / d_k``; F has K - 1 and ``(K^2 - 1) / (3 L)`` degrees of freedom.
    """
    arms = len(values)
    if any(error <= 0.0 or not math.isfinite(value) for value, error in zip(values, std_errors, strict=True)):
        return Omnibus(metric, segment, "welch_anova", None, (), None)
    from scipy.special import fdtrc

    weights = [1.0 / error**2 for error in std_errors]
    total = math.fsum(weights)
    middle = math.fsum(w * value for w, value in zip(weights, values, strict=True)) / total
    between = math.fsum(w * (value - middle) ** 2 for w, value in zip(weights, values, strict=True))
    uneven = math.fsum((1.0 - w / total) ** 2 / d for w, d in zip(weights, degrees, strict=True))
    f = between / (arms - 1) / (1.0 + 2.0 * (arms - 2) * uneven / (arms * arms - 1))
    of_error = (arms * arms - 1) / (3.0 * uneven)
    p = float(fdtrc(arms - 1, of_error, f))
    return Omnibus(metric, segment, "welch_anova", f, (float(arms - 1), of_error), p)


def _chi_square(metric: str, segment: Any, arms: Sequence[SamplingDistribution], term: int) -> Omnibus:
    """Pearson's chi-square (1900) that all proportions are equal."""
    from scipy.special import chdtrc

    counts = [(float(round(arm.moments.total[term])), float(arm.moments.n)) for arm in arms]
    rate = math.fsum(hits for hits, _ in counts) / math.fsum(n for _, n in counts)
    degrees = (float(len(arms) - 1),)
    if not 0.0 < rate < 1.0:
        return Omnibus(metric, segment, "chi_square", None, degrees, None)
    statistic = math.fsum((hits - n * rate) ** 2 / (n * rate * (1.0 - rate)) for hits, n in counts if n)
    return Omnibus(metric, segment, "chi_square", statistic, degrees, float(chdtrc(*degrees, statistic)))
