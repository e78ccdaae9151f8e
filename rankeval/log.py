"""A log on disk or in memory, read leaf by leaf into :class:`~rankeval.sessions.Sessions`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from rankeval.errors import DataError, UsageError
from rankeval.kernels import read_only
from rankeval.readers import Leaf, Source, Where, check_same_columns, open_sources, parse_where
from rankeval.sessions import Sessions, counting

Role = Literal["run", "judgements", "log"]
IDS = frozenset({"query_id", "item_id", "session_id", "round_id", "action"})

#: Columns of interface files by role; every other name stands for itself (segments, clusters, features).
ROLES: dict[Role, tuple[str, ...]] = {
    "run": ("query_id", "item_id", "score", "relevance", "weight"),
    "judgements": ("query_id", "item_id", "relevance"),
    "log": (
        "session_id", "query_id", "item_id", "position", "click", "reward", "propensity", "target_propensity",
        "propensity_prefix", "target_propensity_prefix", "propensity_list", "target_propensity_list",
        "exposure", "target_exposure", "slate_weight", "subset_weight", "q_logged", "q_target", "examination",
        "shuffled", "ranker", "timestamp", "round_id", "action", "candidate_propensities",
        "candidate_target_propensities", "candidate_q",
    ),
}  # fmt: skip
SESSION: dict[Role, str | None] = {"run": "query_id", "judgements": None, "log": "session_id"}


@dataclass(frozen=True)
class Log:
    """Files or tables of one kind with a column map; nothing is read until asked for.

    Args:
        data: a path, folder, glob or URL, several of them, an Arrow table, anything with the Arrow
            PyCapsule interface (pandas, polars), or a dict of arrays.
        role: ``run`` and ``judgements`` are grouped by query, ``log`` by ``session_id`` if it has that
            column (a ranking log), by row if not (a bandit log).
        columns: role -> column name, where they differ.
        where: row filter, such as ``position <= 3 and country == "de"``.

    Raises:
        DataError: a file is missing, unreadable or of another kind than it says.
        UsageError: ``columns`` or ``where`` is not understood.
    """

    data: Any = field(repr=False)
    role: Role = "log"
    columns: Mapping[str, str] = field(default_factory=dict)
    where: str | None = None
    sources: tuple[Source, ...] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        unknown = sorted(set(self.columns) - set(ROLES[self.role]))
        if unknown:
            raise UsageError(f"--column {unknown[0]}=...: no such role; there are {', '.join(ROLES[self.role])}")
        object.__setattr__(self, "sources", tuple(open_sources(self.data, role=self.role)))
        self.require([role for role in self.columns])

    @property
    def origin(self) -> str:
        """Name of the input, for messages."""
        return self.sources[0].name

    @property
    def schema(self) -> pa.Schema:
        return self.sources[0].schema

    @property
    def row_filter(self) -> Where | None:
        """The parsed ``where``."""
        return parse_where(self.where) if self.where else None

    @property
    def session(self) -> str | None:
        """Role of the column that says which rows belong together; None where every row stands alone."""
        role = SESSION[self.role]
        return role if role is not None and self.has(role) else None

    @property
    def nested(self) -> bool:
        """Whether a row is a whole session, its items in lists."""
        return self.session is not None and any(
            _is_list(self.schema.field(self.name(role)).type)
            for role in ("item_id", "score", "position", "click", "reward")
            if self.has(role)
        )

    def name(self, role: str) -> str:
        """Name of the column that plays a role."""
        return self.columns.get(role, role)

    def has(self, role: str) -> bool:
        """Whether the first file has the column of this role."""
        return self.name(role) in self.schema.names

    def require(self, roles: Iterable[str]) -> None:
        """Check that every file has these columns, with types that fit their roles and one another."""
        names = []
        for role in roles:
            for source in self.sources:
                self._require_one(source, role)
            names.append(self.name(role))
        check_same_columns(self.sources, names)

    def _require_one(self, source: Source, role: str) -> None:
        name = self.name(role)
        if name not in source.schema.names:
            have = ", ".join(source.schema.names[:20])
            raise DataError(f"{source.name}: no column {name!r}; it has {have}")
        kind = source.schema.field(name).type
        wanted = "integers or strings" if role in IDS else "numbers"
        fits = _is_id(kind) if role in IDS else _is_number(kind)
        if role in set().union(*ROLES.values()) - {"ranker", "timestamp"} and not fits:
            raise DataError(f"{source.name}: column {name!r} holds {kind}, wanted {wanted}")

    def leaves(self) -> list[Leaf]:
        """The pieces of the input, in its order, each read by one worker."""
        return [leaf for index, source in enumerate(self.sources) for leaf in source.leaves(index)]

    def over(self, source: Source) -> Log:
        """The same log, its rows taken from another source that holds them already filtered."""
        other = replace(self, where=None)
        object.__setattr__(other, "sources", (source,))
        return other

    def batches(self, leaf: Leaf, roles: Sequence[str]) -> Iterator[tuple[pa.RecordBatch, int]]:
        """Record batches of a leaf, columns renamed to roles, each with the row it starts at."""
        source = self.sources[leaf.source_index]
        names = list(dict.fromkeys(self.name(role) for role in roles))
        dictionary = [self.name(role) for role in roles if role in ("query_id", "session_id")]
        row = leaf.first_row
        for batch in source.batches(leaf, names, where=self.row_filter, dictionary=dictionary):
            if batch.num_rows:
                arrays = [batch.column(self.name(role)) for role in roles]
                yield pa.RecordBatch.from_arrays(arrays, names=list(roles)), row
            row += batch.num_rows

    def first_rows(self) -> list[int]:
        """Row of the whole input at which each file starts."""
        counts = [self._rows_of(index) for index in range(len(self.sources) - 1)]
        return [0, *np.cumsum(counts, dtype=np.int64).tolist()]

    def _rows_of(self, index: int) -> int:
        """Number of rows of a file: known beforehand, or counted by reading its first column."""
        source = self.sources[index]
        leaves = source.leaves(index)
        if all(leaf.rows is not None for leaf in leaves):
            return sum(leaf.rows or 0 for leaf in leaves)
        column = source.schema.names[:1]
        return sum(batch.num_rows for leaf in leaves for batch in source.batches(leaf, column))

    def sessions_of(self, batch: pa.RecordBatch, first_row: int, source: int) -> Sessions:
        """All rows of a batch, grouped: by equal neighbouring ids, by row, or by list."""
        origin = self.sources[source].name
        names = {role: self.name(role) for role in batch.schema.names}
        columns = {role: batch.column(role) for role in batch.schema.names}
        rows = counting(batch.num_rows)
        if self.session is None:
            return Sessions(counting(batch.num_rows + 1), columns, {}, rows, origin, names, None, first_row, source)
        self.require_known(columns[self.session], first_row, origin)
        if self.nested:
            offsets, items, fields = unnested(columns, first_row + rows, origin, names)
            return Sessions(read_only(offsets), items, fields, rows, origin, names, self.session, first_row, source)
        starts = run_starts(columns[self.session])
        offsets = read_only(np.append(starts, batch.num_rows))
        return Sessions(offsets, columns, {}, starts, origin, names, self.session, first_row, source)

    def require_known(self, ids: pa.Array, first_row: int, origin: str) -> None:
        if ids.null_count:
            assert self.session is not None
            row = first_row + int(np.argmax(np.asarray(ids.is_null())))
            name = self.name(self.session)
            raise DataError(f"{origin}, row {row}: column {name!r} is null, wanted an id")


def run_starts(ids: pa.Array) -> NDArray[np.int64]:
    """Rows at which a run of equal ids starts."""
    if pa.types.is_dictionary(ids.type):
        codes = np.asarray(ids.indices)
        return np.concatenate(([0], np.flatnonzero(codes[1:] != codes[:-1]) + 1)).astype(np.int64)
    ends = np.asarray(pc.run_end_encode(ids, run_end_type=pa.int64()).run_ends)
    return np.concatenate(([0], ends[:-1])).astype(np.int64)


def unnested(
    columns: Mapping[str, pa.Array], rows: NDArray[np.int64], origin: str, names: Mapping[str, str]
) -> tuple[NDArray[np.int64], dict[str, pa.Array], dict[str, pa.Array]]:
    """Offsets, flat item columns and session columns of rows that hold their items in lists."""
    lists = {role: array for role, array in columns.items() if _is_list(array.type)}
    offsets: NDArray[np.int64] | None = None
    items = {}
    for role, array in lists.items():
        lengths, items[role] = list_parts(array, rows, origin, names[role])
        bounds = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
        if offsets is not None and not np.array_equal(bounds, offsets):
            row = int(np.argmax(np.diff(bounds) != np.diff(offsets)))
            raise DataError(
                f"{origin}, row {rows[row]}: the list in column {names[role]!r} has {lengths[row]} values, "
                f"wanted {np.diff(offsets)[row]} as in the other lists of the row"
            )
        offsets = bounds
    assert offsets is not None
    return offsets, items, {role: array for role, array in columns.items() if role not in lists}


def list_parts(
    array: pa.Array, rows: NDArray[np.int64], origin: str, name: str
) -> tuple[NDArray[np.int64], pa.Array]:
    """Length of each list of an Arrow list array, and the flat values."""
    if array.null_count:
        row = int(np.argmax(np.asarray(array.is_null())))
        raise DataError(f"{origin}, row {rows[row]}: column {name!r} is null, wanted a list")
    return np.asarray(pc.list_value_length(array)).astype(np.int64), pc.list_flatten(array)


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _element(kind: pa.DataType) -> pa.DataType:
    kind = kind.value_type if _is_list(kind) else kind
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _is_id(kind: pa.DataType) -> bool:
    kind = _element(kind)
    text = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_binary)
    return bool(pa.types.is_integer(kind) or any(test(kind) for test in text))


def _is_number(kind: pa.DataType) -> bool:
    kind = _element(kind)
    tests = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_boolean)
    return any(test(kind) for test in tests)
