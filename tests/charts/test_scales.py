"""Axes: round ticks within the data, as many as have room."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankeval.charts.scales import Axis, Scale


def texts(axis: Axis, *values: float, most: int = 6) -> list[str]:
    return [text for _, text in Scale.of(axis, values, 0.0, 600.0).ticks(most)]


@pytest.mark.parametrize(
    ("axis", "values", "wanted"),
    [
        (Axis("x"), (0.0, 1.0), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (Axis("x", percent=True), (-0.02, 0.05), ["-2 %", "0 %", "2 %", "4 %"]),
        (Axis("x", whole=True), (1, 3), ["1", "2", "3"]),
        (Axis("x", log=True), (1, 100_000), ["1", "10", "100", "1,000", "10,000", "100,000"]),
        (Axis("x", log=True), (1, 9), ["1", "2", "5", "10"]),
        (Axis("x", names=["a", "b", "c"]), (0, 2), ["a", "b", "c"]),
        (Axis("x"), (2e6, 8e6), ["2e+06", "4e+06", "6e+06", "8e+06"]),
    ],
)
def test_ticks(axis: Axis, values: tuple[float, ...], wanted: list[str]) -> None:
    assert texts(axis, *values) == wanted


def test_what_is_held_is_shown() -> None:
    scale = Scale.of(Axis("x", holds=(0.0,)), [5.0, 8.0], 0.0, 600.0)
    assert scale(0.0) == 0.0
    assert scale.low == 0.0


def test_without_numbers_there_is_an_axis_still() -> None:
    assert Scale.of(Axis("x"), [None, math.nan], 0.0, 600.0).ticks(6)
    assert Scale.of(Axis("x", log=True), [0.0, -1.0], 0.0, 600.0).ticks(6)


@given(st.lists(st.floats(-1e12, 1e12), min_size=1), st.integers(2, 9), st.booleans(), st.booleans())
def test_ticks_are_few_and_within(values: list[float], most: int, percent: bool, whole: bool) -> None:
    scale = Scale.of(Axis("x", percent=percent, whole=whole), values, 0.0, 600.0)
    ticks = scale.ticks(most)
    assert len(ticks) <= most + 1
    assert all(-1e-6 <= (v - scale.low) / (scale.high - scale.low) <= 1 + 1e-6 for v, _ in ticks)
    assert [scale(v) for v in sorted(values)] == sorted(scale(v) for v in values)
