"""Usual names of columns play a role where no other column could be meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rankeval import Log, evaluate, ope
from rankeval.errors import DataError, UsageError
from rankeval.logs import order_role, reader_notes, scan
from rankeval.rankers import feature_columns


def log_of(role: Any, *names: str, columns: dict[str, str] | None = None) -> Log:
    return Log({name: [1] for name in names}, role, columns or {})


def taken(role: Any, *names: str, columns: dict[str, str] | None = None) -> dict[str, str]:
    return dict(log_of(role, *names, columns=columns).usual)


@pytest.mark.parametrize("name", ["query-id", "qid", "q_id", "query", "topic", "topic_id", "query_no", "QID"])
@pytest.mark.parametrize("role", ["run", "judgements", "log"])
def test_names_of_query_ids(role: Any, name: str) -> None:
    assert taken(role, name, "other") == {"query_id": name}


@pytest.mark.parametrize(
    "name",
    ["corpus-id", "doc_id", "docno", "docid", "did", "pid", "document_id", "item", "product_id", "Item_ID"],
)
@pytest.mark.parametrize("role", ["run", "judgements", "log"])
def test_names_of_item_ids(role: Any, name: str) -> None:
    assert taken(role, name, "other") == {"item_id": name}


@pytest.mark.parametrize("name", ["label", "rel", "grade", "gain"])
def test_names_of_grades(name: str) -> None:
    assert taken("judgements", name) == taken("run", name) == {"relevance": name}
    assert taken("log", name) == {}


@pytest.mark.parametrize("name", ["sim", "similarity", "Score"])
def test_names_of_scores(name: str) -> None:
    assert taken("run", name) == {"score": name}
    assert taken("log", name) == taken("judgements", name) == {}


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("pscore", "propensity"),
        ("evaluation_policy_pscore", "target_propensity"),
        ("slot", "position"),
        ("rank", "position"),
        ("clicked", "click"),
        ("is_click", "click"),
        ("ts", "timestamp"),
        ("event_time", "timestamp"),
    ],
)
def test_names_in_logs(name: str, role: str) -> None:
    assert taken("log", "session_id", name) == {role: name}


def test_two_usual_names_are_one_too_many() -> None:
    log = log_of("run", "qid", "topic", "item_id", "score")
    assert log.usual == {}
    with pytest.raises(DataError) as caught:
        log.require(["query_id"])
    assert str(caught.value) == (
        "<dict>: no column 'query_id', but 'qid' and 'topic'; "
        "wanted the right one named (--column query_id=NAME)"
    )


def test_the_name_of_the_role_and_the_callers_choice_come_first() -> None:
    assert taken("run", "query_id", "qid", "docno") == {"item_id": "docno"}
    assert taken("run", "qid", "topic", columns={"query_id": "topic"}) == {}
    assert taken("run", "qid", columns={"score": "qid"}) == {}
    assert taken("judgements", "query_id", "Query_ID", "item_id", "relevance") == {}
    log = log_of("judgements", "qid", "topic")
    assert log.adapted({"item_id": "topic"}, None).usual == {"query_id": "qid"}


def test_frames_of_pyterrier_and_ir_measures() -> None:
    run = log_of("run", "qid", "docid", "docno", "rank", "score", "query")
    assert run.usual == {"query_id": "qid", "item_id": "docno"}
    assert order_role(run) == "score"
    assert taken("judgements", "qid", "docno", "label") == {
        "query_id": "qid",
        "item_id": "docno",
        "relevance": "label",
    }
    assert taken("run", "query_id", "doc_id", "score") == {"item_id": "doc_id"}
    assert taken("judgements", "query_id", "doc_id", "relevance", "iteration") == {
        "item_id": "doc_id",
        "subtopic": "iteration",
    }


def test_the_score_of_judgements_of_beir_is_their_grade() -> None:
    names = ("query-id", "corpus-id", "score")
    ids = {"query_id": "query-id", "item_id": "corpus-id"}
    assert taken("judgements", *names) == {**ids, "relevance": "score"}
    assert taken("judgements", *names, columns={"query_id": "query-id"}) == {
        "item_id": "corpus-id",
        "relevance": "score",
    }
    assert taken("run", *names) == ids
    assert taken("judgements", *names, "rank") == ids
    assert taken("judgements", "qid", "docid", "score") == {"query_id": "qid", "item_id": "docid"}


def test_ranks_are_no_scores() -> None:
    assert order_role(log_of("run", "qid", "docno", "Rank")) == "rank"
    with pytest.raises(UsageError, match="found ranks, of which the lowest is best"):
        log_of("run", "rank", columns={"score": "rank"})


@pytest.mark.parametrize("request_id", ["request_id", "impression_id"])
@pytest.mark.parametrize(
    ("others", "role"),
    [
        (("rank", "clicked"), "session_id"),
        (("position", "propensity"), "session_id"),
        (("docno", "click"), "session_id"),
        (("item_id", "pscore", "reward"), "round_id"),
        (("action", "position", "pscore"), "round_id"),
        (("reward", "propensity"), "round_id"),
        (("session_id", "position"), None),
        (("round_id", "position"), None),
    ],
)
def test_ids_of_requests(request_id: str, others: tuple[str, ...], role: str | None) -> None:
    log = log_of("log", request_id, *others)
    found = {each for each, name in log.usual.items() if name == request_id}
    assert found == ({role} if role else set())
    ranked = role == "session_id" or "session_id" in others
    assert log.session == ("session_id" if ranked else None)


def test_position_is_an_ordinary_column_of_bandit_logs() -> None:
    assert taken("log", "rank", "clicked", "pscore") == {"propensity": "pscore"}


def test_a_log_takes_only_what_fits() -> None:
    assert Log({"session_id": [1], "rank": ["first"], "query": [0.5]}, "log").usual == {}
    assert Log({"session_id": [1], "rank": [[1, 2]], "pid": [["a", "b"]]}, "log").usual == {
        "item_id": "pid",
        "position": "rank",
    }


def test_files_must_agree() -> None:
    one, other = {"qid": [1], "docno": [1]}, {"query_id": [1], "qid": [1], "docno": [2]}
    assert Log([one, other], "judgements").usual == {"item_id": "docno"}
    assert Log([one, one], "judgements").usual == {"query_id": "qid", "item_id": "docno"}


def test_a_note_tells_of_the_columns_that_were_read(tmp_path: Path) -> None:
    path = tmp_path / "run.csv"
    path.write_text("qid,docno,sim,label\n1,a,1,0\n2,b,0.5,1\n")
    log = Log(path, "run")
    scan(log, ["query_id", "score"], len, 1)
    (note,) = reader_notes(log, log)
    assert (note.code, note.text, note.numbers) == (
        "usual_columns",
        f"{path}: query_id is taken from column 'qid', score from 'sim'",
        {"columns": 2},
    )
    assert reader_notes(Log(path, "run")) == []


def test_real_numbers_of_several_text_files_are_alike(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("qid,docno,sim\n1,a,1\n")
    (tmp_path / "b.csv").write_text("qid,docno,sim\n2,a,0.5\n")
    judged = {"query_id": [1, 2], "item_id": ["a", "b"], "relevance": [1, 1]}
    assert [row.estimate.value for row in evaluate(str(tmp_path), judged, "mrr").metric_rows] == [0.5]


def test_a_column_that_plays_a_role_is_no_feature() -> None:
    judged = log_of("judgements", "qid", "docno", "gain", "rank", "f1")
    assert feature_columns(judged, []) == ["rank", "f1"]
    clicks = log_of("log", "impression_id", "docno", "rank", "clicked", "gain")
    assert feature_columns(clicks, []) == ["gain"]
    with pytest.raises(UsageError, match="features: found 'clicked'"):
        feature_columns(clicks, ["clicked"])


def test_a_bandit_log_of_open_bandit_pipeline() -> None:
    names = {"pscore": [0.5, 0.25], "evaluation_policy_pscore": [1.0, 0.5], "reward": [1.0, 0.0]}
    result = ope(names, ["ips"])
    assert result.to_dict()["results"][0]["value"] == 1.0  # (1 / 0.5 * 1 + 0.5 / 0.25 * 0) / 2
    assert result.to_dict()["warnings"][0] == (
        "<dict>: propensity is taken from column 'pscore', target_propensity from 'evaluation_policy_pscore'"
    )
