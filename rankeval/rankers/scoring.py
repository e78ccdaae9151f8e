"""The scores that a ranker gives, checked in one place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from rankeval.array_types import Floats
from rankeval.errors import DataError, RankevalError
from rankeval.rankers.ranker import Ranker


def checked_scores(ranker: Ranker, rows: pa.RecordBatch, name: str, locate: Callable[[int], str]) -> Floats:
    """(n,) float64, the score that a ranker gives to each of ``n`` items.

    Args:
        ranker: the ranker.
        rows: ``n`` rows with the columns ``ranker.columns``, in that order.
        name: the candidate, for messages.
        locate: function that returns the place of a row, such as ``FILE, row 17``.

    Raises:
        DataError: the ranker fails, gives another number of scores than ``n``, or gives a score that is no
            finite number.
    """
    n = int(rows.num_rows)
    try:
        given: Any = np.asarray(ranker.score(rows))
        if given.dtype.kind in "cmM":  # NumPy would drop a part of complex numbers, and count dates
            raise TypeError(f"its scores are {given.dtype}, wanted real numbers")
        scores = np.asarray(given, dtype=np.float64, order="C")
    except RankevalError:
        raise
    except Exception as error:
        text = " ".join(str(error).split())[:200]
        raise DataError(
            f"{name}: fails on {n} rows from {locate(0)}: {type(error).__name__}: {text}"
        ) from error
    if scores.shape != (n,):
        found = f"{len(scores)} scores" if scores.ndim == 1 else f"scores of shape {scores.shape}"
        raise DataError(f"{name}: gives {found} for {n} rows from {locate(0)}, wanted {n} scores")
    finite = np.isfinite(scores)
    if not finite.all():
        row = int(np.argmin(finite))
        raise DataError(f"{name}: gives the score {scores[row]} to {locate(row)}, wanted a finite number")
    return scores
