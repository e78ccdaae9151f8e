"""Checks of single rows: nulls, impossible values, candidate lists. Nothing stops at the first bad row."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rankeval.array_types import Bools, Floats, Ints
from rankeval.arrays import as_float64, is_null, is_unknown, offsets_of, to_numpy
from rankeval.inspection.problems import Collector
from rankeval.logs import RANGES, ROUNDED, Log, base, role_names
from rankeval.readers import is_number

#: Sums of candidate lists further from 1 than the second are refused; than the first they are noticed.
SUM_NOTICED, SUM_REFUSED = 0.001, 0.01
#: Positions are whole numbers up to this one.
LAST_POSITION = 10_000
#: Larger numbers are left out of means, whose squares they would make infinite.
USABLE = 1e100
#: Smaller propensities are left out of tests, for the same reason.
SMALLEST = 1e-60
#: Roles whose nulls say something, and so are no error.
MAY_BE_NULL = frozenset(
    {"position", "swap_low", "swap_high", "timestamp", "embedding", "team", "ranker", "score"}
)
REWARDS = frozenset({"reward", "click", "session_reward"})
FLAGS = frozenset({"click", "shuffled"})
#: What columns should hold, in words, beside their ranges.
WANTED = {
    "click": "0 or 1",
    "shuffled": "true or false",
    "position": f"a whole number from the first position to {LAST_POSITION:,}",
    "candidate_propensities": "probabilities in [0, 1]",
    "candidate_target_propensities": "probabilities in [0, 1]",
    "candidate_q": "finite numbers",
    "weight": "a number of at least 0",
    "sampling_weight": "a number above 0",
}


def check_rows(log: Log, rows: pa.RecordBatch, roles: Iterable[str], found: Collector) -> None:
    """Add the bad rows of a batch, whose columns are named by ``roles``, to what was found."""
    for role in roles:
        if role in role_names():
            _check_column(log, role, rows.column(role), found)
    if log.nested:
        _check_lengths(log, rows, found)


def _check_column(log: Log, role: str, column: pa.Array, found: Collector) -> None:
    name, lists = log.name(role), pa.types.is_list(column.type)
    values, owner = _flat(column) if lists else (column, None)

    def add(code: str, bad: Bools) -> None:
        found.add(code, name, bad if owner is None else _any(bad, owner, len(column)))

    candidates = role.startswith("candidate_")
    if lists and column.null_count:
        found.add("bad_list", name, is_null(column))
    unknown = is_unknown(values)
    if unknown.any() and role not in MAY_BE_NULL and not candidates:
        add("null_reward" if role in REWARDS else "null", unknown)
    if not is_number(values.type):
        return
    numbers = as_float64(values)
    if candidates:
        add("bad_candidates", ~_fits_candidates(role, numbers))
        if "propensities" in role and owner is not None:
            _check_sums(name, numbers, owner, column, found)
        return
    known = ~unknown
    infinite = known & ~np.isfinite(numbers)
    add("not_finite", infinite)
    add("huge", known & ~infinite & (np.abs(numbers) > USABLE))
    add("out_of_range", known & ~infinite & ~_fits(log, role, numbers))


def _fits_candidates(role: str, numbers: Floats) -> Bools:
    fits = np.isfinite(numbers)
    if "propensities" in role:
        fits &= (numbers >= 0.0) & (numbers <= 1.0 + ROUNDED)
    return np.asarray(fits)


def _fits(log: Log, role: str, numbers: Floats) -> Bools:
    """Whether each number may stand in the column of a role."""
    with np.errstate(invalid="ignore"):
        if role in FLAGS:
            return np.asarray((numbers == 0.0) | (numbers == 1.0))
        if role == "position":
            first = log.first_position
            return np.asarray(
                (numbers >= first) & (numbers <= LAST_POSITION) & (numbers == np.floor(numbers))
            )
        if role in ("weight", "sampling_weight"):
            return np.asarray(numbers >= 0.0 if role == "weight" else numbers > 0.0)
        within = RANGES.get(base(role))
        if within is None:
            return np.ones(len(numbers), np.bool_)
        return np.asarray((numbers >= within.low) & (numbers <= within.high * (1.0 + ROUNDED)))


def _check_sums(name: str, numbers: Floats, owner: Ints, column: pa.Array, found: Collector) -> None:
    sums = np.bincount(owner, np.nan_to_num(numbers, nan=0.0, posinf=0.0, neginf=0.0), len(column))
    away = np.where(is_null(column), 0.0, np.abs(sums - 1.0))
    found.add("list_sum", name, away > SUM_REFUSED)
    found.add("list_rounding", name, (away > SUM_NOTICED) & (away <= SUM_REFUSED))


def _check_lengths(log: Log, rows: pa.RecordBatch, found: Collector) -> None:
    """Lists of a row of nested layout that differ in length."""
    lists = {
        name: rows.column(name) for name in rows.schema.names if pa.types.is_list(rows.column(name).type)
    }
    first = None
    for role, column in lists.items():
        lengths = list_lengths(column)
        first = lengths if first is None else first
        found.add("bad_list", log.name(role), (lengths != first) & ~is_null(column))


def whole_rows(rows: pa.RecordBatch, session: str | None, nested: bool) -> Bools:
    """(n,) bool, the rows of a batch that can be read as rounds or sessions: ids known, lists of one length.

    ``session`` is the column of session ids.
    """
    kept = np.ones(rows.num_rows, np.bool_)
    if session is not None and session in rows.schema.names:
        kept &= ~is_null(rows.column(session))
    if nested:
        lists = [column for column in rows.columns if pa.types.is_list(column.type)]
        for column in lists:
            kept &= ~is_null(column) & (list_lengths(column) == list_lengths(lists[0]))
    return kept


def list_lengths(column: pa.Array) -> Ints:
    """(n,) int64, the length of each list; 0 for null."""
    return np.asarray(to_numpy(pc.fill_null(pc.list_value_length(column), 0)), np.int64)


def _flat(column: pa.Array) -> tuple[pa.Array, Ints]:
    """The values of all lists, and the row of each."""
    lengths = list_lengths(column)
    return pc.list_flatten(column), np.repeat(np.arange(len(column)), lengths)


def _any(bad: Bools, owner: Ints, n: int) -> Bools:
    return np.bincount(owner[bad], minlength=n) > 0


def flat_lists(column: pa.Array) -> tuple[Ints, pa.Array]:
    """Offsets (n + 1,) and values of a column of lists; null is an empty list."""
    return offsets_of(list_lengths(column)), pc.list_flatten(column)
