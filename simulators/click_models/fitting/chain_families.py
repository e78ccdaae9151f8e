"""Families of the models in which users examine the list from the top until they stop (see ``chains.py``)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator

import numpy as np

from rankeval.array_types import Floats
from rankeval.simulators.click_models import (
    ClickChain,
    ClickModel,
    DependentClick,
    DynamicBayesian,
    SimplifiedDynamicBayesian,
)
from rankeval.simulators.click_models.fitting.chains import (
    ChainCounts,
    Chains,
    Ways,
    count_chains,
    expected_chains,
)
from rankeval.simulators.click_models.fitting.family import Family
from rankeval.simulators.click_models.fitting.points import NONE, Expectation, Point, ratio
from rankeval.simulators.click_models.fitting.sessions import SessionLists


class _Chain(Family):
    """Users examine the items from the top of the list until they stop."""

    def evidence(self, lists: SessionLists, counts: Floats, threads: int | None, *, grouped: bool) -> Chains:
        return count_chains(lists, counts, threads, grouped=grouped)

    @abstractmethod
    def ways(self, point: Point) -> Ways:
        """The probabilities of clicks and of going on at ``point``."""

    @abstractmethod
    def moves(self, point: Point, known: Chains, found: ChainCounts) -> Iterator[tuple[Floats, Floats]]:
        """Yield three pairs of expected successes and trials.

        The first is of the shared parameters, the second of attractiveness, in addition to clicks and
        examinations, and the third of satisfaction.

        Args:
            point: the parameters.
            known: the observed counts.
            found: the expected counts at ``point``.
        """

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
        """``gamma``, the probability that a user who is not satisfied goes on."""
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
        """As in the base class.

        An item is relevant with probability ``a``. After a click the user goes on with probability ``tau3``
        if the item is relevant, and ``tau2`` if not.
        """
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
