"""Checks of parameters that several simulators share.

Each check returns the checked value, or raises a ``UsageError`` of one line that names the parameter.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rankeval.array_types import Floats
from rankeval.errors import UsageError
from rankeval.options import shown

#: The largest number of sessions, and of items over all queries, in one simulation.
MOST_SESSIONS, MOST_ITEMS = 10**10, 10**8
#: The longest list that the columns of logs and the tables of click models are made for.
MOST_POSITIONS = 1000
#: The deepest nesting of mixtures.
MOST_NESTED = 10


def whole(name: str, value: int, low: int, high: int | None = None) -> int:
    """``value`` as an int, checked to be an integer of at least ``low`` and, if given, at most ``high``.

    Raises:
        UsageError: ``value`` is no integer or out of range.
    """
    number = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not number or value < low or (high is not None and value > high):
        most = "" if high is None else f" and at most {high}"
        raise UsageError(f"{name}: found {shown(value)}, wanted a whole number of at least {low}{most}")
    return int(value)


def real(name: str, value: float, low: float, high: float = np.inf) -> float:
    """``value`` as a float, checked to be finite and in ``[low, high]``.

    Raises:
        UsageError: ``value`` is no number, not finite or out of range.
    """
    number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    if not (number and low <= value <= min(high, np.finfo(np.float64).max) and np.isfinite(value)):
        wanted = f"a number of at least {low}" if high == np.inf else f"a number in [{low}, {high}]"
        raise UsageError(f"{name}: found {value!r}, wanted {wanted}")
    return float(value)


def matrix(name: str, values: ArrayLike, shape: tuple[int, ...]) -> Floats:
    """``values`` as a read-only float64 array of ``shape``; -1 in ``shape`` means any positive size.

    Raises:
        UsageError: ``values`` are not numbers or have another shape.
    """
    try:
        array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise UsageError(f"{name}: found {shown(values)}, wanted numbers") from None
    fits = array.ndim == len(shape) and all(
        size == found or (size < 0 < found) for size, found in zip(shape, array.shape, strict=True)
    )
    if not fits:
        wanted = " x ".join("any" if size < 0 else str(size) for size in shape)
        raise UsageError(f"{name}: found an array of shape {array.shape}, wanted {wanted}")
    array.flags.writeable = False
    return array


def distribution(name: str, values: ArrayLike, size: int) -> Floats:
    """``values`` as a read-only (size,) float64 array of probabilities that sum to 1 within 1e-9.

    Raises:
        UsageError: another shape, a value that is negative or not finite, or another sum.
    """
    array = matrix(name, values, (size,))
    if not (np.isfinite(array).all() and (array >= 0).all() and abs(array.sum() - 1.0) <= 1e-9):
        raise UsageError(f"{name}: found a sum of {array.sum():.9g}, wanted probabilities that sum to 1")
    return array


def written_to(name: str, value: Any) -> Path:
    """``value`` as a :class:`~pathlib.Path`; the file or folder need not exist.

    Raises:
        UsageError: ``value`` is neither a string nor a path.
    """
    if not isinstance(value, str | os.PathLike):
        raise UsageError(f"{name}: found {shown(value)}, wanted a path")
    return Path(value)
