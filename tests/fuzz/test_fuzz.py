"""What was found before, and a few seeded cases, run without a problem; and the checks see each problem."""

from __future__ import annotations

import random
import shlex
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pytest

from tests.fuzz import pool
from tests.fuzz.checks import problem
from tests.fuzz.corpus import CORPUS, read_cases, write_case
from tests.fuzz.mutations import mutated_bytes, mutated_table, mutated_text
from tests.fuzz.pool import Outcome, Worker
from tests.fuzz.run import Findings, drawn, run_all
from tests.fuzz.seeds import tables, write_seeds
from tests.fuzz.targets import FILE_COMMANDS, LINES, TABLE_COMMANDS, TEXT_COMMANDS, Case, targets

SEED, CASES = 0, 40


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("seeds")
    write_seeds(folder)
    return folder


def valid_calls() -> Iterator[tuple[str, str]]:
    """Every command with an input that is not changed, and the name of that input."""
    for name, commands in TABLE_COMMANDS.items():
        yield from ((command, f"{name}.parquet") for command in commands)
    for file, commands in FILE_COMMANDS.items():
        yield from ((command, file.split("/")[0]) for command in commands)
    for commands, texts in TEXT_COMMANDS.values():
        yield from ((commands[0], shlex.quote(text)) for text in texts)
    yield from ((line, "") for line in LINES)


def test_what_is_changed_was_valid(seeds: Path, tmp_path: Path) -> None:
    """Otherwise every change would be refused for the same reason."""
    failed = []
    with Worker(seeds, tmp_path / "worker") as worker:
        for command, file in valid_calls():
            words = tuple(shlex.split(command.replace("{}", file)))
            outcome = worker.run(Case("valid", (*words, "--format", "json")))
            if outcome.status != 0:
                failed.append((" ".join(words), outcome.err or outcome.traceback))
    assert failed == []


def test_old_findings_and_seeded_cases_find_nothing(seeds: Path, tmp_path: Path) -> None:
    kept = (case for _, case in read_cases(CORPUS))
    findings = Findings(tmp_path / "found")
    run_all(chain(kept, islice(drawn(targets(seeds), SEED), CASES)), seeds, tmp_path, findings)
    assert findings.causes == Counter()
    assert findings.classes.total() >= CASES


def running(module: str) -> Case:
    """A case that runs the code of a module, which it only imports once in a process."""
    return Case("x", ("rank", f"{module}:x", "judged.csv", "--out", "out/run.csv"))


def test_a_process_that_dies_is_found_and_replaced(seeds: Path, tmp_path: Path) -> None:
    inputs = shutil.copytree(seeds, tmp_path / "inputs")
    (inputs / "crashing.py").write_text("import os\nos.abort()\n")
    findings = Findings(tmp_path / "found")
    with Worker(inputs, tmp_path / "worker") as worker:
        findings.add(worker, running("crashing"))
        findings.add(worker, Case("x", ("evaluate", "run.csv", "--format", "json")))
    assert findings.classes == {"FOUND crash": 1, "done": 1}
    assert [case for _, case in read_cases(tmp_path / "found")] == [running("crashing")]


def test_a_crash_that_an_earlier_case_caused_is_kept_with_it(seeds: Path, tmp_path: Path) -> None:
    inputs = shutil.copytree(seeds, tmp_path / "inputs")
    (inputs / "damaging.py").write_text("import os\nos.environ['DAMAGED'] = '1'\n")
    (inputs / "crashing.py").write_text("import os\nif 'DAMAGED' in os.environ: os.abort()\n")
    findings = Findings(tmp_path / "found")
    with Worker(inputs, tmp_path / "worker") as worker:
        for module in ("damaging", "crashing"):
            findings.add(worker, running(module))
    assert findings.causes == {"crash: after others in one process": 1}
    kept = [case for _, case in read_cases(tmp_path / "found")]
    assert kept == [running("damaging"), running("crashing")]


def test_a_process_is_waited_for_while_it_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """The times that it has used the processor are made up: a busy machine gives it any."""
    used = iter([0.0, 1.0, 2.0, 2.0])
    monkeypatch.setattr(pool, "_processor_seconds", lambda number: next(used))
    monkeypatch.setattr(pool, "PATIENCE", 0.01)
    command = [sys.executable, "-c", "print(input())"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert not pool._answers(process)
        assert list(used) == []
        monkeypatch.undo()
        assert process.stdin is not None
        process.stdin.write("answer\n")
        process.stdin.flush()
        assert pool._answers(process)


RANKEVAL_ERROR = "rankeval: error: a: found b\n"


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        (None, {}),
        (None, {"status": 1, "err": RANKEVAL_ERROR}),
        (None, {"status": 1, "err": f"rankeval: a: sorting\n{RANKEVAL_ERROR}"}),
        ("crash", {"status": -11}),
        ("hang", {"status": -24}),
        ("traceback", {"status": 1, "traceback": "Traceback ...\nKeyError: 1\n"}),
        ("leftover", {"leftover": ("out/.rankeval-1.tmp",)}),
        ("status", {"status": 4}),
        ("message", {"status": 1}),
        ("message", {"status": 1, "err": f"{RANKEVAL_ERROR}more\n"}),
        ("message", {"status": 1, "err": 2 * RANKEVAL_ERROR}),
        ("message", {"err": "x.py:1: RuntimeWarning: divide by zero\n"}),
        ("message", {"status": 2, "err": f"rankeval: error: {'a' * 3000}\n"}),
        ("control characters", {"status": 2, "err": "rankeval: error: \x1b[31m\n"}),
        ("JSON", {"out": '{"value": NaN}'}),
        ("JSON", {"out": '{"value": -Infinity}'}),
        ("JSON", {"out": '{"value": 1'}),
        ("JSON", {"written": {"run.json": '[{"score": NaN}]'}}),
    ],
)
def test_the_checks_see_what_is_wrong(kind: str | None, changes: dict[str, Any]) -> None:
    outcome = Outcome(0, '{"value": 1.5}', "", "", (), {})
    found = problem(Case("x", ("ope", "a", "--format", "json")), replace(outcome, **changes))
    assert (found and found.kind) == kind


def test_tables_on_the_terminal_hold_no_control_characters() -> None:
    outcome = Outcome(0, "a \x1b[31m\n", "", "", (), {})
    found = problem(Case("x", ("ope", "a", "--format", "table")), outcome)
    assert found is not None
    assert found.kind == "control characters"


def test_a_call_that_asks_for_much_may_take_long() -> None:
    outcome = Outcome(-24, "", "", "", (), {})
    assert problem(Case("x", ("simulate", "o", "--sessions", "100000000")), outcome) is None


def test_changes_follow_the_seed() -> None:
    data = b"a,b\n1,2\n3,4\n" * 5
    table = tables()["run"]
    for change, value in ((mutated_bytes, data), (mutated_text, data.decode()), (mutated_table, table)):
        found = [[change(value, random.Random(i)) for i in range(300)] for _ in range(2)]  # type: ignore[operator]
        assert [str(each) for each in found[0]] == [str(each) for each in found[1]]
        assert sum(str(each) != str(value) for each in found[0]) > 200


def test_changed_text_fits_a_command_line() -> None:
    texts = [mutated_text("user <= 3", random.Random(i)) for i in range(500)]
    assert not any("\0" in text for text in texts)
    assert any("\udcff" in text for text in texts)


def test_cases_are_drawn_by_seed_and_kept_on_disk(seeds: Path, tmp_path: Path) -> None:
    draw = targets(seeds)
    first, again, other = (list(islice(drawn(draw, seed), 40)) for seed in (1, 1, 2))
    assert [case.arguments for case in first] == [case.arguments for case in again]
    assert [case.arguments for case in first] != [case.arguments for case in other]
    found = problem(first[0], Outcome(-11, "", "", "", (), {}))
    assert found is not None
    write_case(tmp_path, first[0], found, "")
    assert [case for _, case in read_cases(tmp_path)] == [first[0]]
