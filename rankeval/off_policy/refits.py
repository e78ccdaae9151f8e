"""Errors by refits: everything is counted, fitted, chosen and estimated anew on many draws of a log.

A refit makes every model again from its draw of the units. The spread of the refits thus counts the errors of
all models, of choices such as ``=auto``, and of a learned position-bias curve, together with those of the
terms (Efron 1979).
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import numpy as np

from rankeval.array_types import Floats
from rankeval.errors import DataError, UsageError
from rankeval.inference import (
    ROUNDING,
    Estimate,
    Interval,
    Side,
    central_level,
    students_quantile,
    t_test,
)
from rankeval.logs import Log, grouped, resampled
from rankeval.notes import Note, listing
from rankeval.off_policy.estimates import Estimates, adjusted
from rankeval.off_policy.fit_errors import NOT_COUNTED, OF_MODEL
from rankeval.off_policy.rows import EstimateRow, TargetComparison
from rankeval.off_policy.stages import Found, Stages
from rankeval.options import listed
from rankeval.parallel import default_threads, in_order

METHOD = "refit"
MOST_REFITS = 100_000
#: Largest share of refits without a value; with more, the others are no fair sample.
SHARE_FAILED = 0.1
#: A reference within this many standard errors of 0 has no relative gain by refits.
NEAR_ZERO = 3.0
_OF_ROW = ("value", "gain", "relative", "logged", "reward")
_NO_SPREAD = "it is the same in every refit, so this sample does not show how much others would vary"


@dataclass(frozen=True)
class RefitOptions:
    """How errors are found by refits.

    Attributes:
        methods: all interval methods, in the order of the intervals.
        count: number of refits.
        level: confidence level.
        side: the ends of intervals.
    """

    methods: tuple[str, ...]
    count: int
    level: float
    side: Side

    @classmethod
    def of_call(
        cls, ci: str | Sequence[str], count: int, level: float, side: Side, *, joint: bool
    ) -> RefitOptions:
        """From the options of ``ope``; ``joint``: errors need refits, whether they are asked for or not.

        Raises:
            UsageError: the number is out of range.
        """
        if not 2 <= count <= MOST_REFITS:
            raise UsageError(f"refits: found {count}, wanted 2 to {MOST_REFITS:,}")
        methods = tuple(dict.fromkeys(listed(ci)))
        if joint and METHOD not in methods:
            methods = (METHOD, *(method for method in methods if method not in ("auto", "normal")))
        return cls(methods, int(count), float(level), side)

    @property
    def asked(self) -> bool:
        """Whether there are any refits."""
        return METHOD in self.methods

    @property
    def others(self) -> tuple[str, ...]:
        """The methods that need no refits; one of them gives errors meanwhile."""
        others = tuple(method for method in self.methods if method != METHOD)
        return others or (("normal",) if self.asked else ())


@dataclass(frozen=True)
class Refits:
    """The numbers of all refits.

    Attributes:
        values: (refits, numbers) float64, NaN where a refit has none; columns are those of :func:`_numbers`.
        examination: (K,) float64, the examination that was learned from the log; K is 0 if none was.
        curves: (refits, K) float64, that of each refit.
        failures: messages of the refits that failed.
    """

    values: Floats
    examination: Floats
    curves: Floats
    failures: tuple[str, ...]

    def notes(self) -> Iterator[Note]:
        """A warning about refits that failed."""
        if self.failures:
            failed, count = len(self.failures), len(self.values)
            text = f"{failed} of {count} refits failed and are left out, the first with: {self.failures[0]}"
            yield Note("refits_failed", text, {"failed": failed, "refits": count})

    def learned_curve(self, method: str) -> dict[str, Any]:
        """The curve that a method learned, with the standard errors of the refits, as values for JSON."""
        return {
            "method": method,
            "positions": list(range(1, len(self.examination) + 1)),
            "examination": self.examination.tolist(),
            "std_error": [_std_error(column[np.isfinite(column)]) for column in self.curves.T],
        }


def refit(stages: Stages, log: Log, found: Found, options: RefitOptions, threads: int | None) -> Refits:
    """Run all stages on draws of the log.

    Args:
        stages: the stages.
        log: the log.
        found: what the stages made of the whole log.
        options: the number of refits.
        threads: number of refits at a time; the numbers do not depend on it.

    Raises:
        UsageError: ``threads`` is less than 1.
    """
    threads = default_threads() if threads is None else threads
    infer = replace(stages.infer, methods=("normal",))
    apart = found.learned is not None and found.learned.apart
    once = replace(stages, fitting=replace(stages.fitting, threads=1), infer=infer, checked=True, apart=apart)
    bias = found.request.setting.position_bias if stages.learning else None
    examination = np.zeros(0) if bias is None else bias.curve("examination")
    keys = list(_numbers(found.estimates))

    def draw(log: Log, replicate: int) -> tuple[Floats, Floats, str | None]:
        row, curve = np.full(len(keys), np.nan), np.full(len(examination), np.nan)
        try:
            again = once.of(resampled(log, stages.fitting.cluster, infer.seed, replicate))
        except DataError as error:
            return row, curve, str(error)
        numbers = _numbers(again.estimates)
        row[:] = [numbers.get(key, math.nan) for key in keys]
        if again.request.setting.position_bias is not None and len(curve):
            learned = again.request.setting.position_bias.curve("examination")[: len(curve)]
            curve[: len(learned)] = learned
        return row, curve, None

    from threadpoolctl import threadpool_limits

    with (
        grouped(log, log.roles_read, threads) as readable,
        threadpool_limits(1),  # the last bits of results depend on the number of BLAS threads
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")  # of fits, which notes tell of the whole log
        rows = list(in_order(lambda k: draw(readable, k), range(options.count), threads, "refitting"))
    return Refits(
        np.array([row for row, _, _ in rows]),
        examination,
        np.array([curve for _, curve, _ in rows]),
        tuple(failure for _, _, failure in rows if failure is not None),
    )


def _numbers(estimates: Estimates) -> dict[Any, float]:
    """Key -> number, for every number that gets an error.

    A key holds the segment, the place among the rows of the segment, and the name of the number.
    """
    found: dict[Any, float] = {}
    for segment, rows in groupby(estimates.rows, lambda row: row.segment):
        for place, row in enumerate(rows):
            for name in _OF_ROW:
                found[segment, place, name] = _or_nan(getattr(row, name).value)
    for segment, pairs in groupby(estimates.comparisons, lambda row: row.segment):
        for place, pair in enumerate(pairs):
            found[segment, place, "difference"] = _or_nan(pair.difference.value)
    return found


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def model_notes(estimates: Estimates) -> Iterator[Note]:
    """A warning about the estimates that lean on a model, from before they get the errors of refits.

    Refits count how much a fit varies, not how far from the truth it is on average.
    """
    leaning = dict.fromkeys(
        row.label for row in estimates.rows if any(note.code == OF_MODEL for note in row.value.notes)
    )
    if leaning:
        text = f"{listing(leaning)}: refits count the error of the fit, and no interval a bias of the model"
        yield Note("model_bias", text)


def with_errors(estimates: Estimates, refits: Refits, options: RefitOptions) -> Estimates:
    """The estimates with the standard errors of the refits, and an interval of method ``refit``."""
    column = dict(zip(_numbers(estimates), refits.values.T, strict=True))

    def again(estimate: Estimate, key: Any) -> Estimate:
        return _with_error(estimate, column[key], options)

    rows: list[EstimateRow] = []
    for segment, group in groupby(estimates.rows, lambda row: row.segment):
        for place, row in enumerate(group):
            new = {name: again(getattr(row, name), (segment, place, name)) for name in _OF_ROW}
            relative = _relative(new["relative"], new["logged"])
            rows.append(
                replace(
                    row,
                    value=new["value"],
                    gain=new["gain"],
                    relative=relative,
                    logged=new["logged"],
                    reward=new["reward"],
                )
            )
    pairs: list[TargetComparison] = []
    for segment, all_pairs in groupby(estimates.comparisons, lambda row: row.segment):
        numbered = [
            replace(pair, difference=again(pair.difference, (segment, place, "difference")))
            for place, pair in enumerate(all_pairs)
        ]
        pairs += [replace(pair, p_value=_p_value(pair.difference)) for pair in numbered]
    compared = adjusted(pairs, estimates.many.family)
    return replace(estimates, rows=tuple(rows), comparisons=compared)


def _p_value(difference: Estimate) -> float | None:
    """The p-value of the t-test by the error of refits."""
    if difference.value is None or not difference.std_error:
        return None
    return t_test(difference.value, difference.std_error, difference.degrees)


def _with_error(estimate: Estimate, values: Floats, options: RefitOptions) -> Estimate:
    """An estimate with the error of its refits.

    The interval is ``value +- t std_error``. Its centre is the estimate, not the mean of the refits, whose
    models saw fewer different units. The standard deviation of R refits has R - 1 degrees of freedom, which t
    counts beside those of the units: ``1 / (1 / degrees + 1 / (R - 1))``.
    """
    values, count = values[np.isfinite(values)], len(values)
    error, reason = _std_error(values), None
    if estimate.value is None or estimate.degrees <= 0.0:
        reason = estimate.notes[0].text if estimate.notes else "it has no value"
    elif error is None or count - len(values) > SHARE_FAILED * count:
        reason = f"{count - len(values)} of {count} refits have no value"
    elif error <= ROUNDING * abs(estimate.value):
        reason = _NO_SPREAD
    if reason is not None or error is None or estimate.value is None:
        interval = Interval(METHOD, options.level, None, None, reason, options.side)
        notes = (Note("not_refitted", reason or ""), *estimate.notes)
        return replace(estimate, std_error=None, intervals=_placed(estimate, interval, options), notes=notes)
    degrees = 1.0 / (1.0 / estimate.degrees + 1.0 / (len(values) - 1))
    margin = students_quantile(0.5 - central_level(options.level, options.side) / 2.0, degrees) * error
    ends = estimate.value - margin, estimate.value + margin
    interval = Interval.of(METHOD, options.level, ends, options.side)
    notes = tuple(note for note in estimate.notes if note.code not in NOT_COUNTED)
    intervals = _placed(estimate, interval, options)
    return replace(estimate, std_error=error, intervals=intervals, notes=notes, degrees=degrees)


def _placed(estimate: Estimate, interval: Interval, options: RefitOptions) -> tuple[Interval, ...]:
    """The intervals in the requested order."""
    by_method = dict(zip(options.others, estimate.intervals, strict=True)) | {METHOD: interval}
    return tuple(by_method[method] for method in options.methods)


def _relative(relative: Estimate, logged: Estimate) -> Estimate:
    """A relative gain, without an interval by refits where its reference is near 0."""
    if logged.value is None or (logged.std_error or 0.0) * NEAR_ZERO < abs(logged.value):
        return relative
    reason = "the reference is within 3 standard errors of 0: refits need it off 0"
    intervals = [
        replace(each, low=None, high=None, reason=reason) if each.method == METHOD else each
        for each in relative.intervals
    ]
    return replace(relative, intervals=tuple(intervals))


def _std_error(values: Floats) -> float | None:
    """The standard deviation of some refits; None of fewer than two."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else None
