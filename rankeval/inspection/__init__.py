"""``inspect``: what is in a log, what is wrong with it, and what it can be used for.

Two passes read a log. ``row_pass`` looks at every row by itself and so reads broken logs as well;
``unit_pass`` looks at sessions or rounds, without the rows that cannot be read as such. ``drift`` compares
samples of rows. ``Found`` holds all that was found, and ``conclusions`` says what is wrong with it.

May import: ``off_policy``, ``propensity_tests``, ``position_bias``, ``inference``, ``logs``, ``readers``,
``arrays`` and the top modules of ``rankeval``.
To add a problem of rows or sessions: add its code to ``CODES`` (``problems.py``) and collect it in
``row_checks.py`` or ``unit_checks.py``. To add one of the whole log: yield it in ``conclusions.py``.
"""

from __future__ import annotations

from rankeval.inspection.inspect import inspect
from rankeval.inspection.problems import SEVERITIES
from rankeval.inspection.result import Inspection

__all__ = [
    "SEVERITIES",
    "Inspection",
    "inspect",
]
