"""Warnings that accompany off-policy estimates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rankeval.arrays import SMALL_SEGMENT
from rankeval.notes import Note, distinct, listing
from rankeval.off_policy.rows import EstimateRow


def estimate_notes(
    sizes: Mapping[Any, float], rows: Sequence[EstimateRow], whole_counts: bool = True
) -> Iterator[Note]:
    """Yield the warnings on segments and missing numbers.

    Args:
        sizes: number of units of each segment; None is the key of all units.
        rows: the estimates.
        whole_counts: whether every unit counts a whole number of times. If not, the units stand for a
            distribution, their number is unknown, and there are no warnings about small numbers.
    """
    units = rows[0].estimator.definition.units
    small = [f"{value} ({n})" for value, n in sizes.items() if value is not None and n < SMALL_SEGMENT]
    if small and whole_counts:
        text = f"segments with fewer than {SMALL_SEGMENT} {units} have rough intervals: {listing(small)}"
        yield Note("small_segments", text, {"segments": len(small), "threshold": SMALL_SEGMENT})
    estimates = [estimate for row in rows for estimate in (row.value, row.gain, row.relative)]
    yield from distinct(
        note for e in estimates if e.std_error is not None for note in e.notes if not note.level
    )
    yield from _of_missing(rows)


def _of_missing(rows: Sequence[EstimateRow]) -> Iterator[Note]:
    """For each number that cannot be computed: the reason, and the rows without it."""
    missing: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        place = row.place
        for what, reason in _reasons(row):
            missing.setdefault((what, reason), []).append(place)
    for (what, reason), places in missing.items():
        yield Note("not_computed", f"{what} of {listing(places)}: {reason}", {"places": len(places)})


def _reasons(row: EstimateRow) -> Iterator[tuple[str, str]]:
    """The numbers that a row lacks, each with its reason.

    The first number without a standard error ends the list: the next numbers need it too.
    """
    for what, estimate in (("value", row.value), ("gain", row.gain), ("relative gain", row.relative)):
        if estimate.std_error is None:
            yield what if estimate.value is None else "standard error", estimate.notes[0].text
            return
        for interval in estimate.intervals:
            if interval.reason is not None:
                yield f"{interval.method} interval of the {what}", interval.reason
