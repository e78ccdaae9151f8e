"""Warnings that accompany off-policy estimates."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rankeval.arrays import SMALL_SEGMENT
from rankeval.inference import BY_RANGES, FEW_TERMS
from rankeval.notes import Note, distinct, listing
from rankeval.off_policy.diagnostics import AVERAGES_ONE
from rankeval.off_policy.rows import EstimateRow

#: An effective sample size below this number gives a warning.
FEW_EFFECTIVE = 100


def estimate_notes(
    sizes: Mapping[Any, float], rows: Sequence[EstimateRow], whole_counts: bool = True
) -> Iterator[Note]:
    """Yield the warnings on weights, parameters, segments and missing numbers.

    Args:
        sizes: number of units of each segment; None is the key of all units.
        rows: the estimates.
        whole_counts: whether every unit counts a whole number of times. If not, the units stand for a
            distribution, their number is unknown, and there are no warnings about small numbers.
    """
    units = rows[0].estimator.definition.units
    whole = [row for row in rows if row.segment is None]
    for row in {(row.target, row.estimator.weight_of): row for row in reversed(whole)}.values():
        yield from _of_weights(row, whole_counts)
    yield from _of_rewards(rows, whole_counts)
    yield from _cautions(rows)
    yield from distinct(_of_choice(row) for row in whole if row.selection is not None)
    small = [f"{value} ({n})" for value, n in sizes.items() if value is not None and n < SMALL_SEGMENT]
    if small and whole_counts:
        text = f"segments with fewer than {SMALL_SEGMENT} {units} have rough intervals: {listing(small)}"
        yield Note("small_segments", text, {"segments": len(small), "threshold": SMALL_SEGMENT})
    estimates = [estimate for row in rows for estimate in (row.value, row.gain, row.relative)]
    yield from distinct(note for e in estimates if e.std_error is not None for note in e.notes)
    yield from _of_missing(rows)


def _cautions(rows: Sequence[EstimateRow]) -> Iterator[Note]:
    """The cautions of the estimators, one note for all estimators with the same caution."""
    named: dict[str, list[str]] = {}
    for estimator in dict.fromkeys(row.estimator for row in rows):
        named.setdefault(estimator.definition.caution, []).append(estimator.label)
    for caution, names in named.items():
        if caution:
            yield Note("estimator_caution", f"{', '.join(names)}: {caution}", level="caution")


def _of_weights(row: EstimateRow, whole_counts: bool) -> Iterator[Note]:
    """Warnings on a small effective sample size, and on a mean weight that differs from 1."""
    definition = row.estimator.definition
    ess, mean, z = (row.diagnostics[name] for name in ("ess", "mean_weight", "mean_weight_z"))
    if ess is None or mean is None:
        return
    under = "" if row.target is None else f"target {row.target!r}: "
    if ess < FEW_EFFECTIVE and whole_counts:
        size = f"effective sample size{f' of the {row.estimator.weight_of} weights' * definition.of_rankings}"
        text = f"{under}the {size} is {ess:.4g}: under {FEW_EFFECTIVE} this log can hardly tell"
        yield Note("few_effective", text, {"ess": ess, "threshold": FEW_EFFECTIVE})
    off = f"{abs(z):.1f} standard errors off 1" if z is not None else "and so is every weight"
    surely = ess > 1.0 if z is None else abs(z) > 4.0
    if abs(mean - 1.0) > 0.05 and surely and row.estimator.ratio in AVERAGES_ONE:
        kind = f"{row.estimator.ratio} weight" if definition.of_rankings else "weight"
        text = f"{under}the mean {kind} is {mean:.4g}, {off}: the propensities look wrong"
        yield Note("mean_weight", text, {"mean": mean, **({} if z is None else {"z": z})})


def _of_rewards(rows: Sequence[EstimateRow], whole_counts: bool) -> Iterator[Note]:
    """A warning on estimates that rest on few rewards, unless stated ranges make up for them."""
    few: dict[str, float] = {}
    for row in rows:
        worth = _worth(row)
        if worth < FEW_TERMS and whole_counts:
            few[_place(row)] = worth
    if few:
        level = 100.0 * rows[0].value.intervals[0].level
        places = listing(f"{place} ({worth:.3g})" for place, worth in few.items())
        text = (
            f"few rewards carry {places}: under {FEW_TERMS:g} of equal weight, intervals may hold in "
            f"less than {level:g} % of logs"
        )
        yield Note("few_rewards", text, {"least": min(few.values()), "threshold": FEW_TERMS})


def _worth(row: EstimateRow) -> float:
    """The least number of terms or rewards of equal size that an estimate of a row is worth."""
    by_spread = [
        estimate
        for estimate in (row.value, row.gain, row.relative)
        if any(interval.method not in BY_RANGES for interval in estimate.intervals)
    ]
    known = [estimate.worth for estimate in by_spread] + [row.diagnostics.get("effective_rewards")] * (
        row.value in by_spread
    )
    return min((worth for worth in known if worth is not None), default=math.inf)


def _place(row: EstimateRow) -> str:
    """The estimator, with the target policy and the segment if there are some."""
    place = row.label + ("" if row.target is None else f" for {row.target}")
    return place + ("" if row.segment is None else f" in {row.segment}")


def _of_choice(row: EstimateRow) -> Note:
    """The warning that the data chose the parameter of an estimator."""
    assert row.selection is not None
    rules = {"slope": "SLOPE", "mse": "the bound on the mean squared error"}
    rule = rules.get(row.selection["by"], "the more careful of SLOPE and the bound on the mean squared error")
    text = (
        f"{row.estimator.label}: chosen by {rule} among {len(row.selection['candidates'])} values "
        f"on the same {row.estimator.definition.units}; no interval counts the bias that is left, and "
        "only that of --ci refit counts the choice"
    )
    return Note("parameter_chosen", text, {"candidates": len(row.selection["candidates"])}, level="caution")


def _of_missing(rows: Sequence[EstimateRow]) -> Iterator[Note]:
    """For each number that cannot be computed: the reason, and the rows without it."""
    missing: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        place = _place(row)
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
