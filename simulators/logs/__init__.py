"""Simulated sessions, and the files they are written to."""

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
