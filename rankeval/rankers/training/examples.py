"""Training examples: features and grades of the items of each query, in an order that rows do not change."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rankeval.array_types import Bools, Floats, Ints
from rankeval.arrays import (
    as_float64,
    decoded,
    hashes_of,
    is_null,
    is_unknown,
    offsets_of,
    take,
    to_arrow,
    to_numpy,
)
from rankeval.errors import DataError
from rankeval.logs import Log, Sessions, differ, item_positions
from rankeval.parallel import default_threads, in_order
from rankeval.rankers import feature_matrix, feature_role
from rankeval.readers import is_number

#: LightGBM refuses more rows in a query.
MOST_ITEMS = 10_000
#: Texts with more values than this are ids and no categories.
MOST_CATEGORIES = 10_000


@dataclass(frozen=True)
class Examples:
    """``n`` items of ``q`` queries (or sessions), in ascending order of the query ids.

    Within a query, items are in descending order of their ids: the order in which equal scores are ranked.
    Items without an id, or with the same id, are in the order of their grades and features. So the order of
    the rows in the file has no effect.

    Attributes:
        origin: name of the input, for messages.
        features: names of the p features.
        categories: for each feature, its categories in ascending order, or None for a number.
        matrix: (n, p) float64, the features; NaN where unknown.
        grades: (n,) float64, grades or clicks.
        offsets: (q + 1,) int64, the items of query ``i`` are ``offsets[i]:offsets[i + 1]``.
        queries: Arrow array (q,), the id of each query, or session in a click log.
        items: Arrow array (n,), the ids of the items.
        fields: role -> Arrow array (n,), further columns, such as positions and the column of the split.
    """

    origin: str
    features: tuple[str, ...]
    categories: tuple[tuple[Any, ...] | None, ...]
    matrix: Floats
    grades: Floats
    offsets: Ints
    queries: pa.Array
    items: pa.Array
    fields: Mapping[str, pa.Array]

    def __len__(self) -> int:
        """Number of queries."""
        return len(self.offsets) - 1

    @property
    def sizes(self) -> Ints:
        """(q,) int64, number of items of each query."""
        return np.diff(self.offsets)

    @cached_property
    def query_rows(self) -> Ints:
        """(n,) int64, the query of each item."""
        return np.repeat(np.arange(len(self)), self.sizes)

    def only(self, queries: Ints) -> Examples:
        """The examples of some queries, indices in ascending order."""
        chosen = np.zeros(len(self), bool)
        chosen[queries] = True
        return self._having(chosen[self.query_rows])

    @property
    def unjudged(self) -> int:
        """Number of items with a negative grade."""
        return int(np.count_nonzero(self.grades < 0.0))

    def judged(self) -> Examples:
        """The items with a grade of at least 0, and the queries that have one."""
        return self._having(self.grades >= 0.0) if self.unjudged else self

    def _having(self, kept: Bools) -> Examples:
        """The items where ``kept`` (n,) is true, and the queries that have one."""
        rows = np.flatnonzero(kept)
        sizes = np.bincount(self.query_rows[rows], minlength=len(self))
        queries = np.flatnonzero(sizes)
        return replace(
            self,
            matrix=self.matrix[rows],
            grades=self.grades[rows],
            offsets=offsets_of(sizes[queries]),
            queries=take(self.queries, queries),
            items=take(self.items, rows),
            fields={role: take(values, rows) for role, values in self.fields.items()},
        )

    def once(self, role: str, named: str) -> pa.Array:
        """Arrow array (q,): the value of a column that every query has once; ``named`` is its name.

        Raises:
            DataError: a value is null, or a query has two of them.
        """
        values = self.fields[role]
        unknown = is_unknown(values)
        if unknown.any():
            query = self.queries[int(self.query_rows[int(np.argmax(unknown))])].as_py()
            raise DataError(f"{self.origin}, query {query!r}: column {named!r} is null, wanted a value")
        changed = _changes(values)
        changed[self.offsets[:-1]] = False
        if changed.any():
            row = int(np.argmax(changed))
            query = self.queries[int(self.query_rows[row])].as_py()
            found = f"{values[row - 1].as_py()!r} and {values[row].as_py()!r}"
            raise DataError(
                f"{self.origin}, query {query!r}: column {named!r} is {found}, wanted one value for "
                "all items of a query or session"
            )
        return take(values, self.offsets[:-1])

    def fingerprint(self) -> str:
        """SHA-256 of hashed ids, grades and features; the same for every order of rows and file format."""
        digest = hashlib.sha256(repr((self.features, self.categories)).encode())
        for ids in (self.queries, self.items.drop_null()):
            digest.update(hashes_of(ids).tobytes())
        for values in (self.offsets, self.grades, self.matrix):
            digest.update(values.tobytes())
        return digest.hexdigest()


@dataclass(frozen=True)
class Reading:
    """What to read as examples.

    Attributes:
        log: the judgements, or the click log.
        query: role of the id that groups the items: ``query_id``, or ``session_id`` for clicks.
        grade: role of the grade: ``relevance`` or ``click``.
        features: names of the feature columns.
        fields: roles of further columns.
    """

    log: Log
    query: str
    grade: str
    features: Sequence[str]
    fields: Sequence[str] = ()

    @property
    def roles(self) -> list[str]:
        """The roles of all columns to read."""
        items = ["item_id"] if self.log.has("item_id") else []
        features = map(feature_role, self.features)
        return list(dict.fromkeys([self.query, *items, self.grade, *self.fields, *features]))

    def read(
        self, threads: int | None, categories: Sequence[tuple[Any, ...] | None] | None = None
    ) -> Examples:
        """Read all rows. ``categories`` are those of the training data; None: they are found in these rows.

        Raises:
            DataError: a column is missing or does not fit; an id is null, a grade is not a finite number; a
                query has more than 10,000 items; a text has too many values.
        """
        log = self.log.with_roles({feature_role(name): name for name in self.features})
        roles = self.roles
        log.require(roles)
        pieces: list[dict[str, pa.Array]] = []

        def load(leaf: Any) -> list[dict[str, pa.Array]]:
            stretches = log.batches(leaf, roles)
            return [self._columns(log.sessions_of(stretch)) for stretch in stretches]

        for found in in_order(load, log.leaves(), threads or default_threads(), "reading"):
            pieces += found
        if not pieces:
            raise DataError(f"{log.origin}: found no rows, wanted at least one")
        columns = {role: _joined([piece[role] for piece in pieces]) for role in pieces[0]}
        return self._examples(columns, categories)

    def _columns(self, sessions: Sessions) -> dict[str, pa.Array]:
        """Role -> column with one value per item, checked."""
        sessions.numbers(self.grade)
        columns = {role: decoded(sessions.column(role)) for role in self.roles}
        if "position" in columns and sessions.first_position != 1:
            columns["position"] = to_arrow(item_positions(sessions))
        for role in {self.query, "item_id"} & columns.keys():
            unknown = is_null(columns[role])
            if unknown.any():
                raise sessions.error(role, int(np.argmax(unknown)), None, "an id")
        return columns

    def _examples(
        self, columns: Mapping[str, pa.Array], categories: Sequence[tuple[Any, ...] | None] | None
    ) -> Examples:
        grades = as_float64(columns[self.grade])
        features = [columns[feature_role(name)] for name in self.features]
        pairs = list(zip(self.features, features, strict=True))
        if categories is None:
            categories = tuple(_categories(values, name, self.log.origin) for name, values in pairs)
        for (name, values), known in zip(pairs, categories, strict=True):
            _require_alike(values, known, name, self.log.origin)
        matrix = feature_matrix(features, categories)
        query = columns[self.query]
        items = columns["item_id"] if "item_id" in columns else pa.nulls(len(query), pa.string())
        order = _order(query, items, grades, matrix)
        query, items = take(query, order), take(items, order)
        offsets = np.append(np.flatnonzero(_changes(query)), len(query))
        examples = Examples(
            origin=self.log.origin,
            features=tuple(self.features),
            categories=tuple(categories),
            matrix=matrix[order],
            grades=grades[order],
            offsets=offsets,
            queries=take(query, offsets[:-1]),
            items=items,
            fields={role: take(columns[role], order) for role in self.fields},
        )
        largest = int(np.argmax(examples.sizes))
        if examples.sizes[largest] > MOST_ITEMS:
            found = f"{examples.sizes[largest]} items in query {examples.queries[largest].as_py()!r}"
            raise DataError(
                f"{self.log.origin}: found {found}, wanted at most {MOST_ITEMS:,} (LightGBM's limit)"
            )
        return examples


def _joined(arrays: Sequence[pa.Array]) -> pa.Array:
    kinds = [pa.schema([("", array.type)]) for array in arrays]
    kind = pa.unify_schemas(kinds, promote_options="permissive").field(0).type
    return pa.concat_arrays([array.cast(kind) for array in arrays])


def _require_alike(values: pa.Array, known: tuple[Any, ...] | None, name: str, origin: str) -> None:
    """Check that a feature holds text if it has categories, and else numbers; nulls fit both."""
    kind = values.type
    if pa.types.is_null(kind) or (is_number(kind) if known is None else pa.types.is_string(kind)):
        return
    wanted = "numbers" if known is None else "text"
    raise DataError(f"{origin}: column {name!r} holds {kind}, wanted {wanted} as in the data that trains")


def _categories(values: pa.Array, name: str, origin: str) -> tuple[Any, ...] | None:
    """The distinct texts of a feature in ascending order; None for numbers."""
    if not pa.types.is_string(values.type):
        return None
    found = sorted(pc.unique(values.drop_null()).to_pylist())
    if len(found) > MOST_CATEGORIES:
        raise DataError(
            f"{origin}: column {name!r} holds {len(found):,} different texts, wanted at most "
            f"{MOST_CATEGORIES:,} categories"
        )
    return tuple(found)


def _order(query: pa.Array, items: pa.Array, grades: Floats, matrix: Floats) -> Ints:
    """(n,) int64, the order of the rows that :class:`Examples` describes."""
    table = pa.table({"query": query, "item": items})
    keys = [("query", "ascending"), ("item", "descending")]
    order = to_numpy(pc.sort_indices(table, sort_keys=keys)).astype(np.int64)
    starts = _changes(take(query, order)) | _changes(take(items, order))
    if starts.all():
        return order
    # Rows that ids do not tell apart: their content does, and rows of equal content may stand in any order.
    content = [matrix[order, place] for place in reversed(range(matrix.shape[1]))]
    return np.asarray(order[np.lexsort([*content, grades[order], np.cumsum(starts)])])


def _changes(values: pa.Array) -> Bools:
    """(n,) bool, whether a value differs from the one before; true for the first."""
    return np.append(True, differ(values.slice(0, len(values) - 1), values.slice(1)))
