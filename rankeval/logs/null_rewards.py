"""Rewards that are null, as a left join leaves them, and may count as 0."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from rankeval.array_types import Bools
from rankeval.arrays import as_float64, offsets_of, to_arrow
from rankeval.errors import UsageError
from rankeval.notes import Note
from rankeval.readers import Leaf

#: Roles whose nulls may count as 0.
REWARDS = frozenset({"reward", "click", "session_reward"})
CHOICES = ("error", "zero")


@dataclass
class FilledRewards:
    """Puts 0 in place of null rewards, and counts the rows.

    pandas writes a null number as NaN, so NaN counts as null here.

    Attributes:
        counts: piece of the input -> the number of its rows with a null reward. Several passes over the same
            piece find the same number.
    """

    counts: dict[Leaf, int] = field(default_factory=dict)

    def fill(self, rows: pa.RecordBatch, names: Sequence[str]) -> tuple[pa.RecordBatch, int]:
        """The rows with float64 columns ``names``, 0 for null, and the number of rows with a null in them."""
        missing = np.zeros(rows.num_rows, np.bool_)
        arrays = dict(zip(rows.schema.names, rows.columns, strict=True))
        for name in names:
            arrays[name], unknown = _filled(arrays[name])
            missing |= unknown
        return pa.RecordBatch.from_arrays(list(arrays.values()), names=list(arrays)), int(missing.sum())

    def notes(self) -> Iterator[Note]:
        """A warning with the number of rows in which 0 stands for null."""
        rows = sum(self.counts.values())
        if rows:
            text = f"null_reward: {rows:,} rows had no reward (null or NaN), which counts as 0"
            yield Note("null_rewards", text, {"rows": rows})


def filled_kind(kind: pa.DataType) -> pa.DataType:
    """The type of a column of rewards once its nulls are filled."""
    return pa.list_(pa.float64()) if pa.types.is_list(kind) else pa.float64()


def _filled(array: pa.Array) -> tuple[pa.Array, Bools]:
    """The array as float64 with 0 for null, and (n,) whether each row held a null; null lists stay null."""
    if not pa.types.is_list(array.type):
        values = as_float64(array)
        unknown = np.isnan(values)
        return to_arrow(np.where(unknown, 0.0, values)), unknown
    values, unknown = _filled(array.flatten())
    offsets = offsets_of(as_float64(array.value_lengths().fill_null(0)).astype(np.int64))
    rows = np.searchsorted(offsets, np.flatnonzero(unknown), side="right") - 1
    found = np.zeros(len(array), np.bool_)
    found[rows] = True
    mask = array.is_null() if array.null_count else None
    return pa.ListArray.from_arrays(to_arrow(offsets.astype(np.int32)), values, mask=mask), found


def require_null_reward(choice: str) -> None:
    """Check what is asked to be done with null rewards.

    Raises:
        UsageError: it is neither ``error`` nor ``zero``.
    """
    if choice not in CHOICES:
        raise UsageError(f"null_reward: found {choice!r}, wanted {' or '.join(CHOICES)}")
