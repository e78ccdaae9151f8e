"""Fit one click model to sessions: the catalogue of families, starts, EM, and standard errors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from rankeval.array_types import Bools, Floats, Ints
from rankeval.arrays import kernel
from rankeval.errors import UsageError
from rankeval.options import shown as in_message
from rankeval.simulators.click_models import ClickModel
from rankeval.simulators.click_models.fitting.cell_families import (
    CascadeFamily,
    PositionBasedFamily,
    TrustBiasFamily,
    UserBrowsingFamily,
)
from rankeval.simulators.click_models.fitting.chain_families import (
    ClickChainFamily,
    DependentClickFamily,
    DynamicBayesianFamily,
    SimplifiedFamily,
)
from rankeval.simulators.click_models.fitting.em import Ascent, Maximum
from rankeval.simulators.click_models.fitting.family import Family
from rankeval.simulators.click_models.fitting.information import Errors, Information
from rankeval.simulators.click_models.fitting.mixtures import MixtureFamily
from rankeval.simulators.click_models.fitting.points import NONE, Expectation, Point
from rankeval.simulators.click_models.fitting.sessions import SessionLists, Words

#: Name of a click model -> its family.
FAMILIES: dict[str, type[Family]] = {
    family.name: family
    for family in (
        PositionBasedFamily,
        TrustBiasFamily,
        CascadeFamily,
        DependentClickFamily,
        DynamicBayesianFamily,
        SimplifiedFamily,
        ClickChainFamily,
        UserBrowsingFamily,
    )
}


def parse_family(name: str, positions: int) -> Family:
    """The family of a click model such as ``dbn`` or ``mixture:pbm+dbn``, for lists of up to ``positions``.

    Raises:
        UsageError: no such model, or a mixture of fewer than two models.
    """
    kind, colon, parts = name.partition(":")
    if kind == "mixture" and colon:
        names = [part.strip() for part in parts.split("+")]
        if len(names) < 2:
            raise UsageError(f"click_model: found {in_message(name)}, wanted several, as in mixture:pbm+dbn")
        return MixtureFamily(positions, [parse_family(part, positions) for part in names])
    if name not in FAMILIES:
        raise UsageError(
            f"click_model: found {in_message(name)}, wanted {', '.join(FAMILIES)}, or mixture:NAME+NAME"
        )
    return FAMILIES[name](positions)


@dataclass(frozen=True)
class Options:
    """Options of a fit.

    Attributes:
        tolerance, max_iterations: as in :class:`~rankeval.simulators.click_models.fitting.em.Ascent`.
        smoothing: number of pseudo-successes, and of pseudo-failures, added for the attractiveness and for
            the satisfaction of each pair.
        seed: of the restarts.
        restarts: number of additional starts of mixtures, from random parameters.
        threads: number of threads; the results do not depend on it.
    """

    tolerance: float = 1e-6
    max_iterations: int = 10_000
    smoothing: float = 0.0
    seed: int = 0
    restarts: int = 3
    threads: int | None = None


class PairCounts(NamedTuple):
    """The impressions, (P,), and clicks, (P,), of each pair."""

    impressions: Floats
    clicks: Floats


@dataclass(frozen=True, eq=False)
class Fitted:
    """A click model at the maximum of its likelihood.

    Attributes:
        family: the family of the model.
        point: its parameters. A parameter on which the sessions have no data has a substitute value: for a
            pair the mean over the other pairs, for a shared parameter the nearest earlier one with data.
        maximum: the result of EM.
        errors: covariance of the shared parameters.
        impossible: number of sessions with probability 0 for all values of the parameters.
    """

    family: Family
    point: Point
    maximum: Maximum
    errors: Errors
    impossible: float = field(default=0.0)

    @property
    def model(self) -> ClickModel:
        """The click model with the fitted shared parameters."""
        return self.family.model(self.point.shared)

    @property
    def known(self) -> tuple[Bools, Bools]:
        """Whether sessions have data on the attractiveness, (P,), and the satisfaction, (P,), of each pair.

        The second array is (0,) for models without satisfaction.
        """
        trials = self.maximum.expectation.trials
        return trials.attractiveness > 0.0, trials.satisfaction > 0.0


def fitted(family: Family, lists: SessionLists, options: Options, counts: PairCounts) -> Fitted:
    """Fit a click model to sessions.

    Args:
        family: the family of the model.
        lists: the sessions.
        options: the options of the fit.
        counts: the impressions and clicks of the pairs in ``lists``.
    """
    evidence = family.evidence(lists, lists.counts, options.threads, grouped=True)
    shared, pairs = len(family.start), lists.pairs
    attractiveness = (counts.clicks + 1.0) / (counts.impressions + 2.0)
    satisfaction = np.full(pairs, 0.5) if family.uses_satisfaction else NONE
    pseudo = np.zeros(shared + pairs + len(satisfaction))
    pseudo[shared:] = options.smoothing

    def expect(values: Floats) -> Expectation:
        return family.expectation(Point.of(values, shared, pairs), evidence)

    def maximum(start: Point) -> Maximum:
        ascent = Ascent(expect, shared, pseudo, options.tolerance, options.max_iterations)
        return ascent.from_(start.flat)

    starts = [
        start
        for values in _starts(family, options)
        for start in family.starts(evidence, Point(values, attractiveness, satisfaction))
    ]
    best = max(map(maximum, starts), key=lambda found: found.objective)
    information = Information(expect, best, pseudo, separable=family.separable)
    errors = information.errors(shared, family.fixed)
    found = Point.of(best.values, shared, pairs)
    wider = family.clustered(errors.covariance, found, lists) if len(lists.clusters) else None
    if wider is not None:
        errors = errors._replace(covariance=wider)
    point = _filled(found, best.expectation)
    return Fitted(family, point, best, errors, family.impossible(lists))


def _starts(family: Family, options: Options) -> list[Floats]:
    if not isinstance(family, MixtureFamily):
        return [family.start]
    streams = [np.random.default_rng([options.seed, restart]) for restart in range(options.restarts)]
    return [family.start, *(family.restart(rng) for rng in streams)]


def _filled(point: Point, found: Expectation) -> Point:
    """The parameters, with the substitute values of :class:`Fitted` for parameters without trials."""
    tried = found.trials.shared > 0.0
    before = np.maximum.accumulate(np.where(tried, np.arange(len(tried)), -1))
    shared = np.where(before >= 0, point.shared[before], point.shared) if len(tried) else point.shared
    return Point(
        shared,
        _mean_filled(point.attractiveness, found.successes.attractiveness, found.trials.attractiveness),
        _mean_filled(point.satisfaction, found.successes.satisfaction, found.trials.satisfaction),
    )


def _mean_filled(values: Floats, successes: Floats, trials: Floats) -> Floats:
    total = float(trials.sum())
    mean = float(successes.sum()) / total if total > 0.0 else 0.5
    return np.where(trials > 0.0, values, mean)


def count_pairs(lists: SessionLists) -> PairCounts:
    """Count the impressions and clicks of each pair."""
    counts = np.zeros((2, lists.pairs))
    _count(lists.offsets, lists.words, lists.counts, counts)
    return PairCounts(*counts)


@kernel
def _count(offsets: Ints, words: Words, counts: Floats, found: Floats) -> None:
    for row in range(offsets.size - 1):
        for i in range(offsets[row], offsets[row + 1]):
            found[0, words[i] >> 1] += counts[row]
            found[1, words[i] >> 1] += counts[row] * (words[i] & 1)
