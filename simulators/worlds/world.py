"""A world of queries and users: everything that decides which clicks a log will hold."""

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
#: The name of the logging policy among the arms of a test.
LOGGING = "logging"


@dataclass(frozen=True)
class Shuffle:
    """A share of the sessions whose order chance decides, to learn position bias from.

    Attributes:
        design: ``full``: the top ``top`` in random order; ``swap``: of positions 1 and k, k drawn from 2 to
            ``top``, the items are exchanged with probability 1/2; ``adjacent``: the same of k and k + 1, k
            from 1 to ``top - 1``; ``pair``: those of one of all pairs, drawn uniformly, are exchanged.
        share: of sessions.
        top: N, number of positions that take part.
    """

    design: Design
    share: float
    top: int


@dataclass(frozen=True)
class Users:
    """``count`` users, each as likely to ask; every second one likes everything more than the others.

    The attractiveness of items is multiplied by ``1 - spread`` for users 0, 2, ... and by ``1 + spread`` for
    users 1, 3, ..., so that the clicks of a user's sessions hang together.
    """

    count: int
    spread: float = 0.0

    @property
    def levels(self) -> list[tuple[float, float]]:
        """Share of the users and their factor."""
        upper = (self.count // 2) / self.count
        return [(1.0 - upper, 1.0 - self.spread), (upper, 1.0 + self.spread)]

    def factors(self, users: Ints) -> Floats:
        """(n,) the factor of each user."""
        return np.where(users % 2 == 0, 1.0 - self.spread, 1.0 + self.spread)


@dataclass(frozen=True)
class Context:
    """A part of the sessions, such as those on phones, whose users click by a model of their own.

    ``weight``: share of the sessions.
    """

    name: str
    weight: float
    click_model: ClickModel


@dataclass(frozen=True)
class Days:
    """Sessions come in order over ``count`` days.

    Attributes:
        start: the first day.
        drift: d; the attractiveness of items is multiplied by a factor that goes from ``1 - d / 2`` on the
            first day to ``1 + d / 2`` on the last in equal steps; it is 1 where there is one day alone.
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
        """(count + 1,) day ``d`` has the sessions ``bounds[d]:bounds[d + 1]`` of the log."""
        return np.arange(self.count + 1, dtype=np.int64) * sessions // self.count


@dataclass(frozen=True, eq=False)
class World:
    """Queries, users and rankers.

    Attributes:
        click_model: how users go through lists.
        positions: K, length of lists; a query with fewer items has shorter ones.
        queries: what is asked for, and the items.
        logging: the policy that writes the log.
        candidates: name -> another policy whose truth is wanted.
        shuffle: the part of the traffic whose order is randomised.
        users: who asks; None: sessions have nothing in common.
        contexts: parts of the sessions with click models of their own; empty: all have ``click_model``.
        days: when sessions come; None: at no time.
        arms: share of users (of sessions where there are no users) that sees each policy, by ``logging``
            or the name of a candidate; empty: all see the logging policy.
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
        """Shares and worlds without users, contexts and days; ``sessions`` of this one are a mixture of them.

        Means over sessions of what depends on their clicks alone, and so their probabilities, are exactly
        those of these worlds weighted by the shares. Those probabilities are polynomials in the factor that
        users and days give the attractiveness: a quadrature rule takes the place of many factors.

        ``context``: only the sessions in it, whose shares sum to 1.
        """
        for weight, model in self.models(context):
            for share, factor in self._factors(sessions, degree(model, self.positions)):
                queries = replace(self.queries, attractiveness=self.queries.attractiveness * factor)
                plain = replace(
                    self, click_model=model, queries=queries, users=None, contexts=(), days=None, arms={}
                )
                yield weight * share, plain

    def models(self, context: str | None = None) -> list[tuple[float, ClickModel]]:
        """Share of the sessions, or of those in a context, and how their users click."""
        if context is not None:
            return [(1.0, one.click_model) for one in self.contexts if one.name == context]
        weighted = [(one.weight, one.click_model) for one in self.contexts if one.weight > 0.0]
        return weighted or [(1.0, self.click_model)]

    def attractiveness_factors(self, sessions: int) -> dict[float, float]:
        """What the attractiveness is multiplied by, by users and days -> share of ``sessions``."""
        levels = self.users.levels if self.users else [(1.0, 1.0)]
        shares: dict[float, float] = {}
        for (share, factor), (day, drift) in product(levels, self._days(sessions)):
            shares[factor * drift] = shares.get(factor * drift, 0.0) + share * day
        return {factor: share for factor, share in shares.items() if share > 0.0}

    def _factors(self, sessions: int, degree: int) -> list[tuple[float, float]]:
        """Shares and factors with the mean of every polynomial up to a degree."""
        factors, size = self.attractiveness_factors(sessions), degree // 2 + 1
        values, shares = np.array(list(factors)), np.array(list(factors.values()))
        if len(values) > 2 * size:
            values, shares = gauss_rule(values, shares / shares.sum(), size)
        return list(zip(shares.tolist(), values.tolist(), strict=True))

    def _days(self, sessions: int) -> list[tuple[float, float]]:
        """Share of the sessions and factor of each day."""
        if self.days is None:
            return [(1.0, 1.0)]
        shares = np.diff(self.days.bounds(sessions)) / sessions
        return list(zip(shares.tolist(), self.days.factors.tolist(), strict=True))


def degree(model: ClickModel, positions: int) -> int:
    """The degree in the attractiveness that probabilities of clicks on a list have."""
    twice = any(isinstance(part, ClickChain) for _, part in model.parts)
    return 2 * positions if twice else positions
