"""``agreement``: how offline gains of past experiments agree with their online gains."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rankeval.ab_tests.agreement_result import Agreement, BestMetric, Statistic
from rankeval.ab_tests.correlations import (
    compared_correlations,
    correlation_interval,
    pearson,
    share_interval,
    spearman,
)
from rankeval.ab_tests.errors_in_both import Line, deming, york
from rankeval.array_types import Bools, Floats
from rankeval.errors import DataError, UsageError
from rankeval.inference import Interval, Undefined, students_quantile
from rankeval.logs import Log, Sessions, as_log, reader_notes, scan
from rankeval.notes import Note, distinct
from rankeval.options import require_types
from rankeval.readers import is_number

#: Roles of the columns of past experiments.
GAINS, ERRORS, NAMES = ("offline", "online"), ("offline_error", "online_error"), ("name", "metric")
_FEW = 10  # with fewer experiments, no statistic tells much


@dataclass(frozen=True)
class Experiments:
    """Gains of past experiments by one offline metric.

    Attributes:
        offline, online: (n,) gains.
        offline_error, online_error: (n,) their standard errors; None where they are not known.
        names: the names of the experiments; None if they have none.
    """

    offline: Floats
    online: Floats
    offline_error: Floats | None
    online_error: Floats | None
    names: list[Any] | None


def agreement(
    data: Any,
    *,
    level: float = 0.95,
    columns: Mapping[str, str] | None = None,
    where: str | None = None,
    threads: int | None = None,
) -> Agreement:
    """Compare offline gains of past experiments with their online gains.

    Experiments are assumed independent of one another, and the errors of offline and online gains
    independent. Errors of the gains weaken correlations; the slope allows for them.

    - ``pearson``: Fisher's interval (1921), for normal pairs; ``spearman``: that of Bonett & Wright (2000).
    - ``sign_agreement``: the share of experiments whose gains have one sign, with the exact interval (Clopper
      & Pearson 1934); gains of 0 do not count.
    - ``calibration_slope`` and ``calibration_intercept``: the line of online on offline gains with errors in
      both (York et al. 2004); without errors Deming's line for errors of equal size. A slope below 1: offline
      gains promise too much. Intervals have quantiles of Student's t with n - 2 degrees of freedom.

    Args:
        data: a row for each experiment, with columns ``offline, online``; optional ``offline_error,
            online_error`` (standard errors), ``name``, and ``metric``, the offline metric, if there are
            several.
        level: confidence level.
        columns: role -> column name.
        where: row filter.
        threads: number of threads.

    Returns:
        :class:`Agreement`, with ``to_dict()``, ``to_pandas()`` and a readable repr.

    Raises:
        DataError: a column is missing, a gain is no number, an error is below 0, or an experiment occurs
            twice.
        UsageError: an argument is wrong.

    Example:
        >>> import rankeval
        >>> past = {"offline": [0.1, 0.2, 0.3, 0.4], "online": [0.1, 0.1, 0.2, 0.3]}
        >>> round(rankeval.agreement(past).to_dict()["results"][0]["value"], 3)  # Pearson's correlation
        0.944
    """
    require_types({"level": level, "columns": columns, "where": where, "threads": threads})
    if not 0.0 < level < 1.0:
        raise UsageError(f"level: found {level}, wanted a number between 0 and 1")
    log = _opened(data, columns or {}, where)
    of_metrics, notes = _read(log, threads)
    results = [row for name, of in of_metrics.items() for row in _statistics(name, of, level, notes)]
    return Agreement(
        inputs={"data": log.origin, "level": level, "where": where},
        results=tuple(results),
        best=_best(of_metrics, notes),
        notes=tuple(distinct([*reader_notes(log), *notes])),
    )


def _opened(data: Any, columns: Mapping[str, str], where: str | None) -> Log:
    known = (*GAINS, *ERRORS, *NAMES)
    unknown = next((role for role in columns if role not in known), None)
    if unknown is not None:
        raise UsageError(f"--column {unknown}=...: no such role; there are {', '.join(known)}")
    log = as_log(data, None, where).with_roles(columns)
    log.require([*GAINS, *columns])
    for role in (role for role in (*GAINS, *ERRORS) if log.has(role)):
        kind = log.kind(role)
        if not is_number(kind):
            raise DataError(f"{log.origin}: column {log.name(role)!r} holds {kind}, wanted numbers")
    return log


def _read(log: Log, threads: int | None) -> tuple[dict[Any, Experiments], list[Note]]:
    """The experiments of each offline metric, in the order of the file.

    Raises:
        DataError: see :func:`agreement`.
    """
    errors = [role for role in ERRORS if log.has(role)]
    names = [role for role in NAMES if log.has(role)]

    def work(sessions: Sessions) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {}
        for role in (*GAINS, *errors):
            numbers = sessions.numbers(role)
            if role in errors and numbers.min(initial=0.0) < 0.0:
                row = int(np.argmin(numbers))
                raise sessions.error(role, row, numbers[row], "a standard error of at least 0")
            found[role] = numbers.tolist()
        return found | {role: sessions.column(role).to_pylist() for role in names}

    session = [] if log.session is None else [log.session]
    parts = scan(log, [*session, *GAINS, *errors, *names], work, threads)
    rows = {role: [value for part in parts for value in part[role]] for role in parts[0]}
    metrics = rows.get("metric") or [None] * len(rows["online"])
    of_metrics = {}
    for metric in dict.fromkeys(metrics):
        chosen = [i for i, name in enumerate(metrics) if name == metric]
        taken = {role: [values[i] for i in chosen] for role, values in rows.items()}
        _require_once(log, metric, taken.get("name"))
        numbers = {role: np.array(taken[role], float) for role in (*GAINS, *errors)}
        of_metrics[metric] = Experiments(
            offline=numbers["offline"],
            online=numbers["online"],
            offline_error=numbers.get("offline_error"),
            online_error=numbers.get("online_error"),
            names=taken.get("name"),
        )
    return of_metrics, []


def _require_once(log: Log, metric: Any, names: Sequence[Any] | None) -> None:
    twice = next((name for name in names or () if (names or []).count(name) > 1), None)
    if twice is not None:
        of = "" if metric is None else f" of metric {metric!r}"
        raise DataError(f"{log.origin}: experiment {twice!r}{of} occurs twice, wanted one row for each")


def _statistics(metric: Any, of: Experiments, level: float, notes: list[Note]) -> Iterator[Statistic]:
    n = len(of.online)
    prefix = "" if metric is None else f"{metric}: "
    if n < _FEW:
        notes.append(
            Note("few_experiments", f"{prefix}only {n} experiments: no statistic tells much", {"n": n})
        )

    def row(
        name: str, value: float | None, error: float | None, method: str, ends: Any, count: int
    ) -> Statistic:
        interval = Interval(method, level, None, None, "it is undefined for these data")
        if value is not None:
            try:
                interval = Interval(method, level, *ends())
            except Undefined as undefined:
                interval = Interval(method, level, None, None, str(undefined))
        if interval.reason is not None:
            notes.append(Note("no_interval", f"{prefix}{name} has no interval: {interval.reason}"))
        return Statistic(name, metric, value, error, interval, count)

    for name, function in (("pearson", pearson), ("spearman", spearman)):
        value = function(of.offline, of.online)
        ranks = name == "spearman"
        yield row(
            name,
            value,
            None,
            "fisher",
            lambda v=value, r=ranks: correlation_interval(v, n, level, ranks=r),
            n,
        )
    signed: Bools = (of.offline != 0.0) & (of.online != 0.0)
    hits, trials = int(np.sum((of.offline * of.online > 0.0) & signed)), int(np.sum(signed))
    if trials < n:
        notes.append(
            Note("no_sign", f"{prefix}{n - trials} experiments with a gain of 0 do not count for signs")
        )
    share = hits / trials if trials else None
    yield row(
        "sign_agreement", share, None, "clopper_pearson", lambda: share_interval(hits, trials, level), trials
    )
    line = _line(of, prefix, notes)
    slope: tuple[float | None, float | None] = (None, None)
    intercept = slope
    if line is not None:
        slope = line.slope, line.slope_error
        intercept = line.intercept, line.intercept_error
    method = "york" if line is None else line.method
    for name, (value, error) in (("calibration_slope", slope), ("calibration_intercept", intercept)):
        yield row(name, value, error, method, lambda v=value, s=error: _by_t(v, s, n, level), n)


def _by_t(value: float, error: float | None, n: int, level: float) -> tuple[float, float]:
    if error is None or n < 3:
        raise Undefined("there are too few experiments")
    if error == 0.0:
        raise Undefined("all pairs lie on a line, which does not show how far others would be from it")
    margin = students_quantile((1.0 - level) / 2.0, n - 2.0) * error
    return value - margin, value + margin


def _line(of: Experiments, prefix: str, notes: list[Note]) -> Line | None:
    """The calibration line, with notes on what is assumed."""
    if of.offline_error is None and of.online_error is None:
        text = f"{prefix}no errors are known: the slope takes those of offline and online gains as equal"
        notes.append(Note("errors_assumed", text))
        return deming(of.offline, of.online)
    none = np.zeros(len(of.online))
    for name, values in (("offline_error", of.offline_error), ("online_error", of.online_error)):
        if values is None:
            text = f"{prefix}no column {name}: the slope takes these gains as free of error"
            notes.append(Note("errors_assumed", text))
    x_error = none if of.offline_error is None else of.offline_error
    y_error = none if of.online_error is None else of.online_error
    if not np.all((x_error > 0.0) | (y_error > 0.0)):
        notes.append(Note("no_errors", f"{prefix}an experiment has no error at all: no calibration slope"))
        return None
    line = york(of.offline, of.online, x_error, y_error)
    if line is not None and line.scatter is not None and line.scatter > 2.0:
        text = (
            f"{prefix}experiments scatter about the line {math.sqrt(line.scatter):.2g} times as much as "
            "their errors explain; its errors are enlarged by this factor"
        )
        notes.append(Note("scatter", text, {"scatter": line.scatter, "threshold": 2.0}))
    return line


def _best(of_metrics: Mapping[Any, Experiments], notes: list[Note]) -> BestMetric | None:
    """The metric with the largest correlation, over the experiments that all metrics have."""
    if len(of_metrics) < 2:
        return None
    if any(of.names is None for of in of_metrics.values()):
        notes.append(Note("no_names", "no column name: experiments of several metrics cannot be paired"))
        return None
    every = list(of_metrics.values())
    common = [name for name in every[0].names or [] if all(name in (of.names or []) for of in every)]
    places = {metric: [(of.names or []).index(name) for name in common] for metric, of in of_metrics.items()}
    online = every[0].online[places[next(iter(of_metrics))]]
    offline = {metric: of.offline[places[metric]] for metric, of in of_metrics.items()}
    found = {metric: pearson(values, online) for metric, values in offline.items()}
    order = sorted((-r, i, metric) for i, (metric, r) in enumerate(found.items()) if r is not None)
    if len(order) < 2:
        return None
    (first, _, best), (second, _, other) = order[0], order[1]
    between = pearson(offline[best], offline[other])
    p = None if between is None else compared_correlations(-first, -second, between, len(common))
    text = (
        f"{best} was chosen for its correlation, which is therefore too large on average; its p-value "
        f"against {other} is that of two metrics chosen in advance"
    )
    notes.append(Note("selection", text))
    return BestMetric(best, -first, other, -second, p, len(common))
