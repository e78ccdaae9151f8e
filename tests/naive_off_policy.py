"""Off-policy estimators the slow, obvious way: a loop over rounds, exact sums, textbook formulas."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Log = Mapping[str, Sequence[float] | NDArray[Any]]

NAMES = (
    "ips",
    "cips",
    "snips",
    "csnips",
    "dm",
    "dr",
    "cdr",
    "sndr",
    "switch_dr",
    "dros",
    "sg_ips",
    "sg_dr",
    "mips",
)
RATIOS = ("snips", "csnips", "sndr")
PARAMETERS = {
    "cips": "max_weight",
    "csnips": "max_weight",
    "cdr": "max_weight",
    "switch_dr": "tau",
    "dros": "lambda",
    "sg_ips": "lambda",
    "sg_dr": "lambda",
    "mips": "max_weight",
}
DEFAULTS = dict.fromkeys(NAMES, 10.0) | {"dros": 100.0, "sg_ips": 0.1, "sg_dr": 0.1, "mips": math.inf}
#: Settings under which many weights of :func:`random_log` change.
TIGHT = dict.fromkeys(NAMES, 2.0) | {"sg_ips": 0.3, "sg_dr": 0.3}


def spelled(name: str, parameter: float) -> str:
    """The estimator with its parameter, if it has one."""
    return f"{name}:{PARAMETERS[name]}={parameter!r}" if name in PARAMETERS else name


def transformed(name: str, w: float, parameter: float) -> float:
    """The weight as an estimator has it."""
    if PARAMETERS.get(name) == "max_weight":
        return min(w, parameter)
    if name == "switch_dr":
        return w if w <= parameter else 0.0
    if name == "dros":
        return parameter * w / (w**2 + parameter)
    if name in ("sg_ips", "sg_dr"):
        return 1.0 if parameter == 1.0 else w / (1.0 - parameter + parameter * w)
    return w


def weights(name: str, log: Log) -> list[float]:
    """Of each round, as they are."""
    column = "marginal_propensity" if name == "mips" else "propensity"
    return [pi / p for p, pi in zip(log[column], log[f"target_{column}"], strict=True)]


def mean(numbers: Sequence[float]) -> float:
    return math.fsum(numbers) / len(numbers)


def parts(name: str, log: Log, parameter: float) -> tuple[list[float], list[float], list[float]]:
    """Per round the plain term, the numerator and the denominator; what a name does without is 0, 0 and 1."""
    plain, numerator, denominator = [], [], []
    for r, w, q, q_pi in zip(
        log["reward"], weights(name, log), log["q_logged"], log["q_target"], strict=True
    ):
        w = transformed(name, w, parameter)
        if name == "dm":
            plain.append(q_pi)
        elif name in ("ips", "cips", "sg_ips", "mips"):
            plain.append(w * r)
        elif name in ("dr", "cdr", "switch_dr", "dros", "sg_dr"):
            plain.append(q_pi + w * (r - q))
        else:
            plain.append(q_pi if name == "sndr" else 0.0)
        numerator.append(w * (r - q) if name == "sndr" else w * r if name in RATIOS else 0.0)
        denominator.append(w if name in RATIOS else 1.0)
    return plain, numerator, denominator


def _known(name: str, parameter: float | None) -> float:
    return DEFAULTS[name] if parameter is None else parameter


def value(name: str, log: Log, parameter: float | None = None) -> float:
    """The estimate."""
    plain, numerator, denominator = parts(name, log, _known(name, parameter))
    return mean(plain) + math.fsum(numerator) / math.fsum(denominator)


def residuals(name: str, log: Log, parameter: float | None = None) -> NDArray[np.float64]:
    """What each round moves the estimate by, to first order, times n."""
    plain, numerator, denominator = (np.array(part) for part in parts(name, log, _known(name, parameter)))
    ratio = numerator.sum() / denominator.sum()
    linear: NDArray[np.float64] = (
        plain - plain.mean() + (numerator - ratio * denominator) / denominator.mean()
    )
    return linear


def std_error(linear: NDArray[np.float64], clusters: Sequence[Any] | None = None) -> float:
    """Of an estimate with these residuals; those of a cluster are summed first (CR2, for few clusters)."""
    n = len(linear)
    if clusters is None:
        return math.sqrt(math.fsum(linear**2) / (n - 1) / n)
    totals: dict[Any, float] = {}
    for cluster, residual in zip(clusters, linear, strict=True):
        totals[cluster] = totals.get(cluster, 0.0) + residual
    sizes = Counter(clusters)
    return math.sqrt(math.fsum(t * t / (1 - sizes[c] / n) for c, t in totals.items())) / n


def gain_residuals(name: str, log: Log, parameter: float | None = None) -> NDArray[np.float64]:
    """Of the estimate less the mean logged reward."""
    reward = np.array(log["reward"], dtype=float)
    return residuals(name, log, parameter) - (reward - reward.mean())


def relative_residuals(name: str, log: Log, parameter: float | None = None) -> NDArray[np.float64]:
    """Of the gain over the absolute value of the mean logged reward."""
    reward = np.array(log["reward"], dtype=float)
    logged, estimate = reward.mean(), value(name, log, parameter)
    linear: NDArray[np.float64] = (
        residuals(name, log, parameter) / logged - estimate * (reward - logged) / logged**2
    )
    return linear if logged > 0.0 else -linear


def jackknife_std_error(name: str, log: Log, parameter: float | None = None) -> float:
    """From the estimates that leave out one round each (Quenouille, Tukey)."""
    plain, numerator, denominator = (np.array(part) for part in parts(name, log, _known(name, parameter)))
    n = len(plain)
    left_out = (plain.sum() - plain) / (n - 1)
    left_out += (numerator.sum() - numerator) / (denominator.sum() - denominator)
    return math.sqrt((n - 1) / n * float(np.sum((left_out - left_out.mean()) ** 2)))


def bootstrap_std_error(name: str, log: Log, parameter: float, replicates: int, seed: int) -> float:
    """The spread of the estimate over resampled rounds (Efron 1979)."""
    plain, numerator, denominator = (np.array(part) for part in parts(name, log, _known(name, parameter)))
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
    log = {
        "round_id": np.arange(n),
        "reward": (rng.random(n) < predicted).astype(float),
        "propensity": propensity,
        "target_propensity": target,
        "q_logged": predicted,
        "q_target": np.clip(predicted + 0.05 * rng.standard_normal(n), 0.0, 1.0),
        "country": rng.choice(["de", "fr", "jp"], n, p=[0.5, 0.3, 0.2]),
        "user": rng.integers(0, max(n // 4, 1), n),
    }
    # Of an embedding that other actions share.
    marginal = propensity + rng.uniform(0.0, 0.4, n)
    moved = marginal * rng.lognormal(-(spread**2) / 8, spread / 2, n)
    return log | {"marginal_propensity": marginal, "target_marginal_propensity": np.minimum(moved, 1.0)}
