"""``evaluate``: metrics of one or several runs, with intervals, segments and paired comparisons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rankeval.atomic_files import require_no_input, write_parquet
from rankeval.evaluation.alignment import Empty, Missing, align
from rankeval.evaluation.alignment_notes import alignment_notes
from rankeval.evaluation.counts import counts_of, per_query_table
from rankeval.evaluation.estimates import Estimates
from rankeval.evaluation.inputs import named_runs, open_inputs
from rankeval.evaluation.placement import Ties
from rankeval.evaluation.query_units import QueryUnits
from rankeval.evaluation.request import Request, parse_policies, parse_rules
from rankeval.evaluation.result import Evaluation
from rankeval.evaluation.run import ScoreType
from rankeval.inference import InferenceOptions
from rankeval.options import require_types


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
    request = Request(
        rules=parse_rules(metrics, ties, relevance_threshold, score_type),
        policies=parse_policies(empty, missing),
        infer=InferenceOptions.of_call(ci, level, replicates, seed, cluster),
        permutations=permutations,
        by=by,
        cluster=cluster,
    )
    if per_query is not None:
        require_no_input(Path(per_query), judgements, *named_runs(run).values())
    inputs = open_inputs(run, judgements, columns or {}, where)
    judged = inputs.read_judgements(request)
    scored = inputs.score_runs(judged, request, threads)
    aligned = align(scored, judged, request.rules, request.policies)
    if per_query is not None:
        write_parquet(per_query_table(aligned, request.metrics), Path(per_query))
    units = QueryUnits.of(aligned, by, cluster)
    estimates = Estimates.of(aligned, units, request)
    return Evaluation(
        inputs=inputs.described(request, where),
        metric_rows=estimates.rows,
        comparisons=estimates.comparisons,
        counts=counts_of(aligned, judged),
        notes=(
            *alignment_notes(aligned, judged, request.metrics, request.policies),
            *units.notes(),
            *estimates.notes(),
        ),
    )
