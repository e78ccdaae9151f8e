"""Protocols of nuisance models, which compute columns that the log lacks.

A nuisance model is counted in the log or fitted to it before the pass that estimates. Samples depend on these
protocols only, so that a new model needs no change in the samples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from rankeval.array_types import Floats, Ints
from rankeval.logs import Sessions
from rankeval.off_policy.samples.candidate_lists import CandidateLists


class RoundModel(Protocol):
    """A nuisance model that computes columns of bandit rounds."""

    @property
    def roles(self) -> Sequence[str]:
        """Roles of the columns of the log that the model reads."""

    def columns(self, lists: CandidateLists, targets: Sequence[str]) -> Mapping[tuple[str, str], Floats]:
        """Column and target policy -> (n,) one number per round; columns that the log has may be left out."""


class ItemModel(Protocol):
    """A nuisance model that predicts a number for every item of a ranking log."""

    @property
    def roles(self) -> Sequence[str]:
        """Roles of the columns of the log that the model reads."""

    def q(self, sessions: Sessions) -> Floats:
        """(items,) the predictions."""


class BehaviourModel(Protocol):
    """A nuisance model that assigns a user behaviour to each session."""

    @property
    def roles(self) -> Sequence[str]:
        """Roles of the columns of the log that the model reads."""

    def codes(self, sessions: Sessions) -> Ints:
        """(n,) code of each session's behaviour: its index in ``BEHAVIOURS``."""
