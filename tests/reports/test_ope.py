"""What is said of a policy's value: never more than the intervals, the bounds and the verdict do."""

from __future__ import annotations

from typing import Any

import pytest

from rankeval.reports.ope import charts
from rankeval.reports.policy_conclusion import conclude
from rankeval.reports.weight_charts import weight_histograms
from tests.reports.results import interval, results, verdict


def estimate(
    low: float | None,
    high: float | None,
    *,
    name: str = "snips",
    target: str | None = None,
    level: str = "trust",
    reasons: tuple[str, ...] = (),
    **gain: Any,
) -> dict[str, Any]:
    """An estimate whose relative gain has this interval; absolute gains are a tenth of it."""
    tenth = [None if end is None else end / 10 for end in (low, high)]
    return {
        "name": name,
        "params": {},
        "target": target,
        "segment": None,
        "gain": {"ci": interval(*tenth), "relative_ci": interval(low, high), "bounds": None, **gain},
        "verdict": verdict(level, *reasons),
    }


def document(*rows: dict[str, Any], level: str | None = None, **entries: Any) -> dict[str, Any]:
    worst = level or max(
        (row["verdict"]["level"] for row in rows), key=["trust", "caution", "do not trust"].index
    )
    return {"results": rows, "best": [], "comparisons": [], "verdict": verdict(worst), **entries}


def test_a_gain_that_the_log_can_tell() -> None:
    assert conclude(document(estimate(0.031, 0.052, name="click_ips"))) == (
        "The new ranking would earn 3.1 % to 5.2 % more clicks than the logging policy (95 % interval). "
        "The log can tell."
    )
    assert conclude(document(estimate(-0.052, -0.031, target="Bo"))) == (
        "Bo would earn 3.1 % to 5.2 % less reward than the logging policy (95 % interval). The log can tell."
    )


def test_an_interval_that_holds_0_names_no_direction() -> None:
    assert conclude(document(estimate(-0.02, 0.05))) == (
        "The target policy would earn between 2 % less and 5 % more reward than the logging policy "
        "(95 % interval). The log cannot tell."
    )


def test_no_number_where_the_verdict_is_not_to_trust() -> None:
    said = conclude(document(estimate(0.031, 0.052, level="do not trust", reasons=("heavy_tail",))))
    assert said == (
        "This log cannot tell whether the target policy would earn more reward than the logging policy. "
        "Do not trust the numbers, for the reasons below."
    )
    assert not any(letter.isdigit() for letter in said)


def test_no_interval_no_number() -> None:
    said = conclude(document(estimate(None, None)))
    assert said.endswith("The interval is not known.")
    assert not any(letter.isdigit() for letter in said)


def test_caution_is_said_and_so_are_worse_estimates() -> None:
    assert conclude(document(estimate(0.1, 0.2, level="caution"))).endswith(
        "The log can tell. Read it with caution, for the reasons below."
    )
    assert conclude(document(estimate(0.1, 0.2), level="caution")).endswith(
        "The log can tell. Other estimates below are to be trusted less."
    )


def test_estimators_of_the_same_quantity_must_agree() -> None:
    apart = document(estimate(0.1, 0.2), estimate(-0.1, 0.2, name="dr"))
    assert conclude(apart).endswith("But not all estimators agree, so that the log cannot tell.")
    other = document(estimate(0.1, 0.2, name="click_ips"), estimate(-0.1, 0.2, name="snips"))
    assert conclude(other).endswith("The log can tell.")


def test_an_index_is_no_forecast() -> None:
    said = conclude(
        document(estimate(0.1, 0.2, name="replay_ips", level="caution", reasons=("estimator_caution",)))
    )
    assert said.startswith(
        "The target policy would score 10 % to 20 % higher than the logging policy by replay_ips, which only "
        "orders candidates"
    )
    assert "earn" not in said


def test_an_estimator_of_a_reward_comes_before_an_index() -> None:
    index = estimate(0.1, 0.2, name="replay_ips", level="caution", reasons=("estimator_caution",))
    said = conclude(document(index, estimate(-0.1, 0.2, name="click_ips")))
    assert "between 10 % fewer and 20 % more clicks" in said


def test_without_a_relative_gain_the_unit_is_told() -> None:
    row = estimate(0.1, 0.2, relative_ci=interval(None, None))
    assert "would earn 0.01 to 0.02 more reward a round than" in conclude(document(row))
    session = estimate(0.1, 0.2, name="sips", relative_ci=interval(None, None))
    assert "more reward a session than" in conclude(document(session))


def test_bounds_that_are_apart_are_what_is_known() -> None:
    wide = {
        "low": -0.01,
        "high": 0.04,
        "ci": {"method": "imbens_manski", "level": 0.95, "low": -0.02, "high": 0.05},
    }
    said = conclude(document(estimate(0.1, 0.2, bounds=wide)))
    assert "between 0.02 less and 0.05 more reward a round" in said
    assert said.endswith("The log cannot tell.")
    point = {**wide, "low": 0.015, "high": 0.015}
    assert "10 % to 20 % more" in conclude(document(estimate(0.1, 0.2, bounds=point)))


def test_of_several_policies_the_highest_by_its_corrected_interval() -> None:
    rows = [estimate(0.1, 0.2, target=name) for name in ("old", "new")]
    best = {"name": "snips", "params": {}, "target": "new", "gain": {"ci": interval(-0.001, 0.03)}}
    assert conclude(document(*rows, best=[best])) == (
        "new, with the highest estimate of 2 policies, would earn between 0.001 less and 0.03 more reward a "
        "round than the logging policy (95 % interval). The log cannot tell."
    )
    assert conclude(document(*rows)) == "None of 2 policies is shown to be best. The log cannot tell."


def test_long_names_are_cut() -> None:
    assert len(conclude(document(estimate(0.1, 0.2, target="x" * 10_000)))) < 250


def test_charts() -> None:
    keys = [chart.key for chart in charts(results()["ope"].plain())]
    assert keys[:3] == ["gains", "values", "time"]
    assert keys[3].startswith("by max_weight of cips")
    assert keys[4:] == ["weights", "effective"]


def test_effective_rows_are_shares_of_the_rows() -> None:
    document = results()["ope"].plain()
    shares = [row[1] for row in results()["ope"].plot("effective").table().rows]
    found = [one for one in document["results"] if one["segment"] is None]
    wanted = [100 * one["diagnostics"]["ess"] / one["n"] for one in found]
    assert [float(share.removesuffix(" %")) for share in shares] == pytest.approx(wanted, rel=1e-3)


@pytest.mark.parametrize("side", ["lower", "upper"])
def test_one_sided_bounds(side: str) -> None:
    low, high = (0.03, None) if side == "lower" else (None, 0.03)
    said = conclude(document(estimate(0, 0, relative_ci=interval(low, high, side=side))))
    wanted = {"lower": "at least 3 % more", "upper": "at most 3 % more"}[side]
    assert wanted in said
    assert said.endswith("can tell." if side == "lower" else "cannot tell.")


def test_the_histogram_of_weights_holds_all_rows_and_all_weight() -> None:
    document = results()["ope"].plain()
    chart = results()["ope"].plot("weights")
    shares = [[float(cell.removesuffix(" %")) for cell in row[2:]] for row in chart.table().rows]
    assert [sum(column) for column in zip(*shares, strict=True)] == pytest.approx([100.0, 100.0], abs=0.5)
    assert f"Effective sample size {document['weights'][0]['ess']:,.0f} of 3,000" in chart.caption


def test_many_bins_are_put_together_and_what_is_not_above_0_is_in_the_table_alone() -> None:
    """60 bins of one row each, 2^-30 to 2^29, are drawn three powers of 2 together."""
    ends = [(2.0**k, 2.0 ** (k + 1)) for k in range(-30, 30)]
    bins = [
        {"low": low, "high": high, "n": 1, "weight": low} for low, high in [(None, 0.0), (0.0, 0.0), *ends]
    ]
    bins = [{**each, "weight": each["weight"] or -1.0} for each in bins]
    one = {"weight_of": "list", "target": None, "n": 62, "ess": 1.0, "bins": bins}
    chart = next(weight_histograms({"weights": [one]}))
    rows = chart.table().rows
    assert [row[:2] for row in rows[:3]] == [["below 0", "1"], ["0", "1"], ["9.31e-10 .. 7.45e-09", "3"]]
    assert len(rows) == 2 + 60 / 3
    assert sum(int(row[1]) for row in rows) == 62
    assert chart.svg(340).count("<rect") == 60 / 3 + 1


def test_a_result_without_histograms_has_none() -> None:
    assert list(weight_histograms({"weights": []})) == list(weight_histograms({})) == []
