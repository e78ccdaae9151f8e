from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankeval import Log, fit
from rankeval.errors import DataError, UsageError
from rankeval.position_bias.cells import Cells
from rankeval.position_bias.position_based import fit as position_based
from rankeval.simulators.click_models.catalogue import parse_click_model
from rankeval.simulators.click_models.fitting.cells import count_cells
from rankeval.simulators.click_models.fitting.likelihood import scored
from rankeval.simulators.click_models.fitting.points import NONE, Point
from rankeval.simulators.click_models.fitting.sessions import collect
from tests import paths
from tests.log_files import nested, write_parts
from tests.simulators.click_models.fitting.logs import DESCRIPTIONS, SHARED, simulated

REFERENCE = paths.REFERENCE / "click"


def table_of(name: str, sessions: int, seed: int = 0) -> pa.Table:
    """A simulated log in long layout, ids as strings."""
    lists = simulated(name, sessions, seed=seed).lists
    rows = np.repeat(np.arange(len(lists)), lists.lengths)
    pairs = (lists.words >> 1).tolist()
    return pa.table(
        {
            "session_id": rows,
            "query_id": [f"q{pair // 4}" for pair in pairs],
            "item_id": [f"i{pair % 4}" for pair in pairs],
            "position": np.arange(len(rows)) - lists.offsets[rows] + 1,
            "click": (lists.words & 1).astype(np.int64),
        }
    )


TABLE = table_of("dbn", 3000)
ALL = list(DESCRIPTIONS)
FITS = fit(TABLE, ALL, test=0.25, restarts=0, max_iterations=400)
BY_NAME = {row["click_model"]: row for row in FITS.to_dict()["results"]}


def test_results_come_in_the_order_asked() -> None:
    found = FITS.to_dict()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert (found["schema"], found["command"]) == (1, "fit")
    assert [row["click_model"] for row in found["results"]] == ALL
    assert [row["click_model"] for row in found["baselines"]] == ["rank_ctr", "global_ctr"]
    assert found["n"] + found["n_test"] == 3000
    assert found["pairs"] == 16


@pytest.mark.parametrize("name", ALL)
def test_a_fitted_model_can_go_into_a_world_file(name: str) -> None:
    row = BY_NAME[name]
    assert parse_click_model(row["parameters"], 4).to_dict() == row["parameters"]


@pytest.mark.parametrize("name", ALL)
def test_what_is_null_has_a_reason(name: str) -> None:
    row = BY_NAME[name]
    for quantity in ("log_likelihood", "test_log_likelihood", "perplexity", "conditional_perplexity"):
        assert (row[quantity] is None) == (quantity in row["reasons"])
    errors = {k: v for k, v in row["std_error"].items() if k != "models"}
    for parameter, values in errors.items():
        flat = np.array(json.loads(json.dumps(values)), object).ravel() if values != [] else []
        for error in flat:
            assert error is not None or any(reason.startswith(parameter) for reason in row["reasons"])


def test_the_model_of_the_log_predicts_it_best() -> None:
    known = {name: row["test_log_likelihood"] for name, row in BY_NAME.items() if name != "mixture:pbm+dbn"}
    likelihoods = {name: value for name, value in known.items() if value is not None}
    assert max(likelihoods, key=likelihoods.__getitem__) == "dbn"
    assert BY_NAME["dbn"]["parameters"]["gamma"] == pytest.approx(
        SHARED["dbn"][0], abs=4 * BY_NAME["dbn"]["std_error"]["gamma"]
    )


def test_overall_perplexity_is_the_mean_over_positions() -> None:
    for row in (*FITS.to_dict()["results"], *FITS.to_dict()["baselines"]):
        for kind in ("perplexity", "conditional_perplexity"):
            if row[kind] is not None:
                assert row[kind] == pytest.approx(np.mean(row[f"{kind}_by_position"]), rel=1e-14)


def test_impossible_sessions_of_the_cascade_are_counted() -> None:
    clicks = TABLE.group_by("session_id").aggregate([("click", "sum")])["click_sum"].to_numpy()
    result = fit(TABLE, "cascade").to_dict()
    (row,) = result["results"]
    assert row["log_likelihood"] is None
    many = np.count_nonzero(clicks > 1)
    assert row["reasons"]["log_likelihood"] == f"{many} sessions have more than one click"
    assert f"cascade: {many} sessions have more than one click" in result["warnings"][0]
    one = fit(table_of("cascade", 500), "cascade").to_dict()
    assert one["results"][0]["log_likelihood"] < 0.0
    assert [warning for warning in one["warnings"] if "cascade" in warning] == []


def test_identified_parts_of_trust_bias() -> None:
    row = BY_NAME["pbm_trust"]
    identified = row["identified"]
    assert (identified["alpha"][0], identified["beta"][0]) == (1.0, 0.0)
    assert identified["std_error"]["alpha"][0] is None
    assert "under two normalisations" in row["reasons"]["examination"]
    model = row["parameters"]
    theta, minus = np.array(model["examination"]), np.array(model["eps_minus"])
    alpha = theta * (1 - minus)
    np.testing.assert_allclose(identified["alpha"], alpha / alpha[0], rtol=1e-12)
    np.testing.assert_allclose(
        identified["beta"], theta * minus - alpha / alpha[0] * theta[0] * minus[0], atol=1e-12
    )


def test_trust_bias_is_not_identified_where_all_items_are_alike() -> None:
    rows = {"session_id": [1, 1, 2, 2], "item_id": ["a", "b", "b", "a"], "position": [1, 2, 1, 2]}
    row = fit(rows | {"click": [1, 0, 1, 0]}, "pbm_trust").to_dict()["results"][0]
    assert "identified" not in row
    assert row["reasons"]["identified"] == "the click rate at position 1 is the same for all items"


def test_without_held_out_sessions_nothing_is_predicted() -> None:
    row = fit(TABLE, "pbm").to_dict()["results"][0]
    assert row["perplexity_by_position"] == [None] * 4
    assert row["reasons"]["perplexity"] == "no session was held out"


def test_layouts_threads_and_logs_give_the_same(tmp_path: Path) -> None:
    path = write_parts(tmp_path / "log", TABLE, row_group_size=101, files=3)
    wanted = fit(path, "dbn,ubm", test=0.2, threads=1).to_dict()
    assert fit(path, ["dbn", "ubm"], test=0.2, threads=3).to_dict()["results"] == wanted["results"]
    by_list = nested(TABLE, "session_id", once=["query_id"])
    other = fit(Log(by_list), ["dbn", "ubm"], test=0.2).to_dict()["results"]
    for left, right in zip(other, wanted["results"], strict=True):
        assert left["log_likelihood"] == pytest.approx(right["log_likelihood"], rel=1e-10)
        assert left["perplexity"] == pytest.approx(right["perplexity"], rel=1e-6)


def test_a_filter_names_the_held_out_sessions() -> None:
    found = fit(TABLE, "pbm", where="session_id < 2000", test_where="session_id >= 1500").to_dict()
    assert (found["n"], found["n_test"]) == (1500, 500)


def test_pairs_that_are_only_held_out_are_counted() -> None:
    rows = {"session_id": [1, 1, 2, 2], "item_id": ["a", "b", "a", "c"], "position": [1, 2, 1, 2]}
    found = fit(rows | {"click": [1, 0, 0, 1]}, "dcm", test_where="session_id == 2").to_dict()
    assert found["warnings"][0].startswith("1 of 3 pairs are only in held-out sessions")


def test_a_held_out_session_without_a_chance_is_said() -> None:
    """Item a was never clicked where the model was fitted, and once where it was not."""
    rows = {"session_id": [1, 2, 3], "item_id": ["a", "b", "a"], "position": [1, 1, 1], "click": [0, 1, 1]}
    row = fit(rows, "pbm", test_where="session_id == 3").to_dict()["results"][0]
    assert row["test_log_likelihood"] is None
    assert "a little smoothing, such as 0.1" in row["reasons"]["test_log_likelihood"]
    warnings = fit(rows, "pbm,ubm", test_where="session_id == 3").warnings
    assert warnings[-1].startswith("pbm, ubm: a held-out session has no chance under the fit")
    smooth = fit(rows, "pbm", test_where="session_id == 3", smoothing=1.0).to_dict()["results"][0]
    assert smooth["test_log_likelihood"] == pytest.approx(np.log(1 / 3))


def test_more_clicks_than_a_cascade_has_are_no_matter_of_smoothing() -> None:
    rows = {"session_id": [1, 1, 2, 2], "item_id": ["a", "b"] * 2, "position": [1, 2] * 2, "click": [1] * 4}
    found = fit(rows, "cascade", test_where="session_id == 2", smoothing=0.1)
    row = found.to_dict()["results"][0]
    assert row["test_log_likelihood"] is row["conditional_perplexity"] is None
    assert row["perplexity"] is not None
    assert "more than one click" in row["reasons"]["test_log_likelihood"]
    assert not any("smoothing" in warning for warning in found.warnings)


def test_parameters_of_pairs_are_written(tmp_path: Path) -> None:
    path = tmp_path / "pairs.parquet"
    fit(TABLE, ["dbn", "pbm"], parameters=path)
    pairs = pq.read_table(path)
    assert pairs.schema.names == [
        "click_model",
        "query_id",
        "item_id",
        "impressions",
        "clicks",
        "attractiveness",
        "satisfaction",
    ]
    assert pairs["click_model"].to_pylist() == ["dbn"] * 16 + ["pbm"] * 16
    assert pairs["impressions"].to_numpy()[:16].sum() == TABLE.num_rows
    assert pairs["clicks"].to_numpy()[16:].sum() == TABLE["click"].to_numpy().sum()
    truth = simulated("dbn", 1).point
    place = {(f"q{pair // 4}", f"i{pair % 4}"): pair for pair in range(16)}
    names = zip(pairs["query_id"].to_pylist()[:16], pairs["item_id"].to_pylist()[:16], strict=True)
    wanted = truth.attractiveness[[place[name] for name in names]]
    assert np.abs(pairs["attractiveness"].to_numpy()[:16] - wanted).max() < 0.2
    assert pairs["satisfaction"].null_count == 16


def test_convergence_is_reported() -> None:
    found = fit(TABLE, "dbn", max_iterations=3).to_dict()
    assert not found["results"][0]["converged"]
    assert "dbn had not converged after 3 iterations" in found["warnings"]


def test_tables_and_rows_show_all_models() -> None:
    text = FITS.render("markdown")
    for name in (*ALL, "rank_ctr", "global_ctr"):
        assert name in text
    rows = FITS.rows()
    assert {row["quantity"] for row in rows} >= {"log_likelihood", "perplexity", "gamma", "tau1", "alpha[1]"}
    by_position = [r for r in rows if (r["click_model"], r["quantity"]) == ("pbm", "perplexity")]
    assert [row["position"] for row in by_position] == [None, 1, 2, 3, 4]


@pytest.mark.skipif(not REFERENCE.is_dir(), reason="shared reference data is not here")
def test_the_reference_of_the_position_based_model() -> None:
    wanted = json.loads((REFERENCE / "pbm_log_reference.json").read_text())
    found = fit(str(REFERENCE / "pbm_log.parquet"), "pbm", test_where="session_id >= 24000").to_dict()
    (row,) = found["results"]
    assert row["log_likelihood"] == pytest.approx(wanted["pbm_mle_loglik"], abs=1e-4)
    np.testing.assert_allclose(row["parameters"]["examination"], wanted["pbm_mle_theta"], atol=1e-5)
    errors = np.array(row["std_error"]["examination"][1:]) / row["parameters"]["examination"][1:]
    np.testing.assert_allclose(errors, wanted["pbm_mle_se_log_theta"][1:], rtol=0.02)
    perplexities = {"pbm_mle": row} | {name["click_model"]: name for name in found["baselines"]}
    for name, of_model in perplexities.items():
        by_position, overall = wanted["test_perplexity"][name]
        np.testing.assert_allclose(of_model["perplexity_by_position"], by_position, atol=1e-6)
        assert of_model["perplexity"] == pytest.approx(overall, abs=1e-6)
        assert of_model["conditional_perplexity"] == pytest.approx(overall, abs=1e-6)


@pytest.mark.skipif(not REFERENCE.is_dir(), reason="shared reference data is not here")
def test_the_perplexity_of_the_truth() -> None:
    wanted = json.loads((REFERENCE / "pbm_log_reference.json").read_text())
    held_out = collect(Log(str(REFERENCE / "pbm_log.parquet"), where="session_id >= 24000"))
    queries, items = (held_out.ids[role].to_numpy() for role in ("query_id", "item_id"))
    attractiveness = np.array(wanted["alpha_true"])[queries, items]
    model = parse_click_model({"name": "pbm", "examination": wanted["theta_true"]}, 10)
    score = scored(model, Point(NONE, attractiveness, NONE), held_out.train)
    by_position, overall = wanted["test_perplexity"]["true_params"]
    np.testing.assert_allclose(score.perplexity, by_position, atol=1e-6)
    assert score.perplexity.mean() == pytest.approx(overall, abs=1e-6)


def test_the_position_based_model_is_that_of_the_curve() -> None:
    """The same maximum as the propensity estimate of the same counts."""
    lists = collect(Log(TABLE)).train
    counted = count_cells(lists, lists.counts, False)
    curve = position_based(Cells(counted.offsets, counted.places, counted.impressions, counted.clicks, 4))
    row = fit(TABLE, "pbm").to_dict()["results"][0]
    theta = np.exp(curve.log_theta)
    np.testing.assert_allclose(row["parameters"]["examination"], theta / theta.max(), atol=1e-6)
    assert row["log_likelihood"] == pytest.approx(curve.log_likelihood, abs=1e-6)


def bad(**columns: Any) -> dict[str, Any]:
    rows = {"session_id": [1, 1, 2], "item_id": ["a", "b", "a"], "position": [1, 2, 1], "click": [0, 1, 1]}
    return rows | columns


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (bad(click=[0, 2, 1]), "column 'click' is 2, wanted 0 or 1"),
        (bad(click=["no", "yes", "no"]), "column 'click' holds string, wanted numbers"),
        (bad(click=[0, None, 1]), "column 'click' is null"),
        (bad(position=[1, 1, 1]), "wanted a whole number from 1 to 10000, each once in the session"),
        (bad(position=[1, 3, 1]), "wanted each of 1 to 2 once in the session: a click model takes lists"),
        (bad(item_id=["a", None, "b"]), "column 'item_id' is null, wanted an id"),
        ({"item_id": ["a"], "position": [1], "click": [1]}, "session_id"),
        ({"session_id": [1], "position": [1], "click": [1]}, "item_id"),
        (bad(weight=[1.0, 1.0, -1.0]), "wanted a number of at least 0"),
    ],
)
def test_bad_data_is_one_line(rows: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=re.escape(message)):
        fit(rows, "dbn")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"click_model": "bm25"}, "click_model: found 'bm25', wanted pbm, "),
        ({"click_model": []}, "click_model: found [], wanted a name"),
        ({"click_model": 3}, "click_model: found 3, wanted a text or a list of texts"),
        ({"test": 1.5}, "test: found 1.5, wanted a number in [0.0, 1.0]"),
        ({"test": "half"}, "test: found 'half', wanted a number"),
        ({"test": 0.5, "test_where": "session_id == 2"}, "test: found 0.5 and a test_where, wanted one"),
        ({"test_where": 5}, "test_where: found 5, wanted a text"),
        ({"test_where": "session_id ="}, "where 'session_id ='"),
        ({"smoothing": -1.0}, "smoothing: found -1.0, wanted a number of at least 0.0"),
        ({"tolerance": float("nan")}, "tolerance: found nan, wanted a number of at least 0.0"),
        ({"max_iterations": 0}, "max_iterations: found 0, wanted a whole number of at least 1"),
        ({"restarts": True}, "restarts: found True, wanted a whole number of at least 0"),
        ({"seed": 0.5}, "seed: found 0.5, wanted a whole number"),
        ({"parameters": True}, "parameters: found True, wanted a path"),
    ],
)
def test_bad_calls_are_one_line(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        fit(bad(), **{"click_model": "dbn", **options})


def test_a_log_brings_its_own_columns() -> None:
    with pytest.raises(UsageError, match="where: found a Log, which has its own; wanted where in Log"):
        fit(Log(TABLE), "pbm", where="position < 3")
    renamed = TABLE.rename_columns(["session_id", "query_id", "item_id", "position", "hit"])
    found = fit(Log(renamed, columns={"click": "hit"}), "pbm").to_dict()["results"]
    assert found == fit(TABLE, "pbm").to_dict()["results"]
