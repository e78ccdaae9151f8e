"""``plan_shuffle``: the number of sessions that a shuffle experiment needs, and its cost in clicks.

May import: ``simulators.exact``, ``simulators.shuffles``, ``simulators.worlds``,
``simulators.list_policies``, ``simulators.click_models``, ``position_bias``, ``logs``, ``arrays`` and the
top modules of ``rankeval``.
To plan for another design: add its moments to ``moments.py`` and its figures to ``planned_design.py``.
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
