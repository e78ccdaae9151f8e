"""Schemas of ``ope`` and ``uplift``."""

from __future__ import annotations

from rankeval.schemas.parts import (
    COMPARISON,
    CORRECTED,
    INTERVAL,
    INTERVALS,
    SEGMENT,
    VERDICT,
    Schema,
    anything,
    array,
    by_name,
    count,
    document,
    fields,
    nullable,
    number,
    numbers,
    size,
    text,
)

_NAME = {"name": text("the estimator"), "params": by_name({}, "its parameters")}
_TARGET = {"type": ["string", "null"], "description": "the target policy or candidate; null: it has no name"}
_BOUNDS = nullable(
    numbers("lower and upper bound where the log never shows what the target does"), "without such"
)

_DIAGNOSTICS = fields(
    "of the weights and rewards that the estimate rests on",
    ess=number("effective sample size, (sum w)^2 / sum w^2"),
    max_weight=number("largest weight"),
    mean_weight=number("mean weight, 1 if the propensities are right"),
    mean_weight_z=number("its distance from 1 in standard errors"),
    effective_rewards=number("number of rewards of equal size that the estimate is worth"),
    top_share=number("share of the estimate of one unit"),
    leverage=number(
        "standard errors by which one more unit with the largest weight and reward would move it"
    ),
    tail_index=number("Pareto k of the weights"),
    support_gap=number("share of the target on actions that are never logged"),
    near_support=number("share of the target on actions that are hardly ever logged"),
    share_clipped=number("share of the weight that clipping takes"),
    overlap=number("share of the top of the logged list that the candidate keeps"),
    unseen_error=number("standard errors that rare large weights may lack"),
)
_GAIN = fields(
    "over the logged policy",
    value=number("estimate less logged"),
    relative=number("gain / |logged|"),
    std_error=number("standard error of the gain"),
    ci=INTERVAL,
    intervals=INTERVALS,
    relative_std_error=number("standard error of the relative gain"),
    relative_ci=INTERVAL,
    relative_intervals=INTERVALS,
    bounds=_BOUNDS,
)
_SENSITIVITY = fields(
    "what would change the sign of the gain",
    ("gains",),
    of=text("what is varied"),
    parameter=text("its name"),
    factor=number("the factor at which the gain changes its sign"),
    gains=array(numbers("factor and gain"), "gains at some factors"),
)
_SELECTION = fields(
    "how a parameter was chosen",
    parameter=text("its name"),
    by=text("what was minimised or required"),
    chosen=number("the value taken"),
    slope=anything("of the rule by slopes"),
    mse=number("estimated mean squared error"),
    candidates=array(by_name({}, "value, estimate and bound"), "the values tried"),
)
_ESTIMATE = fields(
    "an estimate of the value of one target policy by one estimator in one segment",
    **_NAME,
    target=_TARGET,
    segment=SEGMENT,
    estimand={"type": ["string", "null"], "description": "rerank or full, for estimators from clicks"},
    value=number("value per round or session"),
    std_error=number("its standard error"),
    ci=INTERVAL,
    intervals=INTERVALS,
    n=size("number of units"),
    bounds=_BOUNDS,
    gain=_GAIN,
    logged=fields("the logged policy", value=number("its value"), std_error=number("its standard error")),
    diagnostics=_DIAGNOSTICS,
    selection=nullable(_SELECTION, "where no parameter was chosen"),
    sensitivity=nullable(_SENSITIVITY, "where nothing was varied"),
    verdict=VERDICT,
)
_ENTRIES: dict[str, Schema] = {
    "n": size("number of rounds or sessions"),
    "results": array(_ESTIMATE, "in the order asked"),
    "comparisons": array(fields("of two targets by one estimator", **_NAME, **COMPARISON), "all pairs"),
    "best": array(
        fields(
            "the best of several targets by one estimator",
            ("segment",),
            **_NAME,
            target=text("the best"),
            segment=SEGMENT,
            candidates=count("of how many"),
            value=CORRECTED,
            gain=CORRECTED,
            note=text("what was corrected"),
        ),
        "by each estimator",
    ),
    "logged": fields(
        "the logged policy", value=number("mean reward"), std_error=number("its standard error"), ci=INTERVAL
    ),
    "position_bias": nullable(
        {"type": "object", "description": "the curve, as propensity writes it"}, "where none was learned"
    ),
    "refutation": nullable(
        {"type": "object", "description": "tests of the user model of estimators from clicks"}, "without such"
    ),
    "propensity_tests": nullable(
        fields(
            "tests of the logged propensities",
            tests=count("how many"),
            failed=count("how many failed"),
            level=size("level of the tests"),
            fault={"type": ["string", "null"], "description": "what the failures look like"},
            worst=array({"type": "object"}, "those with the smallest p"),
        ),
        "where there was nothing to test",
    ),
    "verdict": VERDICT,
    "weights": array(
        fields(
            "a histogram of importance weights",
            weight_of=text("the kind of weight"),
            target=_TARGET,
            n=count("number of units"),
            ess=number("effective sample size"),
            bins=array(
                fields(
                    "low <= weight < high",
                    low=number("null: open"),
                    high=number("null: open"),
                    n=count("weights in it"),
                    weight=number("their sum"),
                ),
                "those that hold a weight, ascending",
            ),
        ),
        "of each kind of weight and target",
    ),
}

OPE = document("ope", "Off-policy estimates", **_ENTRIES)
UPLIFT = document(
    "uplift",
    "Gains of candidate rankers",
    **_ENTRIES,
    user_models=array(
        fields(
            "gains if users follow this click model",
            click_model=text("its name"),
            logged=number("clicks of a session of the logged ranker"),
            gains=by_name(number("gain"), "candidate -> gain"),
            log_likelihood_over_pbm=number("of held-out sessions, over the position-based model"),
            log_likelihood_std_error=number("its standard error"),
        ),
        "under each click model",
    ),
)
