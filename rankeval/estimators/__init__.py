"""Off-policy estimators of the value of a policy: what each needs of a log and what it makes of the means."""

from __future__ import annotations

from rankeval.estimators.actions import ACTION_ESTIMATORS
from rankeval.estimators.catalogue import ESTIMATORS, Estimator, parse
from rankeval.estimators.definitions import Definition
from rankeval.estimators.ranking_terms import RankingBlock
from rankeval.estimators.terms import (
    CLICK_RATIOS,
    RATIO_COLUMNS,
    REDUCING,
    REWARD,
    TRANSFORMS,
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

__all__ = [
    "ACTION_ESTIMATORS",
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
    "needed_columns",
    "parse",
    "write_terms",
]
