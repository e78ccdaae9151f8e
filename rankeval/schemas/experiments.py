"""Schemas of A/B tests, their plans, and interleaving."""

from __future__ import annotations

from rankeval.schemas.parts import (
    INTERVAL,
    INTERVALS,
    LEVEL,
    P_VALUES,
    REASON,
    SEGMENT,
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
)

_ARMS = {
    "metric": text("the metric"),
    "arm": text("the arm"),
    "control": text("the arm it is compared with"),
    "value": number("of the arm"),
    "control_value": number("of the control"),
    "difference": number("arm less control"),
    "relative": number("difference / |control|"),
    "ci": INTERVAL,
}

AB = document(
    "ab",
    "An A/B test",
    n=size("number of units"),
    results=array(
        fields(
            "a metric of an arm",
            **_ARMS,
            std_error=number("of the difference"),
            relative_ci=INTERVAL,
            **P_VALUES,
            test=text("how p was computed"),
            segment=SEGMENT,
            n=size("units or clusters of the arm"),
            control_n=size("of the control"),
            variance_kept=number("share of the variance that the covariate leaves"),
            intervals=INTERVALS,
            relative_intervals=INTERVALS,
        ),
        "by metric and arm",
    ),
    guardrails=array(
        fields(
            "a metric that must not get worse by more than its margin",
            **_ARMS,
            margin=number("what is allowed"),
            margin_relative=flag("whether the margin is a share of the control's value"),
            p_value=number("one-sided, that the harm is less than the margin"),
            status=text("holds, violated, or neither is shown"),
        ),
        "by guardrail and arm",
    ),
    omnibus=array(
        fields(
            "whether all arms are equal",
            metric=text("the metric"),
            segment=SEGMENT,
            test=text("the test"),
            statistic=number("its statistic"),
            degrees=numbers("of freedom"),
            p_value=number("that all are equal"),
        ),
        "with more than two arms",
    ),
    sample_ratio=fields(
        "whether the arms have the sizes that they should have",
        p_value=number("chi-square"),
        counts=by_name(size("units"), "arm -> number of units"),
        expected=by_name(size("share"), "arm -> expected share"),
        units=text("what was counted"),
    ),
    looks=nullable(
        fields(
            "what planned looks cost",
            boundary=text("its name"),
            looks=count("planned"),
            look=count("this one"),
            information=numbers("share of the final units at each look"),
            critical_value=number("of this look"),
            alpha_spent=number("up to this look"),
        ),
        "without planned looks",
    ),
)
AGREEMENT = document(
    "agreement",
    "Offline gains of past experiments against online ones",
    results=array(
        fields(
            "a statistic of an offline metric",
            statistic=text("its name"),
            metric={"type": ["string", "null"], "description": "the offline metric; null: there is one"},
            value=number("its value"),
            std_error=number("its standard error"),
            ci=INTERVAL,
            n=count("number of experiments"),
        ),
        "by metric",
    ),
    best=nullable(
        fields(
            "the metric that predicts best",
            metric=text("its name"),
            pearson=number("its correlation"),
            second=text("the runner-up"),
            second_pearson=number("its correlation"),
            p_value=number("that both are equal"),
            n=count("experiments that all metrics have"),
        ),
        "with fewer than two metrics",
    ),
)
PLAN_AB = document(
    "plan ab",
    "The size of an A/B test",
    n=size("number of units of the log"),
    results=array(
        fields(
            "sessions for an effect",
            metric=text("the metric"),
            label=text("where the effect comes from"),
            baseline=number("value in the log"),
            std_dev=number("of a unit"),
            design_effect=number("of clusters"),
            variance_kept=number("share of the variance that the covariate leaves"),
            effect=number("absolute"),
            relative_effect=number("as a share of the baseline"),
            sessions_per_arm=number("of each arm but the control"),
            control_sessions=number("of the control"),
            sessions=number("of all arms"),
            clusters_per_arm=number("with clusters"),
            days=number("at the stated traffic"),
            power=number("probability to find the effect"),
            level=size("confidence level of the test"),
        ),
        "by metric and effect",
    ),
    beside=array({"type": "object"}, "other experiments for the same question"),
)
PLAN_SHUFFLE = document(
    "plan shuffle",
    "The size and the cost of shuffle experiments",
    clicks_logged=number("clicks of a session without an experiment"),
    examination=numbers("by position, as assumed"),
    designs=array(
        fields(
            "a design",
            design=text("its name"),
            clicks=number("of a session in the experiment"),
            loss=number("clicks of a session that it costs"),
            relative_loss=number("as a share"),
            sessions=number("sessions in the experiment"),
            traffic=number("all sessions, at its share"),
            days=number("at the stated traffic"),
            clicks_lost=number("in all"),
            positions=array(
                fields(
                    "a position",
                    position=count("from 1"),
                    propensity=number("examination over that of position 1"),
                    se_sqrt_n=number("standard error times the square root of all sessions"),
                    se_sqrt_n_arm=number("the same by sessions of one arm of the design"),
                    std_error=number("with the sessions of the plan"),
                    relative_error=number("the same as a share"),
                    sessions=number("that reach the error asked for"),
                    days=number("at the stated traffic"),
                ),
                "from 2",
            ),
        ),
        "by design",
    ),
)
_METHOD = fields(
    "an interleaving method",
    ("power_at_sessions",),
    name=text("its name"),
    params=by_name({}, "its parameters"),
    exact=flag("whether all lists were enumerated"),
    p_A_wins=number("probability that A wins a session"),
    p_B_wins=number("that B does"),
    p_tie=number("of a tie"),
    mean_credit=number("of a session, positive for A"),
    sd_credit=number("its standard deviation"),
    delta_AB=number("(wins of A + ties / 2) - 1/2"),
    z_per_sqrt_n=number("mean credit over its standard error, divided by sqrt(n)"),
    sessions_needed=number("for the power asked for"),
    power_at_sessions=number("with the sessions given"),
)
_POWER = {
    "results": array(_METHOD, "by method"),
    "ab": fields(
        "an A/B test of the same rankings",
        ("power_at_sessions",),
        clicks_A=number("clicks of a session of A"),
        clicks_B=number("of B"),
        difference=number("A less B"),
        sd_difference=number("its standard deviation"),
        z_per_sqrt_n=number("as for the methods"),
        sessions_needed=number("of both arms"),
        power_at_sessions=number("with the sessions given"),
    ),
}
INTERLEAVE_POWER = document("interleave power", "The power of interleaving methods", **_POWER)
INTERLEAVE_SIMULATE = document("interleave simulate", "An interleaved log that was written", **_POWER)
INTERLEAVE_LISTS = document(
    "interleave lists",
    "The lists of an interleaving method",
    n=count("number of lists"),
    results=array(
        fields(
            "a list",
            ("probability", "teams"),
            items=array(anything("an id"), "from the top"),
            teams=array({"type": ["string", "null"]}, "A or B, by position"),
            probability=number("of the list"),
        ),
        "all lists, or those drawn",
    ),
)
INTERLEAVE_ANALYSE = document(
    "interleave analyse",
    "An interleaving experiment",
    n=size("number of sessions"),
    results=array(
        fields(
            "a statistic",
            name=text("what it is"),
            segment=SEGMENT,
            value=number("its value, positive for A"),
            std_error=number("its standard error"),
            ci=INTERVAL,
            intervals=INTERVALS,
            n=size("number of sessions or clusters"),
        ),
        "by segment",
    ),
    outcomes=array(
        fields(
            "sessions of a segment",
            segment=SEGMENT,
            sessions=count("in all"),
            wins_A=count("won by A"),
            wins_B=count("won by B"),
            ties=count("neither"),
            sign_test=fields("of wins", p_value=number("two-sided"), n=count("decided sessions")),
            credit_test=fields("of the mean credit", t=number("statistic"), p_value=number("two-sided")),
            sessions_needed=number("to find the effect with the power asked for"),
            sessions_needed_low=number("at the end of the interval that is further from 0"),
            sessions_needed_high=number("at the other"),
            effect=number("the effect that is to be found"),
        ),
        "by segment",
    ),
    verdict=fields(
        "how far the result can be trusted, and who won",
        level=LEVEL,
        reasons=array(REASON, "worst first"),
        winner={"type": ["string", "null"], "description": "null: no test names one"},
        text=text("in a sentence"),
    ),
)
