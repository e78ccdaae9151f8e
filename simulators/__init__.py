"""Simulated worlds whose true values are known exactly, and the logs of simulated users.

The modules directly in this package are shared by the simulators: checks of parameters, objects of world
files, random streams, Parquet files written block by block, and judged runs.

May import: every package of ``rankeval`` except ``cli``.
To add a simulator: a package of its own.
"""

from __future__ import annotations

from rankeval.simulators.categorical import Categorical
from rankeval.simulators.checks import (
    MOST_ITEMS,
    MOST_NESTED,
    MOST_POSITIONS,
    MOST_SESSIONS,
    distribution,
    matrix,
    real,
    whole,
    written_to,
)
from rankeval.simulators.judged_runs import RankingWorld, write_judged_runs
from rankeval.simulators.world_objects import Described, checked_number
from rankeval.simulators.writer import block_bounds, random_stream, write_blocks

__all__ = [
    "MOST_ITEMS",
    "MOST_NESTED",
    "MOST_POSITIONS",
    "MOST_SESSIONS",
    "Categorical",
    "Described",
    "RankingWorld",
    "block_bounds",
    "checked_number",
    "distribution",
    "matrix",
    "random_stream",
    "real",
    "whole",
    "write_blocks",
    "write_judged_runs",
    "written_to",
]
