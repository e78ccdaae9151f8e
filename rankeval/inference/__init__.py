"""Statistical inference: moments of terms, functionals of their means, standard errors, intervals, tests.

May import: ``arrays`` and the top modules of ``rankeval``.
To add an interval: write a function in ``intervals.py`` and a line in ``INTERVALS``.
"""

from __future__ import annotations

from rankeval.inference.automatic import FEW_TERMS, effective_terms
from rankeval.inference.betting import Candidates, Played, betting_path, path_times, play
from rankeval.inference.betting import Sums as TermSums
from rankeval.inference.bootstrap import ROUNDING
from rankeval.inference.comparisons import benjamini_hochberg, holm, paired_t, randomisation_test, t_test
from rankeval.inference.estimate import Estimate, Interval
from rankeval.inference.facts import NOTHING, Facts, Weighted
from rankeval.inference.functionals import (
    Functional,
    Gradient,
    Mean,
    Relative,
    SumOfRatios,
    UnderCurves,
    WeightedSum,
    pairs_needed,
)
from rankeval.inference.inference import UNDEFINED, UNSETTLED, Inference, InferenceOptions
from rankeval.inference.intervals import AUTO, BY_RANGES, BY_SPREAD, INTERVALS
from rankeval.inference.moments import Moments, MomentsAccumulator

__all__ = [
    "AUTO",
    "BY_RANGES",
    "BY_SPREAD",
    "FEW_TERMS",
    "INTERVALS",
    "NOTHING",
    "ROUNDING",
    "UNDEFINED",
    "UNSETTLED",
    "Candidates",
    "Estimate",
    "Facts",
    "Functional",
    "Gradient",
    "Inference",
    "InferenceOptions",
    "Interval",
    "Mean",
    "Moments",
    "MomentsAccumulator",
    "Played",
    "Relative",
    "SumOfRatios",
    "TermSums",
    "UnderCurves",
    "Weighted",
    "WeightedSum",
    "benjamini_hochberg",
    "betting_path",
    "effective_terms",
    "holm",
    "paired_t",
    "pairs_needed",
    "path_times",
    "play",
    "randomisation_test",
    "t_test",
]
