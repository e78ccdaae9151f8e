"""``evaluate``: metrics of one or several runs, with intervals, segments and paired comparisons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from rankeval.array_types import Floats, Hashes, Ints
from rankeval.arrays import hashes_of, in_order, is_null, mix64, segments_of, take, to_arrow
from rankeval.atomic_files import require_no_input, write_parquet
from rankeval.errors import UsageError
from rankeval.evaluation import notes
from rankeval.evaluation.alignment import Aligned, AlignedRun, Empty, Missing, Policies, align
from rankeval.evaluation.inputs import open_inputs
from rankeval.evaluation.judgements import Judgements
from rankeval.evaluation.placement import TIES, Ties
from rankeval.evaluation.result import Comparison, Evaluation, MetricRow, counts_of
from rankeval.evaluation.run import Rules, ScoreType, score_run
from rankeval.inference import (
    Estimate,
    Functional,
    InferenceOptions,
    Mean,
    Moments,
    benjamini_hochberg,
    holm,
    paired_t,
    pairs_needed,
    randomisation_test,
    t_test,
)
from rankeval.logs import Log
from rankeval.metrics import Metric, parse
from rankeval.options import listed, require_types

MAX_PERMUTATIONS = 10_000_000


@dataclass(frozen=True)
class Comparing(InferenceOptions):
    """The options of inference, and of the randomisation test between runs.

    Raises:
        UsageError: an option out of range.
    """

    permutations: int

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.permutations <= MAX_PERMUTATIONS:
            raise UsageError(f"permutations: found {self.permutations}, wanted 1 to {MAX_PERMUTATIONS:,}")

    def estimate(self, functional: Functional, terms: Floats, keys: Hashes) -> Estimate:
        """The estimate of a functional of the means of ``terms`` (p, n)."""
        moments = Moments.of(terms, pairs_needed([functional]), keys if self.bucketed else None)
        return self.of(moments).estimate(functional)


def evaluate(
    run: Any,
    judgements: Any = None,
    metrics: str | Sequence[str] = ("ndcg@10",),
    *,
    ties: Ties = "trec",
    empty: Empty = "zero",
    missing: Missing = "zero",
    relevance_threshold: float = 1.0,
    score_type: ScoreType = "float64",
    ci: str | Sequence[str] = ("normal",),
    level: float = 0.95,
    replicates: int = 1000,
    permutations: int = 10_000,
    by: str | None = None,
    cluster: str | None = None,
    seed: int = 0,
    columns: Mapping[str, str] | None = None,
    where: str | None = None,
    per_query: str | Path | None = None,
    threads: int | None = None,
) -> Evaluation:
    """Ranking metrics of one or several runs, each mean with its intervals; several runs compared in pairs.

    Args:
        run: a run (path, folder, glob, URL, Arrow table, pandas or polars frame, dict of arrays), a dict of
            name -> run, or a list of runs, named by their files.
        judgements: relevance by query and item; without it every run has a ``relevance`` column of its own.
        metrics: names such as ``ndcg@10`` or ``rbp:p=0.95`` (:func:`rankeval.metrics.parse`).
        ties: rule for items of equal score (``trec, item, expected, best, worst``).
        empty: what a query without relevant items counts: ``zero``, ``skip`` or ``one``.
        missing: what a judged query that the run lacks counts: ``zero``, ``skip``, or ``error``.
        relevance_threshold: grade from which an item is relevant.
        score_type: ``float32`` compares scores as older trec_eval bindings do.
        ci: interval methods: ``normal``, ``bootstrap`` (percentile), ``bootstrap_t`` (studentised).
        level: confidence level.
        replicates, permutations: of the bootstrap, and of the randomisation test between runs.
        by: a column that splits the queries into segments.
        cluster: a column whose values are the independent units, such as the user.
        seed: of bootstrap and tests.
        columns: role -> column name; ``name.role`` for one run or for ``judgements`` alone.
        where: row filter of the runs, such as ``split == "test"``; of the judgements too if they have its
            columns.
        per_query: a Parquet file to write ``run, metric, query_id, value`` to.
        threads: number of threads; the result does not depend on it.

    Returns:
        :class:`Evaluation`, with ``to_dict()``, ``to_pandas()`` and a readable repr.

    Raises:
        DataError: the data is wrong; the message names file, column, row and what is wanted.
        UsageError: the call is wrong.
    """
    require_types(locals())
    parsed = tuple(dict.fromkeys(parse(name) for name in listed(metrics)))
    if not parsed:
        raise UsageError("metrics: found none, wanted at least one, such as ndcg@10")
    rules = Rules(parsed, _choice("ties", ties, TIES), _threshold(relevance_threshold), score_type)
    policies = Policies(
        _choice("empty", empty, ("zero", "skip", "one")),
        _choice("missing", missing, ("zero", "skip", "error")),
    )
    _choice("score_type", score_type, ("float64", "float32"))
    methods = tuple(dict.fromkeys(listed(ci)))
    inferring = Comparing(methods, level, replicates, int(seed), cluster is not None, permutations)
    if per_query is not None:
        runs = run.values() if isinstance(run, Mapping) else run if isinstance(run, list | tuple) else [run]
        require_no_input(Path(per_query), judgements, *runs)
    logs, judged_log = open_inputs(run, judgements, columns or {}, where)
    fields = [name for name in dict.fromkeys((by, cluster)) if name is not None]
    judged = None if judged_log is None else _read(judged_log, fields, rules)
    others = [name for name in fields if judged is None or name not in judged.fields]
    scored = {name: score_run(log, judged, rules, others, threads) for name, log in logs.items()}
    aligned = align(scored, judged, rules, policies)
    if per_query is not None:
        write_parquet(per_query_table(aligned, parsed), Path(per_query))
    keys = _keys(aligned, cluster)
    segments = _segments(aligned, by)
    rows = [
        row for name in logs for row in _rows(name, aligned.runs[name], parsed, segments, keys, inferring)
    ]
    pairs = combinations(logs, 2)
    comparisons = [c for pair in pairs for c in _compare(pair, aligned, parsed, segments, keys, inferring)]
    found = [
        *notes.of_data(aligned, judged),
        *notes.of_policies(aligned, parsed, policies),
        *notes.of_groups(aligned, segments, by, cluster),
        *notes.of_estimates(rows, comparisons),
    ]
    return Evaluation(
        inputs={
            "runs": {name: log.origin for name, log in logs.items()},
            "judgements": None if judged is None else judged.origin,
            "metrics": [metric.name for metric in parsed],
            "ties": ties,
            "empty": empty,
            "missing": missing,
            "relevance_threshold": rules.threshold,
            "score_type": score_type,
            "where": where,
            "by": by,
            "cluster": cluster,
            "seed": inferring.seed,
        },
        metric_rows=tuple(rows),
        comparisons=_adjusted(comparisons),
        counts=counts_of(aligned, judged),
        notes=tuple(found),
    )


def _choice(name: str, value: Any, allowed: Any) -> Any:
    if value not in allowed:
        raise UsageError(f"{name}: {value!r} is none of {', '.join(allowed)}")
    return value


def _threshold(value: float) -> float:
    if not 0.0 < value < np.inf:
        raise UsageError(f"relevance_threshold: {value} is not a positive number")
    return float(value)


def _read(log: Log, fields: Sequence[str], rules: Rules) -> Judgements:
    """The judgements with those of ``fields`` that they hold."""
    return Judgements.read(log, [name for name in fields if log.has(name)], rules.grade_limit)


def _keys(aligned: Aligned, cluster: str | None) -> Hashes:
    """What units are resampled by: the query, or its cluster where that is known."""
    queries = hashes_of(aligned.queries)
    if cluster is None:
        return queries
    clusters = aligned.fields[cluster]
    known = np.flatnonzero(~is_null(clusters))
    keys = mix64(queries)
    keys[known] = hashes_of(take(clusters, known).cast(pa.string()))
    return keys


def _segments(aligned: Aligned, by: str | None) -> dict[Any, Ints]:
    """Segment -> its queries; the whole comes first, under None."""
    everything = {None: np.arange(len(aligned.queries))}
    if by is None:
        return everything
    parts = segments_of(aligned.fields[by])
    return everything | {value: parts[value] for value in in_order(parts) if value is not None}


def _rows(
    name: str,
    run: AlignedRun,
    metrics: Sequence[Metric],
    segments: Mapping[Any, Ints],
    keys: Hashes,
    inferring: Comparing,
) -> Iterator[MetricRow]:
    for column, metric in enumerate(metrics):
        for segment, queries in segments.items():
            rows = queries[run.counted[queries, column]]
            terms, functional = _terms(run, metric, column, rows)
            yield MetricRow(name, metric.name, segment, inferring.estimate(functional, terms, keys[rows]))


def _terms(run: AlignedRun, metric: Metric, column: int, rows: Ints) -> tuple[Floats, Functional]:
    """Terms (p, n) of some queries and the functional of their means that the metric is."""
    values = run.values[rows, column]
    if not metric.weighted_by_length:
        return values[np.newaxis], Mean(0)
    weights = run.weights[rows]
    return np.stack([weights * values, weights]), Mean(0) / Mean(1)


def _compare(
    pair: tuple[str, str],
    aligned: Aligned,
    metrics: Sequence[Metric],
    segments: Mapping[Any, Ints],
    keys: Hashes,
    inferring: Comparing,
) -> Iterator[Comparison]:
    a, b = (aligned.runs[name] for name in pair)
    for column, metric in enumerate(metrics):
        for segment, queries in segments.items():
            rows = queries[a.counted[queries, column] & b.counted[queries, column]]
            left, value_a = _terms(a, metric, column, rows)
            right, _ = _terms(b, metric, column, rows)
            if metric.weighted_by_length:
                terms, functional = np.concatenate([left, right]), value_a - Mean(2) / Mean(3)
            else:
                terms, functional = left - right, Mean(0)
            estimate = inferring.estimate(functional, terms, keys[rows])
            for test, p_value in _p_values(functional, terms, keys[rows], estimate, inferring):
                yield Comparison(*pair, metric.name, segment, estimate, test, p_value)


def _influence(functional: Functional, terms: Floats) -> Floats:
    """What each query adds to the difference: its own, or that of the function linearised at the means."""
    means = terms.mean(axis=1)
    gradient = functional.gradient(means)
    centred = sum(g * (terms[j] - means[j]) for j, g in gradient.items())
    return np.asarray(centred + functional.value(means))


def _p_values(
    functional: Functional, terms: Floats, keys: Hashes, estimate: Estimate, inferring: Comparing
) -> Iterator[tuple[str, float | None]]:
    """Of the paired t-test and of the randomisation test, whose signs flip whole clusters."""
    if estimate.std_error is None or estimate.value is None:
        yield from (("t", None), ("randomisation", None))
        return
    differences = _influence(functional, terms)
    if inferring.clustered:
        yield "t", t_test(estimate.value, estimate.std_error, len(np.unique(keys)) - 1)
    else:
        yield "t", paired_t(differences)
    yield "randomisation", randomisation_test(differences, keys, inferring.permutations, inferring.seed)


def _adjusted(comparisons: Sequence[Comparison]) -> tuple[Comparison, ...]:
    """Holm and Benjamini-Hochberg over the pairs of runs, for each metric, segment and test."""
    families: dict[tuple[str, Any, str], list[int]] = {}
    for i, comparison in enumerate(comparisons):
        families.setdefault((comparison.metric, comparison.segment, comparison.test), []).append(i)
    adjusted = list(comparisons)
    for family in families.values():
        p_values = [comparisons[i].p_value for i in family]
        for i, p_holm, p_bh in zip(family, holm(p_values), benjamini_hochberg(p_values), strict=True):
            adjusted[i] = comparisons[i].adjusted(p_holm, p_bh)
    return tuple(adjusted)


def per_query_table(aligned: Aligned, metrics: Sequence[Metric]) -> pa.Table:
    """``run, metric, query_id, value`` of every value that counts."""
    parts = []
    for name, run in aligned.runs.items():
        for column, metric in enumerate(metrics):
            rows = np.flatnonzero(run.counted[:, column])
            size = len(rows)
            arrays = [
                pa.repeat(name, size),
                pa.repeat(metric.name, size),
                take(aligned.queries, rows),
                to_arrow(run.values[rows, column]),
            ]
            parts.append(pa.table(arrays, names=["run", "metric", "query_id", "value"]))
    return pa.concat_tables(parts)
