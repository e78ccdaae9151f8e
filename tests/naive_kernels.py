"""Estimators for continuous actions the slow, obvious way: a loop over rounds, textbook formulas."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

NAMES = ("kips", "ksnips", "kdr")
Log = Mapping[str, Sequence[float] | NDArray[np.float64]]


def kernel(name: str, u: float) -> float:
    """The kernel, written out."""
    if name == "gaussian":
        return math.exp(-(u**2) / 2) / math.sqrt(2 * math.pi)
    if abs(u) > 1:
        return 0.0
    return 3 / 4 * (1 - u**2) if name == "epanechnikov" else 1 - abs(u)


def weights(log: Log, name: str, bandwidth: float) -> list[float]:
    """Of each round."""
    columns = (log[column] for column in ("action_value", "target_action_value", "propensity"))
    return [kernel(name, (t - a) / bandwidth) / bandwidth / p for a, t, p in zip(*columns, strict=True)]


def value(estimator: str, log: Log, kernel_name: str, bandwidth: float) -> float:
    """The estimate."""
    plain, numerator, denominator = parts(estimator, log, kernel_name, bandwidth)
    n = len(plain)
    return math.fsum(plain) / n + math.fsum(numerator) / math.fsum(denominator)


def parts(
    estimator: str, log: Log, kernel_name: str, bandwidth: float
) -> tuple[list[float], list[float], list[float]]:
    """Per round the plain term, the numerator and the denominator."""
    ws, rewards = weights(log, kernel_name, bandwidth), log["reward"]
    zeros, ones = [0.0] * len(ws), [1.0] * len(ws)
    if estimator == "ksnips":
        return zeros, [w * r for w, r in zip(ws, rewards, strict=True)], ws
    if estimator == "kips":
        return [w * r for w, r in zip(ws, rewards, strict=True)], zeros, ones
    rows = zip(ws, rewards, log["q_logged"], log["q_target"], strict=True)
    return [q_pi + w * (r - q) for w, r, q, q_pi in rows], zeros, ones


def std_error(estimator: str, log: Log, kernel_name: str, bandwidth: float) -> float:
    """By the derivative of the estimate with respect to each round."""
    plain, numerator, denominator = (np.array(p) for p in parts(estimator, log, kernel_name, bandwidth))
    ratio = numerator.sum() / denominator.sum()
    moved = plain - plain.mean() + (numerator - ratio * denominator) / denominator.mean()
    return math.sqrt(math.fsum(moved**2) / (len(moved) - 1) / len(moved))
