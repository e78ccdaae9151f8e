"""The reasons of the verdict on one estimate: enough in the log, propensities, and support."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rankeval.inference import BY_RANGES
from rankeval.notes import Level, Note, distinct
from rankeval.off_policy.diagnostics import AVERAGES_ONE
from rankeval.off_policy.rows import EstimateRow

#: Limits of each level, the worst first.
Limits = tuple[tuple[Level, float], ...]
#: Fewer rewards of equal size: coverage of intervals was measured by this number (docs/verdict.md).
FEW_REWARDS: Limits = (("do not trust", 10.0), ("caution", 20.0))
#: One more unit would move an estimate by more standard errors.
LEVERAGE: Limits = (("do not trust", 4.0), ("caution", 0.5))
#: An effective sample size below these.
FEW_EFFECTIVE: Limits = (("do not trust", 30.0), ("caution", 100.0))
#: One unit with a larger share of an estimate.
TOP_SHARE: Limits = (("do not trust", 0.2), ("caution", 0.05))
#: More of the target policy where the log has no support, or hardly any.
SUPPORT_GAP: Limits = (("do not trust", 0.1), ("caution", 0.01))
#: A bias, from what a log lacks or what clipping takes away, of more standard errors.
BIASED = 0.25
#: Chance moved the mean weight, and with it an estimate that is not self-normalised, by more standard errors.
IMBALANCED = 1.5
#: A mean weight that is further from 1, or moves an estimate by more of its standard errors; and by more than
#: so many of its own.
MEAN_WEIGHT: tuple[tuple[Level, float, float, float], ...] = (
    ("do not trust", 0.05, 2.0, 4.0),
    ("caution", 0.01, 0.25, 2.6),
)
#: The mean weight is further from 1 in one log of twenty, in standard errors.
BY_CHANCE = 1.96
#: More of the weight that clipping takes away.
CLIPPED = 0.05
#: A tail index above this is heavy however many rounds there are.
HEAVY_TAIL = 0.7


def row_reasons(row: EstimateRow, whole_counts: bool, observed: bool, width: float) -> Iterator[Note]:
    """Yield the reasons of one estimate.

    Args:
        row: the estimate with its diagnostics.
        whole_counts: whether every unit counts a whole number of times. If not, the units stand for a
            distribution, and their number says nothing.
        observed: whether the range of rewards is that of the log, and not stated.
        width: the width of this range.
    """
    if whole_counts:
        yield from _of_rewards(row)
        yield from _of_size(row)
    yield from _of_mean_weight(row)
    yield from _of_clipping(row)
    yield from _of_gap(row, observed)
    yield from _of_near_support(row, width)
    definition = row.estimator.definition
    if definition.caution:
        yield Note("estimator_caution", definition.caution, level="caution")
    if row.selection is not None and row.segment is None:
        yield _of_choice(row)
    if definition.by_kernel and "bandwidth" in row.estimator.params:
        yield _of_smoothing(row.estimator.params["bandwidth"])
    noted = [note for each in (row.value, row.gain, row.relative) for note in each.notes if note.level]
    yield from distinct(noted)
    if definition.mean == "model" and definition.numerator is None:
        text = "rests on the predictions of the reward model alone, which no reward of the log corrects"
        yield Note("model_only", text, level="caution")


def _below(value: float, limits: Limits) -> tuple[Level, float] | None:
    return next((one for one in limits if value < one[1]), None)


def _above(value: float, limits: Limits) -> tuple[Level, float] | None:
    return next((one for one in limits if value > one[1]), None)


def _of_rewards(row: EstimateRow) -> Iterator[Note]:
    """Few rewards behind an estimate, or a unit that has much of it."""
    unit = row.estimator.definition.units[:-1]
    worth, by_ranges = _worth(row)
    crossed = _below(worth, FEW_REWARDS)
    if crossed is not None:
        level, limit = crossed
        held = "its intervals, from stated ranges, are wide for it" if by_ranges else ""
        text = f"rests on {_few(worth)} rewards of equal size, under {limit:g}: "
        text += held or "its errors and intervals may be too small"
        level = "caution" if by_ranges else level
        yield Note("few_rewards", text, {"rewards": worth, "threshold": limit}, level=level, value=worth)
    yield from _of_leverage(row, unit)
    share = row.diagnostics["top_share"]
    crossed = None if share is None else _above(share, TOP_SHARE)
    if share is not None and crossed is not None:
        text = f"one {unit} is {100.0 * share:.3g} % of the estimate: another log would not have it"
        numbers = {"share": share, "threshold": crossed[1]}
        yield Note("top_share", text, numbers, level=crossed[0], value=share)


def _of_leverage(row: EstimateRow, unit: str) -> Iterator[Note]:
    """Weights so large that a single reward at them would move the estimate."""
    moves = row.diagnostics["leverage"]
    crossed = None if moves is None else _above(moves, LEVERAGE)
    if moves is not None and crossed is not None:
        text = f"one more {unit} with the largest weight and reward would move the estimate by {moves:.2g} "
        text += "standard errors: rewards at such weights are rarer than the log can show"
        numbers = {"leverage": moves, "threshold": crossed[1]}
        yield Note("leverage", text, numbers, level=crossed[0], value=moves)


def _few(number: float) -> str:
    return f"{number:.3g}" if number >= 1.0 or number == 0.0 else "less than 1"


def _worth(row: EstimateRow) -> tuple[float, bool]:
    """The number of rewards of equal size behind an estimate, and whether its intervals need no number.

    Where the choice of an interval counted the terms of equal size that vary as much, the smaller counts.
    """
    estimates = row.value, row.gain, row.relative
    by_spread = [each for each in estimates if any(one.method not in BY_RANGES for one in each.intervals)]
    known = [each.worth for each in by_spread] + [row.diagnostics["effective_rewards"]]
    worth = min((number for number in known if number is not None), default=math.inf)
    return worth, row.value not in by_spread


def _of_size(row: EstimateRow) -> Iterator[Note]:
    """A small effective sample size, or a heavy tail of the weights."""
    definition, ess, k = row.estimator.definition, row.diagnostics["ess"], row.diagnostics["tail_index"]
    crossed = None if ess is None or definition.of_clicks else _below(ess, FEW_EFFECTIVE)
    if ess is not None and crossed is not None:
        kind = f" of the {row.estimator.weight_of} weights" * definition.of_rankings
        text = f"the effective sample size{kind} is {ess:.4g}, under {crossed[1]:g}: "
        text += f"the log rarely does what the target policy would, and few {definition.units} stand for all"
        numbers = {"ess": ess, "threshold": crossed[1]}
        yield Note("few_effective", text, numbers, level=crossed[0], value=ess)
    limit = heavy(row.value.n)
    if k is not None and k > limit:
        text = f"the largest weights have a heavy tail (Pareto k {k:.2f}, above {limit:.2f}): "
        text += "rare weights that this log does not hold may matter"
        yield Note("heavy_tail", text, {"k": k, "threshold": limit}, level="caution", value=k)


def heavy(n: float) -> float:
    """The tail index above which ``n`` weights have a heavy tail (Vehtari et al. 2024)."""
    return min(1.0 - 1.0 / math.log10(n), HEAVY_TAIL) if n > 1.0 else HEAVY_TAIL


def _of_mean_weight(row: EstimateRow) -> Iterator[Note]:
    """A mean weight that is not 1, or not 1 minus the support gap."""
    found = row.diagnostics
    mean, z, ess = (found[name] for name in ("mean_weight", "mean_weight_z", "ess"))
    if mean is None or row.estimator.ratio not in AVERAGES_ONE:
        return
    wanted = 1.0 - (found["support_gap"] or 0.0)
    alone = z is None and ess is not None and ess > 1.0
    moved = _in_errors(row, abs(mean - wanted) * abs(row.value.value or 0.0))
    for level, far, most, errors in MEAN_WEIGHT:
        if (abs(mean - wanted) > far or moved > most) and (alone or (z is not None and abs(z) > errors)):
            by = f"{abs(z):.1f} standard errors off {wanted:.4g}" if z is not None else "as is every weight"
            kind = f"{row.estimator.ratio} weight" if row.estimator.definition.of_rankings else "weight"
            text = f"the mean {kind} is {mean:.4g}, {by}: {_suspect(row)}"
            numbers = {"mean": mean, "threshold": far, **({} if z is None else {"z": z})}
            yield Note("mean_weight", text, numbers, level=level, value=mean - wanted)
            return
    if row.estimator.follows_weights and z is not None and abs(z) > BY_CHANCE and moved > IMBALANCED:
        text = f"the weights of this log average {mean:.4g}, where {wanted:.4g} is expected: by chance alone "
        text += f"the estimate is about {moved:.2g} standard errors off"
        numbers = {"mean": mean, "threshold": IMBALANCED}
        yield Note("weight_imbalance", text, numbers, level="caution", value=moved)


def _suspect(row: EstimateRow) -> str:
    """What a mean weight that is not 1 tells."""
    if row.estimator.definition.by_kernel:
        return "the densities look wrong, or the target's actions lie at the ends of the logged ones"
    return "the propensities look wrong"


def _of_smoothing(bandwidth: float) -> Note:
    text = f"estimates the reward of actions within about {bandwidth:.4g} of the target's: neither the error "
    text += "nor the interval counts how far that is from the reward of its own actions"
    return Note("kernel_smoothing", text, {"bandwidth": bandwidth}, level="caution")


def _of_clipping(row: EstimateRow) -> Iterator[Note]:
    share = row.diagnostics["share_clipped"]
    if share is not None and (
        share > CLIPPED or _in_errors(row, share * abs(row.value.value or 0.0)) > BIASED
    ):
        text = f"{100.0 * share:.3g} % of the weight is cut off: the estimate is biased, and its interval "
        text += "is for what is left"
        yield Note(
            "share_clipped", text, {"share": share, "threshold": CLIPPED}, level="caution", value=share
        )


def _of_gap(row: EstimateRow, observed: bool) -> Iterator[Note]:
    """Too much of the target policy that the logging policy never does, by its share or its rewards."""
    gap = row.diagnostics["support_gap"]
    if not gap:
        return
    text = f"{100.0 * gap:.3g} % of what the target policy does is never logged: nothing is known of "
    text += "its rewards, and the value lies in bounds"
    text += " (by the rewards of the log; --reward-range states others)" * observed
    crossed = _above(gap, SUPPORT_GAP)
    if _sign_is_open(row):
        text += "; those of the gain hold 0, which its interval excludes: its sign is not known"
        crossed = "do not trust", SUPPORT_GAP[-1][1]
    elif crossed is None and _in_errors(row, _apart(row)) > BIASED:
        text += f", {_in_errors(row, _apart(row)):.2g} standard errors wide"
        crossed = "caution", SUPPORT_GAP[-1][1]
    if crossed is not None:
        yield Note("support_gap", text, {"gap": gap, "threshold": crossed[1]}, level=crossed[0], value=gap)


def _of_near_support(row: EstimateRow, width: float) -> Iterator[Note]:
    """Too much of the target policy that the logging policy hardly ever does."""
    near = row.diagnostics["near_support"] or 0.0
    crossed = _above(near, SUPPORT_GAP)
    text = f"{100.0 * near:.3g} % of what the target policy does is hardly ever logged: a log may lack "
    text += "it, and look certain"
    missed = _in_errors(row, near * width)
    if _excludes_zero(row) and near * width > abs(row.gain.value or 0.0):
        text += "; its rewards may turn the sign of the gain"
        crossed = "do not trust", SUPPORT_GAP[-1][1]
    elif crossed is None and missed > BIASED:
        text += f"; its rewards may add {missed:.2g} standard errors"
        crossed = "caution", SUPPORT_GAP[-1][1]
    if crossed is not None:
        yield Note(
            "near_support", text, {"share": near, "threshold": crossed[1]}, level=crossed[0], value=near
        )


def _sign_is_open(row: EstimateRow) -> bool:
    """Whether the interval of the gain excludes 0 while its bounds, over what is never logged, hold it."""
    bounds = row.gain_bounds
    return bounds is not None and bounds.apart and bounds.holds_zero and _excludes_zero(row)


def _excludes_zero(row: EstimateRow) -> bool:
    """Whether the first interval of the gain excludes 0."""
    ends = [(one.low, one.high) for one in row.gain.intervals[:1]]
    return any((low is not None and low > 0.0) or (high is not None and high < 0.0) for low, high in ends)


def _apart(row: EstimateRow) -> float:
    bounds = row.value_bounds
    return 0.0 if bounds is None or not bounds.apart else (bounds.high or 0.0) - (bounds.low or 0.0)


def _in_errors(row: EstimateRow, bias: float) -> float:
    """A bias in standard errors of the value or of the gain, whichever is smaller; 0 if neither has one."""
    errors = [each.std_error for each in (row.value, row.gain) if each.std_error]
    return bias / min(errors) if errors else 0.0


def apart(one: str, other: str, z: float) -> Note:
    """The reason that an estimate differs from that of another estimator."""
    text = f"{one} and {other} differ by {abs(z):.1f} standard errors of the difference: "
    text += "at least one of them is biased"
    return Note("estimators_apart", text, level="caution", value=z)


def _of_choice(row: EstimateRow) -> Note:
    """The warning that the data chose the parameter of an estimator."""
    assert row.selection is not None
    rules = {"slope": "SLOPE", "mse": "the bound on the mean squared error"}
    rule = rules.get(row.selection["by"], "the more careful of SLOPE and the bound on the mean squared error")
    text = (
        f"chosen by {rule} among {len(row.selection['candidates'])} values "
        f"on the same {row.estimator.definition.units}; no interval counts the bias that is left, and "
        "only that of --ci refit counts the choice"
    )
    return Note("parameter_chosen", text, {"candidates": len(row.selection["candidates"])}, level="caution")
