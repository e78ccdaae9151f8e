"""``uplift`` from end to end: what it estimates, from which candidates, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankeval import DataError, Log, UsageError, ope, propensity, uplift
from tests.log_files import nested
from tests.shuffled_logs import shuffled_log

BIAS = [1.0, 0.5, 1 / 3, 0.25]
K = len(BIAS)


def log_with_features(seed: int = 1, n: int = 600, users: str = "pbm") -> dict[str, Any]:
    """A shuffled log with two features of items."""
    log = shuffled_log(seed, n, users)
    rng = np.random.default_rng(seed)
    return {**log, "f1": log["score"] + rng.normal(0.0, 0.2, n * K), "f2": rng.random(n * K)}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LightGBM model of both features."""
    log = log_with_features(7)
    x = np.stack([log["f1"], log["f2"]], axis=1)
    options = {"objective": "regression", "verbosity": -1, "num_threads": 1, "num_leaves": 5, "seed": 1}
    found = lightgbm.train(options, lightgbm.Dataset(x, log["click"], feature_name=["f1", "f2"]), 8)
    path = tmp_path_factory.mktemp("models") / "model.txt"
    found.save_model(path)
    return path


def results(found: Any) -> list[dict[str, Any]]:
    kept: list[dict[str, Any]] = json.loads(found.render("json"))["results"]
    return kept


def test_a_gain_by_hand():
    # Session 1 shows a, b with a click on b; session 2 c, d with a click on c. Candidate new swaps a, b.
    # Clicks: (1 * 1 / (1/2) + 1) / 2 = 1.5 against (1 + 1) / 2 = 1. The logged order gains nothing.
    log = {
        "session_id": [1, 1, 2, 2],
        "item_id": ["a", "b", "c", "d"],
        "position": [1, 2, 1, 2],
        "click": [0, 1, 1, 0],
        "new": [0.0, 1.0, 2.0, 1.0],
        "old": [2.0, 1.0, 2.0, 1.0],
    }
    found = uplift(
        log, ["new=column:new", "old=column:old"], position_bias=[1.0, 0.5], estimators="click_ips"
    )
    new, old = results(found)
    assert (new["target"], new["name"], new["estimand"]) == ("new", "click_ips", "rerank")
    assert new["value"] == pytest.approx((1 * 1 / (1 / 2) + 1) / 2)
    assert new["gain"]["value"] == pytest.approx(0.5)
    assert new["gain"]["relative"] == pytest.approx(0.5)
    assert (old["target"], old["gain"]["value"]) == ("old", 0.0)
    assert found.command == "uplift"
    assert found.inputs["candidates"] == {"new": "column:new", "old": "column:old"}


def test_a_model_gives_what_ope_gives_of_its_scores(model: Path):
    log = log_with_features()
    booster = lightgbm.Booster(model_file=str(model))
    x = np.stack([log["f1"], log["f2"]], axis=1)
    scored = {**log, "scored": booster.predict(x, num_threads=1)}
    found = uplift(log, {"new": f"lightgbm:{model}", "same": "column:ranker_score"}, position_bias=BIAS)
    names = ["click_ips", "click_dcg@10", "click_precision@5", "click_arp"]
    wanted = ope(
        scored,
        names,
        target={"new": "scored", "same": "ranker_score"},
        position_bias=BIAS,
        where="not shuffled",
    )
    assert [row["name"] for row in results(found)] == names * 2
    for row, other in zip(results(found), wanted.to_dict()["results"], strict=True):
        for key in ("value", "std_error", "ci", "gain", "logged", "diagnostics", "target"):
            assert row[key] == other[key], key


class Counting:
    """A ranker that counts the rows that it scores."""

    columns = ("f1",)

    def __init__(self) -> None:
        self.rows = 0

    def score(self, rows: pa.RecordBatch) -> Any:
        self.rows += rows.num_rows
        return rows.column(0).to_numpy()


def test_candidates_are_scored_once_whatever_the_number_of_passes():
    log = {**log_with_features(n=200), "ranker": np.repeat(np.arange(200) % 2, K)}
    del log["shuffled"]
    ranker = Counting()
    found = uplift(log, {"new": ranker}, refits=3, estimators="click_ips", threads=1)
    assert ranker.rows == 200 * K
    assert found.learned_curve is not None
    assert found.learned_curve["method"] == "allpairs"
    (row,) = results(found)
    assert row["ci"]["method"] == "refit"


def test_shuffled_sessions_give_the_curve_and_are_left_out():
    log = log_with_features(n=3000)
    found = uplift(log, ["new=column:f1"])
    curve = propensity(log, "shuffle")
    wanted = ope(log, ["click_ips"], target={"new": "f1"}, position_bias=curve, where="not shuffled")
    assert found.estimates[0].value.value == wanted.estimates[0].value.value
    assert found.estimates[0].gain.std_error == wanted.estimates[0].gain.std_error
    assert found.to_dict()["position_bias"]["examination"] == curve.to_dict()["examination"]
    assert found.to_dict()["position_bias"]["method"] == "shuffle"
    codes = [note.code for note in found.notes]
    (learned,) = [note.text for note in found.notes if "in random order" in note.text]
    assert "are left out of the estimates" in learned
    assert "curve_learned" in codes
    assert "shuffled_in_logged" not in codes


def test_the_callers_curve_is_tested_by_the_shuffled_sessions():
    log = log_with_features(n=6000)
    right, wrong = (
        uplift(log, ["new=column:f1"], position_bias=bias) for bias in (BIAS, [1.0, 1.0, 1.0, 1.0])
    )
    assert "user_model_refuted" not in {note.code for note in right.notes}
    assert "user_model_refuted" in {note.code for note in wrong.notes}
    assert wrong.verdict.level == "do not trust"


def test_layout_order_and_threads_change_nothing(model: Path):
    log = pa.table(log_with_features(n=300))
    shuffled = log.take(np.random.default_rng(0).permutation(len(log)))
    candidates = {"new": f"lightgbm:{model}", "old": "column:ranker_score"}
    first = uplift(log, candidates, position_bias=BIAS, threads=1)
    for other in (log, shuffled, nested(log, "session_id", ["query_id", "shuffled"])):
        found = uplift(other, candidates, position_bias=BIAS, threads=2)
        assert results(found)[0]["value"] == pytest.approx(results(first)[0]["value"], rel=1e-12)
        assert results(found)[0]["std_error"] == pytest.approx(results(first)[0]["std_error"], rel=1e-6)
    again = uplift(log, candidates, position_bias=BIAS, threads=2)
    assert results(again) == results(first)


def test_segments_clusters_rewards_and_filters_reach_the_estimates(model: Path):
    log = log_with_features(n=400)
    log |= {
        "country": np.repeat(np.where(np.arange(400) % 2, "de", "fr"), K),
        "user": np.repeat(np.arange(400) // 2, K),
    }
    options: dict[str, Any] = {
        "by": "country",
        "cluster": "user",
        "reward": "2*click",
        "where": "f2 > 0 or f2 <= 0",
    }
    found = uplift(log, {"new": f"lightgbm:{model}"}, position_bias=BIAS, estimators="click_ips", **options)
    assert [row["segment"] for row in results(found)] == [None, "de", "fr"]
    assert found.inputs["where"] == options["where"]
    plain = uplift(
        log, {"new": f"lightgbm:{model}"}, position_bias=BIAS, estimators="click_ips", cluster="user"
    )
    assert results(found)[0]["value"] == pytest.approx(2.0 * results(plain)[0]["value"])
    assert results(found)[0]["std_error"] == pytest.approx(2.0 * results(plain)[0]["std_error"])
    wanted = ope(
        log, ["click_ips"], target={"new": "f1"}, position_bias=BIAS, cluster="user", where="not shuffled"
    )
    same = uplift(log, ["new=column:f1"], position_bias=BIAS, estimators="click_ips", cluster="user")
    assert results(same)[0]["std_error"] == wanted.estimates[0].value.std_error


def test_items_that_were_not_shown_are_counted_and_bounded():
    log = {
        "session_id": [1, 1, 1, 2, 2],
        "item_id": ["a", "b", "c", "d", "e"],
        "position": [1, 2, None, 1, 2],
        "click": [0, 1, None, 1, 0],
        "new": [0.0, 1.0, 2.0, 2.0, 1.0],
    }
    table = pa.table({**log, "position": pa.array(log["position"], pa.int64())})
    full = uplift(table, ["new=column:new"], position_bias=[1.0, 0.5], estimators="click_ips")
    (row,) = results(full)
    # c takes rank 1, b stays at 2, a falls out: clicks of b 1 + of d 1, over 2; c may bring 1 more.
    assert row["estimand"] == "full"
    assert row["value"] == pytest.approx(1.0)
    assert (row["bounds"]["low"], row["bounds"]["high"]) == (pytest.approx(1.0), pytest.approx(1.5))
    (note,) = [note for note in full.notes if note.code == "unshown_items"]
    assert note.numbers["items"] == 1.0
    assert "with unshown" in full.render("table", 100)
    rerank = uplift(
        table, ["new=column:new"], position_bias=[1.0, 0.5], estimators="click_ips", estimand="rerank"
    )
    assert results(rerank)[0]["value"] == pytest.approx((1 / 0.5 + 1) / 2)
    assert "unshown_items" in {note.code for note in rerank.notes}


def test_a_random_ranker_is_estimated_by_its_propensities():
    rng = np.random.default_rng(3)
    n = 4000
    first = rng.random(n) < 0.7
    order = np.where(first[:, None], [0, 1], [1, 0])
    clicks = rng.random((n, 2)) < np.array([[0.2, 0.8]])[0][order]
    log = {
        "session_id": np.repeat(np.arange(n), 2),
        "item_id": order.ravel(),
        "position": np.tile([1, 2], n),
        "click": clicks.ravel().astype(int),
        "propensity": np.where(first, 0.7, 0.3).repeat(2),
        "score": order.ravel() * 1.0,
    }
    found = uplift(log, ["new=column:score"])
    (row,) = results(found)
    assert row["name"] == "iips"
    # The candidate shows item 1 first: sessions with the other order have weight 0.
    weights = np.where(first, 0.0, 1.0 / 0.3)
    assert row["value"] == pytest.approx(np.mean(weights * clicks.sum(axis=1)))
    wanted = ope({**log, "p_new": np.where(first, 0.0, 1.0).repeat(2)}, ["iips"], target={"new": "p_new"})
    assert row["std_error"] == wanted.estimates[0].value.std_error
    both = uplift(log, ["new=column:score"], estimators=["iips", "click_ips"], position_bias=[1.0, 1.0])
    assert [each["name"] for each in results(both)] == ["iips", "click_ips"]
    assert results(both)[0]["value"] == row["value"]


def test_a_curve_of_trust_bias_takes_click_affine():
    log = log_with_features(n=300)
    curve = {"alpha": [0.9, 0.4, 0.3, 0.2], "beta": [0.05, 0.03, 0.02, 0.01]}
    found = uplift(log, ["new=column:f1"], position_bias=curve)
    assert [row["name"] for row in results(found)] == ["click_affine"]


def test_the_caller_may_overrule_the_estimators():
    found = uplift(
        log_with_features(n=300), ["new=column:f1"], position_bias=BIAS, estimators="click_snips,replay_ips"
    )
    assert [row["name"] for row in results(found)] == ["click_snips", "replay_ips"]
    assert "estimators_chosen" not in {note.code for note in found.notes}
    assert found.render("table", 80)


def test_a_relevance_model_adds_click_dr():
    log = log_with_features(n=300)
    found = uplift(log, ["new=column:f1"], position_bias=BIAS, reward_model="logistic", features="f2")
    assert [row["name"] for row in results(found)][:2] == ["click_ips", "click_dr"]


BASE = {
    "session_id": [1, 1, 2, 2],
    "item_id": ["a", "b", "c", "d"],
    "position": [1, 2, 1, 2],
    "click": [0, 1, 1, 0],
    "new": [0.0, 1.0, 2.0, 1.0],
}


@pytest.mark.parametrize(
    ("change", "options", "error", "parts"),
    [
        ({}, {"candidate": ["new=column:old"]}, DataError, ["lacks 1 of the 1 columns that new reads, old"]),
        ({}, {"position_bias": [1.0]}, DataError, ["shows 2 positions, wanted at most 1"]),
        (
            {"session_id": [1, 2, 3, 4], "position": [1] * 4},
            {},
            DataError,
            ["each of the 4 sessions", "at most one"],
        ),
        ({"click": [0, 0, 0, 0]}, {}, DataError, ["column 'click' is 0 for all 4 items", "some clicks"]),
        (
            {},
            {"position_bias": None},
            DataError,
            ["no position bias is given", "'shuffled'", "--position-bias"],
        ),
        ({"shuffled": [False] * 4}, {"position_bias": None}, DataError, ["no session with 'shuffled' true"]),
        ({"ranker": [1] * 4}, {"position_bias": None}, DataError, ["one ranker in 'ranker'"]),
        ({}, {"candidate": []}, UsageError, ["candidate: found none"]),
        ({}, {"candidate": ["column:new"]}, UsageError, ["wanted NAME=SPEC"]),
        ({}, {"candidate": ["a=column:new", "a=column:new"]}, UsageError, ["'a' is taken"]),
        ({}, {"candidate": ["logged=column:new"]}, UsageError, ["'logged' is taken"]),
        ({}, {"candidate": ["a b=column:new"]}, UsageError, ["'a b'", "letters"]),
        ({}, {"candidate": ["new=nothing.txt"]}, UsageError, ["no such ranker or file"]),
        ({}, {"estimand": "some"}, UsageError, ["estimand: found 'some'"]),
        ({}, {"threads": 0}, UsageError, ["threads: found 0"]),
        ({"new": [0.0, None, 2.0, 1.0]}, {}, DataError, ["row 2", "'new' is null"]),
    ],
)
def test_bad_input_gives_one_line(change, options, error, parts):
    options = {"position_bias": [1.0, 0.5], **options}
    candidate = options.pop("candidate", ["new=column:new"])
    with pytest.raises(error) as found:
        uplift({**BASE, **change}, candidate, **options)
    assert "\n" not in str(found.value)
    for part in parts:
        assert part in str(found.value)


class Broken:
    columns = ("new",)

    def score(self, rows: pa.RecordBatch) -> Any:
        return np.where(rows.column(0).to_numpy() > 1.5, np.nan, 0.0)


def test_errors_name_the_row_of_the_callers_file(tmp_path: Path):
    path = tmp_path / "log.parquet"
    pq.write_table(pa.table({**BASE, "click": pa.array([0, 1, None, 0])}), path)
    with pytest.raises(
        DataError, match=r"log.parquet, row 3.*score nan|gives the score nan.*log.parquet, row 3"
    ):
        uplift(path, {"new": Broken()}, position_bias=[1.0, 0.5])

    class Fine(Counting):
        columns = ("new",)

    with pytest.raises(DataError, match=r"log.parquet, row 3.*'click' is null"):
        uplift(path, {"new": Fine()}, position_bias=[1.0, 0.5], where="session_id >= 0")


def test_a_log_object_and_some_single_lists():
    log = Log({**BASE, "session_id": [1, 1, 2, 3], "position": [1, 2, 1, 1]})
    found = uplift(log, ["new=column:new"], position_bias=[1.0, 0.5])
    (note,) = [note for note in found.notes if note.code == "single_items"]
    assert note.numbers["sessions"] == 2.0


def test_a_placebo_gains_nothing_and_tables_fit_80_columns():
    log = log_with_features(n=3000)
    found = uplift(log, ["same=column:ranker_score", "new=column:f1"])
    same = [row for row in results(found) if row["target"] == "same"]
    assert all(row["gain"]["value"] == pytest.approx(0.0, abs=1e-12) for row in same)
    assert all(
        len(line) <= 80 for line in found.render("table", 80).splitlines() if not line.startswith("warning")
    )
    assert found.verdict.level in ("trust", "caution")
    assert found.render("markdown")
    assert len(found.to_pandas()) == len(found.estimates)
