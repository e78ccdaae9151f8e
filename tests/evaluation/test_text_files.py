"""Numbers of text files: ids, fields, comments and ranks are taken for what they are, or refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rankeval import calibrate, evaluate, ope, rank, simulate, train
from rankeval.errors import DataError, UsageError

RUN = "1 Q0 3 1 9 x\n1 Q0 1 2 8 x\n1 Q0 2 3 7 x\n"
NAMED = "4 qid:1 1:3 # 3 Runner\n0 qid:1 1:2 # 1 Boot\n0 qid:1 1:1 # 2 Sandal\n"
BARE = "4 qid:1 1:3\n0 qid:1 1:2\n0 qid:1 1:1\n"
WITHOUT = "line 1 has no item id ('# docid = ID' or '# ID ...')"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in (("run.trec", RUN), ("named.txt", NAMED), ("bare.txt", BARE)):
        Path(name).write_text(text)
    return tmp_path


def value(*args: Any, **options: Any) -> float:
    return evaluate(*args, **options).to_dict()["results"][0]["value"]


@pytest.mark.usefixtures("folder")
def test_the_first_word_of_a_letor_comment_joins() -> None:
    assert value("run.trec", "named.txt") == 1.0


@pytest.mark.usefixtures("folder")
def test_numbers_of_rows_are_not_joined() -> None:
    with pytest.raises(DataError) as caught:
        evaluate("run.trec", "bare.txt")
    assert str(caught.value) == f"bare.txt: {WITHOUT}, wanted one on every line to join it with run run"
    by_feature = {"bare.score": "f1"}
    with pytest.raises(DataError, match="to join it with judgements"):
        evaluate("bare.txt", "named.txt", columns=by_feature)
    assert value("bare.txt", columns={"score": "f1"}) == 1.0
    assert value("bare.txt", "bare.txt", columns=by_feature) == 1.0
    with pytest.raises(DataError, match="to join it with run run"):
        calibrate("run.trec", "bare.txt")


@pytest.mark.usefixtures("folder")
def test_rank_joins_a_run_by_ids_only() -> None:
    assert rank("run:run.trec", "named.txt").run["score"].to_pylist() == [9.0, 8.0, 7.0]
    with pytest.raises(DataError, match="to join it with run:run"):
        rank("run:run.trec", "bare.txt")
    found = rank("column:f1", "bare.txt")
    assert found.warnings == (
        f"bare.txt: {WITHOUT}; the item ids of the run are numbers of rows, and fit no other file",
    )


def test_a_blank_in_an_id_is_an_error(folder: Path) -> None:
    Path("bad.trec").write_text("1 Q0 3 1 9 x\n1 Q0 annual report.pdf 2 0.8 x\n1 Q0 1 2 8 x\n")
    with pytest.raises(DataError, match=r"^bad.trec, line 2: found '1 Q0 annual report.pdf 2 0.8 x' with 7"):
        evaluate("bad.trec", "named.txt")


@pytest.mark.usefixtures("folder")
def test_query_ids_that_begin_with_a_hash_count() -> None:
    Path("q.txt").write_text("# judged in May\ncars 0 a 1\n#food 0 b 1\n")
    Path("r.txt").write_text("cars Q0 b 1 2 x\ncars Q0 a 2 1 x\n#food Q0 b 1 2 x\n")
    result = evaluate("r.txt", "q.txt", "mrr")
    assert result.to_dict()["results"][0]["value"] == 0.75
    assert result.warnings[:2] == (
        "q.txt: 1 line that begins with # is a comment and is skipped",
        "q.txt: 1 line that begins with # has the form of data and is read (2 lines in 2 files)",
    )


@pytest.mark.usefixtures("folder")
def test_every_command_tells_of_comments() -> None:
    Path("commented.txt").write_text("# note\n" + NAMED + NAMED.replace("qid:1", "qid:2"))
    wanted = ("commented.txt: 1 line that begins with # is a comment and is skipped",)
    assert rank("column:f1", "commented.txt").warnings == wanted
    assert rank("run:run.trec", "commented.txt", where="query_id == '1'").warnings == wanted
    roles = {"reward": "relevance", "propensity": "f1", "target_propensity": "f1"}
    options = {"columns": roles, "where": "f1 == 1"}
    assert ope("commented.txt", "ips", **options).warnings[:1] == wanted
    many = [NAMED.replace("qid:1", f"qid:{query}") for query in range(40)]
    Path("many.txt").write_text("# note\n" + "".join(many[:30]))
    Path("valid.txt").write_text("# note\n" + "".join(many[30:]))
    trained = train("many.txt", "model.txt", valid="valid.txt", param={"min_data_in_leaf": 1})
    one = "many.txt: 1 line that begins with # is a comment and is skipped (2 lines in 2 files)"
    assert one in trained.warnings
    judged = simulate("log", sessions=20, judgements="bare.txt", positions=2)
    assert "bare.txt: line 1 has no item id" in judged.warnings[0]


@pytest.mark.usefixtures("folder")
def test_ranks_order_a_run_without_scores() -> None:
    judged = {"query_id": [1, 1], "item_id": ["a", "b"], "relevance": [0, 1]}
    ranks = {"query_id": [1, 1], "item_id": ["a", "b"], "rank": [1, 2]}
    assert value(ranks, judged, "mrr") == 0.5
    assert value({**ranks, "score": [1, 2]}, judged, "mrr") == 1.0
    assert value({**ranks, "score": [1, 2]}, judged, "mrr", columns={"rank": "rank"}) == 0.5
    with pytest.raises(UsageError, match=r"^--column score=rank: found ranks, of which the lowest is best"):
        evaluate(ranks, judged, "mrr", columns={"score": "rank"})
    for call in (lambda: evaluate(ranks, judged, "mrr,roc_auc"), lambda: calibrate(ranks, judged)):
        with pytest.raises(DataError, match=r"^<dict>: found ranks \(column 'rank'\), .* wanted a column 's"):
            call()
    with pytest.raises(UsageError, match=r"^column:rank: found ranks"):
        rank("column:rank", ranks)
    Path("ranks.csv").write_text("query_id,item_id,rank\n1,1,2\n1,2,1\n")
    data = {"query_id": [1, 1], "item_id": [1, 2]}
    assert rank("run:ranks.csv", data).run["score"].to_pylist() == [-2.0, -1.0]


@pytest.mark.usefixtures("folder")
def test_ranks_that_contradict_scores_are_counted() -> None:
    Path("q.txt").write_text("1 0 a 1\n2 0 a 1\n3 0 a 1\n")
    lines = ["1 Q0 a 1 1 x", "1 Q0 b 2 2 x", "2 Q0 b 2 1 x", "2 Q0 a 1 2 x", "3 Q0 b 1 5 x", "3 Q0 a 1 9 x"]
    Path("r.txt").write_text("\n".join(lines))
    result = evaluate("r.txt", "q.txt", "mrr")
    assert result.to_dict()["results"][0]["value"] == pytest.approx(5 / 6)
    assert result.warnings[:1] == (
        "run r: column 'rank' contradicts the scores in 1 query; the scores give the order, as in trec_eval",
    )
