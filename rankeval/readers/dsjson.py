"""Decisions as Vowpal Wabbit logs them (dsjson), as rounds of a bandit log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rankeval.notes import Note
from rankeval.readers.files import File
from rankeval.readers.json_text import Block, json_lines

_WANTED = "wanted 'a' with each of 1 to n once, and 'p' with a probability for each"


class Decisions:
    """The rounds of a file of decisions, one a line.

    Columns: reward (the negative cost), propensity, action (the chosen one, from 0), candidate_propensities
    (in the order of the actions), round_id, timestamp, sampling_weight (1 / (1 - pdrop), if a line has
    pdrop), and the scalar features of the context under their path, such as ``c.User.age``. Lines without a
    label, and those that say skipLearn, are no data.
    """

    def __init__(self, file: File) -> None:
        self._file = file
        self._skipped = 0

    def blocks(self) -> Iterator[Block]:
        """The rows.

        Raises:
            DataError: a line is no JSON object, or contradicts itself.
        """
        self._skipped = 0
        return json_lines(self._file, self._round)

    def notes(self) -> Sequence[Note]:
        """How many lines were no data, once all rows have been read."""
        if not self._skipped:
            return ()
        lines = "1 line has" if self._skipped == 1 else f"{self._skipped:,} lines have"
        text = f"{self._file.name}: {lines} no label or skipLearn, and no row"
        return (Note("unlabelled_lines", text, {"lines": self._skipped}),)

    def _round(self, line: Mapping[str, Any]) -> dict[str, Any] | None:
        if line.get("_label_cost") is None or line.get("skipLearn") or line.get("_skipLearn"):
            self._skipped += 1
            return None
        actions, propensities = _candidates(line)
        found = {
            "round_id": line.get("EventId"),
            "timestamp": line.get("Timestamp"),
            "action": actions[0] - 1,
            "reward": 0.0 - _number(line, "_label_cost"),
            "propensity": _number(line, "_label_probability"),
            "candidate_propensities": [p for _, p in sorted(zip(actions, propensities, strict=True))],
        }
        if "pdrop" in line:
            found["sampling_weight"] = _weight(_number(line, "pdrop"))
        context = line.get("c")
        return {**found, "c": _scalars(context)} if isinstance(context, dict) else found


def _candidates(line: Mapping[str, Any]) -> tuple[list[int], list[float]]:
    """The actions, from 1, and the propensity of each. The labels must name the first action."""
    actions, propensities = line.get("a"), line.get("p")
    if not (isinstance(actions, list) and isinstance(propensities, list) and actions):
        raise ValueError(f"no lists 'a' and 'p', {_WANTED}")
    whole = all(type(action) is int for action in actions)
    if not whole or sorted(actions) != list(range(1, len(actions) + 1)):
        raise ValueError(f"another list 'a', {_WANTED}")
    if len(propensities) != len(actions) or not all(type(p) in (int, float) for p in propensities):
        raise ValueError(f"another list 'p', {_WANTED}")
    for label, first in (("_label_Action", actions[0]), ("_labelIndex", actions[0] - 1)):
        if line.get(label, first) != first:
            raise ValueError(f"{label} {line[label]!r}, where 'a' has {actions[0]} first")
    return actions, propensities


def _number(line: Mapping[str, Any], key: str) -> float:
    value = line.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"no number {key!r}")
    return float(value)


def _weight(dropped: float) -> float:
    if not 0 <= dropped < 1:
        raise ValueError(f"pdrop {dropped}, wanted a probability below 1")
    return 1 / (1 - dropped)


def _scalars(context: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are no lists, nor in lists: a list holds the features of the actions."""
    return {
        name: _scalars(value) if isinstance(value, dict) else value
        for name, value in context.items()
        if not isinstance(value, list)
    }
