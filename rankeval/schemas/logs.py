"""Schemas of what is learned from clicks, of logs, and of simulations."""

from __future__ import annotations

from rankeval.schemas.parts import (
    INTERVAL,
    INTERVALS,
    P_VALUES,
    VERDICT,
    Schema,
    anything,
    array,
    by_name,
    count,
    document,
    fields,
    flag,
    nullable,
    number,
    numbers,
    size,
    text,
    texts,
)

_TABLE = array(numbers("a row"), "a matrix")
_OPEN: Schema = {"type": "object"}

PROPENSITY = document(
    "propensity",
    "A position-bias curve",
    ("smoothing", "shuffled_sessions", "refutation", "segment"),
    method=text("how it was estimated"),
    n=size("number of sessions"),
    positions=array(count("from 1"), "the positions"),
    examination=numbers("by position, 1 at the first"),
    std_error=numbers("by position"),
    ci=array(numbers("low and high"), "the first interval by position"),
    intervals=array(_OPEN, "by each method that was asked for"),
    covariance=nullable(_TABLE, "where the method gives none"),
    clicks=numbers("by position"),
    impressions=numbers("by position"),
    log_likelihood=number("of methods by likelihood"),
    smoothing={**_OPEN, "description": "the smooth curve, and whether the data are in line with it"},
    shuffled_sessions=nullable(
        {**_OPEN, "description": "clicks of sessions in random order"}, "without such"
    ),
    refutation=nullable(
        {**_OPEN, "description": "clicks of the curve against those of the log"}, "if not tested"
    ),
    verdict=VERDICT,
)
_FITTED = {
    "click_model": text("its name"),
    "parameters": {**_OPEN, "description": "by their names"},
    "std_error": {**_OPEN, "description": "of the parameters; null where there is none"},
    "log_likelihood": number("of the training sessions"),
    "test_log_likelihood": number("of held-out sessions"),
    "perplexity": number("of held-out sessions, else of all"),
    "perplexity_by_position": numbers("over the sessions that have the position"),
    "conditional_perplexity": number("given the clicks above"),
    "conditional_perplexity_by_position": numbers("the same by position"),
    "iterations": number("until it converged"),
    "converged": flag("whether it did"),
    "reasons": by_name(text("why"), "what is null -> why"),
}
FIT = document(
    "fit",
    "Click models fitted to a log",
    n=size("number of training sessions"),
    n_test=size("number of held-out sessions"),
    pairs=count("pairs of query and item"),
    results=array(
        fields(
            "a click model",
            ("identified",),
            **_FITTED,
            identified={**_OPEN, "description": "parameters of trust bias that the log identifies"},
        ),
        "in the order asked",
    ),
    baselines=array(fields("click rates by position", **_FITTED), "to compare with"),
    comparisons=array(
        fields(
            "of two models",
            a=text("first"),
            b=text("second"),
            metric=text("what is compared"),
            difference=number("a less b"),
            std_error=number("its standard error"),
            ci=INTERVAL,
            intervals=INTERVALS,
            n=size("number of sessions"),
            **P_VALUES,
            test=text("how p was computed"),
        ),
        "all pairs",
    ),
)
_PART = {
    "n": size("units"),
    "mean": number("mean reward"),
    "std_error": number("its standard error"),
    "ci": nullable(numbers("low and high"), "without an error"),
}
INSPECT = document(
    "inspect",
    "What is in a log",
    rows=count("rows"),
    sessions=nullable(count("sessions"), "for a bandit log that has none"),
    time_span=nullable(array(anything("a time"), "first and last"), "without a column of times"),
    columns=array(
        fields(
            "a column",
            name=text("its name"),
            role={"type": ["string", "null"], "description": "the role that it plays"},
            usual=flag("whether the role was found by a usual name"),
            type=text("as in Arrow"),
            values=nullable(count("values"), "where they were not counted"),
            missing=nullable(count("nulls"), "where they were not counted"),
            low=anything("least value"),
            high=anything("largest value"),
        ),
        "of the log",
    ),
    missing=texts("columns that would let it feed more estimators"),
    reward_by_position=array(
        fields(
            "a position",
            position=count("from 1"),
            n=size("rows"),
            reward=number("mean reward"),
            std_error=number("its standard error"),
            ci=numbers("low and high"),
        ),
        "of a ranking log",
    ),
    shuffled=nullable(count("sessions in random order"), "for a bandit log"),
    sample_ratio=nullable(
        {**_OPEN, "description": "sizes of the rankers' shares"}, "without a column of rankers"
    ),
    users=nullable(
        {**_OPEN, "description": "whether rewards of one user are alike"}, "without a column of users"
    ),
    problems=array(
        fields(
            "a problem",
            code=text("its name"),
            severity={"enum": ["error", "warning", "info"]},
            text=text("what was found"),
            count=nullable(count("how often"), "where nothing is counted"),
            rows=array(count("from 1"), "the first rows"),
            files=texts("the files of these rows"),
        ),
        "errors first",
    ),
    estimators=fields(
        "what the log can feed",
        can=texts("names"),
        cannot=by_name(texts("columns"), "name -> what it also needs"),
        assumptions=by_name(text("what it assumes"), "name -> its assumption"),
    ),
    propensity_methods=by_name(texts("columns"), "method -> what it also needs"),
    propensity_tests=nullable(
        {**_OPEN, "description": "tests of logged propensities"}, "where there was nothing to test"
    ),
    stability=fields(
        "of the mean reward",
        halves=array(fields("a half", part=text("first or second"), **_PART), "of the log"),
        p_value=number("that the halves are equal"),
        days=array(fields("a day", part=text("its date"), **_PART), "of the log"),
        days_p_value=number("that the days are equal"),
    ),
    drift=fields(
        "of columns",
        windows=texts("what is compared"),
        sampled=count("rows of the sample"),
        complete=flag("whether the sample is the log"),
        columns=array({**_OPEN, "description": "PSI and a test of a column"}, "by p"),
    ),
)
_TRUTH = by_name(anything("per session, exact"), "expected_clicks, ctr_by_position, p_any_click and more")
SIMULATE = document(
    "simulate",
    "A simulated log that was written",
    n=count("sessions"),
    rows=count("rows"),
    files=texts("what was written"),
    truth=fields(
        "exact values",
        ("unshuffled", "arms", "contexts", "days", "reasons", "logging", "candidates"),
        click_model={**_OPEN, "description": "of the users"},
        examination=nullable(numbers("by position"), "where it depends on the list"),
        logging=nullable(_TRUTH, "where it is not known exactly"),
        unshuffled=nullable(_TRUTH, "where it is not known exactly"),
        candidates=by_name(nullable(_TRUTH, "where it is not known exactly"), "candidate -> exact values"),
        arms=by_name(nullable(_TRUTH, "where it is not known exactly"), "arm -> exact values"),
    ),
)
DEMO = document(
    "demo",
    "What each method says of the new ranker, beside the truth",
    truth=size("exact relative gain"),
    results=array(
        fields(
            "a method",
            method=text("what is done"),
            gain=number("relative gain"),
            low=number("lower end of its interval"),
            high=number("upper end"),
            verdict={"type": ["string", "null"], "description": "null: it has none"},
            truth=size("exact relative gain"),
            holds={"type": ["boolean", "null"], "description": "whether the interval holds the truth"},
        ),
        "by method",
    ),
)
