"""Samples: the checked columns of rounds or sessions that estimators need, for every target policy.

May import: ``off_policy.user_behaviour``, ``position_bias``, ``estimators``, ``logs``, ``readers``,
``arrays`` and the top modules of ``rankeval``.
To add a kind of log: add a class like ``Rounds`` or ``Rankings``, and choose it in ``accumulate.sample_of``.
A fact that the caller states about the log is a field of ``Setting``.
"""

from __future__ import annotations

from rankeval.off_policy.samples.candidate_lists import (
    PROPENSITIES,
    CandidateLists,
    checked_list,
    given_by,
    listed_targets,
    logged_actions,
)
from rankeval.off_policy.samples.click_views import examination_of
from rankeval.off_policy.samples.column_sources import PREDICTIONS, ColumnSources
from rankeval.off_policy.samples.continuous_actions import ACTION_VALUES, require_one_kind, with_scale
from rankeval.off_policy.samples.list_sums import ListSums
from rankeval.off_policy.samples.named_actions import names_integers
from rankeval.off_policy.samples.nuisance_protocols import RoundModel
from rankeval.off_policy.samples.rankings import Rankings
from rankeval.off_policy.samples.ready_weights import uses_ready_weights
from rankeval.off_policy.samples.redundancy import TOLERANCE, require_agreement
from rankeval.off_policy.samples.reward_range import RangeCheck, parse_range
from rankeval.off_policy.samples.rounds import Rounds, same_for_all
from rankeval.off_policy.samples.session_rewards import (
    RepeatedRewards,
    uses_session_reward,
    with_scalar_reward,
)
from rankeval.off_policy.samples.setting import LOGGED, Setting, parse_estimand, under_moved
from rankeval.off_policy.samples.support import near_power
from rankeval.off_policy.samples.targets import given_by_scores, parse_targets, with_targets
from rankeval.off_policy.samples.term_list import TermList, logged_by
from rankeval.off_policy.samples.weight_range import WeightRange, parse_weight_range

__all__ = [
    "ACTION_VALUES",
    "LOGGED",
    "PREDICTIONS",
    "PROPENSITIES",
    "TOLERANCE",
    "CandidateLists",
    "ColumnSources",
    "ListSums",
    "RangeCheck",
    "Rankings",
    "RepeatedRewards",
    "RoundModel",
    "Rounds",
    "Setting",
    "TermList",
    "WeightRange",
    "checked_list",
    "examination_of",
    "given_by",
    "given_by_scores",
    "listed_targets",
    "logged_actions",
    "logged_by",
    "names_integers",
    "near_power",
    "parse_estimand",
    "parse_range",
    "parse_targets",
    "parse_weight_range",
    "require_agreement",
    "require_one_kind",
    "same_for_all",
    "under_moved",
    "uses_ready_weights",
    "uses_session_reward",
    "with_scalar_reward",
    "with_scale",
    "with_targets",
]
