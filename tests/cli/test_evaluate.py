from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankeval import UsageError, evaluate
from rankeval.cli.evaluate import _named
from tests.cli.helpers import call, imported_by, run
from tests.cli.test_main import SLOW

QUERIES, ITEMS = 40, 10


def run_table(seed: int) -> pa.Table:
    rng, n = np.random.default_rng(seed), QUERIES * ITEMS
    return pa.table(
        {
            "query_id": [f"q{i:03}" for i in range(QUERIES) for _ in range(ITEMS)],
            "item_id": [f"d{i}" for _ in range(QUERIES) for i in range(ITEMS)],
            "score": rng.random(n),
            "relevance": np.random.default_rng(0).integers(0, 3, n),
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("evaluate")
    for seed, name in enumerate(["old", "new"], 1):
        pq.write_table(run_table(seed), path / f"{name}.parquet")
    pq.write_table(run_table(0).drop_columns("score"), path / "judgements.parquet")
    return path


def test_it_prints_what_the_python_call_returns(folder: Path) -> None:
    runs = {name: str(folder / f"{name}.parquet") for name in ("old", "new")}
    named = [f"{name}={path}" for name, path in runs.items()]
    judgements = str(folder / "judgements.parquet")
    options = ["--judgements", judgements, "-m", "ndcg@5,map", "-m", "mrr", "--permutations", "100"]
    called = call("evaluate", *named, *options, "--ties", "worst", "--ci", "bootstrap", "--format", "json")
    wanted = evaluate(
        runs, judgements, ["ndcg@5", "map", "mrr"], ties="worst", ci="bootstrap", permutations=100
    )
    assert (called.status, called.err) == (0, "")
    assert called.result == wanted.to_dict()


def test_json_contract(folder: Path) -> None:
    files = [folder / "old.parquet", folder / "new.parquet"]
    found = json.loads(call("evaluate", *files, "-m", "ndcg@10,err@5", "--format", "json").out)
    assert {"schema", "command", "inputs", "n", "results", "comparisons", "warnings"} <= set(found)
    assert (found["command"], found["n"]) == ("evaluate", QUERIES)
    for row in found["results"]:
        assert {"run", "metric", "segment", "value", "std_error", "ci", "n"} <= set(row)
    for row in found["comparisons"]:
        assert {"a", "b", "metric", "difference", "ci", "p_value", "p_adjusted", "test"} <= set(row)


@pytest.mark.parametrize("form", ["table", "json", "csv", "markdown"])
def test_every_form(folder: Path, form: str) -> None:
    for files in (["old"], ["old", "new"]):
        called = call("evaluate", *(folder / f"{name}.parquet" for name in files), "--format", form)
        assert (called.status, called.err) == (0, "")
        assert "ndcg@10" in called.out


def test_pooled_metrics_and_the_reliability_curve(folder: Path, tmp_path: Path) -> None:
    curve = tmp_path / "curve.parquet"
    called = call(
        "evaluate",
        folder / "old.parquet",
        "-m",
        "brier,ece:bins=4",
        "--reliability",
        curve,
        "--format",
        "json",
    )
    assert (called.status, called.err) == (0, "")
    assert [row["metric"] for row in json.loads(called.out)["results"]] == ["brier", "ece:bins=4"]
    assert pq.read_table(curve)["bin"].to_pylist() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["a.parquet"], {"a": "a.parquet"}),
        (["runs/bm25.v2.parquet"], {"bm25": "runs/bm25.v2.parquet"}),
        (["x=a.parquet", "y=a.parquet"], {"x": "a.parquet", "y": "a.parquet"}),
        (["runs/day=1/a.parquet"], {"a": "runs/day=1/a.parquet"}),
        (["runs/*.parquet"], {"*": "runs/*.parquet"}),
        (["old=runs/"], {"old": "runs/"}),
        (["runs/"], {"runs": "runs/"}),
    ],
)
def test_names_of_runs(arguments: list[str], named: dict[str, str]) -> None:
    assert _named(tuple(arguments)) == named


def test_two_runs_of_one_name() -> None:
    with pytest.raises(UsageError) as caught:
        _named(("x/a.parquet", "y/a.parquet"))
    assert str(caught.value) == "two runs are named 'a'; name them, as in old=x/a.parquet new=y/a.parquet"


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["-m", "ndgc@10"], 2, "unknown metric 'ndgc@10': did you mean 'ndcg'?"),
        (["-m", "ndcg@0"], 2, "ndcg@0"),
        (["-m", ","], 2, "metrics"),
        (["--ties", "random"], 2, "'random' is not one of"),
        (["--judgements", "/no/qrels.txt"], 1, "/no/qrels.txt"),
        (["--column", "score=f25"], 1, "no column 'f25'"),
        (["--column", "bm25.score=f25"], 2, "no run 'bm25'; there are old"),
        (["--ci", ","], 2, "ci: found no method"),
        (["--by", "country"], 1, "no column 'country'"),
        (["--per-query", "/no/such/file"], 1, "/no/such/file"),
        (["--per-query", "x.txt"], 2, "wanted a name that ends in .parquet, .csv, .json, .jsonl or .arrow"),
    ],
)
def test_wrong_calls_and_data(folder: Path, arguments: list[str], status: int, message: str) -> None:
    called = call("evaluate", folder / "old.parquet", *arguments)
    assert called.status == status
    assert message in called.error


def test_a_run_of_another_kind_is_refused(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "run.parquet"
    path.write_bytes(b"ORC" + bytes(100))
    called = call("evaluate", path, "--judgements", folder / "judgements.parquet")
    assert called.status == 1
    assert f"{path}: found ORC, wanted Parquet, Arrow IPC, CSV, JSON" in called.error


def test_one_run_imports_neither_scipy_nor_pandas(folder: Path) -> None:
    status, packages = imported_by("evaluate", folder / "old.parquet", "-m", "ndcg@10,map,mrr,recall@100")
    assert status == 0
    assert packages & SLOW == {"llvmlite", "numba", "numpy", "pyarrow", "rich"}


def test_kernels_are_compiled_once_on_a_machine_and_stderr_says_so(folder: Path, tmp_path: Path) -> None:
    cache = {"NUMBA_CACHE_DIR": str(tmp_path)}
    arguments = ("evaluate", folder / "old.parquet", "-m", "precision@5", "--format", "json")
    first, second = run(*arguments, environment=cache), run(*arguments, environment=cache)
    assert (first.status, second.status) == (0, 0)
    assert first.err == "rankeval: compiling kernels, once on this machine ...\n"
    assert second.err == ""
    assert first.out == second.out


def test_options_beside_the_runs(folder: Path, tmp_path: Path) -> None:
    items = [f"d{i}" for i in range(ITEMS)]
    tables = {
        "popularity": pa.table({"item_id": items, "popularity": np.linspace(0.1, 1.0, ITEMS)}),
        "embedding": pa.table({"item_id": items, "x": np.arange(ITEMS), "y": [1.0] * ITEMS}),
        "exclude": pa.table({"query_id": ["q000", "q001"], "item_id": ["d1", "d2"]}),
    }
    for name, table in tables.items():
        pq.write_table(table, tmp_path / f"{name}.parquet")
    runs = {name: str(folder / f"{name}.parquet") for name in ("old", "new")}
    options = [word for name in tables for word in (f"--{name}", str(tmp_path / f"{name}.parquet"))]
    metrics = "AP(rel=2)@5,ild@3,novelty@3,coverage@3,gini@3"
    named = [f"{name}={path}" for name, path in runs.items()]
    called = call("evaluate", *named, *options, "-m", metrics, "--agree", "--judged-only", "--format", "json")
    wanted = evaluate(
        runs, metrics=metrics, agree=True, judged_only=True,
        **{name: str(tmp_path / f"{name}.parquet") for name in tables},
    )  # fmt: skip
    assert (called.status, called.err) == (0, "")
    assert called.result == wanted.to_dict()
    assert [row["metric"] for row in wanted.to_dict()["results"][:2]] == ["map@5:rel=2", "ild@3"]
    assert len(wanted.agreement) == 3
