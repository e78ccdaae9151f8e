"""``train`` end to end: what it writes, that it is reproducible, what it says, and what it refuses."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankeval import DataError, UsageError, evaluate, rank, train
from rankeval.rankers.lightgbm_text import parse_text_model
from tests.paths import REPO
from tests.rankers.judged_data import clicked, judged, shuffled

FAST = {"num_iterations": 20}
CURVE = {"examination": [1 / k for k in range(1, 6)]}


def trained(tmp_path: Path, data: Any = None, **options: Any) -> tuple[dict[str, Any], str]:
    out = tmp_path / "model.txt"
    result = train(judged() if data is None else data, out, **{"param": FAST, "threads": 1, **options})
    return result.to_dict(), out.read_text()


@pytest.mark.parametrize("objective", ["lambdarank", "rank_xendcg", "binary", "regression"])
def test_every_objective_learns_what_the_grades_follow(tmp_path: Path, objective: str) -> None:
    found, text = trained(tmp_path, objective=objective)
    assert found["results"][0]["value"] > 0.8
    assert found["importance"][0]["feature"] == "f1"
    model = lightgbm.Booster(model_str=text)
    assert model.feature_name() == ["f1", "f2", "f3"]
    assert model.num_trees() == found["model"]["trees"]
    assert parse_text_model(text.encode(), "model").features == ("f1", "f2", "f3")


def test_the_card_is_the_result(tmp_path: Path) -> None:
    result = train(judged(), tmp_path / "model.txt", param=FAST, threads=1)
    card = json.loads((tmp_path / "model.txt.json").read_text())
    assert card == result.to_dict()
    assert card["model"]["path"] == str(tmp_path / "model.txt")
    assert card["inputs"]["split"] == {"by": "folds", "folds": 5}
    assert set(card["versions"]) == {"rankeval", "lightgbm", "numpy", "python"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.txt", "model.txt.json"]


#: Trains, and is killed when one of the two files is in place.
KILLED = """if True:
    import os, signal, sys
    from rankeval import train
    from tests.rankers.judged_data import judged
    replace = os.replace
    def once(*names):
        replace(*names)
        os.kill(os.getpid(), signal.SIGKILL)
    os.replace = once
    train(judged(), sys.argv[1], param={"num_iterations": 3}, threads=1)
"""


def test_a_kill_between_model_and_card_is_told(tmp_path: Path) -> None:
    out = tmp_path / "model.txt"
    train(judged(), out, param=FAST, threads=1)

    def codes() -> list[str]:
        return [note.code for note in rank(f"lightgbm:{out}", judged()).notes]

    assert codes() == []
    old = [out.read_bytes(), (tmp_path / "model.txt.json").read_bytes()]
    done = subprocess.run([sys.executable, "-c", KILLED, out], cwd=REPO, capture_output=True, timeout=100)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert [out.read_bytes() == old[0], (tmp_path / "model.txt.json").read_bytes() == old[1]].count(True) == 1
    assert codes() == ["card_of_another_model"]
    for other in ("{", "[]", '{"model": 1}', '{"model": {"sha256": 1}}'):
        (tmp_path / "model.txt.json").write_text(other)
        assert codes() == []
    (tmp_path / "model.txt.json").unlink()
    assert codes() == []


@pytest.mark.parametrize(
    "options",
    [{}, {"objective": "rank_xendcg"}, {"param": FAST | {"bagging_fraction": 0.5, "bagging_freq": 1}}],
)
def test_the_same_bytes_for_any_threads_and_order_of_rows(tmp_path: Path, options: dict[str, Any]) -> None:
    data = judged(queries=60)
    texts = {
        trained(tmp_path, rows, threads=n, **options)[1]
        for n, rows in ((1, data), (2, data), (4, shuffled(data)))
    }
    assert len(texts) == 1
    assert "num_threads" not in texts.pop()


def test_the_same_bytes_for_sparse_features_and_weights_of_every_size(tmp_path: Path) -> None:
    """Sums of such numbers depend on their order in the last bits, so threads must not share one."""
    rng = np.random.default_rng(0)
    data = clicked(3000) | {f"s{i}": rng.normal(size=15_000) * (rng.random(15_000) < 0.05) for i in range(30)}
    curve = {"examination": [1.0, 0.3, 0.017, 0.0031, 0.00007]}
    texts = {
        trained(tmp_path, data, threads=n, clicks="pairs", position_bias=curve, folds=3)[1] for n in (1, 2, 4)
    }
    assert len(texts) == 1


def test_the_same_bytes_for_clicks(tmp_path: Path) -> None:
    options = {"clicks": "pairs", "position_bias": CURVE}
    texts = {
        trained(tmp_path, rows, threads=n, **options)[1]
        for n, rows in ((1, clicked()), (2, shuffled(clicked())))
    }
    assert len(texts) == 1


def test_the_seed_changes_the_folds(tmp_path: Path) -> None:
    values = {trained(tmp_path, seed=seed)[0]["results"][0]["value"] for seed in range(3)}
    assert len(values) == 3


def test_a_test_part_is_judged_as_evaluate_judges_it(tmp_path: Path) -> None:
    data = judged()
    parts = ["train"] * 24 + ["valid"] * 8 + ["rest"] * 8
    data["part"] = [part for part in parts for _ in range(8)]
    found, text = trained(tmp_path, data, split="part")
    rows = [i for i, part in enumerate(data["part"]) if part == "rest"]
    test = {name: [values[i] for i in rows] for name, values in data.items()}
    matrix = np.column_stack([test["f1"], test["f2"], test["f3"]])
    run = test | {"score": lightgbm.Booster(model_str=text).predict(matrix)}
    wanted = evaluate(run, metrics=["ndcg@10", "map"]).to_dict()["results"]
    measured = {each["metric"]: each for each in found["results"] if each["part"] == "test"}
    for each in wanted:
        assert measured[each["metric"]]["value"] == pytest.approx(each["value"], abs=1e-12)
        assert measured[each["metric"]]["ci"] == pytest.approx(each["ci"])
    assert found["inputs"]["split"]["train"] == ["train"]
    assert "metrics of part valid are too high" in found["warnings"][0]


def test_a_file_may_stop_the_training(tmp_path: Path) -> None:
    other = judged(seed=5)
    other["query_id"] = [f"other {query}" for query in other["query_id"]]
    found, _ = trained(tmp_path, valid=other)
    assert [each["part"] for each in found["results"]] == ["valid", "valid"]
    assert found["results"][0]["n"] == 40


def test_categories_and_missing_values(tmp_path: Path) -> None:
    data = judged()
    grades = data["relevance"]
    data["kind"] = ["high" if grade > 1 else "low" if grade else None for grade in grades]
    data["f1"] = [None if i % 7 == 0 else value for i, value in enumerate(data["f1"])]
    found, text = trained(tmp_path, data, features="kind,f1")
    assert found["model"]["categories"] == {"kind": ["high", "low"]}
    model = parse_text_model(text.encode(), "model")
    assert model.categories == {"kind": ("high", "low")}
    assert found["importance"][0]["feature"] == "kind"


def test_contributions_add_up_to_the_scores(tmp_path: Path) -> None:
    data = judged()
    found, text = trained(tmp_path, data)
    matrix = np.column_stack([data["f1"], data["f2"], data["f3"]])
    parts = np.asarray(lightgbm.Booster(model_str=text).predict(matrix, pred_contrib=True))
    wanted = np.abs(parts[:, :3]).mean(axis=0)
    by_name = {each["feature"]: each["contribution"] for each in found["importance"]}
    assert [by_name[name] for name in ("f1", "f2", "f3")] == pytest.approx(wanted, rel=1e-9)
    assert sum(each["gain"] for each in found["importance"]) == pytest.approx(1.0)


@pytest.mark.parametrize("clicks", ["naive", "position", "pairs", "rows"])
def test_every_way_to_learn_from_clicks(tmp_path: Path, clicks: str) -> None:
    curve = CURVE if clicks in ("pairs", "rows") else None
    found, _ = trained(tmp_path, clicked(), clicks=clicks, position_bias=curve)
    assert found["results"][0]["part"] == "folds"
    assert found["data"]["queries"] == 400
    codes = {"naive": 1, "position": 2, "pairs": 0, "rows": 1}
    assert len(found["warnings"]) >= codes[clicks]
    assert (found["position_factors"] is not None) == (clicks == "position")


def test_the_factors_of_lightgbm_fall_with_position(tmp_path: Path) -> None:
    found, _ = trained(tmp_path, clicked(2000), clicks="position", param={"num_iterations": 50})
    factors = list(found["position_factors"].values())
    assert factors[0] == 1.0
    assert factors[0] > factors[1] > factors[4]
    assert any("never give them to ope" in warning for warning in found["warnings"])


def test_judgements_may_stop_a_training_on_clicks(tmp_path: Path) -> None:
    judgements = {
        "query_id": [f"q{i}" for i in range(40) for _ in range(5)],
        "item_id": [f"d{i}" for _ in range(40) for i in range(5)],
    }
    feature = [np.sin(7.0 * (i // 5) + 3.0 * (i % 5)) for i in range(200)]
    judgements |= {"f1": feature, "relevance": [int(value > 0.3) for value in feature]}
    found, _ = trained(tmp_path, clicked(), clicks="pairs", position_bias=CURVE, valid=judgements)
    assert found["results"][0]["metric"] == "ndcg@10"
    assert found["results"][0]["value"] > 0.9
    assert any("40 queries of the other parts train too" in warning for warning in found["warnings"])


def test_sessions_of_a_query_on_both_sides_of_a_split_are_told(tmp_path: Path) -> None:
    data = clicked()
    data["day"] = [session // 40 for session in data["session_id"]]
    found, _ = trained(tmp_path, data, clicks="naive", time="day")
    assert any("queries of the other parts train too" in warning for warning in found["warnings"])
    del data["query_id"]
    found, _ = trained(tmp_path, data, clicks="naive", time="day")
    assert not any("train too" in warning for warning in found["warnings"])


def test_negative_grades_do_not_train_and_are_ranked_as_evaluate_ranks_them(tmp_path: Path) -> None:
    data = judged()
    data["relevance"] = [-1 if i % 5 == 0 else grade for i, grade in enumerate(data["relevance"])]
    data["part"] = [part for part in ["train"] * 24 + ["valid"] * 8 + ["rest"] * 8 for _ in range(8)]
    found, text = trained(tmp_path, data, split="part")
    rows = [i for i, part in enumerate(data["part"]) if part == "rest"]
    test = {name: [values[i] for i in rows] for name, values in data.items()}
    scores = lightgbm.Booster(model_str=text).predict(np.column_stack([test["f1"], test["f2"], test["f3"]]))
    wanted = evaluate(test | {"score": scores}, metrics=["ndcg@10"]).to_dict()["results"][0]["value"]
    assert found["results"][2]["value"] == pytest.approx(wanted, abs=1e-12)
    assert any("64 rows with a negative grade (unjudged) did not train" in each for each in found["warnings"])


def test_without_few_queries_the_model_learns_from_all_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rankeval.rankers.training.splits.FEW_QUERIES", 10)
    found, text = trained(tmp_path)
    assert {each["part"] for each in found["results"]} == {"valid"}
    assert found["n"] == 40
    assert found["results"][0]["n"] == 8
    counts = [line for line in text.splitlines() if line.startswith("leaf_count=")]
    assert sum(map(int, counts[0].removeprefix("leaf_count=").split())) == 320


def test_the_larger_trees_are_taken_where_they_are_clearly_better(tmp_path: Path) -> None:
    """The grade is the parity of three signs: it takes eight leaves at least."""
    rng = np.random.default_rng(0)
    data = judged(queries=150, items=20) | {f"f{i}": rng.normal(size=3000) for i in (1, 2, 3)}
    data["relevance"] = ((data["f1"] > 0) ^ (data["f2"] > 0) ^ (data["f3"] > 0)).astype(int)
    found, _ = trained(tmp_path, data, param={"num_iterations": 60})
    assert found["model"]["parameters"]["num_leaves"] == 31
    assert trained(tmp_path)[0]["model"]["parameters"]["num_leaves"] == 7


def test_lightgbms_logger_is_as_before(tmp_path: Path) -> None:
    from lightgbm import basic

    before = basic._LOGGER
    trained(tmp_path)
    assert basic._LOGGER is before


def test_the_default_features_are_numbers_without_a_role(tmp_path: Path) -> None:
    data = judged() | {"score": [1.0] * 320, "note": ["text"] * 320, "flag": [True, False] * 160}
    found, _ = trained(tmp_path, data)
    assert found["model"]["features"] == ["f1", "f2", "f3", "flag"]


@pytest.mark.parametrize(
    ("changed", "options", "message"),
    [
        ({"relevance": [0] * 320}, {}, "found no grade above 0 among the rows that stop the training"),
        ({"relevance": ["high"] * 320}, {}, "column 'relevance' holds string, wanted numbers"),
        ({}, {"features": "f9"}, "no column 'f9'"),
        ({}, {"clicks": "naive"}, "no column 'session_id', wanted a click log with sessions"),
        ({"a b": [1.0] * 320}, {}, "found column 'a b', wanted a name without blanks"),
        ({"=": [1.0] * 320}, {}, "found column '=', wanted a name without blanks"),
        (
            {"day": [[1]] * 320},
            {"features": "day"},
            "column 'day' holds list<item: int64>, wanted one value a row",
        ),
        ({}, {"valid": judged()}, "found query 'q000' and 39 more that are in <dict> too"),
    ],
)
def test_bad_data_gets_one_line(
    tmp_path: Path, changed: dict[str, Any], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError) as caught:
        trained(tmp_path, judged() | changed, **options)
    assert message in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"features": "relevance"}, "features: found 'relevance'"),
        ({"tune": 0}, "tune: found 0, wanted 1 to 10,000"),
        ({"seed": -1}, "seed: found -1"),
        ({"level": 1.0}, "level: found 1.0"),
        ({"threads": 0}, "threads: found 0"),
        ({"folds": 2}, "folds: found 2, wanted 3 to 100"),
        ({"folds": 2.5}, "folds: found 2.5, wanted a whole number"),
        ({"tune": 3, "time": "f1"}, "tune: searches with folds, found the split by time"),
        ({"param": {"num_leaves": -3}}, "LightGBM:"),
        (
            {"clicks": "position", "param": {"lambdarank_position_bias_regularization": 1}},
            "lambdarank_position_bias_regularization=1 is exactly no correction",
        ),
    ],
)
def test_bad_calls_get_one_line(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        trained(tmp_path, clicked() if "clicks" in options else judged(), **options)
    assert message in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_the_output_is_no_input(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(shuffled(judged()), path)
    with pytest.raises(UsageError, match="is an input, wanted another file to write to"):
        train(path, path)


def test_an_interrupt_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> float:
        raise KeyboardInterrupt

    monkeypatch.setattr("rankeval.rankers.training.validation.Validation.mean", interrupted)
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_query_of_one_item_is_taken(tmp_path: Path) -> None:
    data = judged()
    for name, value in (
        ("query_id", "alone"),
        ("item_id", "d"),
        ("relevance", 1),
        ("f1", 0.0),
        ("f2", 0.0),
        ("f3", 0.0),
    ):
        data[name] = [*data[name], value]
    assert trained(tmp_path, data)[0]["results"][0]["n"] == 41


def test_without_a_split_that_helps_every_score_is_the_same(tmp_path: Path) -> None:
    data = judged() | dict.fromkeys(("f1", "f2", "f3"), [1.0] * 320)
    found, _ = trained(tmp_path, data)
    assert any("no tree has a split" in warning for warning in found["warnings"])


def test_the_repr_is_a_table_of_80_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = train(judged(), "m.txt", param=FAST, threads=1)
    text = result.render("table", 80)
    assert re.search(r"ndcg@10 +folds +0\.\d+ +0\.\d+ \.\. 0\.\d+ +40", text)
    assert max(map(len, text.splitlines())) <= 80
    assert [row["part"] for row in result.rows()] == ["folds", "folds"]


def test_clicks_may_be_null_and_positions_may_count_from_0(tmp_path: Path) -> None:
    log = clicked()
    table = pa.table(log) if isinstance(log, dict) else log
    clicks = [click or None for click in table["click"].to_pylist()]
    other = table.set_column(table.schema.get_field_index("click"), "click", pa.array(clicks, pa.int64()))
    places = pa.array(np.asarray(table["position"]) - 1)
    other = other.set_column(table.schema.get_field_index("position"), "position", places)
    options: dict[str, Any] = {"clicks": "pairs", "position_bias": CURVE, "folds": 3}
    plain, text = trained(tmp_path, table, **options)
    found, same = trained(tmp_path, other, **options, null_reward="zero", first_position=0)
    assert same == text
    assert found["inputs"]["null_reward"] == "zero"
    assert found["inputs"]["first_position"] == 0
    assert "null_reward" not in plain["inputs"]
    with pytest.raises(UsageError, match="first_position: found one for judgements, wanted it only"):
        trained(tmp_path, first_position=0)
