"""Every example runs and says what it promises."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from tests.paths import REPO

EXAMPLES = sorted((REPO / "examples").glob("*.py"))


def test_there_are_examples():
    assert {path.stem for path in EXAMPLES} >= {"compare_runs", "policy_value", "several_policies"}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(path), run_name="__main__")
    assert "95 %" in capsys.readouterr().out
