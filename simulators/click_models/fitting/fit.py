"""Fit click models to a ranking log: estimates, standard errors and prediction of held-out sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rankeval.inference import InferenceOptions
from rankeval.logs import as_log, reader_notes, unused_weights
from rankeval.notes import distinct
from rankeval.options import require_types
from rankeval.simulators.click_models.fitting.dependent_sessions import dependence_notes
from rankeval.simulators.click_models.fitting.fits import (
    Fitted,
    PairCounts,
    count_pairs,
    fitted,
    parse_family,
)
from rankeval.simulators.click_models.fitting.held_out import cluster_notes, differences
from rankeval.simulators.click_models.fitting.likelihood import Score, baselines
from rankeval.simulators.click_models.fitting.report_rows import (
    baseline_row,
    entries,
    fit_row,
    no_chance,
    notes,
    parameter_table,
)
from rankeval.simulators.click_models.fitting.request import Request, parse_options
from rankeval.simulators.click_models.fitting.results import ClickModelFits
from rankeval.simulators.click_models.fitting.sessions import Collected, collect
from rankeval.table_files import require_table_name, write_table


def fit(
    log: Any,
    click_model: str | Sequence[str] = "pbm",
    *,
    test: float = 0.0,
    test_where: str | None = None,
    smoothing: float = 0.0,
    tolerance: float = 1e-6,
    max_iterations: int = 10_000,
    restarts: int = 3,
    level: float = 0.95,
    cluster: str | None = None,
    seed: int = 0,
    parameters: str | Path | None = None,
    columns: Mapping[str, str] | None = None,
    where: str | None = None,
    null_reward: str = "error",
    first_position: int = 1,
    threads: int | None = None,
) -> ClickModelFits:
    """Fit click models to a ranking log by maximum likelihood.

    All models are fitted by expectation maximisation (EM) of the exact likelihood, with squared extrapolation
    (Varadhan & Roland 2008). This includes ``dcm`` and ``sdbn``: the counts with which they are usually
    fitted assume that users stopped at their last click, which is an approximation.

    Attractiveness and satisfaction are one number for each pair of query and item, or for each item if the
    log has no ``query_id``.

    Args:
        log: a ranking log (path, folder, glob, URL, Arrow table, pandas or polars frame, dict of arrays) in
            long or nested layout, with ``session_id, item_id, position, click`` and optionally ``query_id``
            and ``weight``, the number of times that a session counts.
        click_model: one or several of ``pbm, pbm_trust, cascade, dcm, dbn, sdbn, ccm, ubm``, and mixtures
            such as ``mixture:pbm+dbn``.
        test: share of sessions to hold out, selected by a hash of the session id and the seed.
        test_where: a row filter that selects the sessions to hold out, instead of ``test``. Sessions for
            which it is neither true nor false are not used at all.
        smoothing: number of pseudo-clicks, and of pseudo-skips, added for each pair. Without them a pair
            that was never clicked gets attractiveness 0, and a held-out click on it has probability 0.
        tolerance: the fit ends when two consecutive accelerated steps both raise the log-likelihood by at
            most this (or 1e-12 of it) and change no shared parameter by more.
        max_iterations: the fit also ends after the accelerated step that reaches this number of expectations
            of EM.
        restarts: number of additional fits of a mixture from random parameters; the best fit is kept.
        level: confidence level of the differences between models on held-out sessions.
        cluster: a column whose values are the independent units, such as the user. Whole clusters are then
            held out. Errors of differences, and those of ``pbm_trust``, count clusters.
        seed: of the split and of the restarts.
        parameters: a file for the estimates of pairs, with columns ``click_model, query_id, item_id,
            impressions, clicks, attractiveness, satisfaction``. The extension decides: ``.parquet, .csv,
            .json, .jsonl`` or ``.arrow``.
        columns: role -> column name.
        where: row filter.
        null_reward: ``zero``: a null or NaN reward or click, as a left join leaves it, counts as 0;
            ``error``: it is an error.
        first_position: the number of the first position in the log, 0 or 1.
        threads: number of threads; the result does not depend on it.

    Returns:
        :class:`ClickModelFits`, with ``to_dict()``, ``to_pandas()`` and a readable repr.

    Raises:
        DataError: the data is wrong; the message names file, column, row and the value wanted.
        UsageError: the call is wrong.

    Example:
        >>> import rankeval
        >>> _ = rankeval.simulate("today", 2000, seed=1, queries=5, items=4, positions=4, logging="fixed",
        ...     candidate={"new": "fixed:skill=0.9"}, shuffle="full:share=0.5")
        >>> rankeval.fit("today", "pbm").to_dict()["results"][0]["converged"]
        True
    """
    require_types(locals())
    infer = InferenceOptions.of_call(("normal",), level, 1000, seed, cluster)
    require_table_name("parameters", None if parameters is None else Path(parameters))
    options = parse_options(tolerance, max_iterations, smoothing, seed, restarts, threads)
    request = Request.of(
        as_log(log, columns, where, null_reward=null_reward, first_position=first_position),
        click_model,
        where,
        test,
        test_where,
        options,
        cluster,
    )
    names, found = (
        request.names,
        collect(request.log, request.held_out, request.share, seed, threads, cluster),
    )
    counts = count_pairs(found.train)
    positions = found.train.positions
    fits = [fitted(parse_family(name, positions), found.train, options, counts) for name in names]
    if parameters is not None:
        _write(Path(parameters), names, fits, found, counts)
    of_rank = baselines(found.train)
    compared = entries(names, fits, of_rank, found.test) if found.test.sessions else []
    scores: list[Score | None] = [entry.score for entry in compared]
    scores = scores or [None] * (len(fits) + len(of_rank))
    rows = tuple(
        fit_row(name, fit, score, counts, positions)
        for name, fit, score in zip(names, fits, scores[: len(fits)], strict=True)
    )
    comparisons = differences(compared, len(fits), found.test, infer)
    return ClickModelFits(
        inputs=request.inputs,
        sessions=found.train.sessions,
        test_sessions=found.test.sessions,
        pairs=found.train.pairs,
        fits=rows,
        baselines=tuple(
            baseline_row(baseline, score, positions)
            for baseline, score in zip(of_rank, scores[len(fits) :], strict=True)
        ),
        comparisons=comparisons,
        notes=(
            *reader_notes(request.log, request.held_out),
            *unused_weights(request.log),
            *notes(names, fits, counts, cluster),
            *no_chance(rows),
            *([] if cluster else dependence_notes(request.log, threads)),
            *distinct([*cluster_notes(found.train, infer), *cluster_notes(found.test, infer)]),
        ),
    )


def _write(
    path: Path, names: Sequence[str], fits: Sequence[Fitted], found: Collected, counts: PairCounts
) -> None:
    import pyarrow as pa

    tables = [parameter_table(name, fit, found, counts) for name, fit in zip(names, fits, strict=True)]
    write_table(pa.concat_tables(tables), path)
