"""Clusters that nobody named: whether units with the same value of a column, such as a user, are alike.

Sums by bucket of that column (:mod:`rankeval.inference.unnamed_sums`) tell what standard errors would be with
the clusters, and so by how much those without are too small.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np

from rankeval.inference.clusters import FEW_CLUSTERS
from rankeval.inference.functionals import Functional
from rankeval.inference.sampling_distribution import SamplingDistribution
from rankeval.inference.unnamed_sums import UnnamedClusters
from rankeval.notes import Note

#: A design effect below this makes errors less than 5 % too small, and gives no warning.
SMALL_DESIGN_EFFECT = 1.1
#: With fewer units for each distinct value, the values count as not repeated.
REPEATED = 1.05
#: The probability of a warning if units of the same value are independent.
_BY_CHANCE = 0.01


@dataclass(frozen=True)
class DesignEffects:
    """The design effects of estimates (Kish 1965): their variance with the clusters over that without.

    Attributes:
        clusters: the clusters that nobody named.
        units: number of units.
        of: name of each estimate -> its design effect; without those that have no variance.
        independent: the number of even clusters with the same evidence, if units are independent.
    """

    clusters: UnnamedClusters
    units: float
    of: Mapping[str, float]
    independent: float

    @classmethod
    def from_(
        cls, distribution: SamplingDistribution, estimates: Mapping[str, Functional]
    ) -> DesignEffects | None:
        """The design effects of some estimates; None if clusters are named, or there is no such column."""
        clusters = distribution.moments.unnamed
        if clusters is None or distribution.clustered or not distribution.moments.n:
            return None
        by_cluster = replace(
            distribution,
            moments=replace(distribution.moments, buckets=clusters.buckets, unnamed=None),
            clustered=True,
        )
        found = {}
        with np.errstate(all="ignore"):  # what is not finite has no design effect
            for name, functional in estimates.items() if by_cluster.clusters.count > 1 else ():
                error = distribution.std_error(functional)
                ratio = by_cluster.std_error(functional) / error if error > 0.0 else math.nan
                if math.isfinite(ratio):
                    found[name] = ratio * ratio
        independent = 1.0 / float(np.square(by_cluster.clusters.shares).sum())
        return cls(clusters, distribution.moments.units, found, independent)

    @property
    def largest(self) -> tuple[str, float]:
        """The estimate with the largest design effect, and this; an effect of 0 without any."""
        return max(self.of.items(), key=lambda one: one[1], default=("", 0.0))

    @property
    def shown(self) -> bool:
        """Whether the largest design effect is above 1 by more than chance explains.

        For independent units it is about chi-square over its degrees of freedom, whose quantile is that of
        Wilson & Hilferty (1931).
        """
        degrees = max(self.independent - 1.0, 1e-3)
        part = 2.0 / (9.0 * degrees)
        limit = (1.0 - part + NormalDist().inv_cdf(1.0 - _BY_CHANCE) * math.sqrt(part)) ** 3
        return self.largest[1] > max(SMALL_DESIGN_EFFECT, limit)

    def notes(self, units: str) -> Iterator[Note]:
        """A warning if units of the same value are alike, or if the values are too few to tell.

        Args:
            units: what the units are called, such as ``sessions``.
        """
        column, distinct = self.clusters.column, max(self.clusters.distinct, 1.0)
        each = self.units / distinct
        if each < REPEATED or not (self.shown or self.independent < FEW_CLUSTERS):
            return
        name, effect = self.largest
        numbers = {"clusters": distinct, "each": each, "independent": self.independent}
        numbers |= {"threshold": FEW_CLUSTERS}
        about = f"about {distinct:,.0f} values with {each:,.{0 if each >= 10.0 else 1}f} {units} each"
        if not self.shown:
            text = (
                f"{units} are taken as independent; column {column!r} ({about}) has too few or too uneven "
                f"values to tell whether those of one value are alike: --cluster {column} allows for it"
            )
            yield Note(
                "unnamed_clusters",
                text,
                numbers,
                level="caution",
                value=self.independent,
            )
            return
        text = (
            f"{units} of one {column!r} are alike ({about}), but are taken as independent: no error, "
            f"interval or p-value can be trusted; errors are too small, that of {name} by a factor of "
            f"{math.sqrt(effect):.3g} (design effect {effect:.3g}); --cluster {column} allows for it"
        )
        numbers |= {"design_effect": effect, "threshold": SMALL_DESIGN_EFFECT}
        yield Note("unnamed_clusters", text, numbers, level="do not trust", value=effect)


def unnamed_cluster_notes(
    distribution: SamplingDistribution, estimates: Mapping[str, Functional], units: str
) -> Iterator[Note]:
    """The warning of :meth:`DesignEffects.notes` on some estimates, if there is one."""
    effects = DesignEffects.from_(distribution, estimates)
    if effects is not None:
        yield from effects.notes(units)
