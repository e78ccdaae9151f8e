"""The catalogue of off-policy estimators: the terms that each estimator averages, and its formula.

May import: ``arrays`` and the top modules of ``rankeval``.
To add an estimator: add a ``Definition`` to ``actions.py``, ``rankings.py`` or ``clicks.py``. A new kind of
term is a new function in ``terms.py``, ``ranking_terms.py`` or ``click_terms.py``.
"""

from __future__ import annotations

from rankeval.estimators.actions import ACTION_ESTIMATORS
from rankeval.estimators.catalogue import ESTIMATORS, Estimator, nested, parse
from rankeval.estimators.click_terms import click_weights
from rankeval.estimators.definitions import ASSUME_LESS, Definition
from rankeval.estimators.ranking_terms import RankingBlock
from rankeval.estimators.terms import (
    CLICK_RATIOS,
    RATIO_COLUMNS,
    REWARD,
    WEIGHTED,
    Kind,
    Ratio,
    RoundBlock,
    SampleBlock,
    TargetViews,
    Term,
    needed_columns,
    write_terms,
)
from rankeval.estimators.transforms import REDUCING, TRANSFORMS, Transform

__all__ = [
    "ACTION_ESTIMATORS",
    "ASSUME_LESS",
    "CLICK_RATIOS",
    "ESTIMATORS",
    "RATIO_COLUMNS",
    "REDUCING",
    "REWARD",
    "TRANSFORMS",
    "WEIGHTED",
    "Definition",
    "Estimator",
    "Kind",
    "RankingBlock",
    "Ratio",
    "RoundBlock",
    "SampleBlock",
    "TargetViews",
    "Term",
    "Transform",
    "click_weights",
    "needed_columns",
    "nested",
    "parse",
    "write_terms",
]
