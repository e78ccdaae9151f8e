"""``interleave_simulate`` and ``interleave_power``: interleaved sessions of two rankings, and their power.

May import: ``simulators.logs``, ``simulators.worlds``, ``simulators.list_policies``,
``simulators.click_models``, ``interleaving``, the top modules of ``simulators`` and of ``rankeval``.
To add a quantity: add it to ``contests.py``.
"""

from __future__ import annotations

from rankeval.simulators.interleaving.simulation import interleave_power, interleave_simulate

__all__ = [
    "interleave_power",
    "interleave_simulate",
]
