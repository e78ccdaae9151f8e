"""Confidence sequences as they ran: each day is the test of all units up to then."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rankeval
from tests.reports.results import arms


def trial(days: int = 4, n: int = 4_000) -> dict[str, Any]:
    data = arms(n)
    data["day"] = [f"2026-01-0{1 + i * days // n}" for i in range(n)]
    return data


def analysed(data: dict[str, Any], **options: Any) -> dict[str, Any]:
    found = rankeval.ab(data, "arm", control="a", metric=["clicks=click", "time=ms"], **options).to_dict()
    return found


def test_a_day_is_the_test_of_all_units_up_to_then() -> None:
    data = trial()
    found = analysed(data, by="day", ci="sequence")["sequence"]
    assert len(found) == 4 * 2
    for one in found:
        until = [day <= one["until"] for day in data["day"]]
        part = {name: np.asarray(values)[until] for name, values in data.items()}
        alone = next(
            row for row in analysed(part, ci="sequence")["results"] if row["metric"] == one["metric"]
        )
        assert one["n"] == sum(until)
        assert one["difference"] == pytest.approx(alone["difference"], rel=1e-12)
        assert one["ci"]["method"] == "sequence"
        for end in ("low", "high"):
            assert one["ci"][end] == pytest.approx(alone["ci"][end], rel=1e-9)


def test_only_sequences_over_days_have_one() -> None:
    data = trial()
    data["team"] = [f"team {i % 3}" for i in range(4_000)]
    assert analysed(data, by="day")["sequence"] == []
    assert analysed(data, by="team", ci="sequence")["sequence"] == []
    assert analysed(data, ci="sequence")["sequence"] == []


def test_an_arm_that_begins_later_is_compared_from_then_on() -> None:
    data = trial()
    late = [i for i in range(4_000) if data["arm"][i] == "a" or data["day"][i] > "2026-01-02"]
    part = {name: np.asarray(values)[late] for name, values in data.items()}
    found = analysed(part, by="day", ci="sequence")["sequence"]
    assert sorted({one["until"] for one in found}) == ["2026-01-03", "2026-01-04"]
