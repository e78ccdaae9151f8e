"""Intervals of curves hold the truth as often as they say, over few logs of the benchmark."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.coverage import rejected
from benchmarks.propensity_coverage import FAMILIES, Cell, cells


def outside(name: str, logs: int, level: float = 0.95) -> dict[Cell, int]:
    """The positions at which coverage is not within 93 to 97 %, of smaller logs than the benchmark's."""
    methods = ("normal",)
    found = replace(FAMILIES[name], sessions=3000).hits(logs, methods, level)
    counted = cells(methods)
    flags = rejected([found[cell] for cell in counted], logs)
    return {cell: found[cell] for cell, flag in zip(counted, flags, strict=True) if flag}


@pytest.mark.parametrize("name", ["shuffle", "swap", "allpairs", "em", "em, users"])
def test_normal_intervals(name: str) -> None:
    assert outside(name, 80) == {}


def test_intervals_that_are_too_narrow_are_told() -> None:
    assert len(outside("shuffle", 80, level=0.7)) > 4
