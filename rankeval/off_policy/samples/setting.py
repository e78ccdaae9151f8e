"""What the caller of ``ope`` states beside the log."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from rankeval.errors import UsageError
from rankeval.off_policy.samples.reward_range import RewardRange
from rankeval.position_bias import PositionBias

Estimand = Literal["rerank", "full"]
#: What estimators from clicks estimate, where a candidate ranker orders ...
ESTIMANDS: dict[Estimand, str] = {
    "rerank": "the items that were shown",
    "full": "all candidates that were logged, those without a position too",
}
#: The logged policy's name among the policies that are compared.
LOGGED = "logged"


@dataclass(frozen=True)
class Setting:
    """What is known beside the log before anything is counted or fitted.

    Attributes:
        targets: names of the target policies; one without a name is the log's own.
        position_bias: the curve that stands for the log's columns ``examination``, ``alpha``, ``beta``.
        estimand: of estimators from clicks.
        exposed: whether the log holds the expected examination of each item under the logging policy.
        reward_range: the rewards that there can be.
        embedding: roles of the columns that say what an action is.
        modelled: whether predictions are those of a model that is fitted, not those of the log.
    """

    targets: tuple[str, ...] = ("",)
    position_bias: PositionBias | None = None
    estimand: Estimand = "rerank"
    exposed: bool = False
    reward_range: RewardRange | None = None
    embedding: tuple[str, ...] = ()
    modelled: bool = False

    @cached_property
    def moved_curves(self) -> tuple[PositionBias, ...]:
        """The curve that is given, moved in each of the directions in which it is uncertain."""
        return () if self.position_bias is None else self.position_bias.moved


def under_moved(target: str, direction: int) -> str:
    """The name of a policy seen under the curve that is moved in one of its directions, from 0."""
    return f"{target}~{direction}"


def parse_estimand(text: str) -> Estimand:
    """Read the name of an estimand.

    Raises:
        UsageError: there is none of this name.
    """
    for name in ESTIMANDS:
        if text == name:
            return name
    raise UsageError(f"estimand: found {text!r}, wanted {' or '.join(ESTIMANDS)}")
