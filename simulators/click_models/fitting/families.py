"""How each click model is fitted: its shared parameters, and what is expected of them given the clicks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from rankeval.simulators.click_models.base import ClickModel
from rankeval.simulators.click_models.fitting.cells import Cells, count_cells, expected_cells
from rankeval.simulators.click_models.fitting.chains import (
    ChainCounts,
    Chains,
    Ways,
    count_chains,
    expected_chains,
)
from rankeval.simulators.click_models.fitting.points import NONE, Expectation, Floats, Point, ratio
from rankeval.simulators.click_models.fitting.sessions import SessionLists
from rankeval.simulators.click_models.models import (
    Cascade,
    ClickChain,
    DependentClick,
    DynamicBayesian,
    PositionBased,
    SimplifiedDynamicBayesian,
    TrustBias,
    UserBrowsing,
)


class Family(ABC):
    """A click model whose parameters are to be found, for lists of up to ``positions`` positions."""

    name: ClassVar[str]
    uses_satisfaction: ClassVar[bool] = False
    #: Whether, shared parameters being given, the clicks on one pair say nothing of another.
    separable: ClassVar[bool] = False

    def __init__(self, positions: int) -> None:
        self.positions = positions

    @property
    @abstractmethod
    def start(self) -> Floats:
        """(G,) shared parameters to start from."""

    @property
    def fixed(self) -> dict[int, str]:
        """Shared parameters that are held where they are while errors are computed, and why."""
        return {}

    @abstractmethod
    def evidence(self, lists: SessionLists, counts: Floats, threads: int | None, *, grouped: bool) -> Any:
        """What the clicks say, counted once for all iterations; ``counts``: (n,) of each session."""

    @abstractmethod
    def expectation(self, point: Point, evidence: Any) -> Expectation:
        """Expected successes and trials of all parameters, and the log-likelihood, at a point."""

    @abstractmethod
    def model(self, shared: Floats) -> ClickModel:
        """The click model of these shared parameters."""

    def scaled(self, point: Point) -> Point:
        """The same model under its normalisation."""
        return point

    def impossible(self, lists: SessionLists) -> float:
        """How many sessions the model gives no chance, whatever its parameters."""
        return 0.0


class _OfCells(Family):
    """Users click on relevant items with a probability for each cell, on others with another."""

    separable = True
    by_last: ClassVar[bool] = False

    @property
    def width(self) -> int:
        """Number of cells."""
        return self.positions * (self.positions + 1) // 2 if self.by_last else self.positions

    def evidence(self, lists: SessionLists, counts: Floats, threads: int | None, *, grouped: bool) -> Cells:
        return count_cells(lists, counts, self.by_last)


class _Examined(_OfCells):
    """Users click on all attractive items that they examine; the largest examination is 1.

    Only the products with attractiveness are identified, so errors are those relative to the first cell.
    """

    @property
    def start(self) -> Floats:
        # Not 1, at which a cell stays: whoever does not click then is known not to be attracted.
        return np.full(self.width, 0.5)

    @property
    def fixed(self) -> dict[int, str]:
        return {0: "held fixed: only ratios of examination are identified"}

    def scaled(self, point: Point) -> Point:
        largest = float(point.shared.max())
        # Exactly 1 where it is the largest, and no attractiveness above 1.
        return Point(point.shared / largest, np.minimum(point.attractiveness * largest, 1.0), NONE)

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
    """``shared``: click rates by position of relevant items, then of others.

    Relevance is identified up to shift and scale only: errors are those where its ends are held by the click
    rates at position 1.
    """

    name = "pbm_trust"

    @property
    def fixed(self) -> dict[int, str]:
        return dict.fromkeys((0, self.positions), "held fixed: relevance has no scale of its own")

    @property
    def start(self) -> Floats:
        return np.concatenate([np.full(self.width, 0.6), np.full(self.width, 0.2)])

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
        eps_minus = np.minimum(ratio(others, relevant), 1.0)
        return TrustBias(tuple(relevant.tolist()), (1.0,) * self.positions, tuple(eps_minus.tolist()))

    def slopes(self, shared: Floats) -> tuple[Floats, Floats, Floats]:
        """``alpha``, ``beta`` (K,) and their derivatives (2 K, 2 K) where relevance is the click rate at 1.

        ``P(click at k) = alpha_k P(click at 1) + beta_k``, whatever the scale of relevance.
        """
        relevant, others = np.split(shared, 2)
        size, unit = self.positions, float(relevant[0] - others[0])
        alpha = (relevant - others) / unit
        of_alpha = np.hstack([np.eye(size), -np.eye(size)]) / unit
        of_beta = np.hstack([np.zeros((size, size)), np.eye(size)]) - others[0] * of_alpha
        return alpha, others - alpha * others[0], np.vstack([of_alpha, of_beta])


class _Chain(Family):
    """Users go down the list until they stop."""

    def evidence(self, lists: SessionLists, counts: Floats, threads: int | None, *, grouped: bool) -> Chains:
        return count_chains(lists, counts, threads, grouped=grouped)

    @abstractmethod
    def ways(self, point: Point) -> Ways:
        """How users go down."""

    @abstractmethod
    def moves(self, point: Point, known: Chains, found: ChainCounts) -> Iterator[tuple[Floats, Floats]]:
        """Successes and trials of the shared parameters, of attractiveness beyond clicks, of satisfaction."""

    def expectation(self, point: Point, evidence: Chains) -> Expectation:
        found = expected_chains(evidence, self.ways(point))
        shared, more, satisfied = self.moves(point, evidence, found)
        return Expectation(
            Point(shared[0], evidence.clicks + more[0], satisfied[0]),
            Point(shared[1], found.examined + more[1], satisfied[1]),
            found.log_likelihood,
        )


_NOTHING = (NONE, NONE)
_NO_MORE = (np.zeros(1), np.zeros(1))


class DependentClickFamily(_Chain):
    name = "dcm"

    @property
    def start(self) -> Floats:
        return np.full(self.positions - 1, 0.5)

    def ways(self, point: Point) -> Ways:
        sure = np.ones(len(point.attractiveness))
        return Ways(point.attractiveness, 1.0, sure, np.append(point.shared, 0.0))

    def moves(self, point: Point, known: Chains, found: ChainCounts) -> Iterator[tuple[Floats, Floats]]:
        yield found.went_on_at[:-1], (known.went_on_at + known.open_at)[:-1]
        yield _NO_MORE
        yield _NOTHING

    def model(self, shared: Floats) -> ClickModel:
        return DependentClick((*shared.tolist(), 0.0))


class DynamicBayesianFamily(_Chain):
    name = "dbn"
    uses_satisfaction = True

    @property
    def start(self) -> Floats:
        return np.array([0.7])

    def going(self, point: Point) -> float:
        """``gamma``."""
        return float(point.shared[0])

    def ways(self, point: Point) -> Ways:
        after_click = self.going(point) * (1.0 - point.satisfaction)
        return Ways(point.attractiveness, self.going(point), after_click, np.ones(self.positions))

    def moves(self, point: Point, known: Chains, found: ChainCounts) -> Iterator[tuple[Floats, Floats]]:
        trials = known.went_on + known.open
        stopped = trials - found.went_on
        satisfied = stopped * ratio(point.satisfaction, 1.0 - self.ways(point).after_click)
        on = found.went_on_after + found.went_on.sum()
        could = found.skipped + (trials - satisfied).sum()
        yield np.array([on]), np.array([could])
        yield _NO_MORE
        yield satisfied, trials

    def model(self, shared: Floats) -> ClickModel:
        return DynamicBayesian(shared.item())


class SimplifiedFamily(DynamicBayesianFamily):
    name = "sdbn"

    @property
    def start(self) -> Floats:
        return NONE

    def going(self, point: Point) -> float:
        return 1.0

    def moves(self, point: Point, known: Chains, found: ChainCounts) -> Iterator[tuple[Floats, Floats]]:
        _, more, satisfied = super().moves(point, known, found)
        yield _NOTHING
        yield more
        yield satisfied

    def model(self, shared: Floats) -> ClickModel:
        return SimplifiedDynamicBayesian()


class ClickChainFamily(_Chain):
    name = "ccm"

    @property
    def start(self) -> Floats:
        return np.array([0.7, 0.6, 0.4])

    def ways(self, point: Point) -> Ways:
        tau1, tau2, tau3 = point.shared.tolist()
        a = point.attractiveness
        return Ways(a, tau1, tau2 * (1.0 - a) + tau3 * a, np.ones(self.positions))

    def moves(self, point: Point, known: Chains, found: ChainCounts) -> Iterator[tuple[Floats, Floats]]:
        """After a click users go on with tau3 if the item is relevant, which it is with ``a``, else tau2."""
        tau3, after_click = point.shared[2], self.ways(point).after_click
        trials = known.went_on + known.open
        relevant_on = found.went_on * ratio(point.attractiveness * tau3, after_click)
        stopped = ratio(point.attractiveness * (1.0 - tau3), 1.0 - after_click)
        relevant = relevant_on + (trials - found.went_on) * stopped
        on = [found.went_on_after, (found.went_on - relevant_on).sum(), relevant_on.sum()]
        yield np.array(on), np.array([found.skipped, (trials - relevant).sum(), relevant.sum()])
        yield relevant, trials
        yield _NOTHING

    def model(self, shared: Floats) -> ClickModel:
        return ClickChain(*shared.tolist())


class CascadeFamily(Family):
    """Closed form: clicks over examinations, of the lists down to their first click."""

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
    """Examinations and clicks of each pair where users stop at the first click."""
    found = count_cells(lists, counts, by_last=True)
    ends = np.cumsum(np.arange(lists.positions + 1))
    chosen = np.isin(found.cells, ends[:-1])
    return Cells(
        found.pairs[chosen],
        np.zeros(np.count_nonzero(chosen), np.int32),
        found.impressions[chosen],
        found.clicks[chosen],
        found.total,
    )
