"""``plan_shuffle``: how many sessions a shuffle experiment needs, and what it costs.

May import: ``simulators.exact``, ``simulators.shuffles``, ``simulators.worlds``,
``simulators.list_policies``, ``simulators.click_models``, ``position_bias``, ``logs``, ``arrays``, the
top modules of ``rankeval``.
To plan for another design: its moments in ``moments.py`` and its figures in ``planned_design.py``.
"""

from __future__ import annotations

from rankeval.simulators.shuffle_plans.base_lists import base_lists
from rankeval.simulators.shuffle_plans.moments import Moments, shuffle_moments
from rankeval.simulators.shuffle_plans.plan import plan_shuffle

__all__ = [
    "Moments",
    "base_lists",
    "plan_shuffle",
    "shuffle_moments",
]
