"""A world of queries and users: everything that decides which clicks a log will hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from rankeval.simulators.click_models import ClickModel
from rankeval.simulators.list_policies import ListPolicy
from rankeval.simulators.queries import Queries

Design = Literal["full", "swap", "adjacent", "pair"]
DESIGNS: tuple[Design, ...] = get_args(Design)


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
    """

    click_model: ClickModel
    positions: int
    queries: Queries
    logging: ListPolicy
    candidates: Mapping[str, ListPolicy] = field(default_factory=dict)
    shuffle: Shuffle | None = None
