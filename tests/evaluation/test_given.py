"""Files and lists as other tools of evaluation have them."""

from __future__ import annotations

from collections import namedtuple
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from rankeval import DataError, evaluate, simulate
from tests.cli.helpers import call

QRELS = "query-id\tcorpus-id\tscore\n1\td1\t1\n1\td2\t0\n2\td3\t2\n"
RUN = "1 Q0 d2 1 0.9 t\n1 Q0 d1 2 0.8 t\n2 Q0 d3 1 0.7 t\n"
#: d1 stands second for query 1, d3 first for query 2.
VALUE = (0.5 + 1) / 2

ScoredDoc = namedtuple("ScoredDoc", ["query_id", "doc_id", "score"])
Qrel = namedtuple("Qrel", ["query_id", "doc_id", "relevance", "iteration"])
DOCS = [ScoredDoc("1", "d2", 0.9), ScoredDoc("1", "d1", 0.8), ScoredDoc("2", "d3", 0.7)]
GRADES = [Qrel("1", "d1", 1, "0"), Qrel("1", "d2", 0, "0"), Qrel("2", "d3", 2, "0")]


@pytest.fixture
def beir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("old.run").write_text(RUN)
    folder = Path("scifact")
    (folder / "qrels").mkdir(parents=True)
    (folder / "qrels" / "test.tsv").write_text(QRELS)
    (folder / "corpus.jsonl").write_text('{"_id": "d1", "title": "", "text": "a"}\n')
    (folder / "queries.jsonl").write_text('{"_id": "1", "text": "b"}\n')
    return folder


def value(run: Any, judgements: Any, **options: Any) -> float:
    return evaluate(run, judgements, "mrr", **options).metric_rows[0].estimate.value


def test_judgements_of_beir(beir: Path) -> None:
    found = call(
        "evaluate", "old.run", "--judgements", "scifact/qrels/test.tsv", "-m", "mrr", "--format", "csv"
    )
    assert found.status == 0
    assert found.out.splitlines()[1].split(",")[4] == str(VALUE)
    result = evaluate("old.run", "scifact/qrels/test.tsv", "mrr")
    assert result.warnings[0] == (
        "scifact/qrels/test.tsv: query_id is taken from column 'query-id', "
        "item_id from 'corpus-id', relevance from 'score'"
    )


def test_the_folder_of_a_data_set(beir: Path) -> None:
    assert value("old.run", "scifact") == value("old.run", beir) == VALUE
    result = evaluate("old.run", "scifact", "mrr").to_dict()
    assert result["inputs"]["judgements"] == "scifact/qrels/test.tsv"
    (beir / "qrels" / "train.tsv").write_text(QRELS)
    with pytest.raises(DataError) as caught:
        evaluate("old.run", "scifact")
    assert str(caught.value) == (
        "scifact: a folder of a data set with qrels/test.tsv, qrels/train.tsv; wanted one file of judgements"
    )
    for path in (beir / "qrels").iterdir():
        path.unlink()
    with pytest.raises(
        DataError, match=r"^scifact: a folder of a data set with no file in qrels/; wanted one"
    ):
        evaluate("old.run", "scifact")


def test_a_world_of_a_data_set(beir: Path) -> None:
    simulate("out", sessions=5, judgements="scifact", seed=0)
    assert Path("out/world.json").read_text().count("query_id") == 2


def test_frames_of_pyterrier() -> None:
    run = pd.DataFrame(
        {
            "qid": ["1", "1", "2"],
            "docid": [11, 10, 12],
            "docno": ["d2", "d1", "d3"],
            "rank": [0, 1, 0],
            "score": [0.9, 0.8, 0.7],
            "query": ["red shoes", "red shoes", "boots"],
        }
    )
    grades = pd.DataFrame({"qid": ["1", "1", "2"], "docno": ["d1", "d2", "d3"], "label": [1, 0, 2]})
    assert value(run, grades) == VALUE
    assert value(run, grades.assign(iteration="0")) == VALUE
    assert value(run.drop(columns="score"), grades) == VALUE  # ordered by its ranks


def test_frames_and_tuples_of_ir_measures() -> None:
    assert value(pd.DataFrame(DOCS), pd.DataFrame(GRADES)) == VALUE
    assert value(DOCS, GRADES) == VALUE
    assert value({"old": DOCS}, GRADES) == VALUE
    assert list(evaluate({"old": DOCS, "new": DOCS[:2]}, GRADES, "mrr").counts["runs"]) == ["old", "new"]
    with pytest.raises(DataError) as caught:
        evaluate([*DOCS, GRADES[0]], GRADES)
    assert str(caught.value) == "<list>, row 4: found Qrel, wanted ScoredDoc"


def test_a_column_that_is_named_for_the_run_leaves_the_judgements_their_usual_name() -> None:
    run = pd.DataFrame({"my query": ["1"], "topic": ["x"], "pid": ["d1"], "sim": [0.5]})
    grades = pd.DataFrame({"topic_id": ["1"], "docno": ["d1"], "grade": [1]})
    assert value(run, grades, columns={"query_id": "my query"}) == 1.0
