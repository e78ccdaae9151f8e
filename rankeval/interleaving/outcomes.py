"""The exact outcome of an interleaved session: probabilities of a win, mean and spread of the credit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, NamedTuple

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.interleaving.clicks import Clicks
from rankeval.interleaving.enumeration import ListDistribution, exact_lists
from rankeval.interleaving.list_credits import list_credits
from rankeval.interleaving.methods import Method
from rankeval.interleaving.patterns import balanced_counts, signed_counts, sums_over_patterns
from rankeval.interleaving.rankings import PairArrays

#: Number of lists in one block of the computation.
BLOCK = 4096


@dataclass(frozen=True)
class Outcome:
    """The distribution of the outcome of one session; A wins if the credit is positive, B if negative.

    Attributes:
        p_a_wins, p_b_wins, p_tie: probabilities, which sum to 1.
        mean_credit: mean of the credit of a session.
        square_credit: mean of the squared credit.
    """

    p_a_wins: float
    p_b_wins: float
    p_tie: float
    mean_credit: float
    square_credit: float

    @property
    def sd_credit(self) -> float:
        """Standard deviation of the credit of a session; 0 if the variance is only rounding error."""
        variance = self.square_credit - self.mean_credit**2
        return sqrt(variance) if variance > 1e-15 * self.square_credit else 0.0

    @property
    def delta_ab(self) -> float:
        """``P(A wins) + P(tie) / 2 - 1/2`` (Chapelle et al. 2012)."""
        return 0.5 * (self.p_a_wins - self.p_b_wins)

    @property
    def z_per_sqrt_n(self) -> float | None:
        """``mean / sd`` of the credit; z of a test of n sessions is about ``sqrt(n)`` times this.

        None if sd is 0.
        """
        return self.mean_credit / self.sd_credit if self.sd_credit > 0.0 else None

    def to_dict(self) -> dict[str, Any]:
        """The numbers under their names in reports."""
        return {
            "p_A_wins": self.p_a_wins,
            "p_B_wins": self.p_b_wins,
            "p_tie": self.p_tie,
            "mean_credit": self.mean_credit,
            "sd_credit": self.sd_credit,
            "delta_AB": self.delta_ab,
            "z_per_sqrt_n": self.z_per_sqrt_n,
        }


def mixed(outcomes: Sequence[Outcome], shares: Sequence[float] | Floats) -> Outcome:
    """The outcome of a mixture: a session has outcome ``outcomes[i]`` with probability ``shares[i]``."""
    parts = np.array([_numbers(outcome) for outcome in outcomes])
    return Outcome(*(np.asarray(shares) @ parts).tolist())


def _numbers(outcome: Outcome) -> tuple[float, ...]:
    o = outcome
    return o.p_a_wins, o.p_b_wins, o.p_tie, o.mean_credit, o.square_credit


def exact_outcome(pairs: PairArrays, method: Method, clicks: Clicks, length: int) -> Outcome:
    """The exact outcome of a session of query 0, over all lists, teams and clicks.

    Args:
        pairs: the rankings of query 0.
        method: the interleaving method, with its credit.
        clicks: the click model.
        length: largest number of items of a list.

    Raises:
        UsageError: as :func:`~rankeval.interleaving.enumeration.exact_lists`.
        DataError: as :func:`~rankeval.interleaving.enumeration.exact_lists`.
    """
    chances = exact_lists(pairs, method, length)
    if method.credit == "marginal":
        chances = chances.of_lists()
    found, shares = [], []
    for start in range(0, len(chances), BLOCK):
        rows = slice(start, start + BLOCK)
        teams = None if chances.teams is None else chances.teams[rows]
        block = ListDistribution(chances.lists[rows], chances.probability[rows], teams)
        credits = list_credits(pairs, method, np.zeros(len(block), np.int64), block.lists, teams)
        for share, conditionals in clicks.conditionals(block.lists):
            found.append(_block_outcome(pairs, method, block, credits, conditionals))
            shares.append(share)
    return mixed(found, shares)


def _block_outcome(
    pairs: PairArrays, method: Method, block: ListDistribution, credits: Floats, conditionals: Floats
) -> Outcome:
    """The contribution of some lists to the outcome, weighted by the probability of each list."""
    if method.credit == "balanced":
        rank_a, rank_b = (ranks[0][block.lists] for ranks in pairs.ranks())
        return _of_counts(block.probability @ balanced_counts(conditionals, rank_a, rank_b), signs=True)
    if method.credit == "team":  # credits are P(team A) - P(team B)
        up, down = 0.5 + 0.5 * credits, 0.5 - 0.5 * credits
        return _of_counts(block.probability @ signed_counts(conditionals, up, down))
    if np.isin(credits, (-1.0, 0.0, 1.0)).all():
        up, down = np.maximum(credits, 0.0), np.maximum(-credits, 0.0)
        return _of_counts(block.probability @ signed_counts(conditionals, up, down))
    return Outcome(*(block.probability @ sums_over_patterns(conditionals, credits)).tolist())


def _of_counts(chances: Floats, *, signs: bool = False) -> Outcome:
    """The outcome from the probabilities (2L + 1,) of the credits ``-L .. L``.

    With ``signs`` the credit of a session is the sign of this number.
    """
    credit = np.arange(len(chances)) - len(chances) // 2
    a, b, tie = (float(chances[chosen].sum()) for chosen in (credit > 0, credit < 0, credit == 0))
    values = np.sign(credit) if signs else credit
    return Outcome(a, b, tie, float(chances @ values), float(chances @ values**2))


class ClickCount(NamedTuple):
    """Mean and mean square of the number of clicks in a session."""

    mean: float
    square: float

    @property
    def variance(self) -> float:
        """Variance of the number of clicks in a session."""
        return max(self.square - self.mean**2, 0.0)


def click_count(order: Ints, clicks: Clicks, length: int) -> ClickCount:
    """The number of clicks on the first ``length`` items of a ranking, shown without interleaving.

    Args:
        order: (N,) int64, items from the top, -1 beyond the end.
        clicks: the click model.
        length: number of items shown.
    """
    shown = order[order >= 0][:length].reshape(1, -1)
    if not shown.size:
        return ClickCount(0.0, 0.0)
    every = np.ones(shown.shape)
    chances = sum(
        share * signed_counts(conditionals, every, np.zeros(shown.shape))[0]
        for share, conditionals in clicks.conditionals(shown)
    )
    count = np.arange(len(np.atleast_1d(chances))) - shown.size
    return ClickCount(float(chances @ count), float(chances @ count**2))


def ab_z_per_sqrt_n(a: ClickCount, b: ClickCount) -> tuple[float, float | None]:
    """``sd`` and ``z / sqrt(n)`` of an A/B test of n sessions, half of them for each ranking.

    ``sd = sqrt(2 (var_A + var_B))`` is the standard deviation of ``sqrt(n)`` times the difference of the mean
    numbers of clicks. ``z / sqrt(n) = (mean_A - mean_B) / sd``; None if sd is 0.
    """
    sd = sqrt(2.0 * (a.variance + b.variance))
    return sd, (a.mean - b.mean) / sd if sd > 0.0 else None
