"""What is shown of the gains of candidates: all that they rest on, with the numbers of the result."""

from __future__ import annotations

from typing import Any

import pytest

from rankeval.reports.catalogue import charts_of, conclusion, tables_of
from tests.reports.results import interval, results


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return results()["uplift"].plain()


def estimates(document: dict[str, Any], name: str = "click_ips") -> list[dict[str, Any]]:
    return [one for one in document["results"] if one["name"] == name and one["segment"] is None]


def test_a_chart_of_all_that_a_gain_rests_on(document: dict[str, Any]) -> None:
    keys = [chart.key for chart in charts_of(document)]
    assert keys[:5] == ["gains", "bias", "users", "time", "differences"]
    assert keys[5:] == ["values", "overlap", "metrics", "curve", "effective"]


def test_gains_and_values_are_of_rewards_and_metrics_stand_apart(document: dict[str, Any]) -> None:
    charts = {chart.key: chart for chart in charts_of(document)}
    for key in ("gains", "values", "effective"):
        assert {row[0].partition(",")[0] for row in charts[key].table().rows} == {"click_ips"}
    names = {row[0].partition(",")[0] for row in charts["metrics"].table().rows}
    assert names == {"click_dcg@10", "click_precision@5", "click_arp"}
    assert "left of the line is better" in charts["metrics"].caption


def test_the_gain_by_the_strength_of_position_bias(document: dict[str, Any]) -> None:
    """The points are those of the result; that at 1 is the estimate, with its interval."""
    chart = next(chart for chart in charts_of(document) if chart.key == "bias")
    for line, one in zip(chart.series, estimates(document), strict=True):  # type: ignore[attr-defined]
        shown, found = dict(zip(line.x, line.y, strict=True)), one["sensitivity"]
        assert shown.pop(1.0) == one["gain"]["value"]
        assert {power: shown.pop(power) for power, _ in found["gains"]} == dict(found["gains"])
        inside = found["factor"] is not None and 0.25 <= found["factor"] <= 4.0
        assert shown == ({found["factor"]: 0.0} if inside else {})
        ends = dict(zip(line.x, zip(line.low, line.high, strict=True), strict=True))
        assert ends[1.0] == (one["gain"]["ci"]["low"], one["gain"]["ci"]["high"])


def test_where_the_sign_changes_is_drawn_and_explained(document: dict[str, Any]) -> None:
    one = {**estimates(document)[0], "segment": None}
    known = {"of": "position_bias", "parameter": "eta", "factor": 0.53, "gains": [[0.5, -0.01], [2.0, None]]}
    changed = {**document, "results": [{**one, "sensitivity": known}]}
    chart = next(chart for chart in charts_of(changed) if chart.key == "bias")
    assert chart.series[0].x == [0.5, 0.53, 1.0]  # type: ignore[attr-defined]
    assert chart.series[0].y == [-0.01, 0.0, one["gain"]["value"]]  # type: ignore[attr-defined]
    told = next(table for table in tables_of(changed) if table.title == "Where the gain changes its sign")
    assert told.rows[0][-1] == "0.53"
    assert "an eta that many times as large), the gain would be 0." in told.note
    assert "Gamma" not in told.note
    none = {**changed, "results": [{**one, "sensitivity": {**known, "factor": None}}]}
    told = next(table for table in tables_of(none) if table.title == "Where the gain changes its sign")
    assert told.rows[0][-1] == "none up to 16"


def test_other_users_stand_beside_the_estimate(document: dict[str, Any]) -> None:
    chart = next(chart for chart in charts_of(document) if chart.key == "users")
    shown = {row.label: row.value for row in chart.rows}  # type: ignore[attr-defined]
    wanted = {f"{one['target']}, click_ips": one["gain"]["value"] for one in estimates(document)}
    for model in document["user_models"]:
        wanted |= {f"{name}, {model['click_model']}": gain for name, gain in model["gains"].items()}
    assert shown == wanted


def test_overlap_is_of_every_candidate_and_segment(document: dict[str, Any]) -> None:
    chart = next(chart for chart in charts_of(document) if chart.key == "overlap")
    shown = {row.label: row.value for row in chart.rows}  # type: ignore[attr-defined]
    assert shown == {
        f"{one['target']}, {one['segment'] or 'all'}": one["diagnostics"]["overlap"]
        for one in document["results"]
        if one["name"] == "click_ips"
    }


def test_units_are_the_same_for_one_and_for_two_candidates(document: dict[str, Any]) -> None:
    """Both tell the relative gain, of two by the interval that is corrected for the choice."""
    alone = {**document, "results": [one for one in document["results"] if one["target"] == "new"]}
    both, one = conclusion(document), conclusion({**alone, "best": []})
    assert both is not None
    assert one is not None
    assert both.count(" %") == one.count(" %") == 3
    assert "a session" not in both + one


def test_an_unknown_relative_gain_of_the_best_is_told_in_its_unit(document: dict[str, Any]) -> None:
    best = [
        {**each, "gain": {**each["gain"], "relative_ci": interval(None, None)}} for each in document["best"]
    ]
    said = conclusion({**document, "best": best})
    assert said is not None
    assert "a session than" in said


def test_another_reward_is_not_called_clicks(document: dict[str, Any]) -> None:
    said = conclusion({**document, "inputs": {**document["inputs"], "reward": "click + purchase"}})
    assert said is not None
    assert "reward" in said
    assert "clicks" not in said
