"""Sums for the tests of propensities, from the rounds or sessions of a log, without broken rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rankeval.array_types import Bools, Floats, Hashes, Ints
from rankeval.arrays import as_float64, decoded, is_null, require_few_segments, segments_of, stretch_of, take
from rankeval.inspection.columns import Columns
from rankeval.inspection.keys import buckets_of, keys_of
from rankeval.inspection.problems import Collector
from rankeval.inspection.row_checks import LAST_POSITION, SMALLEST, USABLE, flat_lists, list_lengths
from rankeval.logs import ROUNDED, Sessions, item_positions
from rankeval.propensity_tests import (
    MOST_SLICES,
    ListedActions,
    ListedRounds,
    LoggedActions,
    MeanWeights,
    PropensitySums,
)

#: Relative difference of a propensity from the one in the list of candidates.
SAME = 1e-4
_LISTED = ("action", "candidate_propensities")


def propensity_roles(columns: Columns) -> list[str]:
    """The roles that the tests of propensities read."""
    if columns.log.session is not None:
        return columns.known("item_id", "query_id", "propensity", "target_propensity")
    return columns.known(
        *_LISTED, "candidates", "candidate_target_propensities", "propensity", "target_propensity", "logger"
    )


def propensity_sums(
    columns: Columns, units: Sessions, by: str | None, cluster: str | None, found: Collector
) -> dict[Any, PropensitySums]:
    """The sums of the whole log (None) and of each slice; empty without propensities."""
    if units.session is not None:
        return _of_sessions(columns, units, cluster)
    parts: dict[Any, Ints] = {None: np.arange(len(units))}
    if by is not None and by in units:
        slices = segments_of(units.column(by))
        require_few_segments(len(slices), MOST_SLICES, f"column {columns.log.name(by)!r}")
        parts |= {value: rows for value, rows in slices.items() if value is not None}
    clusters = None if cluster is None or cluster not in units else buckets_of(units.column(cluster))
    rounds = _Rounds.of(columns, units, found)
    sums = {part: rounds.sums(rows, clusters) for part, rows in parts.items()}
    return {part: each for part, each in sums.items() if each is not None}


@dataclass(frozen=True)
class _Rounds:
    """The propensities of ``n`` rounds, checked.

    Attributes:
        offsets, propensities, logged, keys: as in :class:`ListedActions`; None without lists.
        listed: (n,) whether the list of a round and its action are valid.
        own: (n,) the propensity of the logged action; NaN where it is not known.
        target: (n,) the target's; NaN where it is not known.
        actions: (n,) the hash of the logged action; (0,) with lists.
        name: the name of the action of a candidate (with lists) or of a round.
    """

    offsets: Ints | None
    propensities: Floats
    keys: Hashes | None
    logged: Ints
    listed: Bools
    own: Floats
    target: Floats
    actions: Hashes
    name: Callable[[int], Any]

    @classmethod
    def of(cls, columns: Columns, rounds: Sessions, found: Collector) -> _Rounds:
        n = len(rounds)
        own = as_float64(rounds.column("propensity")) if "propensity" in rounds else np.full(n, np.nan)
        target = (
            as_float64(rounds.column("target_propensity"))
            if "target_propensity" in rounds
            else np.full(n, np.nan)
        )
        own = np.where((own > SMALLEST) & (own <= 1.0 + ROUNDED), np.minimum(own, 1.0), np.nan)
        if columns.has(*_LISTED) and "action" in rounds:
            return cls._of_lists(columns, rounds, own, target, found)
        actions = np.zeros(n, np.uint64)
        name: Callable[[int], Any] = _nameless
        if "action" in rounds:
            column = rounds.column("action")
            actions, name = keys_of(column), lambda row: column[row].as_py()
            own = np.where(is_null(column), np.nan, own)
        empty = np.zeros(0)
        return cls(
            None, empty, actions, np.zeros(0, np.int64), np.zeros(n, np.bool_), own, target, actions, name
        )

    @classmethod
    def _of_lists(
        cls, columns: Columns, rounds: Sessions, own: Floats, target: Floats, found: Collector
    ) -> _Rounds:
        log, lists = columns.log, rounds.column("candidate_propensities")
        offsets, flat = flat_lists(lists)
        p = as_float64(flat)
        lengths = np.diff(offsets)
        place, candidates = _places(columns, rounds, offsets)
        outside = (place < 0) | (place >= lengths)
        found.add("bad_action", log.name("action"), outside & (lengths > 0))
        owner = np.repeat(np.arange(len(rounds)), lengths)
        with np.errstate(invalid="ignore"):
            fits = (p >= 0.0) & (p <= 1.0 + ROUNDED)
        good = ~outside & (np.bincount(owner[~fits], minlength=len(rounds)) == 0)
        p = np.where(fits, np.minimum(np.nan_to_num(p), 1.0), 0.0)
        logged = np.where(outside, 0, offsets[:-1] + np.clip(place, 0, None))
        chosen = np.where(good, p[logged] if len(p) else 0.0, np.nan)
        found.add("impossible_action", log.name("candidate_propensities"), chosen == 0.0)
        off = np.abs(own - chosen) > SAME * np.maximum(own, chosen)
        found.add("contradiction", log.name("propensity"), off)
        if "candidate_target_propensities" in rounds:
            target = _at(rounds.column("candidate_target_propensities"), place)
        keys, name = None, lambda row: row - int(offsets[stretch_of(offsets, row)]) + log.first_action
        if candidates is not None and len(candidates) == len(p):
            names = candidates
            keys, name = keys_of(names), lambda row: names[row].as_py()
        return cls(
            offsets,
            p,
            keys,
            logged,
            good,
            np.where(chosen > SMALLEST, chosen, np.nan),
            target,
            np.zeros(0, np.uint64),
            name,
        )

    def sums(self, rows: Ints, clusters: Ints | None) -> PropensitySums | None:
        """The sums of some rounds; None if none of them can be tested."""
        weights = self._weights(rows, clusters)
        if self.offsets is not None:
            chosen = rows[self.listed[rows]]
            listed = self._listed(chosen, clusters) if len(chosen) else None
            return PropensitySums(listed=listed, weights=weights)
        chosen = rows[np.isfinite(self.own[rows])]
        if not len(chosen):
            return None
        logged = LoggedActions.of(
            self.own[chosen],
            None,
            self.actions[chosen],
            lambda row: (None, self.name(int(chosen[row]))),
            None if clusters is None else clusters[chosen],
        )
        return PropensitySums(logged=None if self.name is _nameless else logged, weights=weights)

    def _listed(self, rows: Ints, clusters: Ints | None) -> ListedActions:
        assert self.offsets is not None
        rounds = ListedRounds(self.offsets, self.propensities, self.logged, self.keys, self.name)
        return rounds.taken(rows).sums(None if clusters is None else clusters[rows])

    def _weights(self, rows: Ints, clusters: Ints | None) -> MeanWeights | None:
        with np.errstate(all="ignore"):  # what is not finite is left out
            weights = self.target[rows] / self.own[rows]
        use = np.isfinite(weights) & (weights >= 0.0) & (weights <= USABLE)
        if not use.any():
            return None
        zeros = np.zeros(int(use.sum()), np.uint64)
        return MeanWeights.of(
            weights[use], zeros, _nameless, None if clusters is None else clusters[rows][use]
        )


def _nameless(_: int) -> None:
    return None


def _places(columns: Columns, rounds: Sessions, offsets: Ints) -> tuple[Ints, pa.Array | None]:
    """(n,) the index from 0 of each action among its candidates, -1 for none; and the names of candidates."""
    action, log = rounds.column("action"), columns.log
    names = None
    if "candidates" in rounds and pa.types.is_list(rounds.column("candidates").type):
        of_names, names = flat_lists(rounds.column("candidates"))
        if not np.array_equal(of_names, offsets):
            names = None
    if names is not None and pa.types.is_string(names.type) == pa.types.is_string(decoded(action).type):
        lengths = np.diff(offsets)
        repeated = take(decoded(action), np.repeat(np.arange(len(rounds)), lengths))
        same = np.asarray(pc.fill_null(pc.equal(names, repeated.cast(names.type)), False))
        place = np.full(len(rounds), -1, np.int64)
        at = np.flatnonzero(same)[::-1]
        owner = np.repeat(np.arange(len(rounds)), lengths)[at]
        place[owner] = at - offsets[owner]
        return place, names
    if pa.types.is_string(decoded(action).type):
        return np.full(len(rounds), -1, np.int64), names
    numbers = as_float64(action) - log.first_action
    whole = np.isfinite(numbers) & (numbers == np.floor(numbers)) & (np.abs(numbers) < 2.0**53)
    return np.where(whole, np.where(whole, numbers, 0.0).astype(np.int64), -1), names


def _at(lists: pa.Array, place: Ints) -> Floats:
    """(n,) the value of each list at an index; NaN outside it."""
    offsets, flat = flat_lists(lists)
    values = as_float64(flat)
    inside = (place >= 0) & (place < list_lengths(lists))
    found = np.full(len(lists), np.nan)
    found[inside] = values[(offsets[:-1] + place)[inside]]
    return found


def _of_sessions(columns: Columns, units: Sessions, cluster: str | None) -> dict[Any, PropensitySums]:
    """The sums by query, position and item, and the mean weights by position."""
    if "propensity" not in units or not columns.has("item_id"):
        return {}
    places, p = item_positions(units), as_float64(units.column("propensity"))
    with np.errstate(invalid="ignore"):
        use = np.flatnonzero(
            (places >= 1.0)
            & (places <= LAST_POSITION)
            & (p > SMALLEST)
            & (p <= 1.0 + ROUNDED)
            & ~is_null(units.column("item_id"))
        )
    if not len(use):
        return {}
    items = units.column("item_id")
    queries = units.column("query_id") if "query_id" in units else None
    positions = keys_of(pa.array(places))
    strata = positions if queries is None else positions ^ keys_of(queries) * np.uint64(3)
    clusters = None
    if cluster is not None and cluster in units:
        clusters = buckets_of(units.column(cluster))[use]

    def name(row: int) -> tuple[str, Any]:
        at = f"position {places[use[row]]:g}"
        query = "" if queries is None else f"query {queries[use[row]].as_py()}, "
        return f"{query}{at}", items[use[row]].as_py()

    logged = LoggedActions.of(np.minimum(p[use], 1.0), strata[use], keys_of(items)[use], name, clusters)
    weights = None
    if "target_propensity" in units:
        with np.errstate(all="ignore"):  # what is not finite is left out
            ratio = as_float64(units.column("target_propensity"))[use] / p[use]
        fine = np.isfinite(ratio) & (ratio >= 0.0) & (ratio <= USABLE)
        if fine.any():
            at = places[use][fine]
            weights = MeanWeights.of(
                ratio[fine],
                at.astype(np.uint64),
                lambda row: f"position {at[row]:g}",
                None if clusters is None else clusters[fine],
            )
    return {None: PropensitySums(logged=logged, weights=weights)}
