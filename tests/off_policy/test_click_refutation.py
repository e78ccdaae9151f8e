"""What ope says where users do not click as it assumes, and of shuffled sessions among those used."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rankeval import ope, propensity
from tests.shuffled_logs import shuffled_log


def reasons(result, code):
    return [reason for reason in result.to_dict()["verdict"]["reasons"] if reason["code"] == code]


def run(log, bias, **options):
    return ope(log, ["click_ips"], position_bias=bias, threads=1, **options)


@pytest.mark.parametrize(
    ("users", "codes"), [("pbm", []), ("cascade", ["user_model_refuted", "clicks_stop"])]
)
def test_shuffles_refute_a_wrong_user_model_in_the_log_and_from_the_file(users, codes):
    log = shuffled_log(1, 6000, users)
    curve = json.loads(propensity(log, "shuffle", threads=1).render("json"))
    found = [run(log, curve), run(log, curve, where="not shuffled")]
    for result in found:
        doubts = {r["code"] for r in result.to_dict()["verdict"]["reasons"]}
        assert doubts & {"user_model_refuted", "clicks_stop", "position_bias_not_checked"} == set(codes)
        of_row = result.to_dict()["results"][0]["verdict"]["reasons"]
        assert set(codes) <= {reason["code"] for reason in of_row}
    first, second = (r.to_dict()["refutation"]["shuffled_sessions"]["examination"] for r in found)
    assert first["z"] == pytest.approx(second["z"], rel=1e-3)


def test_without_shuffles_the_bias_counts_as_not_checked():
    log = shuffled_log(2, 400)
    result = run(log, [1.0, 0.5, 0.33, 0.25], where="not shuffled")
    assert reasons(result, "position_bias_not_checked")[0]["level"] == "caution"
    assert result.to_dict()["refutation"]["shuffled_sessions"] == {}


def test_the_ranker_against_itself_gains_what_the_reason_says():
    log = shuffled_log(3, 6000, share=0.3)
    bias = [1.0, 0.5, 1 / 3, 0.25]
    mixed = run(log, bias, target={"same": "ranker_score"})
    (reason,) = reasons(mixed, "shuffled_in_logged")
    assert reason["level"] == "do not trust"
    clicks, shuffled = log["click"].reshape(-1, 4).sum(1), log["shuffled"][::4]
    wanted = clicks[~shuffled].mean() - clicks.mean()
    (note,) = [note for note in mixed.notes if note.code == "shuffled_in_logged"]
    assert note.numbers["gain"] == pytest.approx(wanted)
    assert note.numbers["share"] == pytest.approx(shuffled.mean())
    apart = run(log, bias, target={"same": "ranker_score"}, where="not shuffled")
    assert not reasons(apart, "shuffled_in_logged")
    assert apart.to_dict()["results"][0]["gain"]["value"] == pytest.approx(0.0, abs=1e-12)


def test_clicks_below_a_click_by_hand():
    # Two sessions with one list: (1, 1, 0) and (0, 1, 1). Together: 1 * 1 + 0 * 2; apart: 1 * 2 + 0 * 1.
    log = {
        "session_id": np.repeat([0, 1], 3),
        "item_id": [5, 6, 7] * 2,
        "position": [1, 2, 3] * 2,
        "click": [1, 1, 0, 0, 1, 1],
        "score": [3, 2, 1] * 2,
    }
    found = run(log, [1.0, 0.5, 0.25]).to_dict()["refutation"]["clicks_below_a_click"]
    assert found["ratio"] == pytest.approx(0.5)


def test_tests_have_the_same_bits_for_any_number_of_threads():
    log = shuffled_log(4, 3000)
    bias = [1.0, 0.5, 1 / 3, 0.25]
    one, two = (ope(log, ["click_ips"], position_bias=bias, threads=n).to_dict() for n in (1, 2))
    assert one["refutation"] == two["refutation"]


def test_sessions_that_teach_the_curve_are_kept_out_of_the_estimate():
    """The estimate is that of the ranker's sessions with the curve of the others, and nothing is mixed."""
    log = shuffled_log(5, 4000, share=0.3)
    learned = run(log, "learn:shuffle", target={"same": "ranker_score"}, ci="refit", refits=20)
    assert not reasons(learned, "shuffled_in_logged")
    curve = propensity(log, "shuffle", threads=1).to_dict()
    apart = run(log, curve, target={"same": "ranker_score"}, where="not shuffled")
    (one,), (other,) = learned.estimates, apart.estimates
    assert one.value.n == other.value.n == int((~log["shuffled"][::4]).sum())
    assert one.value.value == pytest.approx(other.value.value, rel=1e-12)
    assert one.gain.value == pytest.approx(0.0, abs=1e-12)
    assert one.value.std_error is not None
    tests = [each.to_dict()["refutation"]["shuffled_sessions"]["examination"] for each in (learned, apart)]
    assert tests[0]["z"] == pytest.approx(tests[1]["z"], rel=1e-3)
    assert "shuffled_left_out" in {note.code for note in learned.notes}


def test_a_log_of_shuffled_sessions_alone_keeps_them():
    log = shuffled_log(6, 1000, share=1.0)
    assert run(log, "learn:shuffle").estimates[0].value.n == 1000
