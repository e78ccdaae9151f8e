"""Warnings that follow from the request alone, before any pass over the log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rankeval.logs import Log
from rankeval.notes import Note
from rankeval.off_policy.nuisances import learns_behaviours
from rankeval.off_policy.request import Request
from rankeval.off_policy.samples import TermList, names_integers
from rankeval.position_bias import FIELDS, PositionBias


def request_notes(request: Request, embedding: Sequence[str]) -> Iterator[Note]:
    """Warnings on columns with a special meaning, and on columns and options without an effect."""
    yield from _of_counts(request)
    if request.log.session_reward and not request.setting.session_reward:
        text = f"column {request.log.name('session_reward')!r} is not used: the reward is that of positions"
        yield Note("column_unused", text)
    if request.setting.targets != ("",):
        yield from _of_targets(request)
    yield from _of_clicks(request)
    columns = TermList.of(request.estimators).columns
    if request.setting.weight_range is not None and not (
        request.log.session is None and {"target_propensity", "importance_weight"} & set(columns)
    ):
        text = "weight_range: none of the estimators uses weights of actions, it changes nothing"
        yield Note("option_unused", text)
    yield from _unused(request, embedding)


def _of_counts(request: Request) -> Iterator[Note]:
    """Warnings on columns ``weight``, how many times a row counts, and ``sampling_weight``."""
    log, infer = request.log, request.infer
    if log.has("weight"):
        text = f"every row counts as many times as column {log.name('weight')!r} says"
        yield Note("rows_counted", text)
        if infer.bucketed:
            name = "errors by cluster" if infer.clustered else "the bootstrap"
            text = f"copies of a row stay together in {name}, and tell no more than one of them does"
            yield Note("copies_together", text)
    if log.has("sampling_weight"):
        name = f"column {log.name('sampling_weight')!r}"
        text = (
            f"means weigh every row by {name}, 1 / probability that it was kept; errors take each row as one"
        )
        yield Note("rows_sampled", text)


def _of_targets(request: Request) -> Iterator[Note]:
    """Warnings on logged weights that named target policies do not use."""
    log = request.log
    for ratio, column in (("slate", "slate_weight"), ("subset", "subset_weight")):
        if log.has(column) and any(each.definition.ratio == ratio for each in request.estimators):
            follow = "weights of targets follow from their propensities, as those of product policies do"
            yield Note("column_unused", f"column {log.name(column)!r} is not used: {follow}")


def _of_clicks(request: Request) -> Iterator[Note]:
    """Warnings on the estimand, on exposure and on the position-bias curve."""
    log, setting = request.log, request.setting
    from_clicks = [each.definition for each in request.estimators if each.definition.of_clicks]
    if not from_clicks and setting.estimand != "rerank":
        text = f"estimand: none of the estimators is from clicks, {setting.estimand!r} changes nothing"
        yield Note("option_unused", text)
    if setting.exposed and any(definition.ratio == "rho" for definition in from_clicks):
        name = (
            f"column {log.name('exposure')!r} stands for theta_k in weights, as it may with a random logger"
        )
        rerank = " that shows the same items in any order; with another only the estimand full is right"
        yield Note("exposure_used", f"click_dr: {name}{rerank * (setting.estimand == 'rerank')}")
    if setting.position_bias is not None:
        yield from _of_bias(request, setting.position_bias, bool(from_clicks))


def _of_bias(request: Request, bias: PositionBias, used: bool) -> Iterator[Note]:
    """Warnings on the given position-bias curve."""
    if not used:
        yield Note("option_unused", f"position bias: none of the estimators uses {bias.origin}")
    for name in FIELDS:
        if name in bias and request.log.has(name):
            column = request.log.name(name)
            text = f"column {column!r} is not used: the curve {bias.origin} stands for it"
            yield Note("column_unused", text)
    if bias.above_one:
        places = ", ".join(map(str, bias.above_one[:5])) + (", ..." if len(bias.above_one) > 5 else "")
        text = f"position bias: examination is above 1 at {places}, which no probability is"
        yield Note("examination_above_one", text)
    if used and bias.log == request.log.origin and not request.log.origin.startswith("<"):
        text = (
            f"position bias: {bias.origin} was estimated from this log, but errors are not joint; "
            "--position-bias learn:METHOD learns it here, with joint errors"
        )
        yield Note("curve_of_this_log", text, level="caution")
    ratios = {each.ratio for each in request.estimators if each.definition.of_clicks}
    if ratios - {"trust"} and bias.relative_error > 0.0:
        yield _counted(bias.relative_error, "examination", "that of the curve")
    if "trust" in ratios and bias.relative_error_of_alpha > 0.0:
        whose = "those of alpha and beta"
        yield _counted(
            bias.relative_error_of_alpha, "alpha", whose, "; from the same ones they are too large"
        )
        if bias.few_impressions > 0.0:
            share = f"{100.0 * bias.few_impressions:.3g} % of the pairs behind alpha and beta"
            text = (
                f"position bias: {share} have few impressions: errors of click_affine are too small, and its "
                "intervals do not hold their level"
            )
            yield Note("curve_of_few_impressions", text, {"share": bias.few_impressions}, level="caution")
    elif "trust" in ratios and "alpha" in bias:
        text = (
            f"click_affine: {bias.origin} holds no covariance of alpha and beta: errors take these as exact, "
            "and are too small if they were estimated"
        )
        yield Note("curve_taken_as_exact", text, level="caution")


def _counted(relative_error: float, name: str, whose: str, beside: str = "") -> Note:
    """The note that errors include ``whose`` error, at most this share of the curve ``name``."""
    error = f"{100.0 * relative_error:.2g} % of the {name} where it is largest"
    text = f"position bias: errors include {whose}, {error}, as if from other sessions{beside}"
    return Note("curve_error", text, {"relative_error": relative_error})


def _of_actions(log: Log) -> Iterator[Note]:
    """Warnings on integers that are names of candidates, and on a first action without an effect."""
    if names_integers(log):
        text = f"column {log.name('action')!r} holds names among {log.name('candidates')!r}, and no indices"
        yield Note("actions_named", text)
    if log.first_action and not log.has("action"):
        text = f"first_action: the log has no column {log.name('action')!r}, so it changes nothing"
        yield Note("option_unused", text)
    elif log.first_action and log.computes("action"):
        yield Note("option_unused", "first_action: actions have names, so it changes nothing")


def _unused(request: Request, embedding: Sequence[str]) -> Iterator[Note]:
    """Warnings on options without an effect on the estimates."""
    fitting, columns = request.fitting, TermList.of(request.estimators).columns
    if fitting.reward_model is None:
        learned = learns_behaviours(request.log, request.setting, columns)
        if fitting.features and not learned:
            text = (
                "features: nothing is learned from them; they are for a reward model, or behaviours for aips"
            )
            yield Note("option_unused", text)
        if fitting.weighting != "uniform":
            text = f"model_weighting: no reward model is fitted, {fitting.weighting!r} changes nothing"
            yield Note("option_unused", text)
    yield from _of_actions(request.log)
    if embedding and "marginal_propensity" not in columns:
        text = "embedding: none of the estimators uses it; it is for mips"
        yield Note("option_unused", text)
