"""``ab``: the analysis of an A/B test from a log with one column of arms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rankeval.ab_tests.accumulate import ArmSums, accumulate
from rankeval.ab_tests.analysis import Row, analyse, with_adjusted
from rankeval.ab_tests.looks import Looks
from rankeval.ab_tests.over_time import over_time
from rankeval.ab_tests.quantile_sums import quantile_cells
from rankeval.ab_tests.quantiles import quantile_contrasts
from rankeval.ab_tests.request import Request, request_of, rules_of
from rankeval.ab_tests.result import AbAnalysis
from rankeval.ab_tests.sample_ratio import SampleRatio
from rankeval.errors import DataError
from rankeval.inference import SamplingDistribution, unnamed_cluster_notes
from rankeval.logs import as_log, nothing_counts, reader_notes, stated, unused_weights
from rankeval.notes import Note
from rankeval.options import require_types


def ab(
    log: Any,
    arm: str,
    *,
    control: str | None = None,
    metric: str | Sequence[str] = (),
    ratio: str | Sequence[str] = (),
    covariate: str | Sequence[str] = (),
    covariate_time: str | None = None,
    guardrail: str | Sequence[str] = (),
    quantile: str | Sequence[str] = (),
    expected: str | Mapping[str, float] | None = None,
    adjust: str = "holm",
    family: str | None = None,
    looks: int | None = None,
    look: int | None = None,
    boundary: str = "obrien_fleming",
    information: Sequence[float] | None = None,
    ci: str | Sequence[str] = ("auto",),
    sequence_at: float = 10_000,
    level: float = 0.95,
    side: str = "two",
    replicates: int = 1000,
    by: str | None = None,
    cluster: str | None = None,
    seed: int = 0,
    columns: Mapping[str, str] | None = None,
    where: str | None = None,
    null_reward: str = "error",
    threads: int | None = None,
    engine: Any = None,
) -> AbAnalysis:
    """Compare the arms of an A/B test: differences and relative differences, with intervals and tests.

    Units are the rows of the log or, with a column ``session_id``, its sessions, whose rows are added. They
    are assumed independent, or with ``cluster`` the clusters, each in one arm. Without a covariate and
    clusters, a metric whose values are 0 and 1 is tested by Pearson's chi-square, with score intervals (Mee
    1984; Koopman 1984); any other by Welch's t (1947). Ratios and relative differences follow the delta
    method; a relative difference has Fieller's interval if the control is within 3 standard errors of 0.

    Args:
        log: a table with a row for each session or user, or a ranking log.
        arm: the column with the name of the arm of each unit.
        control: the arm with which others are compared; without it, ``control``, or the first one in order.
        metric: ``NAME=EXPR``, the mean per unit of arithmetic over columns. Without any metric, the column
            ``reward`` or ``click``.
        ratio: ``NAME=NUMERATOR:DENOMINATOR``, a ratio of two means; ``rows`` is the number of rows of a
            session.
        covariate: ``METRIC=EXPR``, of before the test, one value per unit: the metric is adjusted (CUPED,
            Deng et al. 2013) with one coefficient for all arms, as in an analysis of covariance. Intervals
            take the coefficient and the overall mean of the covariate as known.
        covariate_time: a column with the time up to which covariates are measured. A time after the unit's
            own in the column ``timestamp`` is an error.
        guardrail: ``NAME=EXPR:MARGIN``, or with a ratio ``NAME=NUM:DEN:MARGIN``. A margin below 0 is for
            metrics of which more is better, one above 0 for others; ``-1%`` is a share of the control's
            value. The guardrail holds if the interval excludes the margin.
        quantile: ``NAME=EXPR:SHARE``: the quantile of the units' values, compared by the bootstrap over 4,096
            hashed buckets, after two more passes.
        expected: expected share of units by arm, for the sample-ratio check; equal without it.
        adjust: ``holm`` or ``bh``: how ``p_adjusted`` follows from the p-values of a family.
        family: ``all``, ``metric`` or ``segment``; without it all.
        looks: number of planned looks at the test: p-values and intervals allow for all of them together
            (repeated p-values and intervals, Jennison & Turnbull 2000).
        look: the number of this look, from 1.
        boundary: ``obrien_fleming`` or ``pocock``, as spent by Lan & DeMets (1983).
        information: share of the final number of units at each look; equal steps without it.
        ci: ``auto`` (``score`` for proportions, else ``student``), ``student``, ``normal``, ``score``,
            ``bootstrap``, ``bootstrap_t``, or ``sequence``: an asymptotic confidence sequence (Waudby-Smith
            et al. 2024), which holds however often one looks; p-values then do as well.
        sequence_at: number of units, chosen before the test, at which the sequence is narrowest.
        level: confidence level.
        side: ``two``; ``lower`` or ``upper`` for one-sided bounds at this level and p-values of their side:
            ``lower`` tests whether an arm is higher than the control. Guardrails and checks stay as they are.
        replicates: number of bootstrap replicates.
        by: a column that splits units into segments.
        cluster: a column whose values are the independent units, such as the user.
        seed: seed of the bootstrap.
        columns: role -> column name.
        where: row filter.
        null_reward: ``zero``: a null reward or click counts as 0; ``error``: it is an error.
        threads: number of threads; the result does not depend on it.
        engine: what works on the pieces of the log, as for :func:`rankeval.ope`.

    Returns:
        :class:`AbAnalysis`, with ``to_dict()``, ``to_pandas()`` and a readable repr.

    Raises:
        DataError: the data are wrong, such as one arm only, or a unit in two.
        UsageError: an argument is wrong.

    Example:
        >>> import rankeval
        >>> test = {"arm": ["a", "b"] * 200, "click": [0, 0, 1, 1, 0, 1, 0, 1] * 50}
        >>> found = rankeval.ab(test, "arm", control="a", metric="click").to_dict()["results"][0]
        >>> found["difference"]  # 3/4 - 1/4
        0.5
    """
    require_types({name: value for name, value in locals().items() if name not in ("covariate_time",)})
    planned = Looks.of(looks, look, boundary, information, 1.0 - level)
    rules = rules_of(ci, level, replicates, seed, cluster, planned, sequence_at, side)
    opened = as_log(log, columns, where, null_reward=null_reward, engine=engine)
    texts = {
        "metric": metric,
        "ratio": ratio,
        "guardrail": guardrail,
        "covariate": covariate,
        "quantile": quantile,
    }
    request = request_of(
        opened, arm, control, texts, expected, rules, by, cluster, covariate_time, adjust, family
    )
    functionals = [request.values.metric(m) for m in request.metrics]
    needed = [
        functional if covariate is None else functional + covariate
        for m, functional in zip(request.metrics, functionals, strict=True)
        for covariate in [request.values.covariate(m)]
    ]
    sums = accumulate(request.values, arm, request.grouping, needed, threads)
    name, notes = _control(request, sums)
    ratios = _sample_ratio(request, sums)
    found = analyse(request, sums, name)
    of_quantiles = _quantile_rows(request, name, threads)
    return AbAnalysis(
        inputs={
            "log": opened.origin,
            "arm": arm,
            "control": name,
            **{key: [text] if isinstance(text, str) else list(text) for key, text in texts.items()},
            "adjust": adjust,
            "adjust_name": {"holm": "Holm", "bh": "BH"}[adjust],
            "family": request.family,
            "sequence_at": rules.at if rules.sequential == "sequence" else None,
            "where": where,
            **stated(opened),
            "level": level,
            "side": side,
            "by": by,
            "cluster": cluster,
            "seed": seed,
        },
        results=with_adjusted([*found.rows, *of_quantiles], request),
        guardrails=tuple(found.guardrails),
        omnibus=tuple(found.omnibus),
        sample_ratio=ratios,
        looks=None if planned is None else planned.to_dict(),
        sequence=tuple(over_time(request, sums, name)),
        n=sum(moments.units for moments in sums.parts()[0][1].values()),
        notes=(
            *reader_notes(request.values.log),
            *unused_weights(opened),
            *notes,
            *ratios.notes(),
            *_alike(request, sums, name),
            *found.notes,
            *(note for row in of_quantiles for note in row.unknown()),
        ),
    )


def _control(request: Request, sums: ArmSums) -> tuple[str, list[Note]]:
    """The control, with a note if it was not named.

    Raises:
        DataError: there is one arm only, all units have weight 0, or the control is not among the arms.
    """
    log, arms = request.values.log, sums.arms
    counts = {arm: moments.n for arm, moments in sums.parts()[0][1].items()}
    if not any(counts.values()):
        raise nothing_counts(log)
    column = f"{log.origin}: column {log.name(request.arm)!r}"
    if request.control is not None and str(request.control) not in arms:
        raise DataError(f"{column} has arms {', '.join(arms)}, wanted control {request.control!r} among them")
    if len(arms) < 2:
        raise DataError(f"{column} has one arm only, {arms[0]!r}, wanted at least two")
    empty = next((arm for arm, n in counts.items() if not n), None)
    if empty is not None:
        raise DataError(f"{column}: arm {empty!r} has no units, wanted some with a weight above 0")
    if request.control is not None:
        return str(request.control), []
    usual = next((arm for arm in arms if arm.lower() == "control"), None)
    if usual is not None:
        return usual, []
    text = f"arm {arms[0]!r} is taken as the control, as the first in order: --control names another"
    return arms[0], [Note("control_taken", text)]


def _sample_ratio(request: Request, sums: ArmSums) -> SampleRatio:
    log, cluster = request.values.log, request.grouping.cluster
    if sums.clusters is None:
        counts = {arm: float(of.n) for arm, of in sums.parts()[0][1].items()}
        units = "units" if log.session is None else "sessions"
    else:
        counts = {arm: float(n) for arm, n in sorted(sums.clusters.counts.items())}
        units = f"{log.name(cluster or '')} values" + ("" if sums.clusters.complete else " (a sample)")
    return SampleRatio.of(counts, request.expected, units, log.origin)


def _alike(request: Request, sums: ArmSums, control: str) -> Iterator[Note]:
    """A warning if units of one user are alike, but not named as a cluster."""
    options = request.rules.options
    estimates = {m.name: request.values.metric(m) for m in request.metrics}
    arm = SamplingDistribution(sums.parts()[0][1][control], options.level, options.clustered)
    yield from unnamed_cluster_notes(
        arm, estimates, "units" if request.values.log.session is None else "sessions"
    )


def _quantile_rows(request: Request, control: str, threads: int | None) -> list[Row]:
    if not request.quantiles:
        return []
    log, cluster = request.values.log, request.grouping.cluster
    cells = quantile_cells(log, request.arm, cluster, request.quantiles, threads)
    rows = []
    for quantile, arm, contrast in quantile_contrasts(request.quantiles, cells, control, request.rules):
        value, reference = contrast.values
        sizes = contrast.treatment.n, contrast.control.n
        difference, relative = contrast.estimates()
        rows.append(
            Row(
                quantile.name,
                arm,
                control,
                None,
                value,
                reference,
                *sizes,
                difference,
                relative,
                contrast.p_value,
                contrast.test,
            )
        )
    return rows
