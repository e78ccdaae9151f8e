"""Families of the models in which a click depends only on the pair and the cell (see ``cells.py``)."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from rankeval.array_types import Floats
from rankeval.arrays import offsets_of
from rankeval.position_bias import Cells, Climb, starting_point
from rankeval.simulators.click_models import Cascade, ClickModel, PositionBased, TrustBias, UserBrowsing
from rankeval.simulators.click_models.fitting.cells import count_cells, expected_cells
from rankeval.simulators.click_models.fitting.family import Family
from rankeval.simulators.click_models.fitting.points import NONE, Expectation, Point, ratio
from rankeval.simulators.click_models.fitting.sessions import SessionLists
from rankeval.simulators.click_models.fitting.trust import TrustClimb
from rankeval.simulators.click_models.fitting.trust_scores import clustered_covariance

#: Click rates that differ by at most this count as equal.
LEAST_DIFFERENCE = 1e-9


class _OfCells(Family):
    """Each cell has one click probability for relevant items and one for items that are not relevant.

    ``by_last``: whether the cell depends on the last click above.
    """

    separable = True
    by_last: ClassVar[bool] = False

    @property
    def width(self) -> int:
        """Number of cells."""
        return self.positions * (self.positions + 1) // 2 if self.by_last else self.positions

    def evidence(self, lists: SessionLists, counts: Floats, threads: int | None, *, grouped: bool) -> Cells:
        return count_cells(lists, counts, self.by_last)


class _Examined(_OfCells):
    """Users click on every attractive item that they examine. ``shared``: (C,) examination probabilities.

    Only the products of examination and attractiveness are identified. The largest examination probability is
    therefore set to 1, and standard errors are relative to the first cell.
    """

    @property
    def start(self) -> Floats:
        return np.full(self.width, 0.5)

    @property
    def fixed(self) -> dict[int, str]:
        return {0: "held fixed: only ratios of examination are identified"}

    def starts(self, evidence: Cells, point: Point) -> list[Point]:
        """The maximum of the likelihood, which EM does not leave; ``point`` if there are no clicks.

        The likelihood is concave in the logarithms of the parameters, so :class:`Climb` finds its maximum.
        From another point EM would be slow, because the scale of examination hardly changes the likelihood.
        """
        used = evidence.informative()
        clicked = used.by_place(used.clicks) > 0.0
        if not clicked.any():
            return [point]
        climb = Climb(used, clicked)
        phi, _ = climb.to_the_top(starting_point(used, clicked))
        shared = np.where(clicked, np.exp(phi), 0.0)
        return [Point(shared, np.where(used.of_pair > 0.0, climb.at(phi)[1], 0.0), NONE)]

    def expectation(self, point: Point, evidence: Cells) -> Expectation:
        found = expected_cells(evidence, point.attractiveness, point.shared, np.zeros(self.width))
        return Expectation(
            Point(found.clicked_relevant, found.relevant, NONE),
            Point(found.of_relevant, found.shown, NONE),
            found.log_likelihood,
        )


class PositionBasedFamily(_Examined):
    name = "pbm"

    def model(self, shared: Floats) -> ClickModel:
        return PositionBased(tuple(shared.tolist()))


class UserBrowsingFamily(_Examined):
    name = "ubm"
    by_last = True

    def model(self, shared: Floats) -> ClickModel:
        ends = np.cumsum(np.arange(self.positions + 1))
        rows = (shared[ends[k] : ends[k + 1]].tolist() for k in range(self.positions))
        return UserBrowsing(tuple(tuple(row) for row in rows))


class TrustBiasFamily(_OfCells):
    """``shared``: (2 K,) click rates of relevant items by position, then of items that are not relevant.

    Relevance is identified only up to shift and scale. Standard errors are computed with both click rates at
    position 1 held fixed, which fixes the two ends of the scale.
    """

    name = "pbm_trust"

    @property
    def fixed(self) -> dict[int, str]:
        return dict.fromkeys((0, self.positions), "held fixed: relevance has no scale of its own")

    @property
    def start(self) -> Floats:
        return np.concatenate([np.full(self.width, 0.6), np.full(self.width, 0.2)])

    def starts(self, evidence: Cells, point: Point) -> list[Point]:
        """``point``, and the point that :class:`TrustClimb` reaches from it.

        EM alone would be slow, because the scale of relevance is not identified.
        """
        shared, relevance = TrustClimb(evidence).to_the_top(point.shared)
        return [point, Point(shared, relevance, NONE)]

    def expectation(self, point: Point, evidence: Cells) -> Expectation:
        relevant, others = np.split(point.shared, 2)
        found = expected_cells(evidence, point.attractiveness, relevant, others)
        return Expectation(
            Point(np.concatenate([found.clicked_relevant, found.clicked_others]), found.relevant, NONE),
            Point(np.concatenate([found.of_relevant, found.others]), found.shown, NONE),
            found.log_likelihood,
        )

    def model(self, shared: Floats) -> ClickModel:
        relevant, others = np.split(shared, 2)
        examination = np.maximum(relevant, others)
        parts = examination, ratio(relevant, examination), ratio(others, examination)
        return TrustBias(*(tuple(part.tolist()) for part in parts))

    def clustered(self, covariance: Floats, point: Point, lists: SessionLists) -> Floats:
        cells = count_cells(lists, lists.counts, by_last=False)
        return clustered_covariance(covariance, point.shared, point.attractiveness, cells, lists)

    def tells(self, shared: Floats) -> bool:
        """Whether the click rate at position 1 depends on relevance."""
        return bool(abs(shared[0] - shared[self.positions]) > LEAST_DIFFERENCE)

    def slopes(self, shared: Floats) -> tuple[Floats, Floats, Floats]:
        """``alpha`` (K,), ``beta`` (K,) and the (2 K, 2 K) derivatives of alpha, then beta, by ``shared``.

        Relevance is the click rate at position 1: ``P(click at k) = alpha_k P(click at 1) + beta_k``. This
        holds for every scale of relevance.
        """
        relevant, others = np.split(shared, 2)
        size, unit = self.positions, float(relevant[0] - others[0])
        alpha = (relevant - others) / unit
        of_alpha = np.hstack([np.eye(size), -np.eye(size)]) / unit
        of_beta = np.hstack([np.zeros((size, size)), np.eye(size)]) - others[0] * of_alpha
        return alpha, others - alpha * others[0], np.vstack([of_alpha, of_beta])


class CascadeFamily(Family):
    """The cascade model, in closed form: attractiveness is clicks / examinations.

    Only the items of each list down to its first click count.
    """

    name = "cascade"
    separable = True

    @property
    def start(self) -> Floats:
        return NONE

    def evidence(self, lists: SessionLists, counts: Floats, threads: int | None, *, grouped: bool) -> Cells:
        return first_clicks(lists, counts)

    def expectation(self, point: Point, evidence: Cells) -> Expectation:
        found = expected_cells(evidence, point.attractiveness, np.ones(1), np.zeros(1))
        return Expectation(
            Point(NONE, found.relevant, NONE), Point(NONE, found.shown, NONE), found.log_likelihood
        )

    def model(self, shared: Floats) -> ClickModel:
        return Cascade()

    def impossible(self, lists: SessionLists) -> float:
        clicked = np.add.reduceat(lists.words & 1, lists.offsets[:-1])
        return float(lists.counts[clicked > 1].sum())


def first_clicks(lists: SessionLists, counts: Floats) -> Cells:
    """Examinations and clicks of each pair, if users stop at the first click."""
    found = count_cells(lists, counts, by_last=True)
    chosen = np.isin(found.places, np.cumsum(np.arange(lists.positions)))
    pairs, shown, clicked = found.pair[chosen], found.impressions[chosen], found.clicks[chosen]
    offsets = offsets_of(np.bincount(pairs, minlength=lists.pairs))
    return Cells(offsets, np.zeros(len(pairs), np.int64), shown, clicked, 1)
