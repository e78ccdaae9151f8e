"""Interleaving of two rankings: lists, credit for clicks, expected outcomes, and the analysis of logs.

May import: ``inference``, ``logs``, ``arrays`` and the top modules of ``rankeval``.
To add a method: add a ``Definition`` to ``methods.py``, the lists to ``enumeration.py`` and
``random_lists.py``, and the credit to ``credit.py``.
"""

from __future__ import annotations

from rankeval.interleaving.analyse import interleave_analyse
from rankeval.interleaving.analysis_result import InterleavingAnalysis
from rankeval.interleaving.drawer import Drawer, interleave
from rankeval.interleaving.list_credits import session_credits
from rankeval.interleaving.lists import InterleavedLists, interleave_lists
from rankeval.interleaving.methods import Method
from rankeval.interleaving.outcome_tests import Levels
from rankeval.interleaving.outcomes import (
    ClickCount,
    Outcome,
    ab_z_per_sqrt_n,
    click_count,
    exact_outcome,
    mixed,
)
from rankeval.interleaving.patterns import TIED
from rankeval.interleaving.power import AbRow, InterleavingPower, MethodRow
from rankeval.interleaving.random_lists import NO_TEAM, TEAM_B, Teams
from rankeval.interleaving.rankings import PairArrays, RankingPair

__all__ = [
    "NO_TEAM",
    "TEAM_B",
    "TIED",
    "AbRow",
    "ClickCount",
    "Drawer",
    "InterleavedLists",
    "InterleavingAnalysis",
    "InterleavingPower",
    "Levels",
    "Method",
    "MethodRow",
    "Outcome",
    "PairArrays",
    "RankingPair",
    "Teams",
    "ab_z_per_sqrt_n",
    "click_count",
    "exact_outcome",
    "interleave",
    "interleave_analyse",
    "interleave_lists",
    "mixed",
    "session_credits",
]
