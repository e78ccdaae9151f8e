"""Every example runs and prints what stands beside it, which the documentation shows."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from tests.docs.comparison import difference
from tests.paths import REPO

EXAMPLES = sorted((REPO / "examples").glob("*.py"))


def test_there_are_examples():
    assert {path.stem for path in EXAMPLES} >= {"compare_runs", "policy_value", "several_policies"}


def test_no_output_without_its_example():
    assert {path.stem for path in (REPO / "examples" / "output").iterdir()} == {
        path.stem for path in EXAMPLES
    }


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_prints_what_stands_beside_it(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(path), run_name="__main__")
    printed = capsys.readouterr().out.splitlines()
    assert any("95 %" in line for line in printed)
    shown = (path.parent / "output" / f"{path.stem}.txt").read_text().splitlines()
    differs = difference(shown, printed)
    assert differs is None, f"{differs}; python -m tests.docs.record examples"
