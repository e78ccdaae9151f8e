"""Differences of quantiles between arms, by the bootstrap over hashed buckets."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rankeval.ab_tests.contrasts import Rules
from rankeval.ab_tests.metrics import Quantile
from rankeval.ab_tests.quantile_sums import Cells
from rankeval.array_types import Bools, Floats
from rankeval.inference import Clusters, Estimate, Interval, resampled_sums
from rankeval.notes import Note

_TOLERATED = 0.01  # share of replicates that may lie outside of the cells
_SAME = "all resamples have the same quantile: the values are discrete, so its error is unknown"


@dataclass(frozen=True, eq=False)
class ArmQuantile:
    """A quantile of an arm.

    Attributes:
        cells: the values around it, by bucket.
        share: the share of units that it does not exceed.
        rules: level, replicates, seed and clusters.
    """

    cells: Cells
    share: float
    rules: Rules

    @cached_property
    def value(self) -> float:
        """The quantile."""
        return self.cells.at(self.cells.counts.sum(axis=0), self.share)

    @property
    def n(self) -> float:
        """The number of units."""
        return float(self.cells.counts.sum())

    @cached_property
    def replicates(self) -> Floats:
        """(replicates,) float64: the quantile in each replicate; NaN where it is outside of the cells."""
        options = self.rules.options
        sums = resampled_sums(self.cells.counts, options.replicates, options.seed)
        upto = np.cumsum(sums, axis=1)
        rank = self.share * upto[:, -1]
        outside = (upto[:, -1] == 0.0) | ((rank <= upto[:, 0]) & (self.cells.counts[:, 0].sum() > 0.0))
        outside |= rank > upto[:, -2]
        return np.array(
            [
                math.nan if out else self.cells.at(row, self.share)
                for row, out in zip(sums, outside, strict=True)
            ]
        )

    @cached_property
    def obstacle(self) -> str | None:
        """Why there is no interval; None where there is one."""
        sizes = self.cells.counts.sum(axis=1)
        if np.count_nonzero(sizes) < 2:
            return "all units are in one bucket: nothing to resample"
        if self.rules.options.clustered and Clusters(sizes).few:
            return "it has no correction for few or uneven clusters"
        if min(self.share, 1.0 - self.share) * self.n < 10.0:
            return "fewer than 10 units are beyond the quantile"
        if np.count_nonzero(np.isnan(self.replicates)) > _TOLERATED * len(self.replicates):
            return "resamples vary by more than is counted: clusters are too alike"
        return None


@dataclass(frozen=True, eq=False)
class QuantileContrast:
    """The difference of a quantile between two arms."""

    treatment: ArmQuantile
    control: ArmQuantile
    test = "bootstrap"

    @property
    def values(self) -> tuple[float, float]:
        """The quantiles of the treatment and of the control."""
        return self.treatment.value, self.control.value

    @cached_property
    def obstacle(self) -> str | None:
        """Why there is no interval; None where there is one."""
        if self.treatment.rules.sequential:
            return "a bootstrap of quantiles does not allow for several looks"
        return self.treatment.obstacle or self.control.obstacle or (_SAME if self._same else None)

    @cached_property
    def _differences(self) -> Floats:
        """(replicates,) float64, of the replicates in which both arms have a quantile."""
        found = self.treatment.replicates - self.control.replicates
        return np.sort(found[~np.isnan(found)])

    @property
    def _same(self) -> bool:
        return bool(self._differences[0] == self._differences[-1])

    @cached_property
    def p_value(self) -> float | None:
        """The p-value that inverts the percentile interval: twice the smaller share on either side of 0.

        It is ``2 (1 + b) / (1 + B)`` with the smaller number b of the B replicates up to 0 and from 0; of a
        bound it is ``(1 + b) / (1 + B)`` with the number b beyond 0, on the side that is open.
        """
        if self.obstacle is not None:
            return None
        below, above = (int(np.count_nonzero(s * self._differences <= 0.0)) for s in (1.0, -1.0))
        side = self.treatment.rules.options.side
        b = {"two": min(below, above), "lower": below, "upper": above}[side]
        return min((2.0 if side == "two" else 1.0) * (1 + b) / (1 + len(self._differences)), 1.0)

    def estimates(self) -> tuple[Estimate, Estimate]:
        """The difference and the relative difference, with percentile intervals."""
        value, reference = self.values
        error = None if self.obstacle else float(np.std(self._differences, ddof=1))
        notes = () if self.obstacle is None else (Note("no_standard_error", self.obstacle),)
        n = self.treatment.n + self.control.n
        relative = (value - reference) / abs(reference) if reference else None
        ratios = None
        if self.obstacle is None and np.all(np.sign(self._controls) == np.sign(reference)) and reference:
            ratios = np.sort(self._differences_in_order / np.abs(self._controls))
        return (
            Estimate(value - reference, error, (self._interval(self._differences),), n, notes),
            Estimate(relative, None, (self._interval(ratios),), n, notes),
        )

    @cached_property
    def _known(self) -> Bools:
        return ~np.isnan(self.treatment.replicates - self.control.replicates)

    @property
    def _controls(self) -> Floats:
        return self.control.replicates[self._known]

    @property
    def _differences_in_order(self) -> Floats:
        return (self.treatment.replicates - self.control.replicates)[self._known]

    def _interval(self, replicates: Floats | None) -> Interval:
        rules = self.treatment.rules
        level, side = rules.level, rules.options.side
        if self.obstacle is not None or replicates is None:
            reason = self.obstacle or "the control's quantile is not clearly off 0"
            return Interval("bootstrap", level, None, None, reason, side)
        outside = rules.alpha / 2.0
        low = float(np.quantile(replicates, outside, method="lower"))
        high = float(np.quantile(replicates, 1.0 - outside, method="higher"))
        return Interval.of("bootstrap", level, (low, high), side)


def quantile_contrasts(
    quantiles: Sequence[Quantile], cells: Sequence[Mapping[str, Cells]], control: str, rules: Rules
) -> list[tuple[Quantile, str, QuantileContrast]]:
    """Every quantile of every other arm against the control."""
    found = []
    for quantile, of_arms in zip(quantiles, cells, strict=True):
        arms = {arm: ArmQuantile(of, quantile.share, rules) for arm, of in of_arms.items()}
        found += [
            (quantile, arm, QuantileContrast(of, arms[control]))
            for arm, of in sorted(arms.items())
            if arm != control
        ]
    return found
