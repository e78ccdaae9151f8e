"""Results of earlier runs: what is read, and what is told of files that hold none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rankeval import DataError
from rankeval.reports import page, saved_result
from tests.reports.results import results


def test_a_saved_result_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "ab.json"
    path.write_text(results()["ab"].to_json())
    assert saved_result(path) == results()["ab"].plain()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "is no JSON, wanted a result that was written with --format json"),
        ("[1]", "is no result of rankeval, wanted one"),
        ('{"schema": 1}', "is no result of rankeval, wanted one"),
        ('{"schema": 9, "command": "ab", "inputs": {}}', "found schema 9, wanted 1"),
    ],
)
def test_other_files(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(DataError, match=told):
        saved_result(path)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        saved_result(tmp_path / "none.json")


def changed(document: object, path: tuple[object, ...], value: object) -> Any:
    """A copy of a document in which the entry at a path is another one."""
    if not path:
        return value
    name, *rest = path
    if isinstance(document, list):
        return [changed(each, tuple(rest), value) if i == name else each for i, each in enumerate(document)]
    assert isinstance(document, dict)
    return {key: changed(each, tuple(rest), value) if key == name else each for key, each in document.items()}


def paths(document: object, depth: int = 3) -> Iterator[tuple[object, ...]]:
    """The paths of entries, of lists the first one."""
    inner = document.items() if isinstance(document, dict) else enumerate(document[:1])  # type: ignore[index]
    for name, value in inner:
        yield (name,)
        if depth > 1 and isinstance(value, dict | list):
            yield from ((name, *rest) for rest in paths(value, depth - 1))


@pytest.mark.parametrize("command", ["ope", "evaluate", "plan shuffle"])
@pytest.mark.parametrize("value", [None, [], "x", {}], ids=["null", "list", "text", "dict"])
def test_a_broken_result_is_one_line_or_a_page(command: str, value: object, tmp_path: Path) -> None:
    document, path = results()[command].plain(), tmp_path / "x.json"
    for entry in list(paths(document))[::3]:
        path.write_text(json.dumps(changed(document, entry, value)))
        told = None
        try:
            page([saved_result(path)])
        except DataError as error:
            told = str(error)
        assert told is None or told.startswith(f"{path}: ")


def test_a_page_of_saved_results_shows_how_each_was_made() -> None:
    documents = [results()[name].plain(f"rankeval {name} log.parquet --by '<b>'") for name in ("ope", "ab")]
    text = page(documents, "rankeval report ope.json ab.json --out page.html")
    assert text.count("How this result was made") == 2
    assert "<pre>rankeval ope log.parquet --by &#39;&lt;b&gt;&#39;</pre>" in text
    assert "<pre>rankeval report ope.json ab.json --out page.html</pre>" in text
    alone = page(documents[:1], "rankeval ope log.parquet --by '<b>' --report page.html")
    assert "How this result was made" not in alone
    assert alone.count("<pre>") == 1
    unknown = page([results()["ope"].plain()], "rankeval report ope.json --out page.html")
    assert "How this result was made" not in unknown
