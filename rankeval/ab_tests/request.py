"""The options of ``ab``, checked before any row is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from rankeval.ab_tests.contrasts import INTERVALS, RESAMPLED, Rules
from rankeval.ab_tests.looks import Looks
from rankeval.ab_tests.metrics import Metric, Quantile, parse_expected, parse_metrics, parse_quantile
from rankeval.ab_tests.unit_values import UnitValue, UnitValues
from rankeval.errors import DataError, UsageError
from rankeval.inference import InferenceOptions, parse_family
from rankeval.logs import Grouping, Log, check_grouping
from rankeval.options import listed

#: Ways to adjust p-values for their number.
ADJUSTMENTS = ("holm", "bh")


@dataclass(frozen=True)
class Request:
    """What is asked of a test.

    Attributes:
        values: the numbers of units, with their log.
        arm: role of the column of arms.
        control: the name of the control; None: found in the data.
        metrics: metrics, ratios and guardrails.
        quantiles: quantiles.
        expected: arm -> share of the units; None: equal shares.
        grouping: segments and clusters.
        rules: how differences are tested.
        adjust: name in :data:`ADJUSTMENTS`.
        family: which tests are adjusted together.
    """

    values: UnitValues
    arm: str
    control: str | None
    metrics: tuple[Metric, ...]
    quantiles: tuple[Quantile, ...]
    expected: Mapping[str, float] | None
    grouping: Grouping
    rules: Rules
    adjust: str
    family: str


def request_of(
    log: Log,
    arm: str,
    control: str | None,
    texts: Mapping[str, str | Sequence[str]],
    expected: str | Mapping[str, float] | None,
    rules: Rules,
    by: str | None,
    cluster: str | None,
    covariate_time: str | None,
    adjust: str,
    family: str | None,
) -> Request:
    """The checked request.

    Args:
        log: the log.
        arm: role of the column of arms.
        control: name of the control.
        texts: ``metric``, ``ratio``, ``guardrail``, ``covariate``, ``quantile`` -> what is asked.
        expected: the expected shares.
        rules: how differences are tested, as far as options tell.
        by: role of the column of segments.
        cluster: role of the column of clusters.
        covariate_time: role of the column with the times of covariates.
        adjust: how p-values are adjusted.
        family: which tests are adjusted together.

    Raises:
        DataError: a column is missing or does not fit.
        UsageError: an option is not valid.
    """
    if adjust not in ADJUSTMENTS:
        raise UsageError(f"adjust: found {adjust!r}, wanted one of {', '.join(ADJUSTMENTS)}")
    asked = {name: [value] if isinstance(value, str) else list(value) for name, value in texts.items()}
    quantiles = tuple(parse_quantile(text) for text in asked["quantile"])
    if not (asked["metric"] or asked["ratio"] or asked["guardrail"] or quantiles):
        asked["metric"] = [_usual(log)]
    metrics = parse_metrics(asked["metric"], asked["ratio"], asked["guardrail"], asked["covariate"])
    _require_names([*(metric.name for metric in metrics), *(quantile.name for quantile in quantiles)])
    if covariate_time is not None and not any(metric.covariate for metric in metrics):
        raise UsageError("covariate_time: found no covariate, wanted one (covariate)")
    check_grouping(log, arm, by, cluster)
    one = UnitValue("")
    resampled = set(RESAMPLED) & set(rules.methods)
    values = UnitValues.of(log, metrics, [one] if resampled else [], covariate_time)
    if resampled:
        rules = Rules(rules.options, rules.methods, rules.looks, rules.at, values.term("", False))
    return Request(
        values=values,
        arm=arm,
        control=control,
        metrics=metrics,
        quantiles=quantiles,
        expected=parse_expected(expected),
        grouping=Grouping(bool(resampled) or cluster is not None, by, cluster),
        rules=rules,
        adjust=adjust,
        family=parse_family("all" if family is None else family, by),
    )


def rules_of(
    ci: str | Sequence[str],
    level: float,
    replicates: int,
    seed: int,
    cluster: str | None,
    looks: Looks | None,
    sequence_at: float,
    side: str,
) -> Rules:
    """How differences are tested.

    Raises:
        UsageError: a method is unknown, or methods exclude each other.
    """
    methods = tuple(dict.fromkeys(listed(ci)))
    for method in methods:
        if method not in INTERVALS:
            raise UsageError(f"ci: found {method!r}, wanted one of {', '.join(INTERVALS)}")
    if not methods:
        raise UsageError(f"ci: found no method, wanted one of {', '.join(INTERVALS)}")
    if looks is not None and methods != ("auto",):
        raise UsageError(
            f"ci: found {', '.join(methods)} with looks, wanted auto: looks have their own interval"
        )
    if isinstance(sequence_at, bool) or not (isfinite(sequence_at) and sequence_at >= 1.0):
        raise UsageError(f"sequence_at: found {sequence_at!r}, wanted a number of units of at least 1")
    resampled = tuple(method for method in methods if method in RESAMPLED)
    options = InferenceOptions.of_call(resampled or ("normal",), level, replicates, seed, cluster, side=side)
    if side != "two" and (looks is not None or "sequence" in methods):
        raise UsageError(f"side: found {side!r} with several looks, wanted two: their limits have both sides")
    return Rules(options, methods, looks, float(sequence_at), None)


def _usual(log: Log) -> str:
    """The metric where none is named."""
    for role in ("reward", "session_reward", "click"):
        if log.has(role):
            return f"{role}=`{log.name(role)}`"
    raise DataError(f"{log.origin}: no column reward or click, wanted one, or a metric NAME=EXPR")


def _require_names(names: Sequence[str]) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"metric: found the name {twice!r} twice, wanted a name of its own for each")
