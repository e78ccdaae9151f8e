"""Gains under click models that are fitted to the log, against sums over lists written out here."""

from __future__ import annotations

import numpy as np
import pytest

from rankeval import Log, UsageError, fit, uplift
from rankeval.candidates.alternatives import alternatives
from tests.shuffled_logs import shuffled_log

K = 4


def used(log: Log) -> Log:
    return log.adapted(log.columns, "not shuffled")


def test_gains_are_those_of_the_fitted_model(tmp_path):
    data = shuffled_log(1, 3000)
    path = tmp_path / "items.parquet"
    fitted = fit(data, ["pbm"], test=0.2, smoothing=0.1, parameters=path)
    theta = fitted.fits[0].parameters["examination"]
    import pyarrow.parquet as pq

    items = pq.read_table(path).to_pylist()
    known = [row["attractiveness"] for row in items if row["attractiveness"] is not None]
    attractive = {(row["query_id"], row["item_id"]): row["attractiveness"] for row in items}
    logged, new, sessions = 0.0, 0.0, 0
    for s in range(3000):
        rows = range(s * K, s * K + K)
        if data["shuffled"][rows[0]]:
            continue
        a = [attractive[data["query_id"][i], data["item_id"][i]] or np.mean(known) for i in rows]
        order = sorted(range(K), key=lambda k: (-data["score"][rows[k]], -data["item_id"][rows[k]]))
        logged += sum(t * x for t, x in zip(theta, a, strict=True))
        new += sum(theta[rank] * a[k] for rank, k in enumerate(order))
        sessions += 1
    log = Log(data)
    found, notes = alternatives(log, used(log), {"new": "score"}, ["pbm_trust"], "rerank", 0, 2)
    assert notes == []
    pbm, trust = found
    assert pbm.users == "pbm"
    assert pbm.logged == pytest.approx(logged / sessions)
    assert pbm.gains["new"] == pytest.approx((new - logged) / sessions)
    assert pbm.log_likelihood is None
    (row,) = [
        c
        for c in fit(data, ["pbm", "pbm_trust"], test=0.2, smoothing=0.1).comparisons
        if (c.a, c.b, c.metric) == ("pbm", "pbm_trust", "test_log_likelihood")
    ]
    assert trust.log_likelihood == pytest.approx(-row.estimate.value)
    assert trust.std_error == pytest.approx(row.estimate.std_error)


def test_cascading_users_are_found_out_and_gain_nothing():
    found = uplift(shuffled_log(1, 6000, "cascade"), ["new=column:score"])
    content = found.to_dict()["user_models"]
    by_name = {row["click_model"]: row for row in content}
    assert list(by_name) == ["pbm", "pbm_trust", "dbn"]
    assert by_name["dbn"]["log_likelihood_over_pbm"] > 5.0 * by_name["dbn"]["log_likelihood_std_error"]
    assert abs(by_name["dbn"]["gains"]["new"]) < 0.005
    assert found.inputs["user_models"] == ["pbm", "pbm_trust", "dbn"]
    assert "Gain by click models" in found.render("table", 80)
    (doubt,) = [each for each in found.verdict.reasons if each.code == "other_users" and "dbn" in each.text]
    assert (doubt.level, doubt.value > 5.0) == ("caution", True)


def test_position_based_users_need_no_other_model():
    log = shuffled_log(1, 3000)
    found = uplift(log, ["new=column:score"])
    assert [each.users for each in found.users] == ["pbm", "pbm_trust", "dbn"]
    assert "other_users" not in {note.code for note in found.notes}
    unshuffled = {name: values for name, values in log.items() if name != "shuffled"}
    assert uplift(unshuffled, ["new=column:score"], position_bias=[1.0, 0.5, 0.33, 0.25]).users == ()
    assert uplift(shuffled_log(1, 6000, "cascade"), ["new=column:score"], user_models="none").users == ()
    asked = uplift(log, ["new=column:score"], user_models=["cascade"])
    assert [each.users for each in asked.users] == ["pbm", "cascade"]
    with pytest.raises(UsageError, match="user_models: found 'nobody'"):
        uplift(log, ["new=column:score"], user_models="nobody")


def test_a_log_that_click_models_cannot_read_is_told():
    data = shuffled_log(1, 300)
    data["position"] = data["position"] * 2
    found = uplift(data, ["new=column:score"], position_bias=[1.0] * 8, user_models="dbn")
    assert found.users == ()
    assert "users_not_fitted" in {note.code for note in found.notes}


def test_unshown_items_take_part_under_full():
    # One query of three items, of which c is never shown: it has the mean attractiveness of the others.
    n = 400
    rng = np.random.default_rng(0)
    clicks = (rng.random((n, 2)) < [0.8, 0.2]).astype(float)
    data = {
        "session_id": np.repeat(np.arange(n), 3),
        "item_id": np.tile([1, 2, 3], n),
        "position": np.tile([1.0, 2.0, np.nan], n),
        "click": np.concatenate([clicks, np.full((n, 1), np.nan)], axis=1).ravel(),
        "new": np.tile([0.0, 1.0, 2.0], n),
    }
    import pyarrow as pa

    table = pa.table({name: pa.array(values, from_pandas=True) for name, values in data.items()})
    log = Log(table)
    full, why = alternatives(log, log, {"new": "new"}, ["cascade"], "full", 0, 1)
    assert why == []
    rerank, _ = alternatives(log, log, {"new": "new"}, ["cascade"], "rerank", 0, 1)
    a, b = full[1].logged, rerank[1].logged
    assert a == pytest.approx(b)
    assert rerank[1].gains["new"] == pytest.approx(0.0)  # a cascade of both items, in any order
    assert full[1].gains["new"] < 0.0  # item 1, the best, falls out for the mean one


def test_large_logs_are_fitted_only_if_asked(monkeypatch):
    import importlib

    module = importlib.import_module("rankeval.candidates.uplift")
    log = shuffled_log(1, 400)
    assert uplift(log, ["new=column:score"]).users
    monkeypatch.setattr(module, "MOST_FITTED", 399)
    assert uplift(log, ["new=column:score"]).users == ()
    assert uplift(log, ["new=column:score"], user_models="pbm").users
