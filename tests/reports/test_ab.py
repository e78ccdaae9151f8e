"""What is said of an A/B test."""

from __future__ import annotations

from typing import Any

import rankeval
from rankeval.ab_tests.sample_ratio import SUSPICIOUS
from rankeval.reports import ab
from rankeval.reports.ab import charts, conclude
from rankeval.reports.sentences import ROUGH
from tests.reports.results import arms, interval


def row(low: float | None, high: float | None, p: float | None = 0.01, **entries: Any) -> dict[str, Any]:
    names = {"metric": "clicks", "arm": "b", "control": "a", "segment": None}
    return {
        **names,
        "ci": interval(low, high),
        "relative_ci": interval(low, high),
        "p_adjusted": p,
        **entries,
    }


def document(
    *rows: dict[str, Any],
    p: float | None = 0.5,
    guardrails: tuple[Any, ...] = (),
    warnings: tuple[str, ...] = (),
) -> dict[str, Any]:
    return {"results": rows, "guardrails": guardrails, "sample_ratio": {"p_value": p}, "warnings": warnings}


def guardrail(status: str) -> dict[str, Any]:
    return {"metric": "latency", "arm": "b", "status": status}


def test_a_difference() -> None:
    assert conclude(document(row(0.012, 0.034))) == (
        "clicks of b is 1.2 % to 3.4 % higher than of a (95 % interval). The test can tell."
    )
    assert conclude(document(row(-0.012, 0.034, 0.4))).endswith("The test cannot tell.")


def test_the_adjusted_p_counts_too() -> None:
    rows = row(0.012, 0.034, 0.06), row(0.0, 0.1)
    assert conclude(document(*rows)).endswith("The test cannot tell, by p adjusted for several tests.")
    assert conclude(document(row(0.012, 0.034, None))).endswith("The test cannot tell.")


def test_warnings_about_the_comparison_are_caution() -> None:
    rough = ("clicks of b: an arm expects fewer than 5 successes or failures",)
    assert conclude(document(row(0.012, 0.034), warnings=rough)).endswith(f"The test can tell. {ROUGH}")
    other = (
        "revenue of b: an arm expects fewer than 5 successes or failures",
        "the control is taken to be a",
    )
    assert conclude(document(row(0.012, 0.034), warnings=other)).endswith("The test can tell.")


def test_absolute_where_there_is_no_relative_difference() -> None:
    assert "is 0.012 to 0.034 higher" in conclude(
        document(row(0.012, 0.034, relative_ci=interval(None, None)))
    )
    nothing = row(None, None, relative_ci=interval(None, None))
    assert conclude(document(nothing)) == "The test cannot tell whether clicks of b differs from a."


def test_wrong_shares_leave_no_number() -> None:
    said = conclude(document(row(0.012, 0.034), p=1e-4))
    assert said.endswith("do not trust the differences.")
    assert not any(letter.isdigit() for letter in said)


def test_the_limit_is_that_of_the_check() -> None:
    assert ab._SUSPICIOUS == SUSPICIOUS


def test_guardrails_that_do_not_hold_are_named() -> None:
    held, broken = guardrail("holds"), guardrail("violated")
    assert conclude(document(row(0.01, 0.02), guardrails=(held,))).endswith("can tell.")
    assert conclude(document(row(0.01, 0.02), guardrails=(broken,))).endswith(
        "Guardrail latency of b is violated."
    )
    assert conclude(document(guardrails=(held,))) == "All guardrails hold."
    assert conclude(document(guardrails=(guardrail("unclear"),))) == "Guardrail latency of b is unclear."


def trial(**options: Any) -> dict[str, Any]:
    data = arms(3000)
    data["day"] = [f"2026-02-{1 + i // 1000:02}" for i in range(3000)]
    return rankeval.ab(data, "arm", control="a", metric="clicks=click", **options).plain()


def test_a_sequence_over_time_is_drawn_as_it_ran() -> None:
    document = trial(by="day", ci="sequence")
    chart = next(chart for chart in charts(document) if chart.key == "time of clicks")
    assert "all its intervals hold together" in chart.caption
    line = chart.series[0]  # type: ignore[attr-defined]
    assert line.y == [one["difference"] for one in document["sequence"]]
    assert line.low == [one["ci"]["low"] for one in document["sequence"]]
    each = next(chart for chart in charts(trial(by="day")) if chart.key == "time of clicks")
    assert "each day by itself" in each.caption
    assert not [chart for chart in charts(trial()) if chart.key.startswith("time")]


def test_boundaries_of_looks_and_where_the_test_stands() -> None:
    """The marker lies beyond the boundary exactly where the interval excludes 0."""
    document = trial(looks=4, look=2, boundary="pocock")
    chart = next(chart for chart in charts(document) if chart.key == "looks")
    upper, lower, arm = chart.series  # type: ignore[attr-defined]
    assert upper.y == document["looks"]["critical_values"] == [-limit for limit in lower.y]
    assert upper.y[1] == document["looks"]["critical_value"]
    row = document["results"][0]
    assert (arm.x, arm.y) == ([0.5], [row["difference"] / row["std_error"]])
    assert (abs(arm.y[0]) > upper.y[1]) == (row["ci"]["low"] > 0.0 or row["ci"]["high"] < 0.0)
