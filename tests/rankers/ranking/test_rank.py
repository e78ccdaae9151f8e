from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankeval import DataError, Log, Ranking, UsageError, calibrate, evaluate, ope, rank, train
from rankeval.rankers.ranking import scored
from tests.log_files import nested, write_parts
from tests.rankers.lightgbm_models import booster, frame

DATA = pa.table(
    {
        "query_id": ["q1", "q1", "q2", "q3", "q3"],
        "item_id": ["a", "b", "a", "c", "a"],
        "relevance": [1, 0, 2, 0, 1],
        "price": [3.0, 1.0, 2.0, 5.0, 4.0],
    }
)


class Sum:
    """The sum of two columns."""

    columns = ("price", "age")

    def score(self, rows: pa.RecordBatch) -> Any:
        assert rows.schema.names == ["price", "age"]
        return rows.column(0).to_numpy() + rows.column(1).to_numpy()


def run_of(result: Ranking) -> pa.Table:
    assert result.run is not None
    return result.run


def test_the_run_has_ids_and_scores_in_the_order_of_the_rows() -> None:
    result = rank("column:price", DATA)
    assert run_of(result).to_pydict() == {
        "query_id": ["q1", "q1", "q2", "q3", "q3"],
        "item_id": ["a", "b", "a", "c", "a"],
        "score": [3.0, 1.0, 2.0, 5.0, 4.0],
    }
    assert result.to_dict() == {
        "schema": 1,
        "command": "rank",
        "inputs": {
            "model": "column:price", "data": "<table>", "where": None,
            "calibration": None, "policy": None, "top": None, "seed": None,
        },
        "n": 5,
        "results": [{"candidate": "column:price", "rows": 5, "queries": 3, "out": None}],
        "warnings": [],
    }  # fmt: skip


@pytest.mark.parametrize("make", [pl.from_arrow, pa.Table.to_pandas, pa.Table.to_pydict, pa.Table.to_reader])
def test_kinds_of_data(make: Any) -> None:
    assert run_of(rank("column:price", make(DATA))).equals(run_of(rank("column:price", DATA)))


def test_files_of_all_kinds(tmp_path: Path) -> None:
    wanted = run_of(rank("column:price", DATA))
    pa.csv.write_csv(DATA, tmp_path / "data.csv")
    assert run_of(rank("column:price", tmp_path / "data.csv")).equals(wanted)
    (tmp_path / "data.letor").write_text("1 qid:q1 1:3 2:7 #docid = a\n0 qid:q1 1:1 #docid = b\n")
    assert run_of(rank("column:f1", tmp_path / "data.letor")).to_pydict() == {
        "query_id": ["q1", "q1"], "item_id": ["a", "b"], "score": [3.0, 1.0]
    }  # fmt: skip


def test_columns_of_other_names_and_a_filter() -> None:
    data = DATA.rename_columns(["qid", "doc", "grade", "price"])
    columns = {"query_id": "qid", "item_id": "doc", "relevance": "grade"}
    result = rank("column:price", data, columns=columns, where="grade > 0")
    assert run_of(result).to_pydict() == {
        "query_id": ["q1", "q2", "q3"], "item_id": ["a", "a", "a"], "score": [3.0, 2.0, 4.0]
    }  # fmt: skip
    assert (result.n, result.queries, result.inputs["where"]) == (3, 3, "grade > 0")
    log = Log(data, "judgements", columns, "grade > 0")
    assert run_of(rank("column:price", log)).equals(run_of(result))


def test_features_in_another_order_of_columns() -> None:
    data = {"age": [1.0, 2.0], "item_id": [1, 2], "price": [10.0, 20.0], "query_id": [1, 1]}
    assert run_of(rank(Sum(), data))["score"].to_pylist() == [11.0, 22.0]


SESSIONS = pa.table(
    {
        "session_id": [7, 7, 7, 8, 9, 9],
        "query_id": ["x", "x", "x", "y", "x", "x"],
        "item_id": ["a", "b", "c", "a", "c", "a"],
        "click": [0, 1, 0, 0, 1, 0],
        "price": [3.0, 1.0, 2.0, 5.0, 4.0, 6.0],
    }
)


def test_ranking_logs_long_and_nested() -> None:
    wanted = run_of(rank("column:price", SESSIONS))
    assert wanted.schema.names == ["session_id", "query_id", "item_id", "score"]
    assert wanted["score"].to_pylist() == SESSIONS["price"].to_pylist()
    lists = nested(SESSIONS, "session_id", once=["query_id"])
    for policy in (None, "plackett_luce:temperature=1"):
        long, short = (run_of(rank("column:price", data, policy=policy)) for data in (SESSIONS, lists))
        assert long.equals(short.cast(long.schema))
    assert rank("column:price", SESSIONS).queries == 3
    renamed = rank("column:price", SESSIONS.rename_columns(["sid", *SESSIONS.schema.names[1:]]),
                   columns={"session_id": "sid"})  # fmt: skip
    assert run_of(renamed).equals(wanted)
    bare = SESSIONS.drop_columns(["query_id"])
    assert run_of(rank("column:price", bare)).schema.names == ["session_id", "item_id", "score"]


def test_nested_judgements() -> None:
    lists = nested(DATA, "query_id")
    for policy in (None, "greedy"):
        wanted = run_of(rank("column:price", DATA, policy=policy))
        assert run_of(rank("column:price", lists, policy=policy)).cast(wanted.schema).equals(wanted)


def test_a_feature_of_the_session_is_repeated_for_its_items() -> None:
    lists = nested(
        SESSIONS.append_column("age", pa.array([1.0, 1.0, 1.0, 2.0, 3.0, 3.0])),
        "session_id",
        once=["query_id", "age"],
    )
    assert run_of(rank(Sum(), lists))["score"].to_pylist() == [4.0, 2.0, 3.0, 7.0, 7.0, 9.0]


def test_runs_are_read_by_evaluate_and_logs_by_ope(tmp_path: Path) -> None:
    rank("column:price", DATA, tmp_path / "run.parquet")
    (value,) = evaluate(tmp_path / "run.parquet", DATA, "ndcg@10").to_dict()["results"]
    discount = 1 / np.log2(3)
    assert value["value"] == pytest.approx((1.0 + 1.0 + discount) / 3)
    rank("column:price", SESSIONS, tmp_path / "drawn.parquet", policy="epsilon:epsilon=0.5", top=3)
    drawn = pq.read_table(tmp_path / "drawn.parquet").append_column("click", SESSIONS["click"])
    log = drawn.append_column("target_propensity", drawn["propensity"])
    assert ope(log, "iips").to_dict()["results"][0]["value"] == pytest.approx(2 / 3)


@pytest.mark.parametrize("name", ["run.parquet", "run.csv", "run.jsonl", "run"])
def test_the_same_bytes_for_any_number_of_threads(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scored, "PIECE_VALUES", 60)
    booster().save_model(tmp_path / "model.txt")
    data = write_parts(tmp_path / "data", pa.Table.from_pandas(frame(4000)), row_group_size=700, files=3)
    for policy in (None, "plackett_luce:temperature=1"):
        found = []
        for threads in (1, 2, 5):
            rank(f"lightgbm:{tmp_path / 'model.txt'}", data, tmp_path / name, threads=threads, policy=policy)
            found.append((tmp_path / name).read_bytes())
        assert found[0] == found[1] == found[2]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["data", "model.txt", name])


@given(st.lists(st.integers(1, 6), min_size=1, max_size=30), st.integers(1, 40), st.integers(1, 3))
@settings(max_examples=25, deadline=None)
def test_pieces_and_row_groups_change_nothing(sizes: list[int], group: int, files: int) -> None:
    import tempfile
    from unittest.mock import patch

    rows = sum(sizes)
    data = pa.table(
        {
            "query_id": np.repeat(np.arange(len(sizes)), sizes),
            "item_id": np.concatenate([np.arange(size) for size in sizes]),
            "price": np.random.default_rng(rows).normal(size=rows),
        }
    )
    policy = "epsilon:epsilon=0.5"
    wanted = run_of(rank("column:price", data, policy=policy, top=3)).combine_chunks()
    with tempfile.TemporaryDirectory() as folder:
        parts = write_parts(Path(folder) / "data", data, row_group_size=group, files=min(files, rows))
        with patch.object(scored, "PIECE_VALUES", 7), patch("rankeval.rankers.ranking.groups.BLOCK_ROWS", 5):
            found = rank("column:price", parts, policy=policy, top=3, threads=2)
    assert run_of(found).combine_chunks().equals(wanted)
    assert (found.n, found.queries) == (rows, len(sizes))


def test_csv_and_parquet_hold_the_same(tmp_path: Path) -> None:
    for name in ("run.csv", "run.parquet"):
        rank("column:price", DATA, tmp_path / name, policy="greedy", top=1)
    table = pa.csv.read_csv(tmp_path / "run.csv")
    assert table.to_pydict() == pq.read_table(tmp_path / "run.parquet").to_pydict()
    assert (tmp_path / "run.csv").read_text().splitlines()[:3] == [
        '"query_id","item_id","score","position","propensity","propensity_prefix","propensity_list"',
        '"q1","a",3,1,1,1,1',
        '"q1","b",1,,,,1',
    ]


def test_rows_of_a_query_that_are_apart_are_sorted_first(capsys: pytest.CaptureFixture[str]) -> None:
    apart = DATA.take([0, 2, 3, 1, 4])
    result = rank("column:price", apart, policy="greedy", top=2)
    notice = "rankeval: <table>: rows are not grouped by query_id; sorting on disk first\n"
    assert capsys.readouterr().err.endswith(notice)
    assert run_of(result).to_pydict()["query_id"] == ["q1", "q1", "q2", "q3", "q3"]
    assert run_of(result)["position"].to_pylist() == [1, 2, 1, 1, 2]
    assert run_of(rank("column:price", apart))["score"].to_pylist() == [3.0, 2.0, 5.0, 1.0, 4.0]
    assert rank("column:price", apart).queries == 3
    lists = nested(SESSIONS, "session_id", once=["query_id"])
    with pytest.raises(DataError, match="<table>: has a query or session in two rows, wanted one"):
        rank("column:price", pa.concat_tables([lists, lists]), policy="greedy")


def test_a_ranker_is_asked_by_several_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scored, "PIECE_VALUES", 10)
    meet = threading.Barrier(2, timeout=10)

    class Meets:
        columns = ("price",)

        def score(self, rows: pa.RecordBatch) -> Any:
            meet.wait()
            return rows.column("price")

    data = pa.table({"query_id": [1] * 12, "item_id": list(range(12)), "price": [1.0] * 12})
    assert rank(Meets(), data, threads=2).n == 12


# What is refused.


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        (DATA.drop_columns(["item_id"]), {}, "<table>: has no column 'item_id', wanted the item_id of"),
        (DATA.drop_columns(["query_id"]), {}, "<table>: has no column 'query_id', wanted the query_id"),
        (DATA, {"where": "price > 99"}, "<table>: no rows match 'price > 99', wanted at least one"),
        (DATA.set_column(1, "item_id", pa.array(["a", None, "b", "c", "d"])), {},
         "<table>, row 2: column 'item_id' is null, wanted an id"),
        (DATA.set_column(0, "query_id", pa.array(["a", "b", "b", "c", None])), {},
         "<table>, row 5: column 'query_id' is null, wanted an id"),
        (DATA.set_column(3, "price", pa.array([1.0, 2.0, None, 1.0, 2.0])), {},
         "column:price: gives the score nan to <table>, row 3, wanted a finite number"),
        (DATA, {"where": "relevance < 2"}, None),
        (DATA.set_column(3, "price", pa.array([1.0, 2.0, 1.0, np.inf, 2.0])), {"where": "item_id != 'a'"},
         "column:price: gives the score inf to <table>, row 4, wanted a finite number"),
        (SESSIONS.set_column(0, "session_id", pa.array([1, 1, None, 2, 3, 3])), {},
         "<table>, row 3: column 'session_id' is null, wanted an id"),
    ],
)  # fmt: skip
def test_data_that_is_wrong(
    data: pa.Table, options: dict[str, Any], message: str | None, tmp_path: Path
) -> None:
    out = tmp_path / "run.parquet"
    if message is None:
        assert rank("column:price", data, out, **options).n == 4
        return
    with pytest.raises(DataError) as caught:
        rank("column:price", data, out, **options)
    assert str(caught.value).startswith(message)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threads": 0}, "threads: found 0, wanted at least 1"),
        ({"policy": 3}, "policy: found 3, wanted a text"),
        ({"seed": "x"}, "seed: found 'x', wanted a whole number"),
        ({"trust": 3}, "trust: found 3, wanted a text or a list of texts"),
        ({"columns": {"price": "cost"}}, "--column price=...: no such role; there are session_id, query_id"),
        ({"out": 3}, "out: found 3, wanted a path"),
        ({"out": "run.txt"}, "out: found 'run.txt', wanted a name that ends in .parquet, .csv, .json,"),
    ],
)
def test_calls_that_are_wrong(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        rank("column:price", DATA, **options)
    assert str(caught.value).startswith(message)


def test_inputs_are_not_overwritten(tmp_path: Path) -> None:
    pq.write_table(DATA, tmp_path / "data.parquet")
    rank("column:price", DATA, tmp_path / "old.parquet")
    with pytest.raises(UsageError, match=r"data\.parquet: is an input, wanted another file to write to"):
        rank("column:price", tmp_path / "data.parquet", tmp_path / "data.parquet")
    with pytest.raises(UsageError, match=r"old\.parquet: is an input"):
        rank(f"run:{tmp_path / 'old.parquet'}", DATA, tmp_path / "old.parquet")
    with pytest.raises(DataError, match=r"gone/run\.parquet: cannot be written"):
        rank("column:price", DATA, tmp_path / "gone" / "run.parquet")


def test_ids_of_two_files_of_different_width() -> None:
    first = pa.table({"query_id": pa.array([1], pa.int32()), "item_id": [1], "price": [1.0]})
    second = pa.table({"query_id": pa.array([2**40], pa.int64()), "item_id": [1], "price": [2.0]})
    assert run_of(rank("column:price", [first, second])).to_pydict() == {
        "query_id": [1, 2**40], "item_id": [1, 1], "score": [1.0, 2.0]
    }  # fmt: skip


def test_a_text_id_in_pandas_categories() -> None:
    data = frame().assign(query_id=frame().query_id.astype(str).astype("category"))
    found = run_of(rank("column:price", data, policy="greedy"))
    assert found["query_id"].to_pylist() == frame().query_id.astype(str).tolist()
    assert isinstance(data.query_id.dtype, pd.CategoricalDtype)


def test_a_model_that_train_writes(tmp_path: Path) -> None:
    data = frame(4000).assign(query_id=np.repeat(np.arange(200), 20))
    data = data.assign(relevance=(data.price + (data.country == "de") > 0.5).astype(int))
    data = data.astype({"country": str})
    train(data, tmp_path / "model.txt", features="price,country", folds=3)
    run = run_of(rank(f"lightgbm:{tmp_path / 'model.txt'}", data))
    (value,) = evaluate(run, data[["query_id", "item_id", "relevance"]], "ndcg@10").to_dict()["results"]
    assert value["value"] > 0.95


def test_a_calibration_turns_scores_into_probabilities(tmp_path: Path) -> None:
    """A map ``1 / (1 + exp(-(a s + b)))``, read from the file that ``calibrate`` writes."""
    run = {
        "query_id": [f"q{i // 4}" for i in range(40)],
        "item_id": [i % 4 for i in range(40)],
        "score": [float(i % 7) for i in range(40)],
        "relevance": [int(i % 7 > 3) if i % 5 else 1 for i in range(40)],
    }
    path = tmp_path / "map.json"
    calibrate(run, method="platt", out=path)
    found = run_of(rank("column:score", run, calibration=path)).column("score").to_numpy()
    logits = np.log(found / (1 - found))
    slope = (logits[1] - logits[0]) / 1.0
    assert slope > 0.0
    np.testing.assert_allclose(logits, logits[0] + slope * np.array(run["score"]), rtol=1e-9)
    drawn = run_of(rank("column:score", run, calibration=path, policy="greedy", top=4))
    assert drawn.column("score").to_pylist() == found.tolist()


def test_a_calibration_of_probabilities_wants_probabilities(tmp_path: Path) -> None:
    run = {
        "query_id": [f"q{i // 4}" for i in range(40)],
        "item_id": [i % 4 for i in range(40)],
        "score": [(i % 7) / 7 for i in range(40)],
        "relevance": [i % 3 == 0 for i in range(40)],
    }
    path = tmp_path / "map.json"
    calibrate(run, method="temperature", out=path)
    with pytest.raises(DataError, match="wanted"):
        rank("column:score", run | {"score": [2.0] * 40}, calibration=path)
    with pytest.raises(UsageError, match="is an input, wanted another file"):
        rank("column:score", run, path.with_suffix(".parquet"), calibration=path.with_suffix(".parquet"))


def test_a_log_with_a_usual_name_of_its_sessions_is_ranked_by_session(tmp_path: Path) -> None:
    log = {"impression_id": [1, 1, 2], "docno": ["a", "b", "a"], "slot": [1, 2, 1], "price": [1.0, 2.0, 3.0]}
    result = rank("column:price", log, tmp_path / "run.parquet")
    assert pq.read_table(tmp_path / "run.parquet").schema.names == ["session_id", "item_id", "score"]
    assert result.to_dict()["warnings"] == [
        "<dict>: session_id is taken from column 'impression_id', item_id from 'docno'"
    ]
    judged = {"query_id": [1, 1, 2], "docno": ["a", "b", "a"], "request_id": [7, 8, 9], "price": [1, 2, 3]}
    rank("column:price", judged, tmp_path / "judged.parquet")
    assert pq.read_table(tmp_path / "judged.parquet").schema.names == ["query_id", "item_id", "score"]
