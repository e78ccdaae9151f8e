"""The effects for which a test is planned: stated ones, and gains that ``ope`` estimated."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from rankeval.errors import DataError, UsageError
from rankeval.options import shown_json

_WANTED = "wanted the JSON of ope or uplift, with results[].gain"
#: Reason of the verdict on a metric by clicks, such as ``click_arp``: its gain is none in rewards.
_METRIC = "estimator_caution"


@dataclass(frozen=True)
class Effect:
    """An effect as a share of the metric's value.

    Attributes:
        label: where it is from.
        relative: the share; None: it is unknown.
    """

    label: str
    relative: float | None


def parse_effects(effects: Any) -> list[Effect]:
    """Stated relative effects: a number, several, or a text such as ``0.02,0.05``.

    Raises:
        UsageError: one is no finite number other than 0.
    """
    given = [] if effects is None else effects.split(",") if isinstance(effects, str) else effects
    given = given if isinstance(given, Sequence) else [given]
    found = []
    for one in given:
        try:
            number = float(one)
        except (TypeError, ValueError):
            number = 0.0
        if isinstance(one, bool) or not isfinite(number) or number == 0.0 or number <= -1.0:
            raise UsageError(
                f"effect: found {one!r}, wanted a share of the metric other than 0, such as 0.02"
            )
        found.append(Effect("stated", number))
    return found


def gains_in(path: Any) -> list[Effect]:
    """For each estimate of rewards over all units in a JSON file of ``ope`` or ``uplift``: its relative gain.

    The low end of its interval comes after it. Metrics by clicks, such as ``click_dcg``, are left out.

    Raises:
        DataError: the file cannot be read, or holds no gains.
    """
    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}), {_WANTED}") from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: is no JSON ({error}), {_WANTED}") from None
    results = content.get("results") if isinstance(content, Mapping) else None
    rows = [row for row in results if _has_gain(row)] if isinstance(results, list) else []
    if not rows:
        raise DataError(f"{path}: holds no gain, {_WANTED}")
    return [effect for row in rows for effect in _of_row(str(path), row)]


def _has_gain(row: Any) -> bool:
    if not (isinstance(row, Mapping) and isinstance(row.get("gain"), Mapping)):
        return False
    verdict = row.get("verdict")
    reasons = verdict.get("reasons") if isinstance(verdict, Mapping) else None
    listed = reasons if isinstance(reasons, list) else []
    codes = [reason.get("code") for reason in listed if isinstance(reason, Mapping)]
    return row.get("segment") is None and _METRIC not in codes


def _of_row(path: str, row: Mapping[str, Any]) -> list[Effect]:
    gain = row["gain"]
    name = " ".join(str(part) for part in (row.get("name"), row.get("target")) if part)
    interval = gain.get("relative_ci") if isinstance(gain.get("relative_ci"), Mapping) else {}
    return [
        Effect(f"gain {name}".strip(), _number(path, "relative", gain.get("relative"))),
        Effect(f"low end {name}".strip(), _number(path, "relative_ci.low", interval.get("low"))),
    ]


def _number(path: str, name: str, value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise DataError(f"{path}: gain.{name} is {shown_json(value)}, wanted a number")
    return float(value)
