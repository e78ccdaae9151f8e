"""Warnings that go with a curve."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from rankeval.logs import Log
from rankeval.notes import Note, listing
from rankeval.position_bias.curve import Curve
from rankeval.position_bias.curve_tests import PowerLaw, SegmentTest

FEW_CLICKS = 100
#: Half the width of an interval over theta, above which the interval counts as wide.
WIDE = 0.5


def of_weight(log: Log) -> Iterator[Note]:
    """A warning that the column ``weight``, if there is one, is not used."""
    if log.has("weight"):
        text = f"column {log.name('weight')!r} is not used: every session counts once"
        yield Note("column_unused", text)


def of_curves(by: str | None, curves: Mapping[Any, Curve]) -> Iterator[Note]:
    """The notes of each curve, and warnings about its positions with few data.

    A note that only segments have is prefixed with their names.
    """
    told: dict[Note, list[str]] = {}
    for value, curve in curves.items():
        name = "" if value is None else f"{value}"
        for note in [*curve.notes, *_of(curve)]:
            told.setdefault(note, []).append(name)
    for note, names in told.items():
        segments = [name for name in names if name]
        if len(segments) == len(names):
            yield note.under(f"{by} {listing(segments)}")
        else:
            yield note


def _of(curve: Curve) -> Iterator[Note]:
    positions = np.arange(1, len(curve.log_theta) + 1)
    none = ~np.isfinite(curve.log_theta)
    if none.any():
        text = f"no clicks at {_named(positions[none])}: examination 0, without an error"
        yield Note("no_clicks", text, {"positions": int(none.sum())})
    few = (curve.clicks < FEW_CLICKS) & ~none
    if few.any():
        text = f"fewer than {FEW_CLICKS} clicks at {_named(positions[few])}: errors are rough"
        yield Note(
            "few_clicks",
            text,
            {"positions": int(few.sum()), "threshold": FEW_CLICKS},
            level="caution",
            value=int(curve.clicks[few].min()),
        )
    missing = ~curve.known & ~none
    if missing.any():
        text = f"no standard error at {_named(positions[missing])}: {_reason(curve)}"
        yield Note("no_standard_error", text, {"positions": int(missing.sum())})
    wide = np.array([_wide(curve, k) for k in range(len(positions))])
    if wide.any():
        text = f"the interval is wider than half the value on either side at {_named(positions[wide])}"
        yield Note("wide_interval", text, {"positions": int(wide.sum()), "threshold": WIDE}, level="caution")


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


def of_test(test: SegmentTest | None) -> Iterator[Note]:
    """The reason if the test was not computed."""
    if test is not None and test.reason is not None:
        yield Note("not_computed", f"the curves of segments are not compared: {test.reason}")


def of_smoothing(by: str | None, smoothings: Mapping[Any, PowerLaw | None] | None) -> Iterator[Note]:
    """A warning for each curve to which no power law was fitted."""
    for value, law in (smoothings or {}).items():
        if law is None:
            of = "" if value is None else f"{by} {value}: "
            why = "errors of the curve are unknown, their covariance is singular, or clusters too few"
            yield Note("not_computed", f"{of}no power law: {why}")
