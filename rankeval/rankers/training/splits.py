"""Which queries train, which stop the training early, and which only test. A query is never split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rankeval.array_types import Ints
from rankeval.arrays import hashes_of, is_unknown, mix64, take, to_numpy
from rankeval.errors import DataError, UsageError
from rankeval.options import listed
from rankeval.rankers.training.examples import Examples

#: Without a split of the caller's: folds for up to so many queries, else a share that stops the training.
FOLDS, FEW_QUERIES, VALID_SHARE = 5, 2_000, 0.2
#: Role of the columns that a split reads.
SPLIT, TIME, UNIT = "train.split", "train.time", "train.unit"
_NAMES = ("train", "valid", "test")


@dataclass(frozen=True)
class Parts:
    """Indices of queries: those that train, those that stop the training, and those that only test."""

    train: Ints
    valid: Ints
    test: Ints = field(default_factory=lambda: np.empty(0, np.int64))

    def required(self, origin: str, wanted: str) -> Parts:
        """These parts.

        Raises:
            DataError: no query trains, or none stops the training.
        """
        for name, queries in (("train", self.train), ("valid", self.valid)):
            if not len(queries):
                raise DataError(f"{origin}: the split leaves no query to {name}, wanted {wanted}")
        return self


@dataclass(frozen=True)
class Split:
    """How the caller wants the queries split; at most one way is given.

    Attributes:
        valid: data of its own that stops the training.
        folds: number of folds.
        column: the column that names the part of each query.
        values: part -> values of ``column``; a value in neither ``train`` nor ``valid`` tests.
        time: the column with the time of each query; the latest queries stop the training.
    """

    valid: Any = None
    folds: int | None = None
    column: str | None = None
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    time: str | None = None

    @classmethod
    def of(cls, valid: Any, folds: int | None, split: str | None, train: Any, time: str | None) -> Split:
        """The checked split of a call.

        Raises:
            UsageError: two ways are given, ``train`` is given without ``split``, or ``folds`` is not in
                its range.
        """
        beside = None if split is not None else valid
        given = {"valid": beside, "folds": folds, "split": split, "time": time}
        named = [name for name, value in given.items() if value is not None]
        if len(named) > 1:
            raise UsageError(f"{' and '.join(named)}: found {len(named)} ways to split, wanted one")
        if split is None and train is not None:
            raise UsageError("train: found values of a split, wanted split=COLUMN beside them")
        if folds is not None and not 3 <= folds <= 100:
            raise UsageError(
                f"folds: found {folds}, wanted 3 to 100 (one fold tests, one stops the training, "
                "the others train)"
            )
        return cls(beside, folds, split, _values(split, train, valid), time)

    @property
    def way(self) -> str:
        """The way to split: ``file``, ``folds``, ``column``, ``time``, or ``hash`` where none is given."""
        given = {"file": self.valid, "folds": self.folds, "column": self.column, "time": self.time}
        return next((way for way, value in given.items() if value is not None), "hash")

    @property
    def columns(self) -> dict[str, str]:
        """Role -> column that the split reads."""
        given = {SPLIT: self.column, TIME: self.time}
        return {role: name for role, name in given.items() if name is not None}

    def settled(self, examples: Examples) -> Split:
        """This split, or the default: five folds for few queries, else a fifth of them stops the training."""
        few = self.way == "hash" and FOLDS <= unit_count(examples) <= FEW_QUERIES
        return replace(self, folds=FOLDS) if few else self

    def to_dict(self, origin: str | None) -> dict[str, Any]:
        """The split as JSON values; ``origin`` names the data of ``valid``."""
        share = {"valid_share": VALID_SHARE}
        details: dict[str, dict[str, Any]] = {
            "file": {"valid": origin},
            "folds": {"folds": self.folds},
            "column": {"column": self.column, **{part: list(values) for part, values in self.values.items()}},
            "time": {"column": self.time, **share},
            "hash": share,
        }
        return {"by": self.way, **details[self.way]}

    def parts(self, examples: Examples, seed: int) -> Parts:
        """The parts of the queries, for every way but folds and a file.

        Raises:
            DataError: a query has two values of the split's column, or a part is empty.
        """
        if self.column is not None:
            return self._by_value(examples, self.column)
        if self.time is not None:
            return _by_time(examples, self.time)
        return _by_hash(examples, seed)

    def shared(self, examples: Examples, seed: int) -> int:
        """Number of queries with sessions that train and sessions that do not; 0 for judgements."""
        if self.way not in ("column", "time") or UNIT not in examples.fields:
            return 0
        parts = self.parts(examples, seed)
        others = np.concatenate([parts.valid, parts.test])
        return len(shared_queries(examples.only(np.sort(parts.train)), examples.only(np.sort(others))))

    def _by_value(self, examples: Examples, column: str) -> Parts:
        given = examples.once(SPLIT, column)
        texts, asked = [str(value) for value in given.to_pylist()], self.values
        if pa.types.is_boolean(given.type):  # users write true, Python writes True
            texts = [text.lower() for text in texts]
            asked = {name: tuple(map(str.lower, values)) for name, values in asked.items()}
        found = np.array(texts, object)
        parts = {name: np.isin(found, asked[name]) for name in ("train", "valid")}
        known = ", ".join(repr(value) for value in sorted(set(found))[:10])
        parts["test"] = ~(parts["train"] | parts["valid"])
        wanted = f"values of column {column!r} for it, which holds {known}"
        return Parts(*(np.flatnonzero(parts[name]) for name in _NAMES)).required(examples.origin, wanted)


def fold_parts(examples: Examples, folds: int, seed: int) -> list[Parts]:
    """For each fold, the parts of the queries: it tests, the next one stops the training, the others train.

    Queries (or sessions with the same query) are dealt to the folds in the order of a hash of their id.

    Raises:
        DataError: there are fewer queries than folds.
    """
    fold = _dealt(examples, folds, seed)
    if fold.max(initial=-1) + 1 < folds:
        raise DataError(
            f"{examples.origin}: found {fold.max() + 1} queries, wanted at least one a fold ({folds})"
        )
    return [
        Parts(
            np.flatnonzero((fold != each) & (fold != (each + 1) % folds)),
            np.flatnonzero(fold == (each + 1) % folds),
            np.flatnonzero(fold == each),
        )
        for each in range(folds)
    ]


def unit_count(examples: Examples) -> int:
    """Number of distinct queries, where they are known, also of sessions."""
    return len(pc.unique(_units(examples)))


def shared_queries(train: Examples, valid: Examples) -> list[str]:
    """The ids of queries that are in both, as texts in ascending order."""
    return sorted(set(map(str, _units(train).to_pylist())) & set(map(str, _units(valid).to_pylist())))


def _ordered(times: pa.Array) -> pa.Array:
    """Times that sort as they should: numbers that are written as text become numbers."""
    if not pa.types.is_string(times.type):
        return times
    try:
        return times.cast(pa.float64())
    except pa.ArrowInvalid:
        return times


def _values(split: str | None, train: Any, valid: Any) -> dict[str, tuple[str, ...]]:
    if split is None:
        return {}
    given = {"train": train, "valid": valid}
    values = {
        name: (name,)
        if value is None
        else tuple(map(str, value))
        if isinstance(value, list | tuple)
        else tuple(listed(value))
        for name, value in given.items()
    }
    both = sorted(set(values["train"]) & set(values["valid"]))
    if both:
        raise UsageError(f"split: found {both[0]!r} in train and in valid, wanted each value in one of them")
    return values


def _units(examples: Examples) -> pa.Array:
    """(q,) what is kept together: the query, also of sessions, where it is known."""
    if UNIT not in examples.fields:
        return examples.queries
    return take(examples.fields[UNIT], examples.offsets[:-1])


def _dealt(examples: Examples, parts: int, seed: int) -> Ints:
    """(q,) int64, the number of the part of each query: in the order of hashes, one after the other."""
    units = _units(examples)
    distinct = pc.unique(units)
    keys = mix64(hashes_of(distinct), seed)
    turn = np.empty(len(distinct), np.int64)
    turn[np.argsort(keys, kind="stable")] = np.arange(len(distinct)) % parts
    return np.asarray(turn[to_numpy(pc.index_in(units, distinct))])


def _by_hash(examples: Examples, seed: int) -> Parts:
    fold = _dealt(examples, round(1 / VALID_SHARE), seed)
    wanted = "at least 5 queries, or a split of its own"
    return Parts(np.flatnonzero(fold != 0), np.flatnonzero(fold == 0)).required(examples.origin, wanted)


def _by_time(examples: Examples, column: str) -> Parts:
    """The latest queries stop the training; a query is as late as its last row. Equal times stay together."""
    times = _ordered(examples.fields[TIME])
    unknown = int(np.count_nonzero(is_unknown(times)))
    if unknown:
        raise DataError(f"{examples.origin}: column {column!r} has {unknown} values missing, wanted times")
    rank = np.asarray(to_numpy(pc.rank(times, tiebreaker="min"))).astype(np.int64)
    latest = np.maximum.reduceat(rank, examples.offsets[:-1])
    cut = np.quantile(latest, 1.0 - VALID_SHARE, method="higher")
    late = latest >= cut if (latest < cut).any() else latest > cut
    wanted = f"more than one time in column {column!r}"
    return Parts(np.flatnonzero(~late), np.flatnonzero(late)).required(examples.origin, wanted)
