"""``rankeval report`` and the option ``--report``."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from tests.cli.helpers import call
from tests.reports.results import arms, results


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "test log.parquet"
    pd.DataFrame(arms(400)).to_parquet(path)
    return path


def held(page: Path) -> list[dict[str, object]]:
    scripts = re.findall('<script type="application/json">(.*?)</script>', page.read_text(), re.S)
    return [json.loads(text) for text in scripts]


def test_a_command_writes_a_page_beside_its_output(log: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    options = ["ab", log, "--arm", "arm", "--metric", "clicks=click", "--format", "json"]
    called, plain = call(*options, "--report", page), call(*options)
    assert (called.status, called.err) == (0, "")
    assert called.out == plain.out
    assert held(page) == [json.loads(called.out)]
    command = f"rankeval ab &#39;{log}&#39; --arm arm --metric clicks=click --format json --report {page}"
    assert f"<pre>{command}</pre>" in page.read_text()


def test_a_page_of_saved_results_shows_the_commands_that_made_them(log: Path, tmp_path: Path) -> None:
    saved, page = tmp_path / "ab.json", tmp_path / "page.html"
    options = ["ab", log, "--arm", "arm", "--metric", "clicks=click"]
    call(*options, "--threads", 2, "--quiet", "--format=json", "--out", saved)
    alone = call(*options, "--format", "json")
    assert saved.read_text() == alone.out
    assert json.loads(alone.out)["command_line"] == f"rankeval ab '{log}' --arm arm --metric clicks=click"
    call("report", saved, "--out", page)
    assert f"<pre>rankeval ab &#39;{log}&#39; --arm arm --metric clicks=click</pre>" in page.read_text()


def test_a_page_is_no_input_and_no_other_output(log: Path, tmp_path: Path) -> None:
    for path in (log, tmp_path / "x.json"):
        failed = call("ab", log, "--arm", "arm", "--out", tmp_path / "x.json", "--report", path)
        assert failed.status == 2
        assert failed.error.startswith(f"--report {path}: ")


def test_earlier_results_on_one_page(tmp_path: Path) -> None:
    paths = []
    for name in ("ab", "ope"):
        paths.append(tmp_path / f"{name}.json")
        paths[-1].write_text(results()[name].to_json())
    page = tmp_path / "page.html"
    called = call("report", *paths, "--out", page)
    assert (called.status, called.out, called.err) == (0, "", "")
    assert held(page) == [json.loads(path.read_text()) for path in paths]


def test_what_is_told_of_a_file_that_is_no_result(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("{}")
    failed = call("report", path, "--out", tmp_path / "page.html")
    assert failed.status == 1
    assert failed.error == (
        f"{path}: is no result of rankeval, wanted one that was written with --format json"
    )
    same = call("report", path, "--out", path)
    assert same.status == 2
    assert "is an input" in same.error
