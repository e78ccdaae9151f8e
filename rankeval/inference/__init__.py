"""Statistical inference: moments of terms, functionals of their means, standard errors, intervals, tests.

May import: ``arrays`` and the top modules of ``rankeval``.
To add an interval: write a function in ``intervals.py`` and a line in ``INTERVALS``.
"""

from __future__ import annotations

from rankeval.inference.automatic import FEW_TERMS, effective_terms
from rankeval.inference.best import Best, best_index, best_notes, best_table, chosen, no_gain
from rankeval.inference.betting import Candidates, Played, betting_path, path_times, play
from rankeval.inference.betting import Sums as TermSums
from rankeval.inference.bootstrap import ROUNDING, resampled_sums
from rankeval.inference.clusters import Clusters
from rankeval.inference.comparisons import benjamini_hochberg, holm, paired_t, randomisation_test, t_test
from rankeval.inference.estimate import Estimate, Interval, Side, parse_side
from rankeval.inference.exponential import Exponential
from rankeval.inference.facts import NOTHING, Facts, Weighted
from rankeval.inference.families import Adjusted, adjust, adjusted_over, family_key, parse_family
from rankeval.inference.fieller import fieller
from rankeval.inference.functionals import (
    Functional,
    Gradient,
    Mean,
    Product,
    Relative,
    SumOfRatios,
    UnderCurves,
    WeightedSum,
    Within,
    pairs_needed,
)
from rankeval.inference.inference import UNDEFINED, UNSETTLED, Inference, InferenceOptions
from rankeval.inference.intervals import AUTO, BY_RANGES, BY_SPREAD, INTERVALS
from rankeval.inference.moments import Moments, MomentsAccumulator
from rankeval.inference.roots import root_of
from rankeval.inference.sampling_distribution import NEAR_ZERO, SamplingDistribution, central_level
from rankeval.inference.simultaneous import pairwise_root, simultaneous
from rankeval.inference.students_t import students_quantile
from rankeval.inference.undefined import NO_SPREAD, Undefined
from rankeval.inference.unnamed_clusters import DesignEffects, unnamed_cluster_notes
from rankeval.inference.unnamed_sums import NamedKeys

__all__ = [
    "AUTO",
    "BY_RANGES",
    "BY_SPREAD",
    "FEW_TERMS",
    "INTERVALS",
    "NEAR_ZERO",
    "NOTHING",
    "NO_SPREAD",
    "ROUNDING",
    "UNDEFINED",
    "UNSETTLED",
    "Adjusted",
    "Best",
    "Candidates",
    "Clusters",
    "DesignEffects",
    "Estimate",
    "Exponential",
    "Facts",
    "Functional",
    "Gradient",
    "Inference",
    "InferenceOptions",
    "Interval",
    "Mean",
    "Moments",
    "MomentsAccumulator",
    "NamedKeys",
    "Played",
    "Product",
    "Relative",
    "SamplingDistribution",
    "Side",
    "SumOfRatios",
    "TermSums",
    "Undefined",
    "UnderCurves",
    "Weighted",
    "WeightedSum",
    "Within",
    "adjust",
    "adjusted_over",
    "benjamini_hochberg",
    "best_index",
    "best_notes",
    "best_table",
    "betting_path",
    "central_level",
    "chosen",
    "effective_terms",
    "family_key",
    "fieller",
    "holm",
    "no_gain",
    "paired_t",
    "pairs_needed",
    "pairwise_root",
    "parse_family",
    "parse_side",
    "path_times",
    "play",
    "randomisation_test",
    "resampled_sums",
    "root_of",
    "simultaneous",
    "students_quantile",
    "t_test",
    "unnamed_cluster_notes",
]
