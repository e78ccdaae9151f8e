"""The content of position-bias files, and of results of ``fit`` that hold a curve, checked."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rankeval.errors import DataError
from rankeval.logs import RANGES
from rankeval.options import shown_json

#: Names of the values that a curve may hold.
FIELDS = ("examination", "alpha", "beta")
_WANTED = 'wanted a position-bias curve such as {"positions": [1, 2], "examination": [1, 0.5]}'


def curve_in(origin: str, content: Mapping[str, Any]) -> Mapping[str, Any]:
    """The part of ``content`` that holds the curve: in a result of ``fit``, that of its ``pbm_trust``.

    Raises:
        DataError: a result of ``fit`` without the ``alpha`` and ``beta`` of a ``pbm_trust``.
    """
    if any(name in content for name in FIELDS):
        return content
    fits = content.get("results") if content.get("command") == "fit" else [content]
    if not isinstance(fits, Sequence) or not all(isinstance(fit, Mapping) for fit in fits):
        return content
    for fit in fits:
        if isinstance(fit.get("identified"), Mapping):
            return dict(fit["identified"])
    if all("click_model" in fit for fit in fits) and fits:
        names = ", ".join(str(fit["click_model"]) for fit in fits)
        raise DataError(
            f"{origin}: holds a fit of {names} without alpha and beta, wanted one of pbm_trust whose click "
            "rate at position 1 differs between items"
        )
    return content


def read_json(path: str) -> Any:
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}), {_WANTED}") from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: is no JSON ({error}), {_WANTED}") from None


def checked_curves(origin: str, content: Mapping[str, Any]) -> dict[str, tuple[float, ...]]:
    """The values of each name in :data:`FIELDS` that ``content`` holds, ordered by position."""
    found = {name: _values(origin, name, content[name]) for name in FIELDS if content.get(name) is not None}
    if "examination" not in found and not {"alpha", "beta"} <= found.keys():
        have = ", ".join(str(name) for name, value in content.items() if value is not None)
        raise DataError(f"{origin}: holds {have or 'nothing'}, wanted examination, or alpha and beta")
    first = next(iter(found))
    order = order_of(origin, content.get("positions"), len(found[first]))
    for name, values in found.items():
        if len(values) != len(order):
            beside = "positions" if content.get("positions") is not None else first
            raise DataError(f"{origin}: {name} has {len(values)} values, wanted {len(order)} as in {beside}")
    return {name: tuple(values[i] for i in order) for name, values in found.items()}


def _values(origin: str, name: str, values: Any) -> list[float]:
    low, high, wanted = RANGES[name]
    numbers = [_number(value) for value in _items(origin, name, values)]
    for k, number in enumerate(numbers):
        if not low <= number < high:
            raise DataError(f"{origin}: {name} is {shown_json(values[k])} in place {k + 1}, wanted {wanted}")
    return numbers


def order_of(origin: str, positions: Any, length: int) -> list[int]:
    """Indices into ``positions`` that sort it; ``0 .. length - 1`` without ``positions``."""
    if positions is None:
        return list(range(length))
    numbers = [_number(position) for position in _items(origin, "positions", positions)]
    for k, number in enumerate(numbers):
        if number not in range(1, len(numbers) + 1) or number in numbers[:k]:
            wanted = f"each of 1 to {len(numbers)} once"
            raise DataError(
                f"{origin}: positions hold {shown_json(positions[k])} in place {k + 1}, wanted {wanted}"
            )
    return sorted(range(len(numbers)), key=numbers.__getitem__)


def checked_covariance(
    origin: str, rows: Any, order: Sequence[int], name: str = "covariance"
) -> tuple[tuple[float, ...], ...]:
    """The checked matrix called ``name``, with rows and columns in the order ``order``."""
    if isinstance(rows, np.ndarray):
        rows = rows.tolist()
    n = len(order)
    found = [_row(origin, row, k, n, name) for k, row in enumerate(_rows(origin, rows, n, name))]
    matrix = np.array(found)[np.ix_(order, order)]
    scale = np.sqrt(np.abs(np.diag(matrix)))
    if not (np.abs(matrix - matrix.T) <= 1e-9 * np.outer(scale, scale)).all():
        j, k = (int(place) for place in np.argwhere(matrix != matrix.T)[0])
        places = "positions" if name == "covariance" else "rows"
        found_pair = f"{matrix[j, k]} and {matrix[k, j]} at {places} {j + 1} and {k + 1}"
        raise DataError(f"{origin}: {name} is {found_pair}, wanted a symmetric matrix")
    if (np.diag(matrix) < 0.0).any():
        k, place = int(np.argmax(np.diag(matrix) < 0.0)), "position" if name == "covariance" else "row"
        raise DataError(
            f"{origin}: {name} is {matrix[k, k]} on the diagonal at {place} {k + 1}, wanted at least 0"
        )
    return tuple(map(tuple, matrix.tolist()))


def _rows(origin: str, rows: Any, n: int, name: str) -> Sequence[Any]:
    if not isinstance(rows, Sequence) or isinstance(rows, str | bytes) or len(rows) != n:
        of_rows = "one a position" if name == "covariance" else "of alpha, then of beta"
        raise DataError(f"{origin}: {name} is {shown_json(rows)}, wanted {n} rows, {of_rows}")
    return rows


def _row(origin: str, row: Any, k: int, n: int, name: str) -> list[float]:
    if not isinstance(row, Sequence) or isinstance(row, str | bytes) or len(row) != n:
        raise DataError(f"{origin}: {name} holds {shown_json(row)} in row {k + 1}, wanted {n} numbers")
    numbers = [_number(value) for value in row]
    for j, number in enumerate(numbers):
        if not math.isfinite(number):
            raise DataError(
                f"{origin}: {name} holds {shown_json(row[j])} in row {k + 1}, wanted finite numbers"
            )
    return numbers


def _items(origin: str, name: str, values: Any) -> Sequence[Any]:
    if isinstance(values, np.ndarray) and values.ndim == 1:
        values = values.tolist()
    if not isinstance(values, Sequence) or isinstance(values, str | bytes) or not len(values):
        raise DataError(f"{origin}: {name} is {shown_json(values)}, wanted a list of numbers, one a position")
    return values


def _number(value: Any) -> float:
    """The value as a float; NaN if it is not a number."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        return math.nan
    try:
        return float(value)
    except (OverflowError, TypeError):
        return math.nan
