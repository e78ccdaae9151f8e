"""``plan_ab``: how many sessions an A/B test needs, from a log of today's traffic."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rankeval.ab_tests.accumulate import ArmSums, accumulate
from rankeval.ab_tests.adjustment import Adjustment
from rankeval.ab_tests.effects import Effect, gains_in, parse_effects
from rankeval.ab_tests.metrics import Metric, parse_metrics
from rankeval.ab_tests.other_plans import other_plans
from rankeval.ab_tests.plan_result import AbPlan, PlanRow
from rankeval.ab_tests.power import Design, Spread, effect_for, power_at, sessions_for
from rankeval.ab_tests.proportions import is_proportion
from rankeval.ab_tests.unit_values import UnitValues
from rankeval.errors import DataError, UsageError
from rankeval.inference import Mean, SamplingDistribution, unnamed_cluster_notes
from rankeval.logs import (
    Grouping,
    as_log,
    check_grouping,
    nothing_counts,
    reader_notes,
    stated,
    unused_weights,
)
from rankeval.notes import Note
from rankeval.options import require_types


def plan_ab(
    log: Any,
    *,
    metric: str | Sequence[str] = (),
    ratio: str | Sequence[str] = (),
    covariate: str | Sequence[str] = (),
    effect: float | str | Sequence[float] | None = None,
    gain: str | None = None,
    beside: str | Sequence[str] = (),
    days: float | None = None,
    sessions_per_day: float | None = None,
    power: float = 0.8,
    level: float = 0.95,
    arms: int = 2,
    share: float | None = None,
    cluster: str | None = None,
    columns: Mapping[str, str] | None = None,
    where: str | None = None,
    null_reward: str = "error",
    threads: int | None = None,
) -> AbPlan:
    """The sessions that an A/B test needs to find an effect, and the effect that some days can find.

    Variances, also within clusters and with a covariate (CUPED), are those of the log; the treatment is
    assumed to have the same, or for values 0 and 1 that of its own proportion. The test is that of ``ab``:
    chi-square for independent values of 0 and 1, else Welch's t. With more than two arms, each comparison
    with the control has the error probability ``(1 - level) / (arms - 1)``. Clusters are assumed to be as
    large in the test as in the log; a longer test may see more sessions of each.

    Args:
        log: a table with a row for each session or user, or a ranking log.
        metric: ``NAME=EXPR``, as in ``ab``.
        ratio: ``NAME=NUMERATOR:DENOMINATOR``.
        covariate: ``METRIC=EXPR``, a value of before the log, one per unit.
        effect: relative effects, shares of the metric's value.
        gain: JSON file of ``ope``: its relative gain, and the low end of its interval, are effects.
        beside: JSON files of ``interleave power`` and ``plan shuffle``, whose sessions are shown beside.
        days: days of a test, for the smallest effect that it finds; needs ``sessions_per_day``.
        sessions_per_day: sessions a day in the test.
        power: probability to find the effect.
        level: 1 less the error probability.
        arms: number of arms, one of which is the control.
        share: share of the sessions in each treatment arm; equal for all arms without it.
        cluster: a column whose values are assigned to arms, such as the user.
        columns: role -> column name.
        where: row filter.
        null_reward: ``zero``: a null reward or click counts as 0; ``error``: it is an error.
        threads: number of threads; the result does not depend on it.

    Returns:
        :class:`AbPlan`, with ``to_dict()``, ``to_pandas()`` and a readable repr.

    Raises:
        DataError: the data are wrong, such as a metric that is 0.
        UsageError: an argument is wrong.

    Example:
        >>> import rankeval
        >>> test = {"arm": ["a", "b"] * 200, "click": [0, 0, 1, 1, 0, 1, 0, 1] * 50}
        >>> rankeval.plan_ab(test, metric="click", effect=0.1).to_dict()["results"][0]["sessions"]
        3132
    """
    given = dict(locals())
    require_types({name: value for name, value in given.items() if name not in ("days", "arms")})
    design = Design.of(int(arms), share, level, power)
    _require_positive(days=days, sessions_per_day=sessions_per_day)
    if days is not None and sessions_per_day is None:
        raise UsageError("days: found no sessions_per_day, wanted the sessions a day in the test")
    files = [beside] if isinstance(beside, str) else list(beside)
    others = other_plans(files, sessions_per_day)
    effects = [*parse_effects(effect), *([] if gain is None else gains_in(gain))]
    if not effects and days is None:
        raise UsageError("effect: found none, wanted an effect, a gain, or days with sessions_per_day")
    texts = [[text] if isinstance(text, str) else list(text) for text in (metric, ratio, covariate)]
    if not (texts[0] or texts[1]):
        raise UsageError("metric: found none, wanted NAME=EXPR, or a ratio NAME=NUMERATOR:DENOMINATOR")
    metrics = parse_metrics(texts[0], texts[1], [], texts[2])
    opened = as_log(log, columns, where, null_reward=null_reward)
    check_grouping(opened, cluster)
    values = UnitValues.of(opened, metrics)
    needed = [
        functional if extra is None else functional + extra
        for m in metrics
        for functional, extra in [(values.metric(m), values.covariate(m))]
    ]
    sums = accumulate(values, None, Grouping(cluster is not None, None, cluster), needed, threads)
    moments = sums.parts()[0][1][""]
    if not moments.n:
        raise nothing_counts(values.log)
    units = SamplingDistribution(moments, clustered=cluster is not None)
    design = replace(design, units_each=_each(sums, moments.n))
    rows = [row for m in metrics for row in _rows(m, values, units, design, effects, days, sessions_per_day)]
    called = "units" if opened.session is None else "sessions"
    estimates = {m.name: values.metric(m) for m in metrics}
    return AbPlan(
        inputs={
            "log": opened.origin,
            "metric": texts[0],
            "ratio": texts[1],
            "covariate": texts[2],
            "effect": [one.relative for one in effects if one.label == "stated"],
            "gain": gain,
            "beside": files,
            "days": days,
            "sessions_per_day": sessions_per_day,
            "power": power,
            "level": level,
            "arms": design.arms,
            "share": design.share,
            "where": where,
            **stated(opened),
            "cluster": cluster,
        },
        n=moments.units,
        units=called,
        results=tuple(rows),
        others=others,
        notes=(
            *reader_notes(values.log),
            *unused_weights(opened),
            *unnamed_cluster_notes(units, estimates, called),
            *units.notes(),
            *_notes(rows),
        ),
    )


def _each(sums: ArmSums, n: float) -> float:
    """The number of sessions of an independent unit."""
    return 1.0 if sums.clusters is None else n / max(sums.clusters.number, 1.0)


def _rows(
    metric: Metric,
    values: UnitValues,
    units: SamplingDistribution,
    design: Design,
    effects: Sequence[Effect],
    days: float | None,
    traffic: float | None,
) -> Iterator[PlanRow]:
    functional, covariate = values.metric(metric), values.covariate(metric)
    adjustment = Adjustment.of(functional, covariate, [units])
    obstacle = units.obstacle(functional)
    if obstacle is not None:
        raise DataError(f"{values.log.origin}: metric {metric.name}: {obstacle.text}, wanted more data")
    baseline, n = units.value(functional), float(units.moments.n)
    if baseline == 0.0 or units.shows_no_spread(functional):
        raise DataError(
            f"{values.log.origin}: metric {metric.name} is {baseline:g} in every unit, wanted one that varies"
        )
    independent = SamplingDistribution(units.moments)
    plain, clustered = (n * side.std_error(functional) ** 2 for side in (independent, units))
    variance = n * units.std_error(adjustment.functional) ** 2
    proportion = isinstance(functional, Mean) and is_proportion([units], functional.term)
    spread = Spread(baseline, variance, proportion, proportion and covariate is None and not units.clustered)
    known = {
        "metric": metric.name,
        "baseline": baseline,
        "std_dev": math.sqrt(plain),
        "design_effect": clustered / plain if units.clustered and plain > 0.0 else None,
        "variance_kept": variance / clustered if covariate is not None and clustered > 0.0 else None,
    }
    for effect in effects:
        yield _for_effect(known, effect, spread, design, traffic)
    if days is not None and traffic is not None:
        sessions = days * traffic
        found = effect_for(sessions, spread, design)
        yield _row(known, f"in {days:g} days", found, spread, design, sessions, days)


def _for_effect(
    known: Mapping[str, Any], effect: Effect, spread: Spread, design: Design, traffic: float | None
) -> PlanRow:
    if effect.relative is None or (effect.label != "stated" and effect.relative <= 0.0):
        absolute = None if effect.relative is None else effect.relative * abs(spread.baseline)
        return _row(known, effect.label, absolute, spread, design, None, None)
    absolute = effect.relative * abs(spread.baseline)
    if spread.proportion and not 0.0 < spread.baseline + absolute < 1.0:
        raise UsageError(
            f"effect: found {effect.relative:g} of {known['metric']} {spread.baseline:g}, wanted one that "
            "stays between 0 and 1"
        )
    sessions = sessions_for(absolute, spread, design)
    days = None if sessions is None or traffic is None else float(math.ceil(sessions / traffic))
    return _row(known, effect.label, absolute, spread, design, sessions, days)


def _row(
    known: Mapping[str, Any],
    label: str,
    effect: float | None,
    spread: Spread,
    design: Design,
    sessions: float | None,
    days: float | None,
) -> PlanRow:
    of_arm = of_control = total = None
    if sessions is not None:
        of_arm = math.ceil(design.share * sessions * (1.0 - 1e-12))
        of_control = math.ceil(design.control_share * sessions * (1.0 - 1e-12))
        total = (design.arms - 1) * of_arm + of_control
    reached = None
    if sessions is not None and effect is not None:
        reached = power_at(sessions, effect, spread, design)
    return PlanRow(
        **known,
        label=label,
        effect=effect,
        relative_effect=None if effect is None else effect / abs(spread.baseline),
        sessions_per_arm=of_arm,
        control_sessions=of_control,
        sessions=total,
        clusters_per_arm=None
        if of_arm is None or known["design_effect"] is None
        else math.ceil(of_arm / design.units_each),
        days=days,
        power=reached,
        level=design.level,
    )


def _notes(rows: Sequence[PlanRow]) -> Iterator[Note]:
    for row in rows:
        if row.sessions is None and row.effect is not None and row.effect <= 0.0:
            text = f"{row.metric}: {row.label} is no gain: no number of sessions is enough to show one"
            yield Note("no_gain", text)
        elif row.sessions is None:
            yield Note("no_plan", f"{row.metric}: {row.label}: no number of sessions can be given")
        elif row.effect is None:
            yield Note("no_effect", f"{row.metric}: {row.label}: no effect shows in so few sessions")
    if any(row.design_effect is not None for row in rows):
        text = "clusters are taken to be as large as in the log; in a longer test each has more sessions"
        yield Note("cluster_sizes", text)


def _require_positive(**numbers: float | None) -> None:
    for name, number in numbers.items():
        if number is not None and (isinstance(number, bool) or not 0.0 < number < 1e15):
            raise UsageError(f"{name}: found {number!r}, wanted a number above 0")
