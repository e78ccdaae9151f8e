"""Rankers: models that give each item a score, of many kinds behind one protocol.

May import: ``logs``, ``readers``, ``arrays`` and the top modules of ``rankeval``.
To add a kind of model: a class that keeps ``Ranker`` in a module of ``kinds/``, and its line in ``KINDS``.
``kinds`` opens rankers, ``ranking`` scores data with them.
"""

from __future__ import annotations

from rankeval.rankers.features import feature_columns, feature_matrix, feature_role, with_columns
from rankeval.rankers.lightgbm_text import TextModel, parse_text_model, read_text_model
from rankeval.rankers.native_messages import without_native_messages
from rankeval.rankers.ranker import Ranker
from rankeval.rankers.scoring import checked_scores

__all__ = [
    "Ranker",
    "TextModel",
    "checked_scores",
    "feature_columns",
    "feature_matrix",
    "feature_role",
    "parse_text_model",
    "read_text_model",
    "with_columns",
    "without_native_messages",
]
