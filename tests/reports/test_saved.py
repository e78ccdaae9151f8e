"""Results of earlier runs: what is read, and what is told of files that hold none."""

from __future__ import annotations

from pathlib import Path

import pytest

from rankeval import DataError
from rankeval.reports import saved_result
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
