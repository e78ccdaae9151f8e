"""How likely users are to examine each position: a curve from a file or from numbers."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from rankeval.array_types import Floats
from rankeval.errors import DataError
from rankeval.logs import RANGES
from rankeval.options import shown_json
from rankeval.results import Result

#: What a curve may hold.
FIELDS = ("examination", "alpha", "beta")
#: Share of a standard error by which a curve is moved to see what estimates change.
STEP = 1.0 / 64.0
#: Of the largest variance of a direction: what is below is rounding.
NO_VARIANCE = 1e-12
_WANTED = 'wanted a position-bias curve such as {"positions": [1, 2], "examination": [1, 0.5]}'


@dataclass(frozen=True)
class PositionBias:
    """Examination by position, and what trust bias adds: ``P(click) = alpha_k * relevance + beta_k``.

    Attributes:
        values: ``examination`` (``theta_k``, on any scale), or ``alpha`` and ``beta``, or all three, each the
            values at positions 1, 2, ...
        origin: where it comes from, for messages.
        covariance: of the estimates of ``examination`` at positions 1, 2, ..., a row each; None: not known.
    """

    values: Mapping[str, tuple[float, ...]]
    origin: str = field(default="<position bias>", compare=False)
    covariance: tuple[tuple[float, ...], ...] | None = None

    @classmethod
    def of(cls, source: Any) -> PositionBias:
        """Read a path of a JSON file, its content as a dict, what ``propensity`` returns, or the examination.

        The content is ``{"positions": [1, 2, ...], "examination": [...]}``, with ``alpha`` and ``beta``
        beside or instead of ``examination``; without ``positions`` they are 1, 2, ..., and a list alone is
        ``examination``. ``covariance`` of examination, one row a position, is kept. Other keys, such as
        standard errors, are left alone.

        Raises:
            DataError: an unreadable file; no curve; lists of unequal length; positions that are not 1 to n
                once each; a value that is no finite number in its range; a covariance that is no symmetric
                matrix of as many rows with a diagonal of at least 0.
        """
        if isinstance(source, PositionBias):
            return source
        origin, content = "<position bias>", source.to_dict() if isinstance(source, Result) else source
        if isinstance(source, str | os.PathLike):
            origin = os.fspath(source)
            content = _read(origin)
        if not isinstance(content, Mapping):
            content = {"examination": content}
        curves = _curves(origin, content)
        covariance = None
        if "examination" in curves and content.get("covariance") is not None:
            order = _order(origin, content.get("positions"), len(curves["examination"]))
            covariance = _covariance(origin, content["covariance"], order)
        return cls(curves, origin, covariance)

    def __contains__(self, name: object) -> bool:
        return name in self.values

    def __len__(self) -> int:
        """Number of positions."""
        return len(next(iter(self.values.values())))

    def curve(self, name: str) -> Floats:
        """(n,) values at positions 1 to n."""
        return np.array(self.values[name])

    @property
    def above_one(self) -> list[int]:
        """Positions whose examination is above 1, which no probability is."""
        return [k for k, theta in enumerate(self.values.get("examination", ()), 1) if theta > 1.0]

    @property
    def moved(self) -> tuple[PositionBias, ...]:
        """The curve moved by ``STEP`` standard errors in each direction in which it varies independently.

        The directions are the eigenvectors of the covariance: squared changes by them add up to variances.
        None where errors are not known.
        """
        if self.covariance is None:
            return ()
        variances, directions = np.linalg.eigh(np.array(self.covariance))
        used = variances > NO_VARIANCE * variances.max(initial=0.0)
        theta = self.curve("examination")
        return tuple(
            replace(
                self,
                values={
                    **self.values,
                    "examination": tuple(np.maximum(theta + STEP * step, 0.5 * theta).tolist()),
                },
                covariance=None,
            )
            for step in (np.sqrt(variances[used]) * directions[:, used]).T
        )

    @property
    def relative_error(self) -> float:
        """The largest standard error of an examination over its value; 0 where errors are not known."""
        if self.covariance is None:
            return 0.0
        errors = np.sqrt(np.diag(np.array(self.covariance)))
        return float(np.max(errors / self.curve("examination")))


def _read(path: str) -> Any:
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}), {_WANTED}") from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: is no JSON ({error}), {_WANTED}") from None


def _curves(origin: str, content: Mapping[str, Any]) -> dict[str, tuple[float, ...]]:
    """The curves in the order of their positions."""
    found = {name: _values(origin, name, content[name]) for name in FIELDS if content.get(name) is not None}
    if "examination" not in found and not {"alpha", "beta"} <= found.keys():
        have = ", ".join(str(name) for name, value in content.items() if value is not None)
        raise DataError(f"{origin}: holds {have or 'nothing'}, wanted examination, or alpha and beta")
    first = next(iter(found))
    order = _order(origin, content.get("positions"), len(found[first]))
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


def _order(origin: str, positions: Any, length: int) -> list[int]:
    """Where the values of positions 1, 2, ... stand."""
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


def _covariance(origin: str, rows: Any, order: Sequence[int]) -> tuple[tuple[float, ...], ...]:
    """The matrix with its rows and columns in the order of their positions."""
    if isinstance(rows, np.ndarray):
        rows = rows.tolist()
    n = len(order)
    found = [_row(origin, row, k, n) for k, row in enumerate(_rows(origin, rows, n))]
    matrix = np.array(found)[np.ix_(order, order)]
    scale = np.sqrt(np.abs(np.diag(matrix)))
    if not (np.abs(matrix - matrix.T) <= 1e-9 * np.outer(scale, scale)).all():
        j, k = (int(place) for place in np.argwhere(matrix != matrix.T)[0])
        found_pair = f"{matrix[j, k]} and {matrix[k, j]} at positions {j + 1} and {k + 1}"
        raise DataError(f"{origin}: covariance is {found_pair}, wanted a symmetric matrix")
    if (np.diag(matrix) < 0.0).any():
        k = int(np.argmax(np.diag(matrix) < 0.0))
        raise DataError(
            f"{origin}: covariance is {matrix[k, k]} on the diagonal at position {k + 1}, wanted at least 0"
        )
    return tuple(map(tuple, matrix.tolist()))


def _rows(origin: str, rows: Any, n: int) -> Sequence[Any]:
    if not isinstance(rows, Sequence) or isinstance(rows, str | bytes) or len(rows) != n:
        raise DataError(f"{origin}: covariance is {shown_json(rows)}, wanted {n} rows, one a position")
    return rows


def _row(origin: str, row: Any, k: int, n: int) -> list[float]:
    if not isinstance(row, Sequence) or isinstance(row, str | bytes) or len(row) != n:
        raise DataError(f"{origin}: covariance holds {shown_json(row)} in row {k + 1}, wanted {n} numbers")
    numbers = [_number(value) for value in row]
    for j, number in enumerate(numbers):
        if not math.isfinite(number):
            raise DataError(
                f"{origin}: covariance holds {shown_json(row[j])} in row {k + 1}, wanted finite numbers"
            )
    return numbers


def _items(origin: str, name: str, values: Any) -> Sequence[Any]:
    if isinstance(values, np.ndarray) and values.ndim == 1:
        values = values.tolist()
    if not isinstance(values, Sequence) or isinstance(values, str | bytes) or not len(values):
        raise DataError(f"{origin}: {name} is {shown_json(values)}, wanted a list of numbers, one a position")
    return values


def _number(value: Any) -> float:
    """The number that a value is, NaN where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        return math.nan
    try:
        return float(value)
    except (OverflowError, TypeError):
        return math.nan
