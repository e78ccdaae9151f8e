"""Sessions with lists of two rankings, simulated, and what methods can tell."""

from __future__ import annotations

from rankeval.simulators.interleaved.interleaving import interleave_power, interleave_simulate

__all__ = [
    "interleave_power",
    "interleave_simulate",
]
