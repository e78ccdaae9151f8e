"""What the kinds of model files share: missing extras, errors of other libraries, matrices of features."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import pyarrow as pa

from rankeval.array_types import Floats
from rankeval.errors import DataError, RankevalError, UsageError
from rankeval.notes import listing
from rankeval.rankers import feature_matrix
from rankeval.readers import is_number


def required(module: str, extra: str) -> Any:
    """A module of an optional dependency.

    Raises:
        UsageError: it is not installed; the message says what to install.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise UsageError(
            f"{extra}: needs the package {module.partition('.')[0]}, which cannot be imported ({error}); "
            f"wanted pip install 'rankeval-ope[{extra}]'"
        ) from None


@contextmanager
def loading(path: str, library: str) -> Iterator[None]:
    """Turn every error of a library that loads a model file into a one-line DataError."""
    try:
        yield
    except RankevalError:
        raise
    except Exception as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
        raise DataError(f"{path}: {library} cannot load it ({lines[0][:200]})") from error


def matrix_of(
    rows: pa.RecordBatch, path: str, categories: Sequence[Sequence[Any] | None] | None = None
) -> Floats:
    """(n, p) float64, the columns of ``rows`` as a matrix of features; see ``feature_matrix``.

    Raises:
        DataError: a column without categories holds no numbers.
    """
    for place, column in enumerate(rows.columns):
        known = categories is not None and categories[place] is not None
        if not (known or is_number(column.type) or pa.types.is_null(column.type)):
            name = rows.schema.names[place]
            raise DataError(f"{path}: column {name!r} of the data holds {column.type}, wanted numbers")
    return feature_matrix(rows.columns, categories)


def require_one_class(path: str, classes: int) -> None:
    """Check that a model gives one score for each item: a number, or the probability of one of two classes.

    Raises:
        DataError: it has more than two classes.
    """
    if classes > 2:
        raise DataError(f"{path}: has {classes} classes, wanted a model with one score for each item")


def require_names(path: str, names: Sequence[str], columns: int | None = None) -> None:
    """Check the names of the features of a model.

    Raises:
        DataError: a name occurs twice, or there are not ``columns`` names.
    """
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise DataError(f"{path}: names the features {listing(twice)} twice, wanted each once")
    if columns is not None and len(names) != columns:
        raise DataError(f"{path}: names {len(names)} features, wanted the names of its {columns} columns")
