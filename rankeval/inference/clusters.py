"""Few or uneven clusters: what their totals tell, and how many even clusters they are worth.

Symbols: cluster g has the share ``h_g`` of the ``n`` units, and ``e_g`` is the total of its linearised
residuals, whose sum over all clusters is 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rankeval.array_types import Floats
from rankeval.notes import Note

FEW_CLUSTERS = 50  # with fewer clusters, or uneven ones worth fewer, errors are rough
EVEN = 0.8  # clusters that are worth a larger share of their number count as even in words


@dataclass(frozen=True, eq=False)
class Clusters:
    """The sizes of clusters.

    While clusters are few, buckets of hashed keys stand for them; buckets that hold several clusters are
    clusters as well.

    Attributes:
        sizes: (B,) float64, the number of units in each bucket; with sampling weights their sum.
    """

    sizes: Floats

    @cached_property
    def count(self) -> int:
        """The number of clusters G: of buckets that hold a unit."""
        return int(np.count_nonzero(self.sizes))

    @cached_property
    def shares(self) -> Floats:
        """(B,) float64, the shares ``h_g`` of all units."""
        return np.asarray(self.sizes / self.sizes.sum())

    @cached_property
    def effective(self) -> float:
        """The number of even clusters that tell as much (Carter, Schnepel & Steigerwald 2017).

        It is for clusters whose units are all alike, which is the worst case: ``(sum h^2)^2 / sum h^4``.
        """
        squares = np.square(self.shares)
        return float(squares.sum() ** 2 / np.square(squares).sum())

    @property
    def few(self) -> bool:
        """Whether the clusters are worth so few even ones that errors need more care."""
        return self.effective < FEW_CLUSTERS

    @cached_property
    def adjustment(self) -> float | Floats:
        """The factor of each total, whose squares then add to the variance of the sum of all totals.

        It is ``sqrt(G / (G - 1))``. With few clusters it is ``1 / sqrt(1 - h_g)``, (B,) float64: the variance
        is then CR2 (Bell & McCaffrey 2002), which has no bias if units are independent with equal variances.
        For even clusters both are the same.
        """
        if not self.few:
            return math.sqrt(self.count / (self.count - 1))
        return np.asarray(1.0 / np.sqrt(np.where(self.shares < 1.0, 1.0 - self.shares, 1.0)))

    def corrected_sum(self, products: Floats) -> float:
        """The covariance of two sums from the products (B,) of their totals, with the adjustment of both."""
        if not self.few:
            return float(np.sum(products)) * self.count / (self.count - 1)
        return float(np.sum(products * np.square(self.adjustment)))

    def degrees(self, totals: Floats, variance: float) -> float:
        """Degrees of freedom of the variance; ``G - 1`` unless clusters are few.

        With few clusters they are those of CR2 (Satterthwaite 1946; Imbens & Kolesar 2016) under a random
        effect of each cluster and independent errors of units, whose variances follow from the analysis of
        variance. For even clusters they are ``G - 1``.

        Args:
            totals: (B,) float64, the totals ``e_g``.
            variance: the variance of the residual of one unit.
        """
        if not self.few or self.count < 2:
            return self.count - 1
        between, within = self._components(totals, variance)
        h, n = self.shares, float(self.sizes.sum())
        squares = np.square(h)
        diagonal = (within * n * h + between * n * n * squares) / (1.0 - h)
        sides = np.stack([h, squares]) * self.adjustment
        corner = -within * n + between * n * n * squares.sum()
        middle = np.array([[corner, -between * n * n], [-between * n * n, 0.0]])
        return round(_degrees(diagonal, sides, middle), 9)  # without the rounding errors of even clusters

    def _components(self, totals: Floats, variance: float) -> tuple[float, float]:
        """The variances of the effects of clusters and of the errors of units.

        They are 0 and 1, those of independent units, where nothing tells them apart.
        """
        n, groups, held = float(self.sizes.sum()), self.count, self.sizes > 0.0
        by_cluster = float(np.sum(np.square(totals[held]) / self.sizes[held]))
        if n <= groups or not variance > 0.0:
            return 0.0, 1.0
        within = max((n - 1.0) * variance - by_cluster, 0.0) / (n - groups)
        spread = n * (1.0 - float(np.square(self.shares).sum()))
        between = max((by_cluster - (groups - 1) * within) / spread, 0.0)
        return (between, within) if between + within > 0.0 else (0.0, 1.0)

    def notes(self) -> tuple[Note, ...]:
        """A warning about all standard errors if the clusters are worth few even ones."""
        if not self.few:
            return ()
        numbers = {"clusters": self.count, "effective": self.effective, "threshold": FEW_CLUSTERS}
        rough = f"with fewer than {FEW_CLUSTERS}, errors are rough"
        if self.effective > EVEN * self.count:
            return (
                Note(
                    "few_clusters",
                    f"only {self.count} clusters: {rough}",
                    numbers,
                    level="caution",
                    value=self.effective,
                ),
            )
        text = (
            f"{self.count} clusters are worth {self.effective:.3g} even ones (the largest has "
            f"{100.0 * self.shares.max():.0f} % of the units): {rough}"
        )
        return (Note("few_clusters", text, numbers, level="caution", value=self.effective),)


def _degrees(diagonal: Floats, sides: Floats, middle: Floats) -> float:
    """``(tr B)^2 / tr(B^2)`` of ``B = diag(diagonal) + sides' middle sides``, with ``sides`` (2, B).

    Sums are elementwise, without BLAS, whose bits depend on the number of threads.
    """
    inner = np.sum(sides[:, np.newaxis] * sides[np.newaxis], axis=2)
    crossed = np.sum(sides[:, np.newaxis] * sides[np.newaxis] * diagonal, axis=2)
    trace = diagonal.sum() + np.sum(middle * inner)
    turned = np.einsum("ij,jk->ik", middle, inner)
    square = np.square(diagonal).sum() + 2.0 * np.sum(middle * crossed) + np.sum(turned * turned.T)
    return max(float(trace * trace / square), 1.0)
