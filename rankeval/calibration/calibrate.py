"""``calibrate``: fit a map from scores to probabilities, and judge it on other queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rankeval.atomic_files import require_folder, require_separate
from rankeval.calibration.calibration_file import Calibration
from rankeval.calibration.cross_fitting import CrossFitted, cross_fit, folds_of
from rankeval.calibration.held_out import compare
from rankeval.calibration.methods import Settings
from rankeval.calibration.notes import notes_of
from rankeval.calibration.request import Request
from rankeval.calibration.result import FittedCalibration
from rankeval.evaluation import JudgedScores, judged_scores
from rankeval.inference import InferenceOptions
from rankeval.options import require_types
from rankeval.versions import versions_of


def calibrate(
    run: Any,
    judgements: Any = None,
    method: str = "isotonic",
    *,
    out: str | Path | None = None,
    scores: str = "auto",
    sampling_rate: float | None = None,
    smooth_targets: bool = False,
    folds: int = 5,
    bins: int = 10,
    relevance_threshold: float = 1.0,
    ci: str | Sequence[str] = ("normal",),
    level: float = 0.95,
    side: str = "two",
    replicates: int = 1000,
    permutations: int = 10_000,
    by: str | None = None,
    cluster: str | None = None,
    seed: int = 0,
    columns: Mapping[str, str] | None = None,
    where: str | None = None,
    threads: int | None = None,
) -> FittedCalibration:
    """Fit a map from scores to the probability that an item is relevant (or clicked).

    The saved map is fitted on all queries. It is judged on queries that it did not see: the queries are split
    into folds by a hash of their id, or of their cluster, and the items of each fold get their probabilities
    from a map that is fitted on the other folds. The result has the log loss, the Brier score and the
    calibration error (:mod:`rankeval.metrics.pooled`) of these probabilities, those of the scores before, if
    they are probabilities, and the paired difference ``after - before``; lower is better.

    - ``platt``: ``p = 1 / (1 + exp(-(slope score + intercept)))`` by maximum likelihood (Platt 1999).
    - ``isotonic``: the non-decreasing map with the least squared error (Zadrozny & Elkan 2002). It needs more
      data than the others, about a thousand relevant items, and gives tied probabilities.
    - ``temperature``: one factor on the score, or on the logit of a probability (Guo et al. 2017).
    - ``prior``: ``p' = p / (p + (1 - p) / r)`` for a model that was trained with a share r of the items that
      are not relevant (Elkan 2001; Dal Pozzolo et al. 2015). Nothing is fitted. The numbers are those of the
      data at hand, which must not be down-sampled.

    Assumption: queries (or clusters) are independent, and those to come are like the ones at hand.

    Args:
        run: a run with ``query_id, item_id, score`` (path, folder, glob, URL, Arrow table, pandas or polars
            frame, dict of arrays).
        judgements: the grade of each query and item. Without it, the run must have a ``relevance`` column;
            ``columns={"relevance": "click"}`` takes clicks. Items without a grade are left out.
        method: one of the methods above.
        out: path of the JSON file to write, which :func:`rankeval.calibration.read_calibration` reads.
        scores: ``raw``, ``probability`` (in [0, 1]), or ``auto``: probabilities if all judged scores are in
            [0, 1].
        sampling_rate: for ``prior``, the share r, above 0 and at most 1.
        smooth_targets: for ``platt``, use Platt's targets ``(R + 1) / (R + 2)`` and ``1 / (N + 2)`` in place
            of 1 and 0, where R and N are the numbers of relevant and of other items.
        folds: number of folds, from 2 to 100.
        bins: number of bins of equal width of the calibration error.
        relevance_threshold: the smallest grade of a relevant item, above 0.
        ci: interval methods: ``normal``, ``bootstrap``, ``bootstrap_t``.
        level: confidence level, between 0 and 1.
        side: ``two``; ``lower`` or ``upper`` for one-sided bounds at this level, whose other end is open.
        replicates: number of bootstrap replicates.
        permutations: number of permutations of the randomisation test.
        by: the column that splits the queries into segments; there is one map for all of them.
        cluster: the column whose values are the independent units, such as the user.
        seed: seed of the folds, the bootstrap and the test.
        columns: role -> column name.
        where: row filter, as of :func:`rankeval.evaluate`.
        threads: number of threads; the result does not depend on it.

    Returns:
        A :class:`FittedCalibration`, with ``calibration``, ``to_dict()``, ``to_pandas()`` and a repr.

    Raises:
        DataError: the data is wrong: no item is judged, all have one label, a score is not finite, or no
            probability where it must be; or a method has no fit, in all queries or in a fold.
        UsageError: the call is wrong.

    Example:
        >>> import numpy as np
        >>> import rankeval
        >>> rng = np.random.default_rng(0)
        >>> ids = {"query_id": np.repeat(np.arange(40), 5), "item_id": np.tile(np.arange(5), 40)}
        >>> run = {**ids, "score": rng.random(200), "relevance": rng.integers(0, 2, 200)}
        >>> sorted(rankeval.calibrate(run, method="platt").to_dict()["parameters"])
        ['intercept', 'slope']
    """
    require_types(locals())
    infer = InferenceOptions.of_call(ci, level, replicates, seed, cluster, side=side)
    request = Request(method, scores, sampling_rate, bool(smooth_targets), int(folds), int(bins), infer)
    require_separate({"out": out}, run, judgements)
    if out is not None:
        require_folder(Path(out))
    judged = judged_scores(
        run,
        judgements,
        infer,
        relevance_threshold=relevance_threshold,
        fields=(by, cluster),
        columns=columns or {},
        where=where,
        purpose=request.purpose,
        threads=threads,
    )
    settings = Settings(_probability(judged, request), request.smooth_targets, sampling_rate or 1.0)
    parts = folds_of(judged.keys, request.folds, seed)
    fitted = cross_fit(judged.run, judged.items, parts, request.folds, request.method, settings)
    evaluation = compare(
        judged,
        fitted.held_out,
        request.metrics,
        probability=settings.probability,
        ci=ci,
        level=level,
        replicates=replicates,
        permutations=permutations,
        by=by,
        cluster=cluster,
        seed=seed,
        threads=threads,
    )
    inputs: dict[str, Any] = {
        "run": judged.run,
        "judgements": judged.judgements,
        "where": where,
        "relevance_threshold": float(relevance_threshold),
    }
    calibration = _calibration(request, settings, fitted, judged, inputs)
    if out is not None:
        calibration.write(out)
    return FittedCalibration(
        inputs={
            **inputs,
            "method": method,
            "scores": scores,
            "smooth_targets": request.smooth_targets,
            "folds": request.folds if request.method.fitted else None,
            "bins": request.bins,
            "by": by,
            "cluster": cluster,
            "seed": seed,
        },
        calibration=calibration,
        evaluation=evaluation,
        unjudged=judged.unjudged,
        notes=(*judged.notes, *notes_of(calibration), *evaluation.notes),
    )


def _probability(judged: JudgedScores, request: Request) -> bool:
    """Whether the scores are probabilities."""
    if request.scores != "auto":
        return request.scores == "probability"
    return bool((judged.items.score >= 0.0).all() and (judged.items.score <= 1.0).all())


def _calibration(
    request: Request,
    settings: Settings,
    fitted: CrossFitted,
    judged: JudgedScores,
    inputs: Mapping[str, Any],
) -> Calibration:
    items = judged.items
    numbers = {
        "queries": len(judged.queries),
        "items": len(items.score),
        "relevant": int(items.relevant.sum()),
        "lowest_score": float(items.score.min()),
        "highest_score": float(items.score.max()),
    }
    return Calibration(
        method=request.name,
        scores="probability" if settings.probability else "raw",
        mapping=fitted.mapping,
        fitted_on={**inputs, **numbers} if request.method.fitted else {},
        versions=versions_of("numpy", "scikit-learn"),
    )
