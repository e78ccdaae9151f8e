"""What a reader of a curve must know before using it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from rankeval.logs.log import Log
from rankeval.position_bias.curve import Curve
from rankeval.position_bias.curve_tests import PowerLaw, SegmentTest

FEW_CLICKS = 100
#: Half an interval's width over the value.
WIDE = 0.5
#: Segments named in a warning before it says how many more there are.
LISTED = 5


def of_weight(log: Log) -> Iterator[str]:
    """That rows count once, whatever a column ``weight`` says."""
    if log.has("weight"):
        yield f"column {log.name('weight')!r} is not used: every session counts once"


def of_curves(by: str | None, curves: Mapping[Any, Curve]) -> Iterator[str]:
    """What each curve says of itself, and where it stands on thin ground."""
    told: dict[str, list[str]] = {}
    for value, curve in curves.items():
        name = "" if value is None else f"{value}"
        for note in [*curve.notes, *_of(curve)]:
            told.setdefault(note, []).append(name)
    for note, names in told.items():
        segments = [name for name in names if name]
        if len(segments) == len(names):
            more = f" and {len(segments) - LISTED} more" if len(segments) > LISTED else ""
            yield f"{by} {', '.join(segments[:LISTED])}{more}: {note}"
        else:
            yield note


def _of(curve: Curve) -> Iterator[str]:
    positions = np.arange(1, len(curve.log_theta) + 1)
    none = ~np.isfinite(curve.log_theta)
    if none.any():
        yield f"no clicks at {_named(positions[none])}: examination 0, without an error"
    few = (curve.clicks < FEW_CLICKS) & ~none
    if few.any():
        yield f"fewer than {FEW_CLICKS} clicks at {_named(positions[few])}: errors are rough"
    missing = ~curve.known & ~none
    if missing.any():
        yield f"no standard error at {_named(positions[missing])}: {_reason(curve)}"
    wide = np.array([_wide(curve, k) for k in range(len(positions))])
    if wide.any():
        yield f"the interval is wider than half the value on either side at {_named(positions[wide])}"


def _reason(curve: Curve) -> str:
    reasons = [interval.reason for interval in curve.intervals[0] if interval.reason]
    return reasons[0] if reasons else "it is not known"


def _wide(curve: Curve, k: int) -> bool:
    first = curve.intervals[0][k]
    if first.low is None or first.high is None:
        return False
    return (first.high - first.low) / 2.0 > WIDE * float(curve.theta[k])


def _named(positions: Any) -> str:
    names = ", ".join(map(str, positions.tolist()))
    return f"position{'s' * (len(positions) > 1)} {names}"


def of_test(test: SegmentTest | None) -> Iterator[str]:
    """Why there is no test, where there is none."""
    if test is not None and test.reason is not None:
        yield f"the curves of segments are not compared: {test.reason}"


def of_smoothing(by: str | None, smoothings: Mapping[Any, PowerLaw | None] | None) -> Iterator[str]:
    """Which curves have no power law."""
    for value, law in (smoothings or {}).items():
        if law is None:
            of = "" if value is None else f"{by} {value}: "
            why = "errors of the curve are unknown, their covariance is singular, or clusters too few"
            yield f"{of}no power law: {why}"
