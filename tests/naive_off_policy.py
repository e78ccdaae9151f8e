"""Off-policy estimators the slow, obvious way: a loop over rounds, exact sums, textbook formulas."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Log = Mapping[str, Sequence[float] | NDArray[Any]]

NAMES = ("ips", "cips", "snips", "csnips", "dm", "dr", "cdr", "sndr")
RATIOS = ("snips", "csnips", "sndr")
CLIPPED = ("cips", "csnips", "cdr")


def mean(numbers: Sequence[float]) -> float:
    return math.fsum(numbers) / len(numbers)


def parts(name: str, log: Log, max_weight: float) -> tuple[list[float], list[float], list[float]]:
    """Per round the plain term, the numerator and the denominator; what a name does without is 0, 0 and 1."""
    plain, numerator, denominator = [], [], []
    for r, p, pi, q, q_pi in zip(
        log["reward"],
        log["propensity"],
        log["target_propensity"],
        log["q_logged"],
        log["q_target"],
        strict=True,
    ):
        w = pi / p
        if name in CLIPPED:
            w = min(w, max_weight)
        if name == "dm":
            plain.append(q_pi)
        elif name in ("ips", "cips"):
            plain.append(w * r)
        elif name in ("dr", "cdr"):
            plain.append(q_pi + w * (r - q))
        else:
            plain.append(q_pi if name == "sndr" else 0.0)
        numerator.append(w * (r - q) if name == "sndr" else w * r if name in RATIOS else 0.0)
        denominator.append(w if name in RATIOS else 1.0)
    return plain, numerator, denominator


def value(name: str, log: Log, max_weight: float = 10.0) -> float:
    """The estimate."""
    plain, numerator, denominator = parts(name, log, max_weight)
    return mean(plain) + math.fsum(numerator) / math.fsum(denominator)


def residuals(name: str, log: Log, max_weight: float = 10.0) -> NDArray[np.float64]:
    """What each round moves the estimate by, to first order, times n."""
    plain, numerator, denominator = (np.array(part) for part in parts(name, log, max_weight))
    ratio = numerator.sum() / denominator.sum()
    linear: NDArray[np.float64] = (
        plain - plain.mean() + (numerator - ratio * denominator) / denominator.mean()
    )
    return linear


def std_error(linear: NDArray[np.float64], clusters: Sequence[Any] | None = None) -> float:
    """Of an estimate with these residuals; rounds of a cluster are summed first."""
    n = len(linear)
    if clusters is None:
        return math.sqrt(math.fsum(linear**2) / (n - 1) / n)
    totals: dict[Any, float] = {}
    for cluster, residual in zip(clusters, linear, strict=True):
        totals[cluster] = totals.get(cluster, 0.0) + residual
    groups = len(totals)
    return math.sqrt(groups / (groups - 1) * math.fsum(t * t for t in totals.values())) / n


def gain_residuals(name: str, log: Log, max_weight: float = 10.0) -> NDArray[np.float64]:
    """Of the estimate less the mean logged reward."""
    reward = np.array(log["reward"], dtype=float)
    return residuals(name, log, max_weight) - (reward - reward.mean())


def relative_residuals(name: str, log: Log, max_weight: float = 10.0) -> NDArray[np.float64]:
    """Of the gain over the mean logged reward."""
    reward = np.array(log["reward"], dtype=float)
    logged, estimate = reward.mean(), value(name, log, max_weight)
    linear: NDArray[np.float64] = (
        residuals(name, log, max_weight) / logged - estimate * (reward - logged) / logged**2
    )
    return linear


def jackknife_std_error(name: str, log: Log, max_weight: float = 10.0) -> float:
    """From the estimates that leave out one round each (Quenouille, Tukey)."""
    plain, numerator, denominator = (np.array(part) for part in parts(name, log, max_weight))
    n = len(plain)
    left_out = (plain.sum() - plain) / (n - 1)
    left_out += (numerator.sum() - numerator) / (denominator.sum() - denominator)
    return math.sqrt((n - 1) / n * float(np.sum((left_out - left_out.mean()) ** 2)))


def bootstrap_std_error(name: str, log: Log, max_weight: float, replicates: int, seed: int) -> float:
    """The spread of the estimate over resampled rounds (Efron 1979)."""
    plain, numerator, denominator = (np.array(part) for part in parts(name, log, max_weight))
    rng, n = np.random.default_rng(seed), len(plain)
    drawn = (rng.integers(0, n, n) for _ in range(replicates))
    estimates = [plain[d].mean() + numerator[d].sum() / denominator[d].sum() for d in drawn]
    return float(np.std(estimates, ddof=1))


def random_log(n: int, seed: int, *, rate: float = 0.3, spread: float = 0.7) -> dict[str, NDArray[Any]]:
    """A log with weights that average about 1, rewards of 0 and 1, and predictions of some use."""
    rng = np.random.default_rng(seed)
    propensity = rng.uniform(0.05, 0.5, n)
    target = np.minimum(propensity * rng.lognormal(-(spread**2) / 2, spread, n), 1.0)
    predicted = np.clip(rate + 0.1 * rng.standard_normal(n), 0.0, 1.0)
    return {
        "round_id": np.arange(n),
        "reward": (rng.random(n) < predicted).astype(float),
        "propensity": propensity,
        "target_propensity": target,
        "q_logged": predicted,
        "q_target": np.clip(predicted + 0.05 * rng.standard_normal(n), 0.0, 1.0),
        "country": rng.choice(["de", "fr", "jp"], n, p=[0.5, 0.3, 0.2]),
        "user": rng.integers(0, max(n // 4, 1), n),
    }
