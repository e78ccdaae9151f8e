"""Off-policy estimators of the value of a policy: what each needs of a log and what it makes of the means."""

from __future__ import annotations

from rankeval.estimators.catalogue import ESTIMATORS, Definition, Estimator, parse
from rankeval.estimators.terms import (
    REDUCING,
    REWARD,
    WEIGHT,
    Block,
    Term,
    Weighting,
    needed_columns,
    write_terms,
)

__all__ = [
    "ESTIMATORS",
    "REDUCING",
    "REWARD",
    "WEIGHT",
    "Block",
    "Definition",
    "Estimator",
    "Term",
    "Weighting",
    "needed_columns",
    "parse",
    "write_terms",
]
