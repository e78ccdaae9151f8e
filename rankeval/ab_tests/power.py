"""The power of the tests that ``ab`` makes, and the sessions and effects at which it is reached."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from rankeval.errors import UsageError
from rankeval.inference import root_of, students_quantile

#: Largest number of arms of a plan.
MOST_ARMS = 100
#: Largest number of sessions that is reported.
MOST_SESSIONS = 10**15
#: With more degrees of freedom, Student's t is normal to 1e-5 of the power.
_NORMAL = 10_000.0


@dataclass(frozen=True)
class Design:
    """A test of one treatment against a control at the same time as others.

    Attributes:
        arms: number of arms, one of which is the control.
        share: share of all sessions in each treatment arm; the control has the rest.
        level: 1 less the two-sided error probability of all comparisons together.
        power: wanted probability to find the effect.
        units_each: number of sessions of an independent unit, 1 if sessions are independent.
    """

    arms: int
    share: float
    level: float
    power: float
    units_each: float = 1.0

    @classmethod
    def of(cls, arms: int, share: float | None, level: float, power: float) -> Design:
        """The checked design; without a share, all arms have equal ones.

        Raises:
            UsageError: a number is out of range.
        """
        if not 2 <= arms <= MOST_ARMS:
            raise UsageError(f"arms: found {arms}, wanted 2 to {MOST_ARMS}")
        share = 1.0 / arms if share is None else float(share)
        if not (share > 0.0 and 1.0 - (arms - 1) * share > 1e-9):
            raise UsageError(f"share: found {share:g}, wanted above 0 and below {1.0 / (arms - 1):g}")
        for name, value in (("level", level), ("power", power)):
            if not 0.0 < value < 1.0:
                raise UsageError(f"{name}: found {value}, wanted a number between 0 and 1")
        if power <= 1.0 - level:
            raise UsageError(f"power: found {power}, wanted more than the error probability {1.0 - level:g}")
        return cls(arms, share, float(level), float(power))

    @property
    def control_share(self) -> float:
        """The share of the control."""
        return 1.0 - (self.arms - 1) * self.share

    @property
    def alpha(self) -> float:
        """The two-sided error probability of one comparison: that of all over their number (Bonferroni)."""
        return (1.0 - self.level) / (self.arms - 1)


@dataclass(frozen=True)
class Spread:
    """How a metric varies.

    Attributes:
        baseline: its value.
        variance: ``n`` times the variance of its mean over n sessions, with clusters and covariate.
        proportion: whether its values are 0 and 1.
        tested_as_proportion: whether ``ab`` tests it by chi-square.
    """

    baseline: float
    variance: float
    proportion: bool = False
    tested_as_proportion: bool = False

    def of_arm(self, effect: float) -> float:
        """The variance under an effect: that of a proportion moves with its value, others stay."""
        if not self.proportion:
            return self.variance
        rate, moved = self.baseline, self.baseline + effect
        return self.variance * moved * (1.0 - moved) / (rate * (1.0 - rate))


def power_at(sessions: float, effect: float, spread: Spread, design: Design) -> float:
    """The probability that the two-sided test finds an effect, with ``sessions`` in all arms.

    For chi-square the statistic has the pooled variance in its denominator, while the difference has that of
    both proportions. Else it is that of noncentral t.

    Args:
        sessions: number of sessions in all arms.
        effect: the difference of means.
        spread: how the metric varies.
        design: the arms.
    """
    of_arm, of_control = design.share * sessions, design.control_share * sessions
    variance = spread.of_arm(effect) / of_arm + spread.variance / of_control
    if spread.tested_as_proportion:
        pooled = spread.baseline + effect * of_arm / (of_arm + of_control)
        assumed = pooled * (1.0 - pooled) * (1.0 / of_arm + 1.0 / of_control)
        return _normal_power(effect, math.sqrt(variance), math.sqrt(assumed), design.alpha)
    if variance <= 0.0:
        return 1.0
    degrees = (of_arm + of_control) / design.units_each - 2.0
    if degrees > _NORMAL:
        return _normal_power(effect, math.sqrt(variance), math.sqrt(variance), design.alpha)
    if degrees < 1.0:
        return 0.0
    from scipy.special import nctdtr

    limit, apart = students_quantile(design.alpha / 2.0, degrees), abs(effect) / math.sqrt(variance)
    found = float(1.0 - nctdtr(degrees, apart, limit) + nctdtr(degrees, apart, -limit))
    return found if math.isfinite(found) else 1.0


def _normal_power(effect: float, error: float, assumed: float, alpha: float) -> float:
    limit = -NormalDist().inv_cdf(alpha / 2.0) * assumed
    if error <= 0.0:
        return 1.0 if abs(effect) > limit else 0.0
    cdf = NormalDist().cdf
    return cdf((abs(effect) - limit) / error) + cdf((-abs(effect) - limit) / error)


def sessions_for(effect: float, spread: Spread, design: Design) -> int | None:
    """The smallest number of sessions in all arms with the wanted power; None if it is too large."""
    if effect == 0.0:
        return None

    def enough(sessions: int) -> bool:
        return power_at(sessions, effect, spread, design) >= design.power

    few, many = 1, int(MOST_SESSIONS)
    if not enough(many):
        return None
    while many - few > 1:  # ``many`` is always enough
        middle = (few + many) // 2
        few, many = (few, middle) if enough(middle) else (middle, many)
    return many


def effect_for(sessions: float, spread: Spread, design: Design) -> float | None:
    """The smallest gain that a number of sessions finds with the wanted power; None if there is none."""
    most = 1.0 - spread.baseline if spread.proportion else 1e6 * math.sqrt(spread.variance)
    most *= 1.0 - 1e-9

    def lacking(effect: float) -> float:
        return power_at(sessions, effect, spread, design) - design.power

    if not most > 0.0 or lacking(most) < 0.0:
        return None
    if lacking(0.0) >= 0.0:
        return 0.0
    # In logarithms, so that the precision is a share of the effect and not of the widest range.
    least = 1e-12 * most
    return math.exp(root_of(lambda log: lacking(math.exp(log)), math.log(least), math.log(most)))
