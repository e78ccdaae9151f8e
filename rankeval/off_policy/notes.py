"""What a reader of off-policy estimates must know before trusting them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rankeval.arrays.segments import SMALL_SEGMENT
from rankeval.estimators import Estimator
from rankeval.inference.inferring import Inferring
from rankeval.logs.log import Log
from rankeval.off_policy.accumulate import Pass
from rankeval.off_policy.diagnostics import AVERAGES_ONE
from rankeval.off_policy.rows import EstimateRow
from rankeval.off_policy.samples.setting import Given
from rankeval.position_bias.known_curve import FIELDS, PositionBias

#: Effective sample size under which a warning says that the log can hardly tell.
FEW_EFFECTIVE = 100
#: Names that a warning lists before it says how many more there are.
LISTED = 5


def of_counts(log: Log, infer: Inferring) -> Iterator[str]:
    """What a column ``weight`` means."""
    if log.has("weight"):
        yield f"every row counts as many times as column {log.name('weight')!r} says"
        if infer.bucketed:
            name = "errors by cluster" if infer.clustered else "the bootstrap"
            yield f"copies of a row stay together in {name}, and tell no more than one of them does"


def of_targets(log: Log, estimators: Sequence[Estimator]) -> Iterator[str]:
    """Weights of the log that are of none of the targets named."""
    for ratio, column in (("slate", "slate_weight"), ("subset", "subset_weight")):
        if log.has(column) and any(estimator.definition.ratio == ratio for estimator in estimators):
            follow = "weights of targets follow from their propensities, as those of product policies do"
            yield f"column {log.name(column)!r} is not used: {follow}"


def of_clicks(log: Log, given: Given, estimators: Sequence[Estimator]) -> Iterator[str]:
    """What there is to say about examination and the estimand."""
    from_clicks = [estimator.definition for estimator in estimators if estimator.definition.of_clicks]
    if not from_clicks and given.estimand != "rerank":
        yield f"estimand: none of the estimators is from clicks, {given.estimand!r} changes nothing"
    if log.has("exposure") and any(definition.ratio == "rho" for definition in from_clicks):
        name = (
            f"column {log.name('exposure')!r} stands for theta_k in weights, as it may with a random logger"
        )
        rerank = " that shows the same items in any order; with another only the estimand full is right"
        yield f"click_dr: {name}{rerank * (given.estimand == 'rerank')}"
    if given.position_bias is not None:
        yield from _of_bias(log, given.position_bias, bool(from_clicks))


def _of_bias(log: Log, bias: PositionBias, used: bool) -> Iterator[str]:
    """What there is to say about the curve that is given."""
    if not used:
        yield f"position bias: none of the estimators uses {bias.origin}"
    for name in FIELDS:
        if name in bias and log.has(name):
            yield f"column {log.name(name)!r} is not used: the curve {bias.origin} stands for it"
    if bias.above_one:
        places = ", ".join(map(str, bias.above_one[:5])) + (", ..." if len(bias.above_one) > 5 else "")
        yield f"position bias: examination is above 1 at {places}, which no probability is"
    if used and bias.relative_error > 0.0:
        error = f"{100.0 * bias.relative_error:.2g} % of the examination where it is largest"
        yield f"position bias: errors include that of the curve, {error}, as if from other sessions"


def of_left_out(found: Pass, by: str | None) -> Iterator[str]:
    """What no segment has."""
    if None in found.segments:
        units = found.plan.asked[0].definition.units
        yield f"{found.segments[None].n} {units} have no value in column {by!r} and are in no segment"


def of_estimates(
    sizes: Mapping[Any, int], rows: Sequence[EstimateRow], whole_counts: bool = True
) -> Iterator[str]:
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
