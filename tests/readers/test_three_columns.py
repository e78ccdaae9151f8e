from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rankeval.readers import lines as reader
from rankeval.readers.open_sources import open_sources
from tests.readers.helpers import drain, error_of


def opened(path: Path, text: str, role: Any) -> Any:
    path.write_text(text)
    (source,) = open_sources(path, role=role)
    return source


@pytest.mark.parametrize("separator", ["\t", ",", ";", " ", ", ", " \t"])
def test_judgements(tmp_path: Path, separator: str) -> None:
    rows = [["007", "a", "1"], ["7", "b", "-2"]]
    text = "# note\n" + "".join(separator.join(row) + "\n" for row in rows)
    source = opened(tmp_path / "x.csv", text, "judgements")
    assert drain([source]).to_pydict() == {
        "query_id": ["007", "7"],
        "item_id": ["a", "b"],
        "relevance": [1, -2],
    }
    assert [note.text for note in source.notes] == [
        f"{tmp_path}/x.csv: 1 line that begins with # is a comment and is skipped",
        f"{tmp_path}/x.csv: three columns without a header; the third is taken for the relevance",
    ]


def test_relevance_with_decimals_is_float(tmp_path: Path) -> None:
    source = opened(tmp_path / "x", "q a 1\nq b 0.5\n", "judgements")
    assert drain([source])["relevance"].to_pylist() == [1.0, 0.5]


def test_blanks_in_ids_between_tabs(tmp_path: Path) -> None:
    source = opened(tmp_path / "x", "a long query\tan item\t1\n", "judgements")
    assert drain([source]).to_pylist() == [{"query_id": "a long query", "item_id": "an item", "relevance": 1}]


@pytest.mark.parametrize("text", ["q one\ta\t1\n", "q\t0 a\t1\n", "q 0\ta 1\t2.5\n"])
def test_tabs_that_may_or_may_not_separate_all_fields_are_refused(tmp_path: Path, text: str) -> None:
    error_of(lambda: opened(tmp_path / "x", text, "judgements"), f"x: found {text.strip()!r}, wanted")


@pytest.mark.parametrize(
    ("rows", "number"),
    [
        ("q a 1\nq b 2\nr a 1\n", "rank"),
        ("q a 0\nq b 1\nr a 0\n", "rank"),
        ("q a 1\nr a 1\nq b 2\nr b 2\n", "rank"),
        ("q a 1.0\nq b 2.0\n", "rank"),
        ("q a 2\nq b 1\n", "score"),
        ("q a 1\nq b 1\n", "score"),
        ("q a 1\nq b 3\n", "score"),
        ("q a 1\nq b 2\nr a 0\n", "score"),
        ("q a 0.5\nq b 1.5\n", "score"),
        ("q a 1\nq b nan\n", "score"),
        ("q a 2\nq b 3\n", "score"),
        ("q a 1\nq b 2\n" * 2, "score"),
        ("".join(f"q d{k} {k}\n" for k in range(1, 99)) + "q e 7\n", "score"),
    ],
)
@pytest.mark.parametrize("block", [9, 4096])
def test_ranks_or_scores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: str, number: str, block: int
) -> None:
    monkeypatch.setattr(reader, "_BLOCK", block)
    source = opened(tmp_path / "x.run", rows, "run")
    assert source.schema.names == ["query_id", "item_id", number]
    wanted = [line.split() for line in rows.splitlines()]
    found = drain([source])
    assert found["item_id"].to_pylist() == [row[1] for row in wanted]
    assert [f"{value:g}" for value in found[number].to_pylist()] == [f"{float(row[2]):g}" for row in wanted]
    assert f"the third is taken for the {number}, as it" in source.notes[-1].text


@pytest.mark.parametrize(
    ("text", "line"),
    [("q a 1\nq b\n", 2), ("q a 1\nq b c 2\n", 2), ("q,a,1\n\nq,b,x\n", 3), ('q,a,1\n"q",b,2\n', 2)],
)
@pytest.mark.parametrize("role", ["run", "judgements"])
def test_malformed(tmp_path: Path, text: str, line: int, role: str) -> None:
    wanted = "wanted 'query_id item_id number', three fields without quotes as in the first line"
    error_of(
        lambda: drain([opened(tmp_path / "x", text, role)]), f"{tmp_path / 'x'}, line {line}: found", wanted
    )
