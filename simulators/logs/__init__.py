"""``simulate``: makes the sessions of a world in blocks, and writes them to files.

May import: ``simulators.exact``, ``simulators.shuffles``, ``simulators.worlds``,
``simulators.list_policies``, ``spark``, ``arrays``, the top modules of ``simulators`` and of ``rankeval``.
To add a column: add it to ``log_columns.py``.
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
