"""The stated range of importance weights: a weight outside it is an error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rankeval.array_types import Floats
from rankeval.errors import UsageError
from rankeval.logs import Sessions
from rankeval.options import listed

#: A weight may lie outside by this share of the bound, since it is the ratio of two rounded numbers.
TOLERANCE = 1e-6


@dataclass(frozen=True)
class WeightRange:
    """The least and the largest possible weight of a logged action, over all contexts and actions.

    Attributes:
        low, high: the bounds, ``0 <= low < 1 < high``; ``high`` may be infinite.
    """

    low: float
    high: float

    def __str__(self) -> str:
        return f"[{self.low:.6g}, {self.high:.6g}]"

    def check(self, rounds: Sessions, role: str, weights: Floats) -> None:
        """Raise a ``DataError`` for the first of the weights (n,) that is outside; ``role`` gives it."""
        outside = (weights < self.low * (1.0 - TOLERANCE)) | (weights > self.high * (1.0 + TOLERANCE))
        if outside.any():
            row = int(np.argmax(outside))
            found = f"that of an importance weight of {weights[row]:.6g}"
            raise rounds.error(role, row, found, f"a weight in the range {self}")


def parse_weight_range(value: str | Sequence[float] | None) -> WeightRange | None:
    """Parse a range, ``"0.1,20"``, ``"0,inf"`` or ``(0, 20)``; None gives None.

    Raises:
        UsageError: the value is not two numbers around 1, the mean of importance weights, from 0 up.
    """
    if value is None:
        return None
    try:
        low, high = map(float, listed(value) if isinstance(value, str) else value)
    except (TypeError, ValueError):
        low = high = math.nan
    if not (0.0 <= low < 1.0 < high):
        wanted = "LOW,HIGH with 0 <= LOW < 1 < HIGH (inf: unknown); weights average 1"
        raise UsageError(f"weight_range: found {value!r}, wanted {wanted}")
    return WeightRange(low, high)
