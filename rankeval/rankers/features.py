"""Feature columns: which columns are features, and their values as the matrix that models read."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rankeval.array_types import Floats
from rankeval.arrays import as_float64, decoded, to_numpy
from rankeval.errors import DataError, UsageError
from rankeval.logs import Log, role_names
from rankeval.notes import listing
from rankeval.readers import check_same_columns, is_number

#: Ids that a ranker may read, under any name that they have in the data.
_IDS = ("query_id", "item_id")
_OUTCOMES = ("relevance", "click", "reward")


def feature_role(name: str) -> str:
    """The role under which the column ``name`` is read as a feature.

    A feature may have the name of a role (``click``, where another column plays that role). So features have
    roles of their own; the ids are roles already.
    """
    return name if name in _IDS else f"feature.{name}"


def feature_columns(log: Log, asked: Sequence[str], barred: Collection[str] = ()) -> list[str]:
    """The features of a log, in order: those asked for, or all columns of numbers that play no role.

    Args:
        log: the log; each of its files must have the features.
        asked: names of columns; empty for the default. They may hold numbers, booleans or text.
        barred: further columns that are no features, such as the column of the split.

    Raises:
        DataError: a column is missing, differs in type between files, or holds neither numbers nor text;
            there is no feature.
        UsageError: a column that was asked for is barred, or is an outcome or has the name of one.
    """
    roles = {*role_names(), *map(log.name, role_names()), *log.columns.values(), *barred}
    chosen = list(dict.fromkeys(asked))
    if not chosen:
        chosen = [field.name for field in log.schema if field.name not in roles and is_number(_value(field))]
    if not chosen:
        raise DataError(f"{log.origin}: found no column of numbers that is a feature, wanted at least one")
    for name in asked:
        if name in {*barred, *_OUTCOMES, *map(log.name, _OUTCOMES)}:
            raise UsageError(f"features: found {name!r}, wanted columns that are known before the outcome is")
    check_same_columns(log.sources, chosen)
    for name in chosen:
        kind = _value(log.schema.field(name))
        if not (is_number(kind) or pa.types.is_string(kind) or pa.types.is_null(kind)):
            raise DataError(f"{log.origin}: column {name!r} holds {kind}, wanted numbers or text")
    return chosen


def with_columns(log: Log, columns: Sequence[str], name: str) -> Log:
    """The log, in which the columns that a ranker reads are found by name.

    A column whose name has white space is also found by the name that LightGBM gives it, with an underscore
    for each space.

    Args:
        log: the data; each of its files must have the columns.
        columns: the columns that the ranker reads.
        name: the candidate, for messages.

    Raises:
        DataError: a file lacks a column, or files differ in its type; a column holds lists.
    """
    log = log.with_roles({feature_role(each): _found(log, each) for each in columns if each not in _IDS})
    for source in log.sources:
        missing = [each for each in columns if log.name(feature_role(each)) not in source.schema.names]
        if missing:
            raise DataError(
                f"{source.name}: lacks {len(missing)} of the {len(columns)} columns that {name} reads, "
                f"{listing(missing)}; wanted {_naming(missing)}, "
                f"found {listing(source.schema.names, 10)}"
            )
    log.require(map(feature_role, columns))
    for role in map(feature_role, columns):
        kind = log.kind(role)
        if pa.types.is_nested(kind) and not log.nested:
            raise DataError(f"{log.origin}: column {log.name(role)!r} holds {kind}, wanted one value a row")
    return log


def _found(log: Log, name: str) -> str:
    """The column of a feature: of that name, or with white space where LightGBM wrote underscores."""
    alike = [found for found in log.schema.names if name in (found, found.replace(" ", "_"))]
    if len(set(alike)) > 1:
        raise DataError(
            f"{log.origin}: has the columns {listing(map(repr, alike))}, which LightGBM both calls {name!r}; "
            "wanted one of them"
        )
    return alike[0] if alike else name


def _naming(missing: Sequence[str]) -> str:
    if all(re.fullmatch(r"Column_\d+", each) for each in missing):
        return "a model that was trained with names of features (LightGBM made up these)"
    return "columns of these names"


def feature_matrix(
    columns: Sequence[pa.Array], categories: Sequence[Sequence[Any] | None] | None = None
) -> Floats:
    """(n, p) float64 in rows, the values of ``p`` features of ``n`` items.

    Null is NaN, and false and true are 0 and 1. A category is the index in its list; null and categories that
    are not in the list are NaN.

    Args:
        columns: p Arrow arrays (n,), numbers, booleans, or values with categories.
        categories: for each feature, the list of its categories, or None for numbers. None: all are numbers.
    """
    matrix = np.empty((len(columns[0]) if columns else 0, len(columns)))
    for place, column in enumerate(columns):
        known = None if categories is None else categories[place]
        matrix[:, place] = as_float64(column) if known is None else _codes(column, known)
    return matrix


def _codes(column: pa.Array, known: Sequence[Any]) -> Floats:
    values = decoded(column)
    kind = pa.string() if pa.types.is_null(values.type) else values.type
    try:
        codes = pc.index_in(values.cast(kind), pa.array(list(known), kind), skip_nulls=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        codes = pc.index_in(
            values.cast(pa.string()), pa.array([str(each) for each in known]), skip_nulls=True
        )
    return np.asarray(to_numpy(codes.cast(pa.float64()).fill_null(np.nan)))


def _value(field: pa.Field) -> pa.DataType:
    """The type of a column's values; of the elements, if it holds lists."""
    kind = field.type
    return kind.value_type if pa.types.is_list(kind) else kind
