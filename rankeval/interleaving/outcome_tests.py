"""Tests that users prefer neither ranking, and the number of sessions that a test needs."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, isfinite
from statistics import NormalDist

import numpy as np

from rankeval.errors import UsageError
from rankeval.inference import Estimate, Inference, Mean, WeightedSum, t_test
from rankeval.interleaving.session_credit import CREDIT, WIN_A, WIN_B

#: ``P(A wins) + P(tie) / 2 - 1/2``.
DELTA = WeightedSum((Mean(WIN_A), Mean(WIN_B)), (0.5, -0.5))
#: Largest number of sessions that is reported.
MOST_SESSIONS = 10**15


@dataclass(frozen=True)
class Levels:
    """Level and power of two-sided tests.

    Raises:
        UsageError: ``alpha`` or ``power`` is not a number in (0, 1).
    """

    alpha: float = 0.05
    power: float = 0.8

    def __post_init__(self) -> None:
        for name, value in (("alpha", self.alpha), ("power", self.power)):
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 < value / 2.0 < 0.5:
                raise UsageError(f"{name}: found {value!r}, wanted a number between 0 and 1")

    def sessions(self, z_per_sqrt_n: float | None) -> int | None:
        """Number of sessions at which the test has the power, if ``mean / sd`` of one is ``z_per_sqrt_n``.

        ``n = ((z_{1 - alpha/2} + z_power) / z_per_sqrt_n)^2``, rounded up. None if ``z_per_sqrt_n`` is 0 or
        None, or if the number is too large.
        """
        normal = NormalDist()
        total = self._limit + normal.inv_cdf(self.power)
        if not z_per_sqrt_n or total <= 0.0 or (total / z_per_sqrt_n) ** 2 > MOST_SESSIONS:
            return None
        return max(ceil((total / z_per_sqrt_n) ** 2), 1)

    def power_of(self, z: float) -> float:
        """Power of the two-sided test if its statistic is normal with mean ``z`` and variance 1."""
        cdf = NormalDist().cdf
        return cdf(z - self._limit) + cdf(-z - self._limit)

    @property
    def _limit(self) -> float:
        """``z_{1 - alpha/2}``, computed as ``-z_{alpha/2}``: ``1 - alpha / 2`` may round to 1."""
        return -NormalDist().inv_cdf(self.alpha / 2.0)


def parse_effect(effect: object) -> float | None:
    """The mean credit of a session for which a test is planned; None: that of the log.

    Raises:
        UsageError: it is not a finite number other than 0.
    """
    if effect is None:
        return None
    if isinstance(effect, bool) or not isinstance(effect, int | float) or not isfinite(effect) or not effect:
        raise UsageError(f"effect: found {effect!r}, wanted a mean credit a session other than 0")
    return float(effect)


@dataclass(frozen=True)
class Needed:
    """The number of sessions at which the test of the mean credit has the wanted power.

    Attributes:
        effect: the mean credit for which it is computed; None if it is unknown.
        stated: whether the caller stated the effect; else it is the estimate.
        sessions: the number, with the standard deviation of the credit in the log; None if there is none.
        fewest, most: the numbers for the largest and the smallest effect, by absolute value, in the interval
            of the estimate. ``most`` is None where the interval holds 0, because no number is enough then,
            and ``fewest`` too if the interval is unknown. Both are None for a stated effect.
    """

    effect: float | None = None
    stated: bool = False
    sessions: int | None = None
    fewest: int | None = None
    most: int | None = None

    @classmethod
    def of(cls, credit: Estimate, levels: Levels, stated: float | None) -> Needed:
        """The number for a ``stated`` effect, or for the estimated mean ``credit`` and its interval."""
        effect = credit.value if stated is None else stated
        if effect is None or not credit.std_error:
            return cls(effect, stated is not None)
        deviation = credit.std_error * float(credit.n) ** 0.5
        sessions = levels.sessions(effect / deviation)
        bounds = credit.intervals[0]
        if stated is not None or bounds.low is None or bounds.high is None:
            return cls(effect, stated is not None, sessions)
        smallest, largest = sorted((abs(bounds.low), abs(bounds.high)))
        most = None if bounds.holds(0.0) else levels.sessions(smallest / deviation)
        return cls(effect, False, sessions, levels.sessions(largest / deviation), most)

    def to_dict(self) -> dict[str, float | None]:
        """The number, its effect and its interval as JSON values."""
        return {
            "sessions_needed": self.sessions,
            "sessions_needed_low": self.fewest,
            "sessions_needed_high": self.most,
            "effect": self.effect,
        }

    @property
    def range_text(self) -> str:
        """The interval of the number in words; a dash if there is none."""
        if self.fewest is None:
            return "-"
        return f"{self.fewest:,} .. " + ("no bound" if self.most is None else f"{self.most:,}")


@dataclass(frozen=True)
class OutcomeTests:
    """Tests of the hypothesis that users prefer neither ranking; None for a number that cannot be computed.

    Attributes:
        sign_p: two-sided p-value of the exact binomial test of wins, without ties; None if sessions have
            fractional weights. With clusters it is of the clusters, each won by the ranking that wins more of
            its sessions.
        sign_n: number of sessions, or clusters, with a winner.
        credit_p: two-sided p-value of the t-test of the mean credit, with the standard error of the estimate.
        credit_t: statistic of this t-test.
        needed: the number of sessions at which the t-test has the wanted power.
    """

    sign_p: float | None
    sign_n: float
    credit_p: float | None
    credit_t: float | None
    needed: Needed

    @classmethod
    def of(cls, inference: Inference, levels: Levels, effect: float | None = None) -> OutcomeTests:
        """The tests from the moments of sessions, or of clusters of them.

        ``effect``: the mean credit for which the sessions are counted; None: the estimate.
        """
        sign = _sign_test(inference)
        estimate = inference.estimate(Mean(CREDIT))
        needed = Needed.of(estimate, levels, effect)
        if estimate.value is None or estimate.std_error is None:
            return cls(*sign, None, None, needed)
        mean, error = estimate.value, estimate.std_error
        t = mean / error if error > 0.0 else None
        return cls(*sign, t_test(mean, error, estimate.degrees), t, needed)


def _sign_test(inference: Inference) -> tuple[float | None, float]:
    """Exact two-sided p-value of the wins of A against the wins of B, and their sum; 1 if all are ties.

    With clusters, a bucket of them counts as one win: if users prefer neither ranking, the difference of
    its wins has either sign with the same probability, however many clusters it holds. The p-value is None
    if sessions have fractional weights.
    """
    moments = inference.moments
    if inference.clustered:
        lead = inference.buckets[:, 1 + WIN_A] - inference.buckets[:, 1 + WIN_B]
        wins, losses = int(np.count_nonzero(lead > 0.0)), int(np.count_nonzero(lead < 0.0))
    elif not moments.whole:
        return None, float(moments.total[WIN_A] + moments.total[WIN_B])
    else:
        wins, losses = (round(float(moments.total[term])) for term in (WIN_A, WIN_B))
    if wins + losses == 0:
        return 1.0, 0
    from scipy.stats import binomtest

    return float(binomtest(wins, wins + losses).pvalue), wins + losses
