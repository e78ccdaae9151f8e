"""The position-bias curve that a caller gives: a JSON file, a dict, a result or numbers."""

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

#: Names of the values that a curve may hold.
FIELDS = ("examination", "alpha", "beta")
#: Fraction of a standard error by which a curve is moved, for numerical derivatives of estimates.
STEP = 1.0 / 64.0
#: Eigenvalues of a covariance below this fraction of the largest one are rounding error.
NO_VARIANCE = 1e-12
_ORIGIN = "<position bias>"
_WANTED = 'wanted a position-bias curve such as {"positions": [1, 2], "examination": [1, 0.5]}'


@dataclass(frozen=True)
class PositionBias:
    """Examination by position, or the parameters of trust bias, or both.

    With examination ``P(click) = theta_k * relevance``; with trust bias
    ``P(click) = alpha_k * relevance + beta_k``.

    Attributes:
        values: ``examination`` (``theta_k``, on any scale), or ``alpha`` and ``beta``, or all three. Each
            holds the values at positions 1, 2, ...
        origin: name of the source, for messages.
        covariance: covariance of the estimated ``examination``, one row for each position 1, 2, ...; None
            if it is not known.
        log: name of the log from which the curve was estimated, as the source states it; None if it does not.
    """

    values: Mapping[str, tuple[float, ...]]
    origin: str = field(default=_ORIGIN, compare=False)
    covariance: tuple[tuple[float, ...], ...] | None = None
    log: str | None = field(default=None, compare=False)

    @classmethod
    def of(cls, source: Any, origin: str = _ORIGIN) -> PositionBias:
        """The curve of a source.

        Args:
            source: the path of a JSON file, the content of such a file as a dict, the result of
                ``propensity``, a list of examinations, or a ``PositionBias``, which is returned unchanged.
                The content is ``{"positions": [1, 2, ...], "examination": [...]}``, with ``alpha`` and
                ``beta`` in addition to or instead of ``examination``. Without ``positions`` the values are
                those of 1, 2, ... ``covariance`` is that of ``examination``, one row per position. Other
                keys, such as standard errors, are ignored.
            origin: name of the source for messages, unless it is a path.

        Raises:
            DataError: the file cannot be read; there is no curve; lists have unequal lengths; ``positions``
                does not hold each of 1 to n once; a value is not a finite number in its range; the
                covariance is not a symmetric (n, n) matrix with a diagonal of at least 0.
        """
        if isinstance(source, PositionBias):
            return source
        content = source.to_dict() if isinstance(source, Result) else source
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
        return cls(curves, origin, covariance, _log_of(content))

    def __contains__(self, name: object) -> bool:
        return name in self.values

    def __len__(self) -> int:
        """Number of positions."""
        return len(next(iter(self.values.values())))

    def curve(self, name: str) -> Floats:
        """(n,) float64, the values called ``name`` at positions 1 to n."""
        return np.array(self.values[name])

    @property
    def above_one(self) -> list[int]:
        """Positions whose examination is above 1, so that it is not a probability."""
        return [k for k, theta in enumerate(self.values.get("examination", ()), 1) if theta > 1.0]

    @property
    def moved(self) -> tuple[PositionBias, ...]:
        """Copies of the curve, each moved by ``STEP`` standard errors in one independent direction.

        The directions are the eigenvectors of the covariance. Along them the errors are uncorrelated, so the
        squared changes of an estimate, divided by ``STEP^2``, add up to its variance. No copy has a value
        below half of the original one. Empty if the covariance is not known.
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
        """The largest ratio of a standard error to its examination; 0 if the covariance is not known."""
        if self.covariance is None:
            return 0.0
        errors = np.sqrt(np.diag(np.array(self.covariance)))
        return float(np.max(errors / self.curve("examination")))


def _log_of(content: Mapping[str, Any]) -> str | None:
    """The name of the log from which ``propensity`` estimated a curve, as its result states it."""
    inputs = content.get("inputs")
    log = inputs.get("log") if isinstance(inputs, Mapping) else None
    return log if isinstance(log, str) else None


def _read(path: str) -> Any:
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}), {_WANTED}") from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: is no JSON ({error}), {_WANTED}") from None


def _curves(origin: str, content: Mapping[str, Any]) -> dict[str, tuple[float, ...]]:
    """The values of each name in :data:`FIELDS` that ``content`` holds, ordered by position."""
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


def _covariance(origin: str, rows: Any, order: Sequence[int]) -> tuple[tuple[float, ...], ...]:
    """The checked matrix, with rows and columns ordered by position."""
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
    """The value as a float; NaN if it is not a number."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        return math.nan
    try:
        return float(value)
    except (OverflowError, TypeError):
        return math.nan
