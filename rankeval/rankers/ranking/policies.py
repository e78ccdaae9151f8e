"""Policies that draw a ranking of each query from its scores, with exact probabilities."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rankeval.array_types import Bools, Floats, Hashes, Ints
from rankeval.arrays import hashes_of, mix64, to_arrow, to_numpy
from rankeval.errors import DataError, UsageError
from rankeval.logs import run_starts
from rankeval.options import shown
from rankeval.simulators.list_policies import (
    FixedOrder,
    ListPolicy,
    Lists,
    PlackettLuce,
    PolicyMixture,
    Uniform,
)

#: Name -> its parameter and the value that is wanted.
POLICIES: dict[str, tuple[str, str] | None] = {
    "greedy": None,
    "epsilon": ("epsilon", "a probability in [0, 1]"),
    "plackett_luce": ("temperature", "a number above 0"),
}
#: Positions of a drawn ranking, unless asked otherwise, and at most.
TOP, MOST_POSITIONS = 10, 1000


@dataclass(frozen=True)
class Policy:
    """A policy over rankings of the first ``top`` positions.

    - ``greedy``: descending score; items of equal score in descending order of their ids.
    - ``epsilon``: that ranking with probability 1 - epsilon, else a uniformly random one.
    - ``plackett_luce``: items are drawn one after the other, with P proportional to exp(score / temperature).

    Attributes:
        name: one of the names above.
        parameter: epsilon or the temperature; 0 for ``greedy``.
        top: number of positions.
        seed: seed of the draws. The draw of an item depends on the seed and on the ids of the query (or
            session) and the item, not on the place of the row.
    """

    name: str
    parameter: float
    top: int
    seed: int

    def columns(self, rows: pa.RecordBatch, group: str) -> Mapping[str, pa.Array]:
        """The columns ``position, propensity, propensity_prefix, propensity_list`` of whole groups.

        Beyond the last position all but ``propensity_list`` are null.

        Args:
            rows: whole groups of rows with ``item_id`` and a finite ``score``.
            group: the column whose runs of equal ids are the groups.

        Raises:
            DataError: an item stands twice in a group; a score divided by the temperature is not finite.
        """
        starts = run_starts(rows.column(group))
        offsets = np.append(starts, rows.num_rows).astype(np.int64)
        owner = np.repeat(np.arange(len(starts)), np.diff(offsets))
        items = hashes_of(rows.column("item_id"))
        _require_distinct(rows, group, owner, items)
        scores = to_numpy(rows.column("score"))
        positions = min(self.top, int(np.diff(offsets).max()))
        groups = hashes_of(rows.column(group))[starts]
        policy = self._policy(offsets, positions, scores, _tie_ranks(rows.column("item_id")))
        lists = self._draw(policy, groups, mix64(items ^ mix64(groups)[owner], self.seed))
        return _described(policy, offsets, owner, lists)

    def _policy(self, offsets: Ints, positions: int, scores: Floats, ties: Ints) -> ListPolicy:
        if self.name == "plackett_luce":
            with np.errstate(over="ignore"):
                finite = bool(np.isfinite(scores / self.parameter).all())
            if not finite:
                raise DataError(
                    f"policy: found the temperature {self.parameter:g} and the score "
                    f"{float(np.abs(scores).max()):g}, wanted a quotient that is finite"
                )
            return PlackettLuce(offsets, positions, scores, self.parameter)
        greedy = FixedOrder(offsets, positions, scores, ties)
        if self.name == "greedy":
            return greedy
        uniform = Uniform(offsets, positions)
        shares = (1.0 - self.parameter, self.parameter)
        return PolicyMixture(offsets, positions, (greedy, uniform), shares)

    def _draw(self, policy: ListPolicy, groups: Hashes, keys: Hashes) -> Lists:
        """(groups, K) the list of each group. Scores plus Gumbel noise have the law of Plackett-Luce."""
        if isinstance(policy, FixedOrder):
            return policy.best
        noise = -np.log(-np.log(_uniform(keys)))
        if isinstance(policy, PlackettLuce):
            return FixedOrder(policy.offsets, policy.positions, policy.utilities + noise).best
        assert isinstance(policy, PolicyMixture)
        greedy = policy.policies[0]
        assert isinstance(greedy, FixedOrder)
        random = FixedOrder(policy.offsets, policy.positions, noise).best
        explores = _uniform(mix64(groups, self.seed)) < self.parameter
        return np.where(explores[:, np.newaxis], random, greedy.best)


def parse_policy(text: str | None, top: int | None, seed: int) -> Policy | None:
    """The policy of a text ``NAME[:PARAMETER=VALUE]``; None if there is no text.

    Raises:
        UsageError: no such policy; a parameter that is missing, unknown or out of range; ``top`` out of
            range, or without a policy.
    """
    if text is None:
        if top is not None:
            raise UsageError(f"top: found {top} without a policy, wanted --policy too")
        return None
    name, colon, rest = text.strip().partition(":")
    if name not in POLICIES:
        raise UsageError(f"policy: found {name!r}, wanted one of {', '.join(POLICIES)}")
    if top is not None and not 1 <= top <= MOST_POSITIONS:
        raise UsageError(f"top: found {top}, wanted 1 to {MOST_POSITIONS}")
    parameter = POLICIES[name]
    if parameter is None:
        if colon:
            raise UsageError(f"policy: found {text!r}, wanted {name}, which has no parameters")
        value = 0.0
    else:
        value = _parameter(text, name, rest, *parameter)
    return Policy(name, value, TOP if top is None else top, seed)


def _parameter(text: str, name: str, rest: str, key: str, wanted: str) -> float:
    found, _, number = rest.partition("=")
    try:
        value = float(number) if found.strip() == key else math.nan
    except ValueError:
        value = math.nan
    if not (0.0 <= value <= 1.0 if key == "epsilon" else 0.0 < value < math.inf):
        raise UsageError(f"policy: found {shown(text)}, wanted {name}:{key}=VALUE with {wanted}")
    return value


def _uniform(keys: Hashes) -> Floats:
    """(n,) float64 in (0, 1), from 52 bits of each of the (n,) ``keys``."""
    return np.asarray(((keys >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52)


def _tie_ranks(items: pa.Array) -> Ints:
    """(n,) int64, ranks that order the items of equal score: descending ids, strings by their bytes."""
    order = to_numpy(pc.array_sort_indices(items, order="descending")).astype(np.int64)
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    return ranks


def _require_distinct(rows: pa.RecordBatch, group: str, owner: Ints, items: Hashes) -> None:
    order = np.lexsort((items, owner))
    same = (np.diff(owner[order]) == 0) & (items[order][1:] == items[order][:-1])
    if same.any():
        row = int(order[int(np.argmax(same)) + 1])
        query, item = (rows.column(name)[row].as_py() for name in (group, "item_id"))
        raise DataError(
            f"{group} {query!r}: has item_id {item!r} twice, wanted each item once to draw a ranking"
        )


def _described(policy: ListPolicy, offsets: Ints, owner: Ints, lists: Lists) -> dict[str, pa.Array]:
    queries = np.arange(len(lists))
    query, rank = np.nonzero(lists >= 0)
    flat = offsets[query] + lists[query, rank]
    known = np.zeros(len(owner), bool)
    known[flat] = True
    of_items, prefixes = policy.item_probabilities(), policy.prefix_probabilities(queries, lists)
    whole = policy.list_probabilities(queries, lists)
    assert of_items is not None
    assert prefixes is not None
    assert whole is not None
    position = np.zeros(len(owner), np.int32)
    position[flat] = rank + 1
    return {
        "position": to_arrow(position, known),
        "propensity": _placed(flat, of_items[flat, rank], known),
        "propensity_prefix": _placed(flat, prefixes[query, rank], known),
        "propensity_list": to_arrow(whole[owner]),
    }


def _placed(flat: Ints, values: Floats, known: Bools) -> pa.Array:
    placed = np.zeros(len(known))
    placed[flat] = values
    return to_arrow(placed, known)
