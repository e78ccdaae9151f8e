"""A position-bias curve with its standard errors and confidence intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from rankeval.array_types import Bools, Floats
from rankeval.errors import DataError
from rankeval.inference import Functional, Inference, InferenceOptions, Interval, unnamed_cluster_notes
from rankeval.notes import Note, distinct

T = TypeVar("T")
U = TypeVar("U")
NO_CLICKS = "no clicks at this position"


@dataclass(frozen=True, eq=False)
class Curve:
    """Examination by position relative to position 1, of a whole log or of one segment.

    Standard errors and confidence intervals are computed for ``log theta``, because the logarithm of a ratio
    of clicks is closer to normal. ``exp`` of the bounds gives the interval of ``theta``.

    Attributes:
        segment: the value of the segment column, None for the whole log.
        n: number of sessions.
        log_theta: (K,), 0 at position 1, ``-inf`` at a position without clicks.
        covariance: (K, K) of ``log_theta``, 0 in the row and the column of position 1, NaN where unknown.
        intervals: for each interval method, the intervals of theta, one per position.
        impressions, clicks: (K,) impressions and clicks that the estimate at each position uses.
        bucket_totals: (buckets, K) linearised totals of ``log_theta``; with clusters, their products give the
            covariances between segments. None without clusters.
        degrees: degrees of freedom of the errors, the least of all positions; None without clusters.
        log_likelihood: the maximum of the objective, None if the method maximises none.
        notes: warnings about this curve.
    """

    segment: Any
    n: int
    log_theta: Floats
    covariance: Floats
    intervals: tuple[tuple[Interval, ...], ...]
    impressions: Floats
    clicks: Floats
    bucket_totals: Floats | None = None
    degrees: float | None = None
    log_likelihood: float | None = None
    notes: tuple[Note, ...] = ()

    @property
    def theta(self) -> Floats:
        """(K,) examination relative to position 1."""
        return np.exp(self.log_theta)

    @property
    def std_error(self) -> list[float | None]:
        """Standard error of theta at each position (delta method), None where unknown."""
        errors = self.theta * np.sqrt(np.diag(self.covariance))
        return [float(error) if math.isfinite(error) else None for error in errors]

    @property
    def theta_covariance(self) -> Floats | None:
        """(K, K) covariance of theta (delta method); None if any entry is unknown."""
        covariance = np.outer(self.theta, self.theta) * self.covariance
        return covariance if np.isfinite(covariance).all() else None

    @property
    def known(self) -> Bools:
        """(K,) whether theta of a position has a standard error; True for position 1."""
        found: Bools = np.isfinite(self.log_theta) & np.isfinite(np.diag(self.covariance))
        return found

    def with_notes(self, *notes: Note) -> Curve:
        """A copy of the curve with ``notes`` added."""
        return replace(self, notes=(*self.notes, *notes))


@dataclass(frozen=True)
class Counts:
    """Number of sessions behind a curve, and (K,) impressions and clicks at each position."""

    n: int
    impressions: Floats
    clicks: Floats


def curve_of(
    segment: Any, counts: Counts, inference: Inference, functionals: Sequence[Functional | None]
) -> Curve:
    """The curve whose ``log theta`` at each position is the value of a functional.

    Args:
        segment: the value of the segment column, None for the whole log.
        counts: sessions, impressions and clicks of the curve.
        inference: inference from the moments of the terms that the functionals read.
        functionals: one per position; None for a position without clicks. The first, of position 1, is not
            read.
    """
    estimates = [None if f is None else inference.estimate(f) for f in functionals[1:]]
    log_theta = np.array([0.0, *(-np.inf if e is None or e.value is None else e.value for e in estimates)])
    known = [k for k, e in enumerate(estimates, 1) if e is not None and e.std_error is not None]
    covariance = np.full((len(log_theta), len(log_theta)), np.nan)
    covariance[0], covariance[:, 0] = 0.0, 0.0
    for j in known:
        for k in known:
            if j < k:
                covariance[j, k] = covariance[k, j] = _covariance(inference, functionals[j], functionals[k])
    for k, estimate in enumerate(estimates, 1):
        if estimate is not None and estimate.std_error is not None:
            covariance[k, k] = estimate.std_error**2
    methods, level, side = inference.methods, inference.level, inference.side
    intervals = [
        (
            Interval.of(method, level, (1.0, 1.0), side),
            *(
                Interval(method, level, None, None, NO_CLICKS, side)
                if estimate is None
                else exponential(estimate.intervals[i])
                for estimate in estimates
            ),
        )
        for i, method in enumerate(methods)
    ]
    notes = distinct(note for e in estimates if e is not None for note in e.notes)
    of_positions = {f"position {k}": f for k, f in enumerate(functionals, 1) if k > 1 and f is not None}
    notes += unnamed_cluster_notes(inference, of_positions, "sessions")
    degrees = [e.degrees for e in estimates if e is not None and e.std_error is not None]
    totals = _bucket_totals(inference, functionals) if inference.clustered else None
    return Curve(
        segment, counts.n, log_theta, covariance, tuple(intervals), counts.impressions, counts.clicks,
        bucket_totals=totals, degrees=min(degrees) if inference.clustered and degrees else None,
        notes=tuple(notes),
    )  # fmt: skip


def of_each(parts: Mapping[Any, T], make: Callable[[Any, T], U]) -> tuple[dict[Any, U], list[Note]]:
    """``make`` of the whole log (``None``) and of each segment, and notes on the segments left out.

    A segment is left out if ``make`` raises a ``DataError`` for it.

    Raises:
        DataError: ``make`` raises it for the whole log.
    """
    found: dict[Any, U] = {}
    notes = []
    for value, part in parts.items():
        try:
            found[value] = make(value, part)
        except DataError as error:
            if value is None:
                raise
            notes.append(Note("segment_left_out", f"segment left out: {error}"))
    return found, notes


def curves(parts: Mapping[Any, T], curve: Callable[[Any, T], Curve]) -> dict[Any, Curve]:
    """The curves of :func:`of_each`; its notes are added to the curve of the whole log."""
    found, notes = of_each(parts, curve)
    return found | {None: found[None].with_notes(*notes)}


def _covariance(inference: Inference, a: Functional | None, b: Functional | None) -> float:
    return 0.0 if a is None or b is None else inference.covariance(a, b)


def _bucket_totals(inference: Inference, functionals: Sequence[Functional | None]) -> Floats:
    """(buckets, K) linearised totals of ``log theta``, scaled: the sum of their squares is the variance."""
    columns = [
        np.zeros(len(inference.buckets)) if k == 0 or f is None else inference.bucket_totals(f)
        for k, f in enumerate(functionals)
    ]
    return np.stack(columns, axis=1)


def exponential(interval: Interval) -> Interval:
    """The interval of a number, from the interval of its logarithm."""
    low, high = interval.low, interval.high
    return replace(
        interval, low=None if low is None else _exp(low), high=None if high is None else _exp(high)
    )


def _exp(value: float) -> float:
    return math.exp(min(value, 700.0))


def normal_intervals(log_theta: Floats, covariance: Floats, infer: InferenceOptions) -> tuple[Interval, ...]:
    """Normal intervals ``theta exp(+- z se)``, one per position; ``se`` is the error of ``log theta``."""
    from statistics import NormalDist

    z = NormalDist().inv_cdf(0.5 + infer.central / 2.0)
    return tuple(
        _normal(float(log), float(variance), z, infer)
        for log, variance in zip(log_theta, np.diag(covariance), strict=True)
    )


def _normal(log: float, variance: float, z: float, infer: InferenceOptions) -> Interval:
    if not math.isfinite(log):
        return Interval("normal", infer.level, None, None, NO_CLICKS, infer.side)
    if not math.isfinite(variance):
        return Interval("normal", infer.level, None, None, "the information is singular", infer.side)
    margin = z * math.sqrt(variance)
    return Interval.of("normal", infer.level, (_exp(log - margin), _exp(log + margin)), infer.side)
