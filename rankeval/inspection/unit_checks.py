"""Checks and sums of the sessions of a ranking log, or the rounds of a bandit log."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rankeval.array_types import Bools, Floats, Ints
from rankeval.arrays import as_float64, is_null, segments_of, take_or_null
from rankeval.inspection.columns import Columns
from rankeval.inspection.key_sketch import KeySketch
from rankeval.inspection.keys import keys_of
from rankeval.inspection.problems import Collector
from rankeval.inspection.propensity_sums import propensity_roles, propensity_sums
from rankeval.inspection.row_checks import LAST_POSITION, USABLE
from rankeval.inspection.row_sample import clock_of, seconds_of
from rankeval.inspection.unit_sums import UnitSums, few_loggers
from rankeval.logs import Sessions, differ, item_positions
from rankeval.readers import ROW_NUMBER

#: Roles with one value throughout a session.
OF_SESSIONS = ("query_id", "ranker", "shuffled", "session_reward", "swap_low", "swap_high")
DAY = 86_400.0


@dataclass(frozen=True)
class UnitChecks:
    """The work on the units of a log.

    Attributes:
        columns: its columns.
        by: the column that splits it into slices; None: no slices.
        cluster: the column of independent units that the caller names; None: units are independent.
    """

    columns: Columns
    by: str | None
    cluster: str | None

    @property
    def roles(self) -> list[str]:
        """The roles to read."""
        log, known = self.columns.log, self.columns.known
        ids = ("session_id", "item_id", "position") if log.session is not None else ("round_id",)
        more = (self.columns.reward, self.columns.user, self.by, self.cluster, "timestamp")
        return list(
            dict.fromkeys([*known(*ids, *OF_SESSIONS, *more), *propensity_roles(self.columns), ROW_NUMBER])
        )

    def run(self, units: Sessions) -> UnitSums:
        """The sums of some units."""
        numbers = np.asarray(
            as_float64(units.column(ROW_NUMBER))
            if not units.nested
            else as_float64(units.fields[ROW_NUMBER]),
            np.int64,
        )
        found = Collector(units.source, numbers)
        rewards = self._rewards(units)
        totals, known = _by_unit(units, rewards)
        first_at, positions = 0, np.zeros((0, 3))
        if units.session is not None:
            first_at, positions = self._check_positions(units, rewards, found)
            self._check_constant(units, found)
        sums = propensity_sums(self.columns, units, self.by, self.cluster, found)
        used = totals[known]
        return UnitSums(
            units=len(units),
            items=int(units.offsets[-1]),
            rewarded=int(np.count_nonzero(used > 0.0)),
            reward=np.array([len(used), used.sum(), np.square(used).sum()]),
            positions=positions,
            shuffled=self._shuffled(units),
            loggers=self._loggers(units),
            days=self._days(units, totals, known),
            users=self._sketch(units, self.columns.user, totals, known),
            ids=self._ids(units),
            first_at=first_at,
            findings=found.findings,
            propensities=sums,
        )

    def _rewards(self, units: Sessions) -> Floats | None:
        """(items,) the reward of each item, NaN where it is not known; None without a column of rewards."""
        role = self.columns.reward
        if role is None or role not in units:
            return None
        values = as_float64(units.column(role))
        with np.errstate(invalid="ignore"):
            return np.where(np.abs(values) <= USABLE, values, np.nan)

    def _check_positions(
        self, units: Sessions, rewards: Floats | None, found: Collector
    ) -> tuple[int, Floats]:
        """What is wrong with positions and items of sessions; and the rewards by position."""
        places = item_positions(units)
        owner = np.repeat(np.arange(len(units)), units.lengths)
        rows = owner if units.nested else np.arange(len(owner))
        n = len(units) if units.nested else len(owner)
        name = self.columns.log.name

        def add(code: str, column: str, bad: Bools) -> None:
            found.add(code, column, np.bincount(rows[bad], minlength=n) > 0)

        unshown = np.isnan(places)
        add("unshown", name("position"), unshown)
        if rewards is not None and self.columns.reward != "session_reward":
            add("unshown_click", name(str(self.columns.reward)), unshown & (rewards > 0.0))
        items = keys_of(units.column("item_id")) if "item_id" in units else None
        again = _repeated(owner, places.view(np.uint64)) & ~unshown
        if items is not None:
            both = _repeated(owner, items ^ keys_of(pa.array(places)))
            add("fan_out", name("position"), again & both)
            add("repeated_item", name("item_id"), _repeated(owner, items) & ~(again & both))
            again &= ~both
        add("repeated_position", name("position"), again)
        valid = (places >= 1.0) & (places <= LAST_POSITION) & (places == np.floor(places))
        _add_gaps(units, places, valid, owner, found)
        starts = units.offsets[:-1][units.lengths > 0]
        low = np.minimum.reduceat(np.where(unshown, np.inf, places), starts) if len(starts) else np.zeros(0)
        first_at = int((low == 0.0).sum())
        if rewards is None or self.columns.reward == "session_reward":
            return first_at, np.zeros((0, 3))
        use = valid & np.isfinite(rewards)
        at = places[use].astype(np.int64) - 1
        values = rewards[use]
        return first_at, np.stack(
            [np.bincount(at), np.bincount(at, values), np.bincount(at, values**2)], axis=1
        )

    def _check_constant(self, units: Sessions, found: Collector) -> None:
        """Values that change within a session, although a session has one."""
        if units.nested:
            return
        owner = np.repeat(units.offsets[:-1], units.lengths)
        for role in (*OF_SESSIONS, *{self.columns.user, self.cluster} - {None}):
            if role is not None and role in units:
                values = units.column(role)
                changed = differ(values, values.take(pa.array(owner)))
                found.add("changes", self.columns.log.name(role), _first_each(changed, owner))

    def _shuffled(self, units: Sessions) -> int | None:
        if "shuffled" not in units:
            return None
        return int(np.count_nonzero(as_float64(first_values(units, "shuffled")) == 1.0))

    def _loggers(self, units: Sessions) -> dict[object, int]:
        role = next((role for role in ("ranker", "logger") if role in units), None)
        if role is None:
            return {}
        segments = segments_of(first_values(units, role))
        return few_loggers({value: len(rows) for value, rows in segments.items()})

    def _days(self, units: Sessions, totals: Floats, known: Bools) -> dict[int, tuple[float, float, float]]:
        if "timestamp" not in units:
            return {}
        column = first_values(units, "timestamp")
        clock = clock_of(column)
        seconds = (
            None
            if clock is None
            else seconds_of(clock, pa.types.is_integer(column.type) or pa.types.is_floating(column.type))
        )
        if seconds is None:
            return {}
        with np.errstate(invalid="ignore"):
            use = known & (np.abs(seconds) < 1e12)
        days = np.floor(seconds[use] / DAY).astype(np.int64)
        found, codes = np.unique(days, return_inverse=True)
        values = totals[use]
        sums = [np.bincount(codes), np.bincount(codes, values), np.bincount(codes, values**2)]
        return {int(day): (float(a), float(b), float(c)) for day, a, b, c in zip(found, *sums, strict=True)}

    def _sketch(self, units: Sessions, role: str | None, totals: Floats, known: Bools) -> KeySketch | None:
        if role is None or role not in units:
            return None
        column = first_values(units, role)
        use = ~is_null(column) & known
        values = np.stack([np.ones(len(units)), totals, totals**2], axis=1)
        return KeySketch.of(keys_of(column)[use], values[use], units.source, _numbers(units)[use])

    def _ids(self, units: Sessions) -> KeySketch | None:
        """Ids that must differ from row to row: of rounds, and of sessions in nested layout."""
        role = "session_id" if units.nested else "round_id" if units.session is None else None
        if role is None or role not in units:
            return None
        column = first_values(units, role)
        use = ~is_null(column)
        return KeySketch.of(
            keys_of(column)[use], np.ones((int(use.sum()), 1)), units.source, _numbers(units)[use]
        )


def first_values(units: Sessions, role: str) -> pa.Array:
    """(n,) the value of each unit: the one of its first item, also if others differ."""
    if role in units.fields:
        return units.fields[role]
    return take_or_null(units.items[role], np.where(units.lengths > 0, units.offsets[:-1], -1))


def _numbers(units: Sessions) -> Ints:
    return np.asarray(np.nan_to_num(as_float64(first_values(units, ROW_NUMBER))), np.int64)


def _by_unit(units: Sessions, rewards: Floats | None) -> tuple[Floats, Bools]:
    """(n,) the reward of each unit, and whether it is known; a session's is the sum over its items."""
    n = len(units)
    if rewards is None:
        return np.zeros(n), np.zeros(n, np.bool_)
    owner = np.repeat(np.arange(n), units.lengths)
    usable = np.isfinite(rewards)
    totals = np.asarray(np.bincount(owner[usable], rewards[usable], n), np.float64)
    known: Bools = np.bincount(owner[usable], minlength=n) > 0
    if "session_reward" in units and "click" not in units and "reward" not in units:
        totals = totals / np.maximum(np.bincount(owner[usable], minlength=n), 1)
    return totals, known | (units.lengths == 0)


def _repeated(owner: Ints, keys: np.typing.NDArray[np.uint64]) -> Bools:
    """(items,) whether an earlier item of the same session has the same key."""
    order = np.lexsort((np.arange(len(keys)), keys, owner))
    same = (np.diff(owner[order]) == 0) & (keys[order][1:] == keys[order][:-1])
    repeated = np.zeros(len(keys), np.bool_)
    repeated[order[1:][same]] = True
    return repeated


def _first_each(bad: Bools, owner: Ints) -> Bools:
    """Only the first bad item of each owner."""
    first = np.zeros(len(bad), np.bool_)
    places = np.flatnonzero(bad)
    _, where = np.unique(owner[places], return_index=True)
    first[places[where]] = True
    return first


def _add_gaps(units: Sessions, places: Floats, valid: Bools, owner: Ints, found: Collector) -> None:
    """Sessions that lack a position above their last one; the row is that of their first item."""
    n = len(units)
    pairs = np.unique(np.stack([owner[valid], places[valid].astype(np.int64)], axis=1), axis=0)
    distinct = np.bincount(pairs[:, 0], minlength=n)
    last = np.zeros(n)
    np.maximum.at(last, owner[valid], places[valid])
    gaps = last > distinct
    if units.nested:
        found.add("gaps", "", gaps)
        return
    rows = np.zeros(int(units.offsets[-1]), np.bool_)
    rows[units.offsets[:-1][gaps]] = True
    found.add("gaps", "", rows)
