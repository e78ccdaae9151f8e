"""A result with hostile names, for pages and for the browser."""

from __future__ import annotations

import pytest

import rankeval
from rankeval.reports import page
from rankeval.results import Result
from tests.reports.results import HOSTILE, arms, results


@pytest.fixture(scope="session")
def hostile() -> Result:
    """A test whose arms, metric and segments have names that would like to be code."""
    data = arms(1200, (HOSTILE[0], HOSTILE[1]))
    data["part"] = [HOSTILE[2 + i // 2 % 4] for i in range(1200)]
    return rankeval.ab(data, "arm", control=HOSTILE[0], metric="clicks&<b>=click", by="part")


@pytest.fixture
def hostile_page(hostile: Result) -> str:
    """A page of that result and of another one."""
    return page([hostile.plain(), results()["ope"].plain()], f"rankeval report {HOSTILE[0]} {HOSTILE[4]}")
