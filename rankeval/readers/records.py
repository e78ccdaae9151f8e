"""Records (dicts with a value for each column) and dicts of dicts as columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

import numpy as np
import pyarrow as pa

from rankeval.errors import DataError
from rankeval.readers.memory import MemorySource
from rankeval.readers.messages import guard
from rankeval.readers.text_forms import Role
from rankeval.readers.value_types import as_array, settled, traits_of

Columns = dict[str, list[Any]]
Pairs = Iterable[tuple[Any, Any]]

_Scalar = str | float | int | np.generic | None
#: Role -> the name of the number in ``{query: {item: number}}``.
NUMBERS = {"run": "score", "judgements": "relevance"}


def columns_of(records: Sequence[Mapping[str, Any]], path: str = "") -> Columns:
    """The columns of ``records``, in the order of first occurrence; a key that a record lacks is None.

    The keys of a dict in a record make columns of their own, named by their path, such as ``user.age``.

    Raises:
        DataError: two columns have the same name.
    """
    columns: Columns = {}
    for name in dict.fromkeys(chain.from_iterable(records)):
        values = [record.get(name) for record in records]
        found: Columns = {f"{path}{name}": values}
        if any(isinstance(value, dict) for value in values):
            inner = [value if isinstance(value, dict) else {} for value in values]
            rest = [None if isinstance(value, dict) else value for value in values]
            found = {f"{path}{name}": rest} if any(value is not None for value in rest) else {}
            found |= columns_of(inner, f"{path}{name}.")
        if both := columns.keys() & found.keys():
            raise DataError(f"found two columns named {min(both)!r}, wanted one")
        columns |= found
    return columns


def are_records(data: Any) -> bool:
    """Whether ``data`` is a list of records: dicts, of which the first has a value that is no array."""
    return (
        isinstance(data, list | tuple)
        and bool(data)
        and all(isinstance(each, dict) for each in data)
        and any(isinstance(value, _Scalar) for value in data[0].values())
    )


def is_by_query(data: Any) -> bool:
    """Whether ``data`` is ``{query: {item: number}}``."""
    return (
        isinstance(data, dict)
        and bool(data)
        and all(isinstance(items, Mapping) for items in data.values())
        and all(isinstance(value, _Scalar) for items in data.values() for value in islice(items.values(), 1))
    )


def records_source(records: Sequence[Mapping[str, Any]]) -> MemorySource:
    """A source over a list of records."""
    with guard("<records>"):
        return _source("<records>", columns_of(records))


def by_query_source(data: Mapping[Any, Mapping[Any, Any]], role: Role) -> MemorySource:
    """A source over a run or judgements as ``{query: {item: number}}``.

    Raises:
        DataError: a value is no number, or the data has another role.
    """
    if role not in NUMBERS:
        raise DataError(f"<dict>: found {{query: {{item: number}}}}, wanted a {role} as a dict of arrays")
    pairs = ((query, items.items()) for query, items in data.items())
    with guard("<dict>"):
        return _source("<dict>", by_query_columns(pairs, NUMBERS[role], "<dict>"))


def by_query_columns(queries: Iterable[tuple[Any, Pairs]], number: str, name: str) -> Columns:
    """The columns query_id, item_id and ``number`` of queries with pairs of an item and a number.

    Raises:
        DataError: a value is no number; ``name`` is the file.
    """
    rows = list(_rows(queries, name))
    names = ("query_id", "item_id", number)
    return {column: [row[place] for row in rows] for place, column in enumerate(names)}


def _rows(queries: Iterable[tuple[Any, Pairs]], name: str) -> Iterator[tuple[Any, Any, Any]]:
    for query, items in queries:
        for item, value in items:
            if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
                raise DataError(f"{name}: query {query!r}, item {item!r}: found {value!r}, wanted a number")
            yield query, item, value


def _source(name: str, columns: Columns) -> MemorySource:
    arrays = [
        as_array(values, settled(traits_of(values), as_float=column == "score"))
        for column, values in columns.items()
    ]
    return MemorySource(pa.table(arrays, names=list(columns)), name)
