"""Checks of parameters that several simulators share; each raises one line that names the parameter."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rankeval.array_types import Floats
from rankeval.errors import UsageError
from rankeval.options import shown

#: Most sessions, and most items of all queries together, that one simulation has.
MOST_SESSIONS, MOST_ITEMS = 10**10, 10**8
#: Longest lists: what fits the columns of logs and the tables of click models.
MOST_POSITIONS = 1000
#: Mixtures within one another.
MOST_NESTED = 10


def whole(name: str, value: int, low: int, high: int | None = None) -> int:
    """``value`` where it is an integer of at least ``low``, and at most ``high`` if there is one."""
    number = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not number or value < low or (high is not None and value > high):
        most = "" if high is None else f" and at most {high}"
        raise UsageError(f"{name}: found {shown(value)}, wanted a whole number of at least {low}{most}")
    return int(value)


def real(name: str, value: float, low: float, high: float = np.inf) -> float:
    """``value`` where it is finite and in ``[low, high]``."""
    number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    if not (number and low <= value <= min(high, np.finfo(np.float64).max)):
        wanted = f"a number of at least {low}" if high == np.inf else f"a number in [{low}, {high}]"
        raise UsageError(f"{name}: found {value!r}, wanted {wanted}")
    return float(value)


def matrix(name: str, values: ArrayLike, shape: tuple[int, ...]) -> Floats:
    """``values`` as a read-only float64 array of ``shape``, where -1 stands for any positive size."""
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
    """``values`` as ``size`` probabilities that sum to 1."""
    array = matrix(name, values, (size,))
    if not (np.isfinite(array).all() and (array >= 0).all() and abs(array.sum() - 1.0) <= 1e-9):
        raise UsageError(f"{name}: found a sum of {array.sum():.9g}, wanted probabilities that sum to 1")
    return array


def written_to(name: str, value: Any) -> Path:
    """``value`` where it is the path of a file or a folder."""
    if not isinstance(value, str | os.PathLike):
        raise UsageError(f"{name}: found {shown(value)}, wanted a path")
    return Path(value)
