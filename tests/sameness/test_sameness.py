"""Every number and file of a list of calls is what it was when the digests were recorded.

``python -m tests.sameness.record tests/sameness/digests.json`` records them anew, where a change is meant.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.helpers import call
from tests.sameness.calls import CALLS, arguments, digests, rounded, written
from tests.sameness.data import write_all
from tests.sameness.record import made_with

RECORDED: dict[str, Any] = json.loads(Path(__file__).with_name("digests.json").read_text())
#: The last bits are promised for one processor and one version of every library.
COMPARED = "bytes" if RECORDED["made_with"] == made_with() else "values"


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, dict[str, str]]]:
    """Call -> output -> its digests, all calls in one folder."""
    folder = tmp_path_factory.mktemp("sameness")
    write_all(folder)
    found: dict[str, dict[str, dict[str, str]]] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in CALLS:
            before = {path for path in folder.rglob("*") if path.is_file()}
            called = call(*arguments(name))
            assert (called.status, called.err) == (0, ""), f"{name}: {called.err}"
            found[name] = {} if not called.out else {"stdout": digests(called.out.encode(), ".json")}
            for path in written(folder, before):
                found[name][str(path.relative_to(folder))] = digests(path.read_bytes(), path.suffix)
    return found


def test_the_list_covers_every_command_that_gives_numbers() -> None:
    commands = {line.split()[0] for line in CALLS.values()}
    assert commands == {"evaluate", "ope", "simulate", "propensity", "fit", "plan", "interleave", "inspect"}
    assert RECORDED["calls"].keys() == CALLS.keys()


@pytest.mark.parametrize("name", CALLS)
def test_a_call_gives_what_it_gave(name: str, outputs: dict[str, dict[str, dict[str, str]]]) -> None:
    wanted = {output: each[COMPARED] for output, each in RECORDED["calls"][name].items()}
    assert {output: each[COMPARED] for output, each in outputs[name].items()} == wanted


def test_digests_see_a_change_of_the_sixth_digit() -> None:
    first, second = (digests(json.dumps({"value": value}).encode(), ".json") for value in (1.23456, 1.23457))
    assert first["values"] != second["values"]
    assert rounded([0.1 + 0.2, -0.0, "a"]) == ["0.3", "0", "a"]
