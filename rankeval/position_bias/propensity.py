"""``propensity``: estimate the position-bias curve of a ranking log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rankeval.errors import UsageError
from rankeval.inference import InferenceOptions
from rankeval.logs import as_ranking_log, reader_notes, stated, unused_weights
from rankeval.options import listed, require_types
from rankeval.position_bias.curve_tests import power_law, same_curve
from rankeval.position_bias.methods import estimate, parse_method
from rankeval.position_bias.notes import of_curves, of_smoothing, of_test, of_weight
from rankeval.position_bias.request import Request
from rankeval.position_bias.result import PropensityCurve
from rankeval.position_bias.shuffle_test import ShuffleTest


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
    side: str = "two",
    replicates: int = 1000,
    by: str | None = None,
    cluster: str | None = None,
    seed: int = 0,
    columns: Mapping[str, str] | None = None,
    where: str | None = None,
    null_reward: str = "error",
    first_position: int = 1,
    threads: int | None = None,
    engine: Any = None,
) -> PropensityCurve:
    """Estimate the position-bias curve of a ranking log: examination by position, relative to position 1.

    The curve is ``theta_k = P(position k is examined) / P(position 1 is examined)``, shape (K,). The result
    also holds standard errors, confidence intervals and a (K, K) covariance.

    All methods assume that a click at position ``k`` has a probability proportional to ``theta_k`` times the
    relevance of the item, and that sessions, or clusters of them, are independent. Each method needs its own
    kind of log:

    - ``shuffle``: sessions that show their items in random order. If the log has a column ``shuffled`` (true
      or false), only sessions with true are used; otherwise all sessions are.
    - ``swap``: sessions in which two positions, ``swap_low`` and ``swap_high``, were exchanged with
      probability one half.
    - ``pair``: any sessions; clicks are weighted by 1 / ``propensity``, the probability of the item at its
      position under the logging policy.
    - ``pivot``, ``chain``, ``allpairs``: intervention harvesting (Agarwal et al. 2019) from a log of several
      rankers. Pairs of query and item are identified by ``item_id`` and, if the log has it, ``query_id``.
      Rankers must be assigned independently of the query and of the user.
    - ``em``: the position-based model by maximum likelihood, from the same kind of log as harvesting.

    Args:
        log: a ranking log (path, folder, glob, URL, Arrow table, pandas or polars frame, dict of arrays),
            long or nested, with ``session_id``, ``position`` from 1 (null: not shown) and ``click``, 0 or 1.
        method: one of the methods above.
        weights: weights of pairs of query and item in harvesting: ``uniform`` (the default), ``harmonic`` or
            ``min``.
        top: the last position to use, for example the last one that takes part in the shuffle; None: all.
        smooth: ``power`` also fits ``k^-eta`` to each curve.
        features: for ``em``, columns from which LightGBM regresses relevance (Wang et al. 2018), in place of
            one relevance per pair. The curve then has no standard errors.
        ci: interval methods: ``normal`` (delta method on the logarithm of the curve), ``bootstrap``
            (percentile), ``bootstrap_t``.
        level: confidence level.
        side: ``two``; ``lower`` or ``upper`` for one-sided bounds at this level, whose other end is open.
        replicates: number of bootstrap replicates; the bootstrap resamples buckets of hashed ``session_id``
            or ``cluster``.
        by: a column that splits the sessions into segments; a test compares their curves.
        cluster: a column whose values are the independent units, such as the user. Without it, a warning
            tells if sessions of one user (a column such as ``user_id``) are alike.
        seed: seed of the bootstrap.
        columns: role -> column name.
        where: row filter, such as ``country == "de"``.
        null_reward: ``zero``: a null or NaN reward or click, as a left join leaves it, counts as 0;
            ``error``: it is an error.
        first_position: the number of the first position in the log, 0 or 1.
        threads: number of threads; the result does not depend on it.
        engine: what works on the pieces of the log, as for :func:`rankeval.ope`.

    Returns:
        :class:`PropensityCurve`, with ``to_dict()``, ``to_pandas()`` and a readable repr.

    Raises:
        DataError: the data are wrong, or a position is not connected to position 1; the message states what
            is wanted.
        UsageError: an argument is wrong.

    Example:
        >>> import rankeval
        >>> _ = rankeval.simulate("today", 2000, seed=1, queries=5, items=4, positions=4, logging="fixed",
        ...     candidate={"new": "fixed:skill=0.9"}, shuffle="full:share=0.5")
        >>> curve = rankeval.propensity("today", "shuffle").to_dict()["examination"]
        >>> [round(theta, 2) for theta in curve]  # in truth 1, 1/2, 1/3, 1/4
        [1.0, 0.5, 0.35, 0.25]
    """
    require_types(locals())
    if top is not None and top < 2:
        raise UsageError(f"top: found {top}, wanted at least 2")
    if smooth not in (None, "power"):
        raise UsageError(f"smooth: found {smooth!r}, wanted power")
    regressors = tuple(listed(features))
    chosen, weighting = parse_method(method, weights, regressed=bool(regressors))
    infer = InferenceOptions.of_call(ci, level, replicates, seed, cluster, side=side)
    request = Request(
        as_ranking_log(log, columns, where, null_reward, first_position, engine),
        weighting,
        top,
        by,
        cluster,
        infer,
        regressors,
        threads,
    )
    curves = estimate(chosen, request)
    test = same_curve([curve for value, curve in curves.items() if value is not None]) if by else None
    shuffles = ShuffleTest.of(request, curves[None])
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
            **stated(request.log),
            "by": by,
            "cluster": cluster,
            "level": infer.level,
            "seed": infer.seed,
        },
        curves=curves,
        test=test,
        smoothings=laws,
        shuffles=shuffles,
        notes=(
            *reader_notes(request.log),
            *of_weight(request.log),
            *unused_weights(request.log),
            *of_curves(by, curves),
            *of_test(test),
            *of_smoothing(by, laws),
            *shuffles.notes(),
        ),
    )
