"""Regression models with cross-fitting: features, folds, samples, and learners of scikit-learn and LightGBM.

May import: ``logs``, ``readers``, ``arrays`` and the top modules of ``rankeval``.
To add a learner: write a function in ``learners.py`` and add it to ``LEARNERS``.
"""

from __future__ import annotations

from rankeval.models.cross_fitting import (
    CrossFitted,
    FoldModel,
    Folds,
    Sample,
    crossfitted,
    notes_of,
    parts_of,
    require_options,
    require_outcomes,
    sampled,
)
from rankeval.models.design import Design, Encoding, require_features, taken
from rankeval.models.learners import Learnt, learn, normalised
from rankeval.models.linear import Basis, logistic_fit, ridge

__all__ = [
    "Basis",
    "CrossFitted",
    "Design",
    "Encoding",
    "FoldModel",
    "Folds",
    "Learnt",
    "Sample",
    "crossfitted",
    "learn",
    "logistic_fit",
    "normalised",
    "notes_of",
    "parts_of",
    "require_features",
    "require_options",
    "require_outcomes",
    "ridge",
    "sampled",
    "taken",
]
