"""A world: queries, users, rankers and everything else that determines the clicks of a log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import product
from typing import Literal, get_args

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.simulators.click_models import ClickChain, ClickModel
from rankeval.simulators.list_policies import ListPolicy, Queries
from rankeval.simulators.worlds.gauss import gauss_rule

Design = Literal["full", "swap", "adjacent", "pair"]
DESIGNS: tuple[Design, ...] = get_args(Design)
#: Name of the logging policy among the arms of an A/B test.
LOGGING = "logging"


@dataclass(frozen=True)
class Shuffle:
    """A shuffle experiment: a share of the sessions shows items in random order, to estimate position bias.

    Attributes:
        design: ``full``: the first ``top`` items are in random order. ``swap``: k is drawn from 2 to
            ``top``, and the items at positions 1 and k are exchanged with probability 1/2. ``adjacent``: k
            is drawn from 1 to ``top - 1``, and the items at positions k and k + 1 are exchanged with
            probability 1/2. ``pair``: one pair of positions is drawn uniformly from all pairs, and its
            items are exchanged.
        share: share of the sessions that take part.
        top: N, number of positions that take part.
    """

    design: Design
    share: float
    top: int


@dataclass(frozen=True)
class Users:
    """``count`` users, each equally likely in a session. Items attract every second user more.

    The attractiveness of items is multiplied by ``1 - spread`` for users 0, 2, ... and by ``1 + spread`` for
    users 1, 3, .... So the clicks in the sessions of one user depend on one another.
    """

    count: int
    spread: float = 0.0

    @property
    def levels(self) -> list[tuple[float, float]]:
        """Pairs of a share of the users and the factor of these users."""
        upper = (self.count // 2) / self.count
        return [(1.0 - upper, 1.0 - self.spread), (upper, 1.0 + self.spread)]

    def factors(self, users: Ints) -> Floats:
        """(n,) the factor of the attractiveness for each user."""
        return np.where(users % 2 == 0, 1.0 - self.spread, 1.0 + self.spread)


@dataclass(frozen=True)
class Context:
    """A part of the sessions with its own click model, for example the sessions on phones.

    Attributes:
        name: name of the context.
        weight: share of the sessions.
        click_model: how users click in this context.
    """

    name: str
    weight: float
    click_model: ClickModel


@dataclass(frozen=True)
class Days:
    """The days of a log. Sessions are spread over them in order.

    Attributes:
        start: the first day.
        count: number of days.
        drift: d. The attractiveness of items is multiplied by a factor that goes in equal steps from
            ``1 - d / 2`` on the first day to ``1 + d / 2`` on the last. With only one day it is 1.
    """

    start: date
    count: int
    drift: float = 0.0

    @property
    def factors(self) -> Floats:
        """(count,) the factor of each day."""
        if self.count == 1:
            return np.ones(1)
        return 1.0 + self.drift * (np.arange(self.count) / (self.count - 1) - 0.5)

    def bounds(self, sessions: int) -> Ints:
        """(count + 1,) int64: day ``d`` has the sessions ``bounds[d]:bounds[d + 1]`` of the log."""
        return np.arange(self.count + 1, dtype=np.int64) * sessions // self.count


@dataclass(frozen=True, eq=False)
class World:
    """Queries, users and rankers.

    Attributes:
        click_model: how users examine lists and click.
        positions: K, length of lists. A query with fewer than K items has shorter lists.
        queries: the queries and their items.
        logging: the logging policy.
        candidates: name -> another policy whose exact truth is computed.
        shuffle: the shuffle experiment; None: no session is shuffled.
        users: the users; None: sessions are independent.
        contexts: parts of the sessions with their own click models; empty: all have ``click_model``.
        days: the days of the log; None: sessions have no time.
        arms: ``logging`` or the name of a candidate -> share of the users (of the sessions, if there are no
            users) that this policy serves; empty: the logging policy serves all.
    """

    click_model: ClickModel
    positions: int
    queries: Queries
    logging: ListPolicy
    candidates: Mapping[str, ListPolicy] = field(default_factory=dict)
    shuffle: Shuffle | None = None
    users: Users | None = None
    contexts: tuple[Context, ...] = ()
    days: Days | None = None
    arms: Mapping[str, float] = field(default_factory=dict)

    def policy(self, name: str) -> ListPolicy:
        """The logging policy or the candidate of this name."""
        return self.logging if name == LOGGING else self.candidates[name]

    def plain_worlds(self, sessions: int, context: str | None = None) -> Iterator[tuple[float, World]]:
        """Pairs of a share and a world without users, contexts and days. This world is a mixture of them.

        The mean over sessions of any quantity that depends only on clicks is exactly the mean over these
        worlds, weighted by the shares. The same holds for the probabilities of clicks. These probabilities
        are polynomials in the factor by which users and days multiply the attractiveness. So a quadrature
        rule can replace a large number of factors.

        Args:
            sessions: number of sessions of the log, which are spread over the days.
            context: name of a context: only its sessions count, and their shares sum to 1. None: all count.
        """
        for weight, model in self.models(context):
            for share, factor in self._factors(sessions, degree(model, self.positions)):
                queries = replace(self.queries, attractiveness=self.queries.attractiveness * factor)
                plain = replace(
                    self, click_model=model, queries=queries, users=None, contexts=(), days=None, arms={}
                )
                yield weight * share, plain

    def models(self, context: str | None = None) -> list[tuple[float, ClickModel]]:
        """Pairs of a share and its click model, of all sessions or of the sessions in a context."""
        if context is not None:
            return [(1.0, one.click_model) for one in self.contexts if one.name == context]
        weighted = [(one.weight, one.click_model) for one in self.contexts if one.weight > 0.0]
        return weighted or [(1.0, self.click_model)]

    def attractiveness_factors(self, sessions: int) -> dict[float, float]:
        """Factor by which users and days multiply the attractiveness -> share of ``sessions``."""
        levels = self.users.levels if self.users else [(1.0, 1.0)]
        shares: dict[float, float] = {}
        for (share, factor), (day, drift) in product(levels, self._days(sessions)):
            shares[factor * drift] = shares.get(factor * drift, 0.0) + share * day
        return {factor: share for factor, share in shares.items() if share > 0.0}

    def _factors(self, sessions: int, degree: int) -> list[tuple[float, float]]:
        """Pairs of a share and a factor that give the exact mean of every polynomial up to ``degree``."""
        factors, size = self.attractiveness_factors(sessions), degree // 2 + 1
        values, shares = np.array(list(factors)), np.array(list(factors.values()))
        if len(values) > 2 * size:
            values, shares = gauss_rule(values, shares / shares.sum(), size)
        return list(zip(shares.tolist(), values.tolist(), strict=True))

    def _days(self, sessions: int) -> list[tuple[float, float]]:
        """A pair for each day: its share of the sessions and its factor."""
        if self.days is None:
            return [(1.0, 1.0)]
        shares = np.diff(self.days.bounds(sessions)) / sessions
        return list(zip(shares.tolist(), self.days.factors.tolist(), strict=True))


def degree(model: ClickModel, positions: int) -> int:
    """The degree of click probabilities of a list, as polynomials in the attractiveness."""
    twice = any(isinstance(part, ClickChain) for _, part in model.parts)
    return 2 * positions if twice else positions
