"""A position-bias curve that is learned from the log on which it is used."""

from __future__ import annotations

from typing import Any

from rankeval.inference import InferenceOptions
from rankeval.logs import Log
from rankeval.notes import Note
from rankeval.position_bias.known_curve import PositionBias
from rankeval.position_bias.methods import estimate, parse_method
from rankeval.position_bias.notes import of_curves
from rankeval.position_bias.request import Request

#: Before the name of a method it stands for the curve of that method, as in ``learn:em``.
LEARN = "learn:"


def method_of(source: Any) -> str | None:
    """The method that a text such as ``learn:em`` names; None for any other source of a curve.

    Raises:
        UsageError: the method is unknown.
    """
    if not (isinstance(source, str) and source.startswith(LEARN)):
        return None
    method = source.removeprefix(LEARN)
    parse_method(method, None, regressed=False)
    return method


def learn_curve(log: Log, method: str, threads: int | None) -> tuple[PositionBias, tuple[Note, ...]]:
    """The curve of ``log`` by a method of :func:`rankeval.propensity`, and the warnings about it.

    It has no covariance: its errors go together with those of all that is estimated from the same clicks.

    Raises:
        DataError: the log does not identify a curve; the message says what is wanted.
    """
    chosen, weights = parse_method(method, None, regressed=False)
    infer = InferenceOptions.of_call("normal", 0.95, 2, 0, None)
    curves = estimate(chosen, Request(log, weights, None, None, None, infer, (), threads))
    content = {"examination": curves[None].theta.tolist()}
    notes = tuple(note.under(f"position bias, {method}") for note in of_curves(None, curves))
    return PositionBias.of(content, LEARN + method), notes
