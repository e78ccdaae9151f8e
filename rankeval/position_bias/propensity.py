"""The position-bias curve of a ranking log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rankeval.errors import UsageError
from rankeval.inference import InferenceOptions
from rankeval.logs import as_ranking_log
from rankeval.options import listed, require_types
from rankeval.position_bias.curve_tests import power_law, same_curve
from rankeval.position_bias.methods import estimate, parse_method
from rankeval.position_bias.notes import of_curves, of_smoothing, of_test, of_weight
from rankeval.position_bias.request import Request
from rankeval.position_bias.result import PropensityCurve


def propensity(
    log: Any,
    method: str = "allpairs",
    *,
    weights: str | None = None,
    top: int | None = None,
    smooth: str | None = None,
    features: str | Sequence[str] = (),
    ci: str | Sequence[str] = ("normal",),
    level: float = 0.95,
    replicates: int = 1000,
    by: str | None = None,
    cluster: str | None = None,
    seed: int = 0,
    columns: Mapping[str, str] | None = None,
    where: str | None = None,
    threads: int | None = None,
) -> PropensityCurve:
    """How likely users are to examine each position, relative to position 1, with errors and covariance.

    Args:
        log: a ranking log (path, folder, glob, URL, Arrow table, pandas or polars frame, dict of arrays),
            long or nested, with ``session_id``, ``position`` from 1 (null: not shown) and ``click``, 0 or 1.
        method: ``shuffle``: sessions of random order (``shuffled``, true or false); ``swap``: two positions
            exchanged (``swap_low``, ``swap_high``); ``pair``: clicks weighted by 1 / ``propensity``; from
            logs of several rankers, by ``item_id`` and, where the log has it, ``query_id``: ``pivot``,
            ``chain``, ``allpairs`` (intervention harvesting, Agarwal et al. 2019), and ``em``, the
            position-based model by maximum likelihood.
        weights: of pairs of query and item in harvesting: ``uniform``, by default, ``harmonic`` or ``min``.
        top: the last position that counts, such as that down to which lists are shuffled.
        smooth: ``power`` fits ``k^-eta`` beside the curve.
        features: for ``em``, columns from which LightGBM regresses relevance (Wang et al. 2018) instead of
            one relevance a pair; a curve without errors.
        ci: interval methods: ``normal`` (delta method on the logarithm of the curve), ``bootstrap``
            (percentile), ``bootstrap_t``.
        level: confidence level.
        replicates: of the bootstrap, which resamples buckets of hashed ``session_id`` or ``cluster``.
        by: a column that splits the sessions into segments, whose curves are tested for being the same.
        cluster: a column whose values are the independent units, such as the user.
        seed: of the bootstrap.
        columns: role -> column name.
        where: row filter, such as ``country == "de"``.
        threads: number of threads; the result does not depend on it.

    Returns:
        :class:`PropensityCurve`, with ``to_dict()``, ``to_pandas()`` and a readable repr.

    Raises:
        DataError: the data is wrong, or positions do not connect to position 1; the message names what is
            wanted.
        UsageError: the call is wrong.
    """
    require_types(locals())
    if top is not None and top < 2:
        raise UsageError(f"top: found {top}, wanted at least 2")
    if smooth not in (None, "power"):
        raise UsageError(f"smooth: found {smooth!r}, wanted power")
    regressors = tuple(listed(features))
    chosen, weighting = parse_method(method, weights, regressed=bool(regressors))
    infer = InferenceOptions.of_call(ci, level, replicates, seed, cluster)
    request = Request(
        as_ranking_log(log, columns, where), weighting, top, by, cluster, infer, regressors, threads
    )
    curves = estimate(chosen, request)
    test = same_curve([curve for value, curve in curves.items() if value is not None]) if by else None
    laws = {value: power_law(curve, infer.level) for value, curve in curves.items()} if smooth else None
    return PropensityCurve(
        inputs={
            "log": request.log.origin,
            "method": method,
            "weights": weighting if chosen.weighted else None,
            "top": top,
            "smooth": smooth,
            "features": list(request.features),
            "where": request.log.where,
            "by": by,
            "cluster": cluster,
            "level": infer.level,
            "seed": infer.seed,
        },
        curves=curves,
        test=test,
        smoothings=laws,
        notes=(*of_weight(request.log), *of_curves(by, curves), *of_test(test), *of_smoothing(by, laws)),
    )
