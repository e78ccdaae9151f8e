"""What came of one log: a record for each estimate, with its verdict, its errors and its diagnostics."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.verdict_study.bandit_worlds import Floats
from benchmarks.verdict_study.case import Case
from rankeval import ope
from rankeval.errors import RankevalError
from rankeval.inference import Estimate
from rankeval.inference.tails import pareto_k
from rankeval.off_policy.rows import EstimateRow

#: Bins of the calibration of propensities, and the fewest rounds of a log on which it is judged.
BINS = 15
#: Of the bootstrap, which is for logs with few rewards alone; fewer than by default, for speed.
REPLICATES = 200
Record = dict[str, Any]


def records(family: str, world: int, case: Case) -> Iterator[Record]:
    """The records of a log; one without estimates if ``ope`` raises an error."""
    place = {"family": family, "world": world, "kind": case.kind, "facts": facts(case)}
    started = time.perf_counter()
    try:
        result = ope(case.log, case.names, threads=1, replicates=REPLICATES, **case.options)
    except RankevalError as error:
        yield {**place, "name": "", "level": "error", "error": str(error)}
        return
    seconds = time.perf_counter() - started
    for row in result.estimates:
        yield {**place, "seconds": seconds, **of_row(row, case), "missed": missed(result.refutation)}


def of_row(row: EstimateRow, case: Case) -> Record:
    """The record of one estimate."""
    worst: dict[str, tuple[str, float | None]] = {}
    for reason in row.verdict.reasons:  # the worst of a code stands first
        worst.setdefault(reason.code, (str(reason.level), reason.value))
    bounds = row.value_bounds, row.gain_bounds
    return {
        "name": row.estimator.name,
        "level": row.verdict.level,
        "reasons": worst,
        "n": row.value.n,
        "value": against(row.value, case.value),
        "gain": against(row.gain, case.value - case.logged),
        "logged": case.logged,
        "sign": row.gain_bounds is not None and row.gain_bounds.apart and row.gain_bounds.holds_zero,
        "bounds": [
            None if each is None or not each.apart else [each.ci_low, each.ci_high] for each in bounds
        ],
        "worth": [row.value.worth, row.gain.worth, row.relative.worth],
        "diagnostics": dict(row.diagnostics),
    }


def missed(refutation: Mapping[str, Any] | None) -> float | None:
    """The error of a user model, as a share of the clicks, that the test by shuffled sessions would miss."""
    tests = [] if refutation is None else refutation["shuffled_sessions"].values()
    return max((1.96 * test["std_error"] / test["observed_clicks"] for test in tests), default=None)


def against(estimate: Estimate, truth: float) -> Record:
    """An estimate beside the truth."""
    (interval, *_) = estimate.intervals or [None]
    return {
        "truth": truth,
        "value": estimate.value,
        "std_error": estimate.std_error,
        "ci": None if interval is None else [interval.low, interval.high],
        "method": None if interval is None else interval.method,
    }


def facts(case: Case) -> Mapping[str, float | None]:
    """What the gates of others read of a log: its smallest propensity, its tail index, its calibration."""
    log = case.log if isinstance(case.log, pa.Table) else pa.table(case.log)
    if "session_id" in log.column_names:
        return {}
    if "candidate_propensities" in log.column_names:
        logged, target = (_matrix(log[f"candidate_{name}propensities"]) for name in ("", "target_"))
        action = log["action"].to_numpy()
        rows = np.arange(len(action))
        p, w = logged[rows, action], target[rows, action]
        beside = {
            "ece": calibration(logged, action),
            "match": float((logged[rows, target.argmax(axis=1)] > 0).mean()),
        }
    else:
        p, w = log["propensity"].to_numpy(), log["target_propensity"].to_numpy()
        beside = {"ece": None, "match": None}
    with np.errstate(divide="ignore", invalid="ignore"):
        w = np.where(p > 0.0, w / p, 0.0)
    reward = log["reward"].to_numpy()
    return {"p": float(p.min()), "k": tail_index(w), "width": float(np.ptp(reward)), **beside}


def tail_index(weights: Floats) -> float | None:
    """Pareto k as others compute it: of any weights, also those with few distinct values."""
    apart = weights * (1.0 + 1e-9 * np.arange(len(weights)) / len(weights))
    return pareto_k(apart, len(apart))


def calibration(logged: Floats, action: np.ndarray[Any, Any]) -> float:
    """The expected calibration error of the likeliest action (Naeini, Cooper & Hauskrecht 2015)."""
    confidence, hit = logged.max(axis=1), logged.argmax(axis=1) == action
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    sums = (np.bincount(bins, each, BINS) for each in (hit, confidence))
    return float(np.abs(np.subtract(*sums)).sum() / len(action))


def _matrix(column: pa.ChunkedArray) -> Floats:
    flat = column.combine_chunks()
    return np.asarray(flat.values.to_numpy().reshape(len(flat), -1))
