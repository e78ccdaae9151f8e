"""TODO"""

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
