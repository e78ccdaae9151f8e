"""What is said of curves, interleaving, plans, click models, past experiments and logs."""

from __future__ import annotations

from typing import Any

import pytest

from rankeval.ab_tests.agreement import _FEW
from rankeval.reports import agreement, charts_of, fit, inspect, interleave, plans, propensity
from rankeval.reports.sentences import CAUTION
from tests.reports.results import interval, results, verdict


def curve(low: float | None, high: float | None, level: str = "trust", p: float = 0.5) -> dict[str, Any]:
    ends = [[1.0, 1.0], [low, high]]
    return {
        "positions": [1, 2],
        "intervals": [{"level": 0.95, "side": "two", "ci": ends}],
        "smoothing": {"ci": [0.8, 1.2], "p_value": p},
        "verdict": verdict(level),
    }


def test_a_curve_is_told_at_its_last_position() -> None:
    assert propensity.conclude(curve(0.4, 0.5)) == (
        "Position 2 is looked at 40 % to 50 % as often as position 1 (95 % interval). The curve is in "
        "line with position^-eta, eta 0.8 to 1.2."
    )


def test_a_power_law_that_misfits_is_not_told() -> None:
    assert "eta" not in propensity.conclude(curve(0.4, 0.5, p=0.01))


def test_a_curve_that_is_not_to_be_trusted_has_no_number() -> None:
    said = propensity.conclude(curve(0.4, 0.5, "do not trust"))
    assert not any(letter.isdigit() for letter in said)
    assert propensity.conclude(curve(0.4, 0.5, "caution")).endswith(CAUTION)
    assert (
        propensity.conclude(curve(None, None)) == "How often users look at position 2 has no known interval."
    )


def mixed(winner: str | None, low: float, high: float, level: str = "trust") -> dict[str, Any]:
    return {
        "inputs": {"a": "old", "b": "new"},
        "results": [{"name": "delta_AB", "segment": None, "ci": interval(low, high)}],
        "verdict": {**verdict(level), "winner": winner},
    }


def test_the_winner_of_interleaving() -> None:
    assert interleave.conclude(mixed("B", -0.08, -0.02)) == (
        "Users prefer new to old: it wins 52 % to 58 % of sessions (95 % interval), ties counted as half."
    )
    assert interleave.conclude(mixed("A", 0.02, 0.08)).startswith(
        "Users prefer old to new: it wins 52 % to 58 %"
    )
    assert interleave.conclude(mixed("A", 0.02, 0.08, "caution")).endswith(CAUTION)


def test_wins_that_do_not_show_it_are_not_told() -> None:
    assert interleave.conclude(mixed("A", -0.01, 0.08)) == "Users prefer old to new by the mean credit."


def test_no_winner_is_no_preference() -> None:
    nobody = "This log does not show whether users prefer old or new."
    assert interleave.conclude(mixed(None, 0.02, 0.08)) == nobody
    assert interleave.conclude(mixed("A", 0.02, 0.08, "do not trust")).startswith(nobody + " Do not trust")


def planned(sessions: int | None, **entries: Any) -> dict[str, Any]:
    row = {
        "metric": "clicks",
        "label": "low end",
        "relative_effect": 0.02,
        "sessions": sessions,
        "days": None,
    }
    return {"inputs": {"power": 0.8}, "results": [{**row, **entries}]}


def test_the_sessions_of_an_ab_test() -> None:
    assert plans.conclude_ab(planned(12_345)).startswith(
        "An A/B test needs 12,345 sessions to show +2 % of clicks with 80 % power."
    )
    assert "12,345 sessions, 7 days to show low end of" in plans.conclude_ab(
        planned(12_345, days=7.0, relative_effect=None)
    )
    assert plans.conclude_ab(planned(None)) == (
        "No number of sessions is known that shows +2 % of clicks with 80 % power."
    )


def test_an_estimated_gain_is_planned_for_its_low_end_too() -> None:
    (row,) = planned(3_786, label="gain click_ips new")["results"]
    low = {**row, "label": "low end click_ips new", "relative_effect": 0.01, "sessions": 6_070, "days": 7.0}
    other = {**low, "label": "low end click_ips old", "sessions": 1}
    inputs = {"power": 0.8}
    assert plans.conclude_ab({"inputs": inputs, "results": [row, other, low]}) == (
        "An A/B test needs 3,786 sessions to show +2 % of clicks, the estimate, and 6,070 sessions, 7 days "
        "to show +1 %, the low end of its interval, with 80 % power. That holds if the test's users are as "
        "those of the log."
    )
    none = {**low, "sessions": None}
    assert "; no number shows the low end of its interval." in plans.conclude_ab(
        {"inputs": inputs, "results": [row, none]}
    )
    assert "the estimate" not in plans.conclude_ab({"inputs": inputs, "results": [row, other]})


def test_the_effect_that_a_test_shows_falls_with_the_root_of_its_size() -> None:
    document = results()["plan ab"].plain()
    chart = next(chart for chart in charts_of(document) if chart.key == "effects")
    (line,), first = chart.series, document["results"][0]  # type: ignore[attr-defined]
    shown = dict(zip(line.x, line.y, strict=True))
    assert shown[first["sessions"]] == pytest.approx(first["relative_effect"])
    assert shown[100.0 * first["sessions"]] == pytest.approx(first["relative_effect"] / 10)


def design(name: str, sessions: int | None, lost: float | None, days: float | None = None) -> dict[str, Any]:
    return {"design": name, "sessions": sessions, "clicks_lost": lost, "days": days}


def test_the_shuffle_designs() -> None:
    inputs = {"relative_error": 0.1}
    full, pair = design("full", 2000, 300.0, 22.4301), design("pair", 3000, 250.0)
    error = "For a standard error of 10 % at every position,"
    assert plans.conclude_shuffle({"inputs": inputs, "designs": [full, pair]}) == (
        f"{error} full needs the fewest sessions, 2,000, 22.5 days; pair costs the fewest clicks, 250."
    )
    assert plans.conclude_shuffle({"inputs": inputs, "designs": [pair]}) == (
        f"{error} pair needs the fewest sessions, 3,000 and costs the fewest clicks, 250."
    )
    nothing = {"inputs": inputs, "designs": [design("full", None, None)]}
    assert plans.conclude_shuffle(nothing).startswith("No design is known to reach ")


def fitted(
    low: float | None, high: float | None, p: float | None = 0.01, held_out: int = 500, converged: bool = True
) -> dict[str, Any]:
    names = {"a": "dbn", "b": "pbm", "metric": "test_log_likelihood"}
    likelihoods = {"pbm": -100.0, "dbn": -120.0, "dcm": None}
    return {
        "n_test": held_out,
        "results": [
            {"click_model": n, "test_log_likelihood": v, "converged": converged}
            for n, v in likelihoods.items()
        ],
        "comparisons": [{**names, "ci": interval(low, high), "p_adjusted": p}],
    }


def test_click_models() -> None:
    best = "pbm predicts 500 held-out sessions best of 2 click models."
    assert fit.conclude(fitted(-0.2, -0.1)) == (
        f"{best} It is better than dbn (95 % interval), adjusted for all pairs."
    )
    assert fit.conclude(fitted(-0.2, -0.1, p=0.0)).startswith(f"{best} It is better than dbn")
    assert fit.conclude(fitted(-0.2, -0.1, converged=False)).endswith("But its fit has not converged.")
    for ends in ((-0.2, 0.1), (None, None)):
        assert fit.conclude(fitted(*ends)) == f"{best} The log cannot tell it from dbn."
    assert fit.conclude(fitted(-0.2, -0.1, p=0.06)).endswith("cannot tell it from dbn.")
    assert fit.conclude(fitted(-0.2, -0.1, p=None)).endswith("cannot tell it from dbn.")


def test_without_held_out_sessions_no_model_is_best() -> None:
    assert fit.conclude(fitted(-0.2, -0.1, held_out=0)).startswith("No sessions were held out")


def test_past_experiments() -> None:
    def said(low: float | None, high: float | None, n: int = 30) -> str:
        row = {"statistic": "pearson", "metric": None, "ci": interval(low, high), "n": n}
        return agreement.conclude({"results": [row]})

    assert said(0.2, 0.8) == (
        "Offline gains and online gains have a correlation of 0.2 to 0.8 (95 % interval) over 30 "
        "experiments. They go together."
    )
    assert said(0.2, 0.8, _FEW - 1).endswith("over 9 experiments. So few tell little.")
    assert said(-0.2, 0.8).endswith("The experiments cannot tell.")
    assert said(-0.8, -0.2).endswith("They go against each other.")
    assert said(None, None) == "30 experiments cannot tell whether offline gains predict online ones."


def test_a_log_says_what_its_inspection_found() -> None:
    assert inspect.conclude({"conclusion": "This log can feed ips."}) == "This log can feed ips."
