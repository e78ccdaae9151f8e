"""Every public function has an example in its docstring, which runs and prints what stands there."""

from __future__ import annotations

import doctest
import inspect
from pathlib import Path

import pytest

import rankeval

FUNCTIONS = [name for name in rankeval.__all__ if inspect.isfunction(getattr(rankeval, name))]


def test_the_functions_are_those_of_the_commands():
    assert {"evaluate", "ope", "uplift", "propensity", "simulate", "ab", "schema"} <= set(FUNCTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_example_prints_what_it_says(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = inspect.getdoc(getattr(rankeval, name))
    example = doctest.DocTestParser().get_doctest(text or "", {}, name, None, None)
    assert example.examples, f"rankeval.{name} has no example"
    printed: list[str] = []
    failed = doctest.DocTestRunner().run(example, out=printed.append).failed
    assert failed == 0, "".join(printed)
