"""Off-policy estimators of the value of a policy: what each needs of a log and what it makes of the means."""

from __future__ import annotations

from rankeval.estimators.catalogue import ESTIMATORS, Estimator, parse
from rankeval.estimators.definitions import Definition, Parameter
from rankeval.estimators.ranking_terms import RankingBlock
from rankeval.estimators.terms import (
    CLICK_RATIOS,
    RATIO_COLUMNS,
    REDUCING,
    REWARD,
    WEIGHT,
    WEIGHTED,
    Block,
    Kind,
    Ratio,
    Term,
    Units,
    Views,
    Weighting,
    needed_columns,
    write_terms,
)

__all__ = [
    "CLICK_RATIOS",
    "ESTIMATORS",
    "RATIO_COLUMNS",
    "REDUCING",
    "REWARD",
    "WEIGHT",
    "WEIGHTED",
    "Block",
    "Definition",
    "Estimator",
    "Kind",
    "Parameter",
    "RankingBlock",
    "Ratio",
    "Term",
    "Units",
    "Views",
    "Weighting",
    "needed_columns",
    "parse",
    "write_terms",
]
