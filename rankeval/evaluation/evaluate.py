"""``evaluate``: ranking metrics of runs, with confidence intervals, segments and paired comparisons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rankeval.atomic_files import require_separate
from rankeval.evaluation.agreement import agreement_rows
from rankeval.evaluation.alignment import Empty, Missing, align
from rankeval.evaluation.alignment_notes import alignment_notes
from rankeval.evaluation.beside import Beside
from rankeval.evaluation.counts import counts_of, per_query_notes, per_query_table
from rankeval.evaluation.estimates import Estimates
from rankeval.evaluation.inputs import named_runs, open_inputs
from rankeval.evaluation.placement import Ties
from rankeval.evaluation.query_units import QueryUnits
from rankeval.evaluation.query_users import query_user_notes
from rankeval.evaluation.reliability import reliability_table
from rankeval.evaluation.request import Request, known_methods, parse_methods, parse_policies, parse_rules
from rankeval.evaluation.result import Evaluation
from rankeval.evaluation.rules import ScoreType
from rankeval.inference import InferenceOptions, best_notes, parse_family
from rankeval.options import require_types
from rankeval.table_files import require_table_name, write_table


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
    judged_only: bool = False,
    agree: bool = False,
    category: str | None = None,
    embedding: Any = None,
    popularity: Any = None,
    exclude: Any = None,
    ci: str | Sequence[str] = ("auto",),
    level: float = 0.95,
    side: str = "two",
    replicates: int = 1000,
    permutations: int = 10_000,
    family: str | None = None,
    simultaneous: bool = False,
    by: str | None = None,
    cluster: str | None = None,
    seed: int = 0,
    columns: Mapping[str, str] | None = None,
    where: str | None = None,
    per_query: str | Path | None = None,
    reliability: str | Path | None = None,
    threads: int | None = None,
    engine: Any = None,
) -> Evaluation:
    """Compute ranking metrics of one or several runs, as means over queries or pooled over all items.

    Each value has a standard error and confidence intervals. Several runs are compared in pairs: by the mean
    difference over the queries that count for both, by a paired t-test, and by a paired randomisation test.
    The p-values are also adjusted over a family of comparisons (Holm 1979; Benjamini and Hochberg 1995).
    Where there are several runs, the best of them by each metric has an estimate and an interval that are
    corrected for its having been chosen (Andrews, Kitagawa & McCloskey 2024).
    Assumption: the queries are independent, or the clusters of queries if ``cluster`` is given.

    Args:
        run: a run (path, folder, glob, URL, Arrow table, pandas or polars frame, dict of arrays, list of
            named tuples), a dict of name -> run, or a list of runs, which get the names of their files.
        judgements: the relevance grade of each query and item; also the folder of a BEIR data set with one
            file in ``qrels/``. Without it, every run must have a ``relevance`` column.
        metrics: names such as ``ndcg@10`` or ``rbp:p=0.95`` (:func:`rankeval.metrics.parse`), or of pooled
            metrics, such as ``log_loss`` or ``ece:bins=20``. Those are of all judged items with a score
            together; their errors come from the influence of each query.
        ties: rule for the order of items with equal scores: ``trec`` (item id descending, as trec_eval),
            ``item`` (item id ascending), ``expected`` (exact expectation over all orders), ``best`` or
            ``worst`` (the most or the least favourable order). ``auc`` and ``gauc`` always use ``expected``;
            pooled metrics count tied items as one block. A metric that has no value under a rule is refused.
        empty: value of a query on which a metric is undefined, such as a query without relevant items:
            ``zero`` (0), ``one`` (1) or ``skip`` (the query does not count).
        missing: value of a judged query that a run lacks: ``zero`` (0), ``skip`` (the query does not count)
            or ``error``. Pooled metrics leave out missing queries, and ``empty`` does not change them.
        relevance_threshold: the smallest grade of a relevant item, above 0.
        score_type: ``float64``, or ``float32`` to compare scores as older trec_eval bindings do.
        judged_only: whether unjudged items are left out of every list before it is scored (condensed lists,
            Sakai 2007).
        agree: whether each pair of runs gets its agreement: the means over queries of the rank-biased overlap
            (``rbo``, p is 0.9), of Kendall's ``tau`` and of ``tau_ap``, with the first run as the reference
            (:func:`rankeval.evaluation.list_agreement.agreements`).
        category: the column with the category of each item: of the runs for ``ild``, of the judgements for
            ``category_ndcg``.
        embedding: a file or table with ``item_id`` and the vector of each item, for ``ild``: a column
            ``embedding`` of lists, or all other columns. It comes before ``category``.
        popularity: a file or table with ``item_id`` and ``popularity``, the share of users who know the item,
            for ``novelty``. Its items, or else those of ``embedding``, are the catalogue of ``coverage`` and
            ``gini``.
        exclude: a file or table with ``query_id`` and ``item_id``: items that are left out of the lists and
            judgements of a query, such as those that a user has seen.
        ci: interval methods: ``normal`` (with quantiles of Student's t), ``augmented`` (the same with one
            query more at each end of the metric's range), ``bootstrap`` (percentile), ``bootstrap_t``
            (studentised). ``auto`` is ``augmented`` for metrics between 0 and 1, and ``normal`` for other
            metrics and for differences. No interval leaves the range of its metric.
        level: confidence level, between 0 and 1.
        side: ``two``; ``lower`` or ``upper`` for one-sided bounds at this level, whose other end is open.
        replicates: number of bootstrap replicates.
        permutations: number of permutations of the randomisation test.
        family: over what the p-values of each test are adjusted, beside all pairs of runs: ``all`` metrics
            and segments; the segments of one ``metric``; the metrics of one ``segment``. Without it ``all``
            if there is ``by``, else ``metric``.
        simultaneous: whether each difference gets a first interval ``max_t`` that holds for all of the
            family at once with probability ``level`` (Hothorn, Bretz & Westfall 2008).
        by: the column that splits the queries into segments.
        cluster: the column whose values are the independent units, such as the user. Without it, a warning
            tells if queries of one user (a column such as ``user_id``) are alike.
        seed: seed of the bootstrap and the randomisation test.
        columns: role -> column name; a role written ``name.role`` is for one run or for ``judgements`` alone.
        where: row filter of the runs, such as ``split == "test"``. It also filters the judgements if they
            have its columns.
        per_query: path of a table to write, with the columns ``run, metric, query_id, value``; without the
            pooled metrics. The extension decides: ``.parquet, .csv, .json, .jsonl`` or ``.arrow``.
        reliability: path of a table to write, likewise: the mean score and the share of relevant items of
            each bin of scores, with intervals (:func:`rankeval.evaluation.reliability.reliability_table`).
            It has the bins of the first ``ece`` or ``ece_mass`` among the metrics, else ten of equal width.
        threads: number of threads; the result does not depend on it.
        engine: what works on the pieces of the runs, as for :func:`rankeval.ope`.

    Returns:
        An :class:`Evaluation`, with ``to_dict()``, ``to_pandas()`` and a readable repr.

    Raises:
        DataError: the data is wrong; the message names file, column, row and the wanted value.
        UsageError: the call is wrong: an argument has a wrong type, an unknown name or a value out of range,
            or ``per_query`` or ``reliability`` is one of the inputs or has another extension.

    Example:
        >>> import rankeval
        >>> judged = {"query_id": [1, 1, 2, 2], "item_id": ["a", "b", "a", "b"], "relevance": [1, 0, 0, 1]}
        >>> run = {"query_id": [1, 1, 2, 2], "item_id": ["a", "b", "a", "b"], "score": [2.0, 1.0, 3.0, 2.0]}
        >>> rankeval.evaluate(run, judged, "mrr").to_dict()["results"][0]["value"]  # (1 + 1/2) / 2
        0.75
    """
    tables_of_items = ("embedding", "popularity")
    require_types({name: value for name, value in locals().items() if name not in tables_of_items})
    methods = parse_methods(ci)
    request = Request(
        rules=parse_rules(
            metrics,
            ties,
            relevance_threshold,
            score_type,
            judged_only=judged_only,
            agree=agree,
            purpose="" if reliability is None else "the reliability curve",
        ),
        policies=parse_policies(empty, missing),
        infer=InferenceOptions.of_call(
            known_methods(methods), level, replicates, seed, cluster, students_t=True, side=side
        ),
        methods=methods,
        family=parse_family(family, by),
        simultaneous=simultaneous,
        permutations=permutations,
        by=by,
        cluster=cluster,
    )
    tables = {"per_query": per_query, "reliability": reliability}
    for option, path in tables.items():
        require_table_name(option, None if path is None else Path(path))
    require_separate(tables, judgements, embedding, popularity, exclude, *named_runs(run).values())
    beside = Beside.read(request.rules, category, embedding, popularity, exclude)
    request = request.beside(beside)
    inputs = open_inputs(run, judgements, columns or {}, where, engine)
    judged = beside.judged(inputs.read_judgements(request, category))
    scored = inputs.score_runs(judged, request, threads, beside)
    aligned = align(scored, judged, request.rules, request.policies)
    if per_query is not None:
        write_table(per_query_table(aligned, request.rules.metrics), Path(per_query))
    units = QueryUnits.of(aligned, by, cluster)
    curve = None if reliability is None else reliability_table(aligned, units, request)
    if reliability is not None and curve is not None:
        write_table(curve, Path(reliability))
    estimates = Estimates.of(aligned, units, request)
    return Evaluation(
        inputs=inputs.described(request, where),
        metric_rows=estimates.rows,
        comparisons=estimates.comparisons,
        best=estimates.best,
        agreement=tuple(agreement_rows(aligned, units, request)),
        counts=counts_of(aligned, judged),
        reliability=() if curve is None else tuple(curve.to_pylist()),
        notes=(
            *inputs.notes(),
            *alignment_notes(aligned, judged, request.rules, request.policies),
            *(per_query_notes(request.rules.of_all) if per_query is not None else ()),
            *units.notes(),
            *query_user_notes(inputs, aligned, request),
            *estimates.notes(),
            *best_notes(estimates.best),
        ),
    )
