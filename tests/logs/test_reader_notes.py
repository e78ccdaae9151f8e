"""Notes of readers reach results, and ids that a reader made up are not joined."""

from __future__ import annotations

from pathlib import Path

import pytest

import rankeval
from rankeval.errors import DataError
from rankeval.logs import Log, made_up_notes, reader_notes, require_own_ids, scan
from rankeval.notes import Note

WANTED = "line 2 has no item id ('# docid = ID' or '# ID ...')"


def read(data: object) -> Log:
    log = Log(data, "judgements")
    scan(log, ["query_id"], len, 1)
    return log


def test_files_share_a_note(tmp_path: Path) -> None:
    for name, comments in (("a", 2), ("b", 1), ("c", 0)):
        (tmp_path / f"{name}.qrels").write_text("# note\n" * comments + f"{name} 0 d 1\n")
    first = f"{tmp_path}/a.qrels: 2 lines that begin with # are comments and are skipped"
    alone, every = read(tmp_path / "a.qrels"), read(str(tmp_path))
    assert reader_notes(alone, None) == [Note("skipped_lines", first)]
    found = reader_notes(every)
    assert [(note.text, note.numbers) for note in found] == [(f"{first} (3 lines in 2 files)", {"lines": 3})]
    assert reader_notes(alone, alone) == reader_notes(alone)
    assert reader_notes(read({"query_id": [1], "item_id": [1], "relevance": [1]})) == []


def test_ids_that_a_reader_made_up(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("1 qid:a 1:1 # d\n0 qid:a 1:2\n")
    with pytest.raises(DataError) as caught:
        require_own_ids(Log(path, "judgements"), "run old")
    assert str(caught.value) == f"{path}: {WANTED}, wanted one on every line to join it with run old"
    (note,) = made_up_notes(Log(path, "judgements"), "the run")
    assert (
        note.text == f"{path}: {WANTED}; the item ids of the run are numbers of rows, and fit no other file"
    )
    path.write_text("1 qid:a 1:1 # d\n0 qid:a 1:2 # e\n")
    require_own_ids(Log(path, "judgements"), "run old")
    assert list(made_up_notes(Log(path, "judgements"), "the run")) == []


def test_sampling_weights_that_no_command_reads_are_told() -> None:
    log = {
        "session_id": [1, 1, 2, 2], "query_id": [1, 1, 2, 2], "item_id": [5, 6, 6, 5],
        "position": [1, 2, 1, 2], "click": [1, 0, 1, 1], "team": ["A", "B", "A", "B"],
        "sampling_weight": [2.0, 2.0, 4.0, 4.0],
    }  # fmt: skip
    run = {
        "query_id": [1, 1],
        "item_id": [5, 6],
        "score": [2, 1],
        "relevance": [1, 0],
        "sampling_weight": [2, 2],
    }
    note = "column 'sampling_weight' is not used: rows count as if none had been left out of the log"
    found = [rankeval.propensity(log, "shuffle"), rankeval.fit(log), rankeval.interleave_analyse(log)]
    found += [rankeval.plan_shuffle(log, position_bias=[1.0, 0.5]), rankeval.evaluate(run)]
    assert all(note in result.warnings for result in found)
    renamed = {"p" if name == "sampling_weight" else name: values for name, values in log.items()}
    named = rankeval.propensity(renamed, "shuffle", columns={"sampling_weight": "p"})
    assert note.replace("sampling_weight", "p") in named.warnings
    assert note not in rankeval.propensity(renamed, "shuffle").warnings
