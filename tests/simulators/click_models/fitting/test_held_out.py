"""Differences between models on held-out sessions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from rankeval import fit
from tests.simulators.click_models.fitting.test_fit import table_of

TABLE = table_of("dbn", 1500).append_column(
    "user", [[row // 8 for row in table_of("dbn", 1500)["session_id"].to_pylist()]]
)


def test_the_difference_is_a_paired_t_test_of_sessions() -> None:
    """Against the log-likelihoods of the same models on each held-out session alone."""
    held = "session_id >= 1300"
    whole = fit(TABLE, ["pbm", "dbn"], test_where=held, smoothing=0.1).to_dict()
    alone = []
    for session in range(1300, 1340):
        few = TABLE.filter([row < 1300 or row == session for row in TABLE["session_id"].to_pylist()])
        rows = fit(few, ["pbm", "dbn"], test_where=held, smoothing=0.1).to_dict()["results"]
        alone.append(rows[0]["test_log_likelihood"] - rows[1]["test_log_likelihood"])
    few = TABLE.filter([row < 1340 for row in TABLE["session_id"].to_pylist()])
    found = fit(few, ["pbm", "dbn"], test_where=held, smoothing=0.1).to_dict()["comparisons"][0]
    assert (found["a"], found["b"], found["metric"]) == ("pbm", "dbn", "test_log_likelihood")
    assert found["difference"] == pytest.approx(np.mean(alone), rel=1e-9)
    assert found["std_error"] == pytest.approx(stats.sem(alone), rel=1e-9)
    assert found["p_value"] == pytest.approx(stats.ttest_1samp(alone, 0.0).pvalue, rel=1e-6)
    rows = whole["results"]
    for comparison in whole["comparisons"]:
        if comparison["b"] == "dbn" and comparison["metric"] != "test_log_likelihood":
            wanted = rows[0][comparison["metric"]] - rows[1][comparison["metric"]]
            assert comparison["difference"] == pytest.approx(wanted, rel=1e-9)


def test_pairs_come_in_order_and_every_model_is_compared_with_the_click_rates() -> None:
    found = fit(TABLE, ["pbm", "dbn"], test=0.2, smoothing=0.1).to_dict()["comparisons"]
    pairs = [("pbm", "dbn"), ("pbm", "rank_ctr"), ("dbn", "rank_ctr")]
    assert [(row["a"], row["b"]) for row in found] == 3 * pairs
    assert all(row["p_adjusted"] >= row["p_value"] for row in found)
    assert fit(TABLE, ["pbm", "dbn"]).to_dict()["comparisons"] == []


def test_an_impossible_session_has_no_difference_but_a_reason() -> None:
    rows = fit(TABLE, ["pbm", "cascade"], test=0.2, smoothing=0.1).to_dict()["comparisons"]
    found = next(row for row in rows if row["metric"] == "test_log_likelihood")
    assert (found["difference"], found["std_error"], found["p_value"]) == (None, None, None)
    assert found["ci"]["reason"] == "held-out sessions have no chance under cascade"


def test_clusters_are_held_out_whole_and_widen_errors() -> None:
    """Eight copies of each session tell what one of them does."""
    once = TABLE.filter([row < 400 for row in TABLE["session_id"].to_pylist()]).drop_columns(["user"])
    sessions = np.array(once["session_id"].to_pylist())
    copies = {name: np.tile(np.array(once[name].to_pylist()), 8) for name in once.column_names}
    copies["user"] = np.tile(sessions, 8)
    copies["session_id"] = np.concatenate([sessions + 1000 * copy for copy in range(8)])
    one = fit(once.append_column("user", [sessions]), ["pbm", "dbn"], test=0.3, cluster="user", smoothing=0.1)
    many = fit(copies, ["pbm", "dbn"], test=0.3, cluster="user", smoothing=0.8)
    assert many.test_sessions == 8 * one.test_sessions
    pairs = zip(one.comparisons, many.comparisons, strict=True)
    for a, b in pairs:
        assert b.estimate.value == pytest.approx(a.estimate.value, rel=1e-3, abs=1e-6)
        assert b.estimate.std_error == pytest.approx(a.estimate.std_error, rel=1e-3)


def test_clusters_widen_the_errors_of_alpha_and_beta() -> None:
    """Copies of sessions in one cluster; alone, sessions have about the errors of the model."""
    once = table_of("pbm_trust", 4000)
    sessions = np.array(once["session_id"].to_pylist())
    plain = {name: np.array(once[name].to_pylist()) for name in once.column_names}
    copies = {name: np.tile(values, 4) for name, values in plain.items()}
    copies["user"] = copies["session_id"]
    copies["session_id"] = np.concatenate([sessions + 10_000 * copy for copy in range(4)])

    def errors(log: object, **options: object) -> np.ndarray:
        row = fit(log, "pbm_trust", **options).to_dict()["results"][0]["identified"]  # type: ignore[arg-type]
        return np.sqrt(np.diag(np.array(row["alpha_beta_covariance"])))[1:4]

    model = errors(plain)
    alone = errors({**plain, "user": sessions}, cluster="user")
    together = errors(copies, cluster="user")
    np.testing.assert_allclose(alone, model, rtol=0.2)
    np.testing.assert_allclose(together, alone, rtol=0.02)
    np.testing.assert_allclose(errors(copies), model / 2.0, rtol=0.02)
