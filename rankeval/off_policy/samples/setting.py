"""The facts that the caller of ``ope`` states in addition to the log."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from rankeval.errors import UsageError
from rankeval.estimators import Estimator
from rankeval.off_policy.samples.reward_range import RewardRange
from rankeval.off_policy.samples.weight_range import WeightRange
from rankeval.position_bias import PositionBias

Estimand = Literal["rerank", "full"]
#: Estimands of estimators from clicks -> the items that the candidate ranker orders.
ESTIMANDS: dict[Estimand, str] = {
    "rerank": "the items that were shown",
    "full": "all candidates that were logged, those without a position too",
}
#: Name of the logging policy in comparisons.
LOGGED = "logged"


@dataclass(frozen=True)
class Setting:
    """The facts that are known before any nuisance model is counted or fitted.

    Attributes:
        targets: names of the target policies; the log's own target policy has the empty name.
        position_bias: the curve that replaces the columns ``examination``, ``alpha`` and ``beta`` of the log.
        estimand: the estimand of estimators from clicks.
        exposed: whether the log has ``exposure``: the expected examination of each item under the logging
            policy.
        reward_range: the range of possible rewards; None if unknown.
        weight_range: the range of possible importance weights of actions; None if unknown.
        embedding: roles of the columns that describe an action.
        modelled: whether predictions come from a fitted model, not from the log.
        session_reward: whether the column ``session_reward`` holds the reward of each session.
        weighed: whether the log has ready-made weights of actions, and not their propensities.
        listed: the target policies whose propensities of all candidates the log has, beside the logging ones.
        predicts_each: whether the log has the predictions of a reward model for all candidates.
        pessimistic: whether the estimate of a policy is the worst end of its bounds.
        scored: whether target policies are given by scores, and so rank in one order with probability 1.
    """

    targets: tuple[str, ...] = ("",)
    position_bias: PositionBias | None = None
    estimand: Estimand = "rerank"
    exposed: bool = False
    reward_range: RewardRange | None = None
    weight_range: WeightRange | None = None
    embedding: tuple[str, ...] = ()
    modelled: bool = False
    session_reward: bool = False
    weighed: bool = False
    listed: frozenset[str] = frozenset()
    predicts_each: bool = False
    pessimistic: bool = False
    scored: bool = False

    def form_of(self, estimator: Estimator) -> Estimator:
        """The estimator with the weights that the log has."""
        return estimator.of_ready_weights if self.weighed else estimator

    @cached_property
    def moved_curves(self) -> tuple[PositionBias, ...]:
        """The given curve, shifted once in each direction of its uncertainty; empty if that is unknown.

        First come the directions of the examination, then those of ``alpha`` and ``beta``.
        """
        bias = self.position_bias
        return () if bias is None else (*bias.moved, *bias.moved_trust)

    def directions(self, *, trust: bool) -> range:
        """The indices into :attr:`moved_curves` of the directions of alpha and beta, or of examination."""
        first = 0 if self.position_bias is None else len(self.position_bias.moved)
        return range(first, len(self.moved_curves)) if trust else range(first)


def under_moved(target: str, direction: int) -> str:
    """The name of a policy under the curve that is shifted in one direction; directions count from 0."""
    return f"{target}~{direction}"


def parse_estimand(text: str) -> Estimand:
    """Parse the name of an estimand.

    Raises:
        UsageError: the name is unknown.
    """
    for name in ESTIMANDS:
        if text == name:
            return name
    raise UsageError(f"estimand: found {text!r}, wanted {' or '.join(ESTIMANDS)}")
