"""Nuisance models of ``ope``: logging policies, embeddings, rewards, relevance and user behaviours.

May import: ``off_policy.samples``, ``off_policy.user_behaviour``, ``models``, ``estimators``, ``logs``,
``readers``, ``arrays`` and the top modules of ``rankeval``.
To add one: add a class that implements a protocol of ``off_policy/samples/nuisance_protocols.py``, a field of
``Nuisances``, and a function in ``nuisances.py`` that fits it.
"""

from __future__ import annotations

from rankeval.off_policy.nuisances.behaviour_learning import learn_behaviour_tree
from rankeval.off_policy.nuisances.logging_policies import LoggingPolicies, precision_shares
from rankeval.off_policy.nuisances.nuisances import (
    FittingOptions,
    Nuisances,
    fit_nuisances,
    learns_behaviours,
)
from rankeval.off_policy.nuisances.reward_model import Weighting

__all__ = [
    "FittingOptions",
    "LoggingPolicies",
    "Nuisances",
    "Weighting",
    "fit_nuisances",
    "learn_behaviour_tree",
    "learns_behaviours",
    "precision_shares",
]
