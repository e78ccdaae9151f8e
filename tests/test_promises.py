"""docs/promises.md is true to the code: its tests exist, its limits are right, and none is left out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import rankeval
from rankeval import UsageError
from tests.paths import REPO

PAGE = (REPO / "docs" / "promises.md").read_text()
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))
LIMITS = re.findall(r"^\| ([^|]+) \| ([^|]+) \| `([\w/]+\.py):(\w+)` \|", PAGE, re.M)
#: Named like limits, but not met: they choose a way of computing, a kind of warning or a length shown.
INNER = {
    "cli/options.py:UNLIMITED",
    "rankeval/ab_tests/power.py:MOST_SESSIONS",
    "rankeval/arrays/id_types.py:_MOST_SHORT",
    "rankeval/calibration/calibration_file.py:_LARGEST",
    "rankeval/calibration/logistic.py:MAX_STEPS",
    "rankeval/errors.py:_LONGEST",
    "rankeval/estimators/actions.py:MAX_WEIGHT",
    "rankeval/estimators/clicks.py:MAX_WEIGHT",
    "rankeval/estimators/clicks.py:OPTIONAL_MAX_WEIGHT",
    "rankeval/estimators/rankings.py:MAX_WEIGHT",
    "rankeval/evaluation/judgement_rows.py:MOST_STRING_BYTES",
    "rankeval/inference/spread_intervals.py:MAX_UNDEFINED",
    "rankeval/inspection/key_sketch.py:MOST_KEYS",
    "rankeval/inspection/unit_sums.py:MOST_DAYS",
    "rankeval/inspection/unit_sums.py:MOST_LOGGERS",
    "rankeval/interleaving/outcome_tests.py:MOST_SESSIONS",
    "rankeval/logs/reranking.py:LONGEST_TOP",
    "rankeval/metrics/entries.py:_MAX_REL",
    "rankeval/models/design.py:MAX_CATEGORIES",
    "rankeval/models/linear.py:MAX_ITERATIONS",
    "rankeval/models/linear.py:MAX_SLOPES",
    "rankeval/propensity_tests/group_sums.py:MOST_CLUSTERED",
    "rankeval/propensity_tests/group_sums.py:MOST_GROUPS",
    "rankeval/rankers/kinds/contents.py:_MOST",
    "rankeval/rankers/training/parameters.py:MOST_TREES",
    "simulators/click_models/base.py:LONGEST_ENUMERATED",
    "simulators/click_models/fitting/chains.py:MOST_NUMBERS",
    "simulators/click_models/fitting/information.py:MOST_STEPS",
    "simulators/click_models/fitting/results.py:MOST_SHOWN",
    "simulators/exact/part_truth.py:MOST_LISTS",
    "simulators/exact/subsets.py:MOST_ITEMS",
    "simulators/interleaving/simulation.py:MOST_LISTS",
    "simulators/shuffle_plans/base_lists.py:MOST_LISTS",
    "simulators/shuffle_plans/logged_world.py:MOST_SESSIONS",
    "simulators/shuffle_plans/planned_design.py:MOST",
}


@cache
def tree(path: str) -> ast.Module:
    return ast.parse((REPO / path).read_text())


def test_every_test_that_is_named_exists() -> None:
    assert len(NAMED) > 50
    missing = [
        f"{path}::{name}"
        for path, name in NAMED
        if not (REPO / path).is_file()
        or name not in {node.name for node in tree(path).body if isinstance(node, ast.FunctionDef)}
    ]
    assert missing == []


def test_every_promise_names_a_test() -> None:
    """A promise ends where the next begins, or the page goes on."""
    sections = PAGE.partition("## What is not promised")[0]
    promises = re.findall(r"^- (?:.+\n)(?:  .+\n)*", sections, re.M)
    assert len(promises) > 25
    assert [each for each in promises if "`tests/" not in each] == []


def constants(path: str) -> Iterator[tuple[str, Any]]:
    """The numbers that a module names; arithmetic of numbers is computed, of other things it is None."""
    for node in tree(path).body:
        if isinstance(node, ast.Assign):
            names, values = node.targets[0], node.value
            if isinstance(names, ast.Tuple) and isinstance(values, ast.Tuple):
                pairs = zip(names.elts, values.elts, strict=True)
            else:
                pairs = zip([names], [values], strict=True)
            yield from ((name.id, number(value)) for name, value in pairs if isinstance(name, ast.Name))


def number(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.BinOp(left=ast.Constant(value=left), op=ast.Pow(), right=ast.Constant(value=right)):
            return left**right
        case ast.BinOp(left=ast.Constant(value=left), op=ast.LShift(), right=ast.Constant(value=right)):
            return left << right
    return None


def test_limits_are_those_of_the_code() -> None:
    found = {(path, name): float(most.replace(",", "")) for _, most, path, name in LIMITS}
    assert found == {(path, name): dict(constants(path))[name] for path, name in found}


def test_no_limit_is_left_out() -> None:
    named = re.compile("_?(?:[A-Z]+_)*(MAX|MOST|LARGEST|LONGEST|UNLIMITED)(_[A-Z]+)*")
    files = [path for top in ("rankeval", "cli", "simulators") for path in sorted((REPO / top).rglob("*.py"))]
    modules = [str(path.relative_to(REPO)) for path in files if path.resolve() == path]
    found = {f"{path}:{name}" for path in modules for name, _ in constants(path) if named.fullmatch(name)}
    listed = {f"{path}:{name}" for _, _, path, name in LIMITS}
    assert found - listed == INNER
    assert INNER & listed == set()


@pytest.mark.parametrize("option", ["where", "reward"])
def test_code_in_an_expression_does_not_run(option: str, tmp_path: Path) -> None:
    log = pa.table({"reward": [1.0], "propensity": [0.5], "target_propensity": [0.5]})
    code = f"open({str(tmp_path / 'x')!r}, 'w').write('x')"
    for text in (
        code,
        f"reward * {code}",
        f"reward == {code}",
        f"(lambda: {code})()",
        f"[{code} for _ in (1,)]",
    ):
        with pytest.raises(UsageError):
            rankeval.ope(log, ["ips"], **{option: text})
    assert list(tmp_path.iterdir()) == []
