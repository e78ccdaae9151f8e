"""Other experiments beside an A/B test: the sessions that ``plan shuffle`` and ``interleave power`` give."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from rankeval.errors import DataError
from rankeval.options import shown_json

_WANTED = "wanted the JSON of interleave power or plan shuffle"
#: Command -> the list of its plans, the key of the number of sessions, and what it finds out.
_COMMANDS = {
    "interleave power": ("results", "sessions_needed", "user preference"),
    "plan shuffle": ("designs", "sessions", "position bias"),
}


@dataclass(frozen=True)
class OtherPlan:
    """An experiment of another kind.

    Attributes:
        experiment: the command that planned it.
        design: the method or design.
        finds: what it finds out, which is not what an A/B test does.
        sessions: number of sessions in it; None: no number is enough, or none is known.
        days: whole days of the traffic of the test; None without traffic.
    """

    experiment: str
    design: str
    finds: str
    sessions: int | None
    days: int | None


def other_plans(paths: Sequence[str], traffic: float | None) -> tuple[OtherPlan, ...]:
    """The plans in some JSON files.

    Args:
        paths: the files.
        traffic: sessions a day; None: unknown.

    Raises:
        DataError: a file cannot be read, or is no JSON of these commands.
    """
    return tuple(plan for path in paths for plan in _plans(path, _content(path), traffic))


def _content(path: str) -> Mapping[str, Any]:
    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}), {_WANTED}") from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: is no JSON ({error}), {_WANTED}") from None
    if not isinstance(content, Mapping) or content.get("command") not in _COMMANDS:
        found = content.get("command") if isinstance(content, Mapping) else content
        raise DataError(f"{path}: holds {shown_json(found)}, {_WANTED}")
    return content


def _plans(path: str, content: Mapping[str, Any], traffic: float | None) -> list[OtherPlan]:
    command = str(content["command"])
    key, sessions, finds = _COMMANDS[command]
    rows = content.get(key)
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise DataError(f"{path}: {key} is {shown_json(rows)}, {_WANTED}")
    found = []
    for row in rows:
        number = row.get(sessions)
        if number is not None and (isinstance(number, bool) or not isinstance(number, int)):
            raise DataError(f"{path}: {sessions} is {shown_json(number)}, wanted a whole number")
        days = None if number is None or traffic is None else ceil(number / traffic)
        parameters = row.get("params") if isinstance(row.get("params"), Mapping) else {}
        name = str(row.get("name") or row.get("design"))
        credit = parameters.get("credit")
        found.append(OtherPlan(command, f"{name} ({credit})" if credit else name, finds, number, days))
    return found
