"""The exact truth of a world: clicks, examination and judged metrics of a policy.

May import: ``simulators.shuffles``, ``simulators.worlds``, ``simulators.list_policies``,
``simulators.click_models``, ``arrays`` and the top modules of ``rankeval``.
To add a quantity: add a function to ``truth.py``, and its key to ``world_truth.py``.
"""

from __future__ import annotations

from rankeval.simulators.exact.part_truth import all_lists, values_of_lists
from rankeval.simulators.exact.subsets import MOST_ITEMS, over_orders
from rankeval.simulators.exact.truth import PolicyTruth, click_rates
from rankeval.simulators.exact.world_truth import WorldTruth, as_shown, whole_truth

__all__ = [
    "MOST_ITEMS",
    "PolicyTruth",
    "WorldTruth",
    "all_lists",
    "as_shown",
    "click_rates",
    "over_orders",
    "values_of_lists",
    "whole_truth",
]
