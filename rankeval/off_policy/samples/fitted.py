"""What samples ask of nuisance models: to give columns that the log lacks.

A nuisance model is counted in the log or fitted to it before the pass that estimates. Samples know these
protocols alone, so that a new model needs no change of theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from rankeval.array_types import Floats, Ints
from rankeval.logs import Sessions
from rankeval.off_policy.samples.candidate_lists import CandidateLists


class RoundModel(Protocol):
    """Gives columns of bandit rounds."""

    @property
    def roles(self) -> Sequence[str]:
        """The columns of the log that it reads."""

    def columns(self, lists: CandidateLists, targets: Sequence[str]) -> Mapping[tuple[str, str], Floats]:
        """Column and target policy -> (n,) one number a round; what the log has by itself may be left out."""


class ItemModel(Protocol):
    """Gives a prediction for every item of a ranking log."""

    @property
    def roles(self) -> Sequence[str]:
        """The columns of the log that it reads."""

    def q(self, sessions: Sessions) -> Floats:
        """(items,) the prediction."""


class BehaviourModel(Protocol):
    """Says which behaviour the user of each session has."""

    @property
    def roles(self) -> Sequence[str]:
        """The columns of the log that it reads."""

    def codes(self, sessions: Sessions) -> Ints:
        """(n,) place of each session's behaviour in ``BEHAVIOURS``."""
