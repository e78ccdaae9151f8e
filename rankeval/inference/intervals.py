"""The catalogue of confidence intervals: one function for each, of a sampling distribution.

A function takes what is known beside the sample (:class:`Facts`) as well; most have no use for it.
"""

from __future__ import annotations

from collections.abc import Callable

from rankeval.inference.augmented import augmented
from rankeval.inference.bounded_intervals import bernstein, betting, clopper_pearson, hoeffding
from rankeval.inference.facts import Facts
from rankeval.inference.functionals import Functional
from rankeval.inference.likelihood import likelihood
from rankeval.inference.sampling_distribution import SamplingDistribution
from rankeval.inference.spread_intervals import bootstrap, bootstrap_t, normal, student

Method = Callable[[SamplingDistribution, Functional, Facts], tuple[float, float]]
#: Name of a method -> the function that returns the lower and the upper bound.
INTERVALS: dict[str, Method] = {
    "normal": normal,
    "student": student,
    "bootstrap": bootstrap,
    "bootstrap_t": bootstrap_t,
    "hoeffding": hoeffding,
    "bernstein": bernstein,
    "betting": betting,
    "clopper_pearson": clopper_pearson,
    "likelihood": likelihood,
    "augmented": augmented,
}
#: The methods that take the spread of the sample for that of the population.
BY_SPREAD = frozenset({"normal", "student", "bootstrap", "bootstrap_t"})
#: The methods that resample buckets of units.
BUCKETED = frozenset({"bootstrap", "bootstrap_t"})
#: The methods that need more than the sample: true ranges.
BY_RANGES = frozenset({"hoeffding", "bernstein", "betting", "clopper_pearson", "likelihood"})
#: The method that leaves the choice to the data.
AUTO = "auto"
