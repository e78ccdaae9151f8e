"""What a result of ``uplift`` says beside the estimates."""

from __future__ import annotations

import numpy as np
import pytest

from rankeval import ope, uplift
from tests.shuffled_logs import shuffled_log

BIAS = [1.0, 0.5, 1 / 3, 0.25]


def reversed_log(positions: int, n: int = 400) -> dict[str, object]:
    """A log whose candidate ``opposite`` ranks upside down, and ``same`` as logged."""
    rng = np.random.default_rng(0)
    place = np.tile(np.arange(1, positions + 1), n)
    return {
        "session_id": np.repeat(np.arange(n), positions),
        "item_id": np.arange(n * positions),
        "position": place,
        "click": (rng.random(n * positions) < 0.3).astype(int),
        "opposite": place * 1.0,
        "same": -place * 1.0,
    }


def test_a_candidate_that_keeps_little_of_the_top_is_not_trusted():
    found = uplift(
        reversed_log(10), ["opposite=column:opposite", "same=column:same"], position_bias=1 / np.arange(1, 11)
    )
    levels = {row.target: row.verdict.level for row in found.estimates if row.label == "click_ips"}
    assert levels["opposite"] == "do not trust"
    (reason,) = [each for each in found.verdict.reasons if each.code == "low_overlap"]
    assert reason.value == 0.0
    assert reason.text.startswith("opposite: ")
    kept = [row for row in found.estimates if row.target == "same"]
    assert not any(note.code == "low_overlap" for row in kept for note in row.reasons)


def test_overlap_between_both_limits_is_a_caution():
    # Of the top 4 of 8 positions the candidate keeps one: 25 %.
    log = reversed_log(8)
    score = np.tile([8.0, 1.0, 2.0, 3.0, 7.0, 6.0, 5.0, 4.0], 400)
    found = uplift({**log, "new": score}, ["new=column:new"], position_bias=1 / np.arange(1, 9))
    (reason,) = [each for each in found.verdict.reasons if each.code == "low_overlap"]
    assert (reason.level, reason.value) == ("caution", pytest.approx(0.25))


def test_gains_under_other_curves_are_those_of_ope_with_these_curves():
    log = shuffled_log(2, 2000)
    found = uplift(
        log, ["new=column:score"], position_bias=BIAS, estimators="click_ips,click_dcg@2,click_cips"
    )
    for row in found.to_dict()["results"]:
        for power, gain in row["sensitivity"]["gains"]:
            curve = [theta**power for theta in BIAS]
            name = row["name"] if row["name"] != "click_dcg" else "click_dcg@2"
            other = ope(log, [name], target={"new": "score"}, position_bias=curve, where="not shuffled")
            assert gain == pytest.approx(other.estimates[0].gain.value, rel=1e-9)
        assert [power for power, _ in row["sensitivity"]["gains"]] == [0.5, 2.0]


def test_metrics_by_clicks_do_not_lower_the_verdict_of_clicks():
    log = shuffled_log(2, 20000)
    found = uplift(log, ["new=column:score"])
    assert found.verdict.level == "trust"
    assert not any(note.code == "estimator_caution" for note in found.notes)
    alone = uplift(log, ["new=column:score"], estimators="click_dcg@10")
    assert alone.verdict.level == "caution"


def test_differences_have_their_family_and_the_best_its_correction():
    log = shuffled_log(2, 3000)
    found = uplift(log, ["new=column:score", "old=column:ranker_score"], estimators="click_ips")
    content = found.to_dict()
    assert [(row["a"], row["b"]) for row in content["comparisons"]] == [
        ("new", "logged"),
        ("old", "logged"),
        ("new", "old"),
    ]
    assert all(row["tests"] == 3 for row in content["comparisons"])
    assert content["best"]
    text = found.render("table", 80)
    assert "Holm and BH over 3 tests" in text
    assert "Best of 2 targets" in text
