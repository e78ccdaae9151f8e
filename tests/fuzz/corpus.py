"""Cases on disk: a folder for each, with ``case.json`` and the changed file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from tests.fuzz.checks import Problem
from tests.fuzz.targets import Case

CORPUS = Path(__file__).with_name("corpus")
_CARD = "case.json"


def read_cases(folder: Path) -> Iterator[tuple[str, Case]]:
    """The name and the case of each folder below ``folder``, sorted by path."""
    for card in sorted(folder.rglob(_CARD)):
        held = json.loads(card.read_text())
        data = (card.parent / held["file"]).read_bytes() if held["file"] else b""
        yield card.parent.name, Case(held["target"], tuple(held["arguments"]), held["file"], data)


def write_case(folder: Path, case: Case, problem: Problem, err: str) -> Path:
    """Write a case and what was wrong with it into a new folder of ``folder``."""
    held: dict[str, object] = {"target": case.target, "arguments": case.arguments, "file": case.file}
    digest = hashlib.sha256(json.dumps(held).encode() + case.data).hexdigest()[:8]
    target = case.target.replace("/", "-")
    place = folder / f"{problem.kind.replace(' ', '-')}-{target}-{digest}"
    place.mkdir(parents=True, exist_ok=True)
    held["problem"] = f"{problem.kind}: {problem.detail}"
    (place / _CARD).write_text(json.dumps(held, indent=1) + "\n")
    if case.file:
        (place / case.file).parent.mkdir(parents=True, exist_ok=True)
        (place / case.file).write_bytes(case.data)
    (place / "stderr.txt").write_text(err)
    return place
