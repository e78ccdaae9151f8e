"""The JSON Schemas are true to real results of every command, and name all that these hold."""

from __future__ import annotations

import copy
import json
from typing import Any

import jsonschema
import pytest

import rankeval
from rankeval.cli.main import COMMANDS
from rankeval.schemas import SCHEMAS
from tests.cli.helpers import call
from tests.reports.results import results
from tests.schemas.documents import documents

#: Commands that write no result.
WITHOUT = {"report", "schema"}


def closed(schema: Any) -> Any:
    """The schema without room for entries that it does not name."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: closed(value) for name, value in schema.items()}
    return inner | {"additionalProperties": False} if "properties" in schema else inner


def faults(document: dict[str, Any]) -> list[str]:
    validator = jsonschema.Draft202012Validator(closed(SCHEMAS[document["command"]]))
    found = validator.iter_errors(document)
    return [f"{document['command']}: {error.json_path}: {error.message[:300]}" for error in found]


def test_results_of_the_main_commands_are_as_their_schemas_say() -> None:
    wrong = sorted({fault for result in results().values() for fault in faults(result.plain())})
    assert wrong == []


@pytest.mark.slow
def test_real_results_are_as_their_schemas_say() -> None:
    wrong = sorted({fault for document in documents() for fault in faults(document)})
    assert wrong == []
    assert {document["command"] for document in documents()} == set(SCHEMAS)


def test_a_schema_refuses_what_it_does_not_know() -> None:
    good = json.loads(call("interleave", "lists", "--a", "x,y", "--b", "y,x", "--format", "json").out)
    assert faults(good) == []
    changes: list[dict[str, Any]] = [
        {"n": None},
        {"schema": 2},
        {"command": "ope"},
        {"extra": 1},
        {"results": {}},
    ]
    for change in changes:
        changed = copy.deepcopy(good) | change
        validator = jsonschema.Draft202012Validator(closed(SCHEMAS["interleave lists"]))
        assert not validator.is_valid(changed), change


def test_every_command_with_a_result_has_a_schema() -> None:
    groups = {name.split()[0] for name in SCHEMAS}
    assert groups == set(COMMANDS) - WITHOUT


@pytest.mark.parametrize("command", SCHEMAS)
def test_schemas_are_valid_and_printed(command: str) -> None:
    schema = rankeval.schema(command)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["properties"]["command"] == {"const": command}
    called = call("schema", *command.split())
    assert (called.status, called.err) == (0, "")
    assert json.loads(called.out) == schema


def test_what_the_caller_changes_is_its_own() -> None:
    rankeval.schema("ope")["properties"].clear()
    assert "results" in rankeval.schema("ope")["properties"]


def test_an_unknown_command_is_told() -> None:
    failed = call("schema", "plan", "abc")
    assert failed.status == 2
    assert failed.error.startswith("schema: found 'plan abc': did you mean 'plan ab'? wanted one of ab, ")
