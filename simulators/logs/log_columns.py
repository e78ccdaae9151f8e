"""The columns of a simulated log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rankeval.array_types import Floats, Ints
from rankeval.simulators.list_policies import FixedOrder, ListPolicy, Lists
from rankeval.simulators.logs.log_tables import Column, Layout, id_column, strings, to_table
from rankeval.simulators.logs.session_blocks import Block
from rankeval.simulators.worlds import World

Numbers = NDArray[np.int32]

Propensities = Literal["all", "item", "none"]
PROPENSITIES: tuple[Propensities, ...] = get_args(Propensities)
#: Option ``propensities`` -> columns of a policy's probabilities in a log.
NAMES: dict[Propensities, tuple[str, ...]] = {
    "all": ("propensity", "propensity_prefix", "propensity_list", "exposure"),
    "item": ("propensity",),
    "none": (),
}
#: The column of these that has one value a session.
ONCE = "propensity_list"


@dataclass(frozen=True, eq=False)
class Shown:
    """A policy, and the expected examination of items under it.

    Attributes:
        policy: the policy; that of an arm is as users see it, under the shuffle.
        exposures: (C, items) expected examination of each item in each context; C is 1 without contexts.
            None where it cannot be computed, or where no column needs it.
    """

    policy: ListPolicy
    exposures: Floats | None

    def probabilities(self, world: World, names: tuple[str, ...]) -> Probabilities:
        """The probabilities of this policy for the columns ``names``."""
        return Probabilities(world, self, names)


class Probabilities:
    """The probabilities, under one policy, of the lists that sessions show.

    Args:
        world: the world of the sessions.
        shown: the policy.
        names: columns, one of the values of :data:`NAMES`.

    Attributes:
        unknown: columns that cannot be computed.
    """

    def __init__(self, world: World, shown: Shown, names: tuple[str, ...]) -> None:
        self._queries, self._shown, self.names = world.queries, shown, names
        self._items = shown.policy.item_probabilities() if "propensity" in names else None
        query, context = np.zeros(1, np.int64), np.zeros(1, np.int32)
        self.unknown = frozenset(
            name
            for name, values in self._of(query, shown.policy.lists(np.random.default_rng(0), query), context)
            if values is None
        )

    def of(self, queries: Ints, lists: Lists, contexts: Numbers) -> dict[str, Floats | None]:
        """Column -> (n, K) values by position, or (n,) values of lists; None where it cannot be computed."""
        return dict(self._of(queries, lists, contexts))

    def _of(self, queries: Ints, lists: Lists, contexts: Numbers) -> Iterator[tuple[str, Floats | None]]:
        policy, exposures = self._shown.policy, self._shown.exposures
        if not self.names:
            return
        flat = self._queries.flat(queries, lists)
        yield "propensity", None if self._items is None else self._items[flat, np.arange(lists.shape[1])]
        if "propensity_prefix" not in self.names:
            return
        prefixes = policy.prefix_probabilities(queries, lists)
        yield "propensity_prefix", prefixes
        yield (
            "propensity_list",
            policy.list_probabilities(queries, lists) if prefixes is None else prefixes[:, -1],
        )
        yield "exposure", None if exposures is None else exposures[contexts[:, np.newaxis], flat]


class LogColumns:
    """Turns blocks of sessions into tables.

    Args:
        world: the world of the sessions.
        arms: name of an arm -> its policy, in the order of the numbers of arms.
        candidates: name of a candidate -> its policy.
        propensities: which probabilities are written.
        layout: layout of the tables.
    """

    def __init__(
        self,
        world: World,
        arms: dict[str, Shown],
        candidates: dict[str, Shown],
        propensities: Propensities = "all",
        layout: Layout = "long",
    ) -> None:
        self.world, self.layout, names = world, layout, NAMES[propensities]
        self._arm_names = strings(list(arms))
        self._context_names = strings([context.name for context in world.contexts])
        self._arms = [shown.probabilities(world, names) for shown in arms.values()]
        self._targets = {
            _suffix(name, candidates): shown.probabilities(world, names) for name, shown in candidates.items()
        }
        self._scores = {
            _suffix(name, candidates): minus_ranks(shown.policy)
            for name, shown in candidates.items()
            if isinstance(shown.policy, FixedOrder)
        }
        self._query_ids = id_column(world.queries.ids)
        self._item_ids = id_column(world.queries.item_ids)
        self._names = names
        self._unknown = {name for probabilities in self._arms for name in probabilities.unknown}

    @property
    def unknown(self) -> list[str]:
        """Columns that are null because they cannot be computed."""
        of_targets = [
            f"target_{name}{suffix}"
            for suffix, probabilities in self._targets.items()
            for name in self._names
            if name in probabilities.unknown
        ]
        return [name for name in self._names if name in self._unknown] + of_targets

    def table(self, block: Block) -> pa.Table:
        """The sessions of a block as a table."""
        columns = {
            **{name: replace(column, once=True) for name, column in self._of_sessions(block)},
            **dict(self._of_items(block)),
            **{
                name: Column(values, pa.float64(), once=ONCE in name)
                for name, values in self._probabilities(block)
            },
        }
        return to_table(columns, block.lists >= 0, self.layout)

    def _of_sessions(self, block: Block) -> Iterator[tuple[str, Column]]:
        kind, names, ids = self._query_ids
        yield "session_id", Column(block.sessions, pa.int64())
        yield "query_id", Column(ids[block.queries], kind, names)
        if block.users is not None:
            yield "user_id", Column(block.users.astype(np.int32), pa.int32())
        if block.contexts is not None:
            yield "context", Column(block.contexts, pa.string(), self._context_names)
        if self.world.arms:
            yield "arm", Column(block.arms, pa.string(), self._arm_names)
        if block.times is not None:
            yield "timestamp", Column(block.times, pa.timestamp("ms"))
        if block.rankers is not None:
            yield "ranker", Column(block.rankers, pa.int16(), null=block.rankers < 0)
        if block.shuffled is not None:
            yield "shuffled", Column(block.shuffled, pa.bool_())
        if block.swap is not None:
            low, high = block.swap
            yield "swap_low", Column(low, pa.int16(), null=low == 0)
            yield "swap_high", Column(high, pa.int16(), null=high == 0)

    def _of_items(self, block: Block) -> Iterator[tuple[str, Column]]:
        kind, names, ids = self._item_ids
        flat = self.world.queries.flat(block.queries, block.lists)
        places = np.arange(1, block.lists.shape[1] + 1, dtype=np.int16)
        yield "position", Column(np.broadcast_to(places, block.lists.shape), pa.int16())
        yield "item_id", Column(ids[flat], kind, names)
        yield "click", Column(block.clicks, pa.int8())
        for suffix, scores in self._scores.items():
            yield f"score{suffix}", Column(scores[flat], pa.int32())

    def _probabilities(self, block: Block) -> Iterator[tuple[str, Floats | None]]:
        """Pairs of a column and its values: first under each session's arm, then under each candidate."""
        contexts = np.zeros(len(block), np.int32) if block.contexts is None else block.contexts
        yield from self._of_arms(block, contexts).items()
        for suffix, probabilities in self._targets.items():
            found = probabilities.of(block.queries, block.lists, contexts)
            yield from ((f"target_{name}{suffix}", values) for name, values in found.items())

    def _of_arms(self, block: Block, contexts: Numbers) -> dict[str, Floats | None]:
        if len(self._arms) == 1:
            return self._arms[0].of(block.queries, block.lists, contexts)
        values: dict[str, Floats | None] = {}
        for number, probabilities in enumerate(self._arms):
            rows = np.flatnonzero(block.arms == number)
            for name, found in probabilities.of(
                block.queries[rows], block.lists[rows], contexts[rows]
            ).items():
                if name in self._unknown or found is None:
                    values[name] = None
                else:
                    own = values.setdefault(name, np.empty((len(block), *found.shape[1:])))
                    assert own is not None
                    own[rows] = found
        return values


def _suffix(name: str, candidates: dict[str, Shown]) -> str:
    """The suffix of a candidate's columns. An only candidate has none: estimators read these by default."""
    return "" if len(candidates) == 1 else f"_{name}"


def minus_ranks(policy: FixedOrder) -> NDArray[np.int32]:
    """(items,) int32 minus the rank, from 1, of each item among all items of its query.

    As scores, these numbers give the order of the ranker. Unlike its scores, they have no ties.
    """
    sizes = np.diff(policy.offsets)
    query = np.repeat(np.arange(len(sizes)), sizes)
    order = np.lexsort((-policy.scores, query))
    ranks = np.empty(len(order), np.int32)
    ranks[order] = policy.offsets[query] - np.arange(len(order)) - 1
    return ranks
