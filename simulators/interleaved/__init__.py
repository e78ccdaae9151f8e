"""``interleave_simulate`` and ``interleave_power``: sessions with lists of two rankings, and what they
can tell.

May import: ``simulators.logs``, ``simulators.worlds``, ``simulators.list_policies``,
``simulators.click_models``, ``interleaving``, the top modules of ``simulators`` and of ``rankeval``.
To add a quantity: ``contests.py``.
"""

from __future__ import annotations

from rankeval.simulators.interleaved.interleaving import interleave_power, interleave_simulate

__all__ = [
    "interleave_power",
    "interleave_simulate",
]
