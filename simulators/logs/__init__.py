"""``simulate``: sessions of a world made in blocks, and the files they are written to.

May import: ``simulators.exact``, ``simulators.shuffles``, ``simulators.worlds``,
``simulators.list_policies``, ``arrays``, the top modules of ``simulators`` and of ``rankeval``.
To add a column: ``log_columns.py``.
"""

from __future__ import annotations

from rankeval.simulators.logs.log_tables import Column, id_column, strings, to_table
from rankeval.simulators.logs.session_blocks import SessionMaker
from rankeval.simulators.logs.simulation import simulate

__all__ = [
    "Column",
    "SessionMaker",
    "id_column",
    "simulate",
    "strings",
    "to_table",
]
