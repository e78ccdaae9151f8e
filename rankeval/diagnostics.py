"""What the importance weights of a log look like, and what a reader must know before trusting them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from rankeval.estimate import Mean
from rankeval.estimators import CLICK_RATIOS, Ratio
from rankeval.intervals import Inference
from rankeval.moments import Moments
from rankeval.off_policy_rows import EstimateRow
from rankeval.segments import SMALL_SEGMENT

#: Effective sample size under which a warning says that the log can hardly tell.
FEW_EFFECTIVE = 100
#: Weights whose mean is 1 where the propensities are right.
AVERAGES_ONE = frozenset(get_args(Ratio)) - CLICK_RATIOS - {"exposure"}
#: Names that a warning lists before it says how many more there are.
LISTED = 5


def weight_diagnostics(
    inference: Inference, weight: int | None, ratio: Ratio = "action"
) -> dict[str, float | None]:
    """Effective sample size ``(sum w)^2 / sum w^2``, largest and mean weight, z of the mean against 1.

    ``weight`` is the term that holds ``w``; all are None where there is none, and z where the weights have
    no standard error, or, as those of exposure, need not average 1.
    """
    names = ("ess", "max_weight", "mean_weight", "mean_weight_z")
    moments = inference.moments
    if weight is None:
        return dict.fromkeys(names)
    mean = float(moments.mean[weight])
    total = moments.n * mean
    squares = float(moments.comoment[moments.pair_index[weight, weight]]) + total * mean
    std_error = inference.estimate(Mean(weight)).std_error
    z = (mean - 1.0) / std_error if std_error and ratio in AVERAGES_ONE else None
    ess = None if math.isinf(squares) else total / squares * total if squares > 0.0 else 0.0
    return dict(zip(names, (ess, float(moments.high[weight]), mean, z), strict=True))


def share_clipped(moments: Moments, weight: int, clipped: int) -> float | None:
    """Share of the weight that clipping, switching or shrinking takes away; None where there is no weight."""
    mean = float(moments.mean[weight])
    return 1.0 - float(moments.mean[clipped]) / mean if mean > 0 else None


def notes(sizes: Mapping[Any, int], rows: Sequence[EstimateRow], whole_counts: bool = True) -> Iterator[str]:
    """What a reader must know, one line each; ``sizes`` holds the units of each segment (None: of all).

    Where units do not count a whole number of times they stand for a distribution, and no size is small.
    """
    units = rows[0].estimator.definition.units
    whole = [row for row in rows if row.segment is None]
    for row in {(row.target, row.estimator.weight_of): row for row in reversed(whole)}.values():
        yield from _of_weights(row, whole_counts)
    yield from _cautions(rows)
    yield from dict.fromkeys(_of_choice(row) for row in whole if row.selection is not None)
    small = [f"{value} ({n})" for value, n in sizes.items() if value is not None and n < SMALL_SEGMENT]
    if small and whole_counts:
        yield f"segments with fewer than {SMALL_SEGMENT} {units} have rough intervals: {_few(small)}"
    estimates = [estimate for row in rows for estimate in (row.value, row.gain, row.relative)]
    yield from dict.fromkeys(warning for e in estimates if e.std_error is not None for warning in e.warnings)
    yield from _of_missing(rows)


def _cautions(rows: Sequence[EstimateRow]) -> Iterator[str]:
    """What the values of some estimators are not, in one line for those that share it."""
    named: dict[str, list[str]] = {}
    for estimator in dict.fromkeys(row.estimator for row in rows):
        named.setdefault(estimator.definition.caution, []).append(estimator.label)
    yield from (f"{', '.join(names)}: {caution}" for caution, names in named.items() if caution)


def _of_weights(row: EstimateRow, whole_counts: bool) -> Iterator[str]:
    definition = row.estimator.definition
    ess, mean, z = (row.diagnostics[name] for name in ("ess", "mean_weight", "mean_weight_z"))
    if ess is None or mean is None:
        return
    under = "" if row.target is None else f"target {row.target!r}: "
    if ess < FEW_EFFECTIVE and whole_counts:
        size = f"effective sample size{f' of the {row.estimator.weight_of} weights' * definition.of_rankings}"
        yield f"{under}the {size} is {ess:.4g}: under {FEW_EFFECTIVE} this log can hardly tell"
    off = f"{abs(z):.1f} standard errors off 1" if z is not None else "and so is every weight"
    surely = ess > 1.0 if z is None else abs(z) > 4.0
    if abs(mean - 1.0) > 0.05 and surely and row.estimator.ratio in AVERAGES_ONE:
        kind = f"{row.estimator.ratio} weight" if definition.of_rankings else "weight"
        yield f"{under}the mean {kind} is {mean:.4g}, {off}: the propensities look wrong"


def _of_choice(row: EstimateRow) -> str:
    assert row.selection is not None
    rules = {"slope": "SLOPE", "mse": "the bound on the mean squared error"}
    rule = rules.get(row.selection["by"], "the more careful of SLOPE and the bound on the mean squared error")
    return (
        f"{row.estimator.label}: chosen by {rule} among {len(row.selection['candidates'])} values "
        f"on the same {row.estimator.definition.units}; its interval counts neither the choice nor "
        "the bias that is left"
    )


def _of_missing(rows: Sequence[EstimateRow]) -> Iterator[str]:
    """Why a number is missing, and where."""
    missing: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        place = row.label + ("" if row.target is None else f" for {row.target}")
        place += "" if row.segment is None else f" in {row.segment}"
        for what, reason in _reasons(row):
            missing.setdefault((what, reason), []).append(place)
    for (what, reason), places in missing.items():
        yield f"{what} of {_few(places)}: {reason}"


def _reasons(row: EstimateRow) -> Iterator[tuple[str, str]]:
    """What a row lacks and why; a value that is missing takes gain and relative gain along."""
    for what, estimate in (("value", row.value), ("gain", row.gain), ("relative gain", row.relative)):
        if estimate.std_error is None:
            yield what if estimate.value is None else "standard error", estimate.warnings[0]
            return
        for interval in estimate.intervals:
            if interval.reason is not None:
                yield f"{interval.method} interval of the {what}", interval.reason


def _few(names: Sequence[str]) -> str:
    rest = len(names) - LISTED
    return ", ".join(names[:LISTED]) + (f" and {rest} more" if rest > 0 else "")
