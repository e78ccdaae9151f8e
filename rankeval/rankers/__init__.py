"""Rankers: models that give each item a score, of many kinds behind one protocol.

May import: ``logs``, ``readers``, ``arrays`` and the top modules of ``rankeval``.
To add a kind of model: a class that keeps ``Ranker`` in a module of ``kinds/``, and its line in ``KINDS``.
"""

from __future__ import annotations

from rankeval.rankers.features import feature_columns, feature_matrix
from rankeval.rankers.ranker import Ranker

__all__ = [
    "Ranker",
    "feature_columns",
    "feature_matrix",
]
