from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import rankeval
from rankeval.readers.open_sources import open_sources
from tests.readers.helpers import drain, error_of, read

FIRST: dict[str, Any] = {
    "_label_cost": -1,
    "_label_probability": 0.8,
    "_label_Action": 2,
    "_labelIndex": 1,
    "EventId": "e1",
    "Timestamp": "2024-01-01T00:00:00Z",
    "a": [2, 1, 3],
    "p": [0.8, 0.15, 0.05],
    "c": {"User": {"age": 30, "city": "x"}, "_multi": [{"A": {"id": 1}}, {}, {}], "tags": ["t"]},
    "pdrop": 0.5,
}
SECOND = {"_label_cost": 0, "_label_probability": 0.1, "EventId": "e2", "a": [1, 2], "p": [0.1, 0.9]}


def write(path: Path, *lines: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_the_columns(tmp_path: Path) -> None:
    assert read(write(tmp_path / "x.log", FIRST, SECOND)).to_pydict() == {
        "round_id": ["e1", "e2"],
        "timestamp": ["2024-01-01T00:00:00Z", None],
        "action": [1, 0],
        "reward": [1.0, 0.0],
        "propensity": [0.8, 0.1],
        "candidate_propensities": [[0.15, 0.8, 0.05], [0.1, 0.9]],
        "sampling_weight": [2.0, 1.0],
        "c.User.age": [30, None],
        "c.User.city": ["x", None],
    }


def test_no_sampling_weight_without_pdrop(tmp_path: Path) -> None:
    assert "sampling_weight" not in read(write(tmp_path / "x", SECOND)).schema.names


def test_lines_that_are_no_data_are_counted(tmp_path: Path) -> None:
    lines = [FIRST, {"RewardValue": 1, "EventId": "e1"}, {**FIRST, "skipLearn": True}, SECOND]
    path = write(tmp_path / "x", *lines)
    (source,) = open_sources(path, role="log")
    assert drain([source])["round_id"].to_pylist() == ["e1", "e2"]
    assert source.place(source.leaves(0)[0], 1) == f"{path}, line 4"
    assert [(note.code, note.text, note.numbers) for note in source.notes] == [
        ("unlabelled_lines", f"{path}: 2 lines have no label or skipLearn, and no row", {"lines": 2})
    ]
    error_of(lambda: read(write(path, {**FIRST, "skipLearn": True})), "no rows")


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        ({"a": [2, 1]}, ["another list 'p'", "'p' with a probability for each"]),
        ({"a": [2, 1, 1]}, ["another list 'a'"]),
        ({"a": [1, 0, 2]}, ["another list 'a'"]),
        ({"a": None}, ["no lists 'a' and 'p'"]),
        ({"p": [0.8, 0.15, "x"]}, ["another list 'p'"]),
        ({"_label_Action": 1}, ["_label_Action 1, where 'a' has 2 first"]),
        ({"_labelIndex": 2}, ["_labelIndex 2, where 'a' has 2 first"]),
        ({"_label_cost": 10**400}, ["int too large"]),
        ({"_label_cost": "x"}, ["no number '_label_cost'"]),
        ({"_label_probability": None}, ["no number '_label_probability'"]),
        ({"pdrop": 1}, ["pdrop 1.0, wanted a probability below 1"]),
    ],
)
def test_a_line_that_contradicts_itself(tmp_path: Path, change: dict[str, Any], parts: list[str]) -> None:
    path = write(tmp_path / "x", FIRST, {**FIRST, **change})
    error_of(lambda: read(path), f"{path}, line 2: found", *parts)


def test_an_estimate(tmp_path: Path) -> None:
    rounds = [{**SECOND, "EventId": f"e{k}", "_label_cost": -(k % 2)} for k in range(4)]
    for k, line in enumerate(rounds):
        line["c"] = {"target": 0.2 if k < 2 else 0.05}
    path = write(tmp_path / "x", *rounds)
    found = rankeval.ope(path, ["ips"], columns={"target_propensity": "c.target"}).to_dict()
    # Rewards 0, 1, 0, 1 with weights 2, 2, 0.5, 0.5.
    assert found["results"][0]["value"] == pytest.approx(2.5 / 4)
