"""``inspect`` as a whole: what it finds in right and in broken logs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from rankeval import DataError, Inspection, UsageError, inspect
from rankeval.simulators.bandits import bandit_log, random_policy, random_world


def bandit(rounds: int = 4000, layout: Any = "candidates") -> pa.Table:
    world = random_world(10, 5, 1)
    return bandit_log(world, random_policy(world, 2), random_policy(world, 3), rounds, 4, layout=layout)


def clicks(sessions: int = 300, length: int = 4, seed: int = 0) -> dict[str, Any]:
    """A ranking log in long layout, with lists as columns."""
    rng = np.random.default_rng(seed)
    n = sessions * length
    return {
        "session_id": np.repeat(np.arange(sessions), length).tolist(),
        "position": np.tile(np.arange(1, length + 1), sessions).tolist(),
        "item_id": [int(item) for _ in range(sessions) for item in rng.permutation(20)[:length]],
        "click": (rng.random(n) < 0.3).astype(int).tolist(),
    }


def problem(found: Inspection, code: str) -> dict[str, Any]:
    (only,) = [each.to_dict() for each in found.problems if each.code == code]
    return only


def codes(found: Inspection, severity: str = "error") -> list[str]:
    return [each.code for each in found.problems if each.severity == severity]


# Right logs.


@pytest.mark.parametrize("layout", ["rows", "candidates"])
def test_a_right_bandit_log(layout: str) -> None:
    found = inspect(bandit(layout=layout))
    assert codes(found) == codes(found, "warning") == []
    written = found.to_dict()
    assert (written["rows"], written["sessions"]) == (4000, 4000)
    assert written["conclusion"].startswith("This log can feed ips, cips, snips, csnips and ")
    assert written["conclusion"].endswith("0 errors, 0 warnings.")
    assert written["propensity_tests"]["fault"] is None
    assert {"ips", "dr"} <= set(written["estimators"]["can"])
    assert written["estimators"]["cannot"]["iips"][0] == "session_id"
    assert "session_id" in written["missing"]


def test_a_right_ranking_log() -> None:
    log = clicks()
    found = inspect(log)
    assert codes(found) == codes(found, "warning") == []
    written = found.to_dict()
    assert (written["rows"], written["sessions"], written["shuffled"]) == (1200, 300, None)
    for k, row in enumerate(written["reward_by_position"]):
        own = np.array(log["click"]).reshape(300, 4)[:, k]
        assert (row["position"], row["n"]) == (k + 1, 300)
        assert row["reward"] == pytest.approx(own.mean())
        assert row["ci"][0] < row["reward"] < row["ci"][1]
    assert written["propensity_methods"]["swap"] == ["swap_low", "swap_high"]
    assert written["propensity_methods"]["em"] == []


def test_layouts_agree() -> None:
    log = clicks()
    rows = {
        name: [values[i : i + 4] for i in range(0, 1200, 4)]
        for name, values in log.items()
        if name != "session_id"
    }
    long, nested = inspect(log).to_dict(), inspect({"session_id": list(range(300)), **rows}).to_dict()
    assert (nested["rows"], nested["sessions"]) == (300, 300)
    assert long["reward_by_position"] == nested["reward_by_position"]
    assert long["estimators"] == nested["estimators"]


@pytest.mark.parametrize("log", [bandit(3000), pa.table(clicks())], ids=["bandit", "ranking"])
def test_threads_change_no_bit_and_row_groups_no_finding(log: pa.Table, tmp_path: Path) -> None:
    paths = {size: str(tmp_path / f"{size}.parquet") for size in (70_000, 500)}
    for size, path in paths.items():
        pq.write_table(log, path, row_group_size=size)
    one, four = (inspect(paths[500], threads=threads).render("json") for threads in (1, 4))
    assert one == four
    whole, parts = (inspect(paths[size]).to_dict() for size in (70_000, 500))
    for name in ("rows", "sessions", "problems", "estimators", "drift", "reward_by_position"):
        if name == "problems":
            whole[name], parts[name] = ([each["code"] for each in x[name]] for x in (whole, parts))
        assert json.dumps(whole[name]).replace("70000", "500") == json.dumps(parts[name])
    if whole["propensity_tests"]:
        z = [[test["z"] for test in x["propensity_tests"]["tests"]] for x in (whole, parts)]
        assert z[0] == pytest.approx(z[1], rel=1e-6, abs=1e-9)


# Broken rows.


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("click", 2, "out_of_range"),
        ("click", None, "null_reward"),
        ("position", 0, "out_of_range"),
        ("position", 10_001, "out_of_range"),
        ("item_id", None, "null"),
        ("session_id", None, "null"),
        ("propensity", 0.0, "out_of_range"),
        ("propensity", 1.2, "out_of_range"),
        ("propensity", float("inf"), "not_finite"),
        ("propensity", float("nan"), "null"),
    ],
)
def test_bad_values_are_counted_and_placed(column: str, value: Any, code: str) -> None:
    log = clicks() | {"propensity": [0.5] * 1200}
    log[column] = list(log[column])
    for row in (17, 4, 900):
        log[column][row] = value
    found = problem(inspect(log), code)
    assert (found["severity"], found["count"], found["rows"]) == ("error", 3, [5, 18, 901])
    assert found["files"] == ["<dict>"] * 3
    assert repr(column) in found["text"]


def test_at_most_ten_rows_are_listed() -> None:
    found = problem(inspect(clicks() | {"click": [7] * 1200}), "out_of_range")
    assert (found["count"], found["rows"]) == (1200, list(range(1, 11)))


def test_everything_wrong_is_told_at_once() -> None:
    log = clicks()
    log["click"][0] = 5
    log["position"][9] = log["position"][8]
    log["session_id"][20] = None
    log["propensity"] = ["x"] * 1200
    found = inspect(log)
    assert set(codes(found)) == {"out_of_range", "repeated_position", "null", "wrong_type"}
    assert "holds string, wanted numbers" in problem(found, "wrong_type")["text"]
    assert found.to_dict()["sessions"] == 300


def test_rows_that_a_join_multiplied() -> None:
    log = {name: [*values, *values[8:11]] for name, values in clicks().items()}
    found = inspect(log)
    again = problem(found, "fan_out")
    assert (again["count"], again["rows"]) == (3, [1201, 1202, 1203])
    assert problem(found, "scattered")["severity"] == "info"
    assert "repeated_position" not in codes(found)


def test_items_and_positions_that_come_twice() -> None:
    log = clicks()
    log["item_id"][5] = log["item_id"][4]
    log["position"][102] = 2
    found = inspect(log)
    assert problem(found, "repeated_item")["rows"] == [6]
    assert problem(found, "repeated_position")["rows"] == [103]
    assert problem(found, "gaps")["count"] == 1


def test_positions_from_zero() -> None:
    log = clicks()
    log["position"] = [position - 1 for position in log["position"]]
    assert "--first-position 0" in problem(inspect(log), "first_position")["text"]
    assert codes(inspect(log, first_position=0)) == []


def test_items_that_were_not_shown() -> None:
    log = clicks()
    log["position"][3], log["click"][3] = None, 0
    log["position"][7], log["click"][7] = None, 1
    found = inspect(log)
    assert (problem(found, "unshown")["count"], problem(found, "unshown")["severity"]) == (2, "info")
    assert problem(found, "unshown_click")["rows"] == [8]


def test_values_that_change_within_a_session() -> None:
    log = clicks() | {"query_id": np.repeat(np.arange(300), 4).tolist()}
    log["query_id"][6] = log["query_id"][7] = 99
    found = problem(inspect(log), "changes")
    assert (found["count"], found["rows"]) == (1, [7])


def test_null_rewards_may_count_as_nothing() -> None:
    log = clicks()
    log["click"][5] = None
    assert codes(inspect(log, null_reward="zero")) == []


def test_candidate_lists() -> None:
    log = bandit(200).to_pydict()
    log["candidate_propensities"][3] = [0.5, 0.5, 0.5, 0.0, 0.0]
    log["candidate_propensities"][5] = [-0.1, 1.1, 0.0, 0.0, 0.0]
    log["candidate_propensities"][7] = None
    log["action"][9] = 5
    a = log["action"][11]
    log["candidate_propensities"][11] = [0.0 if i == a else 0.25 for i in range(5)]
    found = inspect(log)
    assert problem(found, "list_sum")["rows"] == [4]
    assert problem(found, "bad_candidates")["rows"] == [6]
    assert problem(found, "bad_list")["rows"] == [8]
    assert problem(found, "bad_action")["rows"] == [10]
    assert problem(found, "impossible_action")["rows"] == [12]


def test_a_propensity_that_its_list_contradicts() -> None:
    log = bandit(100).to_pydict()
    own = [p[a] for p, a in zip(log["candidate_propensities"], log["action"], strict=True)]
    assert codes(inspect(log | {"propensity": own})) == []
    own[4] /= 2
    assert problem(inspect(log | {"propensity": own}), "contradiction")["rows"] == [5]


def test_ids_of_rounds_that_come_twice() -> None:
    log = bandit(100).to_pydict()
    log["round_id"][50] = log["round_id"][3]
    found = problem(inspect(log), "repeated_id")
    assert (found["severity"], found["count"], found["rows"]) == ("error", 1, [51])


def test_named_candidates() -> None:
    log = bandit(2000).to_pydict()
    names = np.array(list("abcde"))
    log["candidates"] = [names.tolist()] * 2000
    log["action"] = names[log["action"]].tolist()
    found = inspect(log).to_dict()
    groups = {test["group"] for test in found["propensity_tests"]["tests"] if test["test"] == "arithmetic"}
    assert groups == set("abcde")
    assert found["propensity_tests"]["fault"] is None


def test_several_files(tmp_path: Path) -> None:
    for name, rows in (("a", slice(0, 600)), ("b", slice(600, 1200))):
        part = {column: values[rows] for column, values in clicks().items()}
        part["click"][2] = 9
        pa.csv.write_csv(pa.table(part), tmp_path / f"{name}.csv")
    found = problem(inspect(str(tmp_path / "*.csv")), "out_of_range")
    assert found["rows"] == [3, 3]
    assert [Path(file).name for file in found["files"]] == ["a.csv", "b.csv"]


def test_rows_are_numbered_before_the_filter() -> None:
    log = clicks()
    log["click"][10] = 9
    found = problem(inspect(log, where="position >= 2"), "out_of_range")
    assert found["rows"] == [11]


# The whole log.


def test_lost_rows_are_told() -> None:
    log = bandit(20_000)
    actions = np.asarray(log.column("action"))
    kept = (actions != 2) | (np.arange(20_000) % 2 == 0)
    found = problem(inspect(log.filter(pa.array(kept))), "propensities")
    assert found["severity"] == "error"
    assert "rows of some actions are missing from the log (arithmetic of 2" in found["text"]


def test_slices() -> None:
    log = bandit(4000).to_pandas()
    log["country"] = np.where(np.arange(4000) < 2000, "de", "fr")
    wrong = log.country == "fr"
    log.loc[wrong, "candidate_propensities"] = log.loc[wrong, "candidate_propensities"].map(lambda p: p[::-1])
    found = inspect(log, by="country").to_dict()
    failed = {t["slice"] for t in found["propensity_tests"]["tests"] if t["p_adjusted"] < 0.05}
    assert failed == {None, "fr"}


def test_slices_are_bounded() -> None:
    log = bandit(200).to_pandas()
    with pytest.raises(UsageError, match="by: column 'context' has more than 50 values"):
        inspect(log.assign(context=np.arange(200)), by="context")


def test_few_rewards_and_constant_ones() -> None:
    log = clicks() | {"click": [0] * 1200}
    assert set(codes(inspect(log), "warning")) == {"few_rewards", "constant_reward"}


def test_no_reward() -> None:
    found = inspect({"propensity": [0.5, 0.4], "target_propensity": [0.5, 0.5]})
    assert codes(found) == ["no_reward"]
    assert found.to_dict()["conclusion"] == "This log can feed no estimator; 1 error, 0 warnings."


def test_users_who_are_alike() -> None:
    rng = np.random.default_rng(1)
    user = np.repeat(np.arange(200), 20)
    rate = rng.beta(0.3, 0.7, 200)[user]
    log = {
        "user_id": user,
        "reward": (rng.random(4000) < rate).astype(float),
        "propensity": np.full(4000, 0.5),
        "target_propensity": np.full(4000, 0.5),
    }
    found = inspect(log)
    users = found.to_dict()["users"]
    assert (users["users"], users["units"], users["largest"], users["units_per_user"]) == (200, 4000, 20, 20)
    totals = np.bincount(user, log["reward"] - log["reward"].mean())
    wanted = (totals**2).sum() * 200 / 199 / (log["reward"].var(ddof=1) * 4000)
    assert users["design_effect"] == pytest.approx(wanted)
    assert "--cluster user_id" in problem(found, "repeated_users")["text"]
    assert "repeated_users" not in codes(inspect(log, cluster="user_id"), "warning")


def test_shares_of_loggers() -> None:
    log = clicks(2000) | {"ranker": np.repeat(np.where(np.arange(2000) < 1100, "a", "b"), 4).tolist()}
    found = inspect(log)
    assert found.to_dict()["sample_ratio"]["counts"] == {"a": 1100, "b": 900}
    assert "sample_ratio" not in codes(found, "warning")  # 1.22 to 1: hardly meant to be equal
    log["ranker"] = np.repeat(np.where(np.arange(2000) < 1080, "a", "b"), 4).tolist()
    assert "sample_ratio" in codes(inspect(log), "warning")


def test_a_mean_that_moves_by_day() -> None:
    n = 4000
    rng = np.random.default_rng(3)
    day = np.arange(n) // 1000
    log = {
        "reward": (rng.random(n) < 0.2 + 0.1 * (day >= 2)).astype(float),
        "propensity": np.full(n, 0.5),
        "timestamp": (np.datetime64("2024-05-01") + day).astype("datetime64[us]"),
    }
    found = inspect(log)
    written = found.to_dict()
    assert written["time_span"] == {
        "first": "2024-05-01T00:00:00+00:00",
        "last": "2024-05-04T00:00:00+00:00",
    }
    days = written["stability"]["days"]
    assert [each["part"] for each in days] == [f"2024-05-0{d}" for d in (1, 2, 3, 4)]
    assert days[1]["mean"] == pytest.approx(log["reward"][1000:2000].mean())
    assert {"unstable", "unstable_days"} <= set(codes(found, "warning"))


def test_drift_between_two_logs() -> None:
    one, two = clicks(2000), clicks(2000, seed=1)
    rng = np.random.default_rng(2)
    for log, shift in ((one, 0.0), (two, 0.7)):
        log["price"] = rng.normal(shift, 1.0, 8000)
        log["device"] = rng.choice(["phone", "desk"], 8000)
    found = inspect(one, two)
    (drift,) = [each for each in found.problems if each.code == "drift"]
    assert "column 'price' drifts" in drift.text
    assert found.to_dict()["drift"]["windows"] == ["<dict>", "<dict>"]
    assert {each["column"] for each in found.to_dict()["drift"]["columns"]} == {
        *("click", "position", "price", "device")
    }


# Calls.


def test_what_is_no_log() -> None:
    with pytest.raises(DataError, match="found columns query_id, item_id, score; wanted a bandit log or"):
        inspect({"query_id": [1], "item_id": [2], "score": [0.5]})
    with pytest.raises(DataError, match="no rows match 'reward > 3', wanted at least one"):
        inspect(bandit(10), where="reward > 3")
    with pytest.raises(DataError, match="no column 'country'"):
        inspect(bandit(10), by="country")


def test_problems_as_rows() -> None:
    log = clicks()
    log["click"][10] = 9
    (row,) = inspect(log).rows()
    assert (row["code"], row["rows"], row["files"]) == ("out_of_range", "11", "<dict>")


@pytest.mark.parametrize("seed", range(25))
def test_no_log_is_too_broken(seed: int) -> None:
    """Values of every kind at random places: the result is JSON, without NaN."""
    rng = np.random.default_rng(seed)
    log = bandit(60).to_pydict() if seed % 2 else clicks(20)
    rows = len(next(iter(log.values())))
    log |= {"propensity": rng.random(rows).tolist(), "timestamp": (1.7e9 + np.arange(rows)).tolist()}
    for name in log:
        log[name] = list(log[name])
        for row in rng.integers(0, rows, rng.integers(0, 9)):
            value, choice = log[name][row], rng.integers(0, 6)
            if isinstance(value, list):
                log[name][row] = [None, [], value[:-1], [None] * 5, [float("nan")] * 5, [-1.0] * 5][choice]
            elif isinstance(value, float):
                log[name][row] = [None, float("nan"), float("inf"), -1.0, 1e300, 0.0][choice]
            elif isinstance(value, int):
                log[name][row] = [None, -1, 0, 10**6, 2**40, value][choice]
        if rng.random() < 0.05:
            log[name] = [[None] * rows, ["z"] * rows][int(rng.integers(0, 2))]
    found = inspect(pa.table(log))
    json.dumps(found.to_dict(), allow_nan=False)
    for form in ("table", "csv", "markdown"):
        assert "nan" not in found.render(form, 80).lower().replace("null or nan", "")
