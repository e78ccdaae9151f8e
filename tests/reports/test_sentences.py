"""The rules of conclusions: outward rounding, directions, and what a verdict leaves to say."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankeval.reports.sentences import CAUTION, Range, outwards, told
from tests.reports.results import interval


@pytest.mark.parametrize(
    ("value", "up", "wanted"),
    [
        (3.1234, False, "3.12"),
        (3.1234, True, "3.13"),
        (5.2, True, "5.2"),
        (-3.1234, False, "-3.13"),
        (-3.1234, True, "-3.12"),
        (1234.5, False, "1,230"),
        (1234.5, True, "1,240"),
        (0.00031234, True, "0.000313"),
        (0.0000031234, True, "3.13e-06"),
        (99.95, True, "100"),
        (0.0, True, "0"),
    ],
)
def test_ends_are_rounded_outwards(value: float, up: bool, wanted: str) -> None:
    assert outwards(value, up) == wanted


@given(st.floats(-1e8, 1e8).filter(lambda v: abs(v) > 1e-8), st.booleans())
def test_a_rounded_end_is_never_further_in(value: float, up: bool) -> None:
    """Up to the millionth part of the last digit shown, which is that of binary numbers."""
    rounded = Fraction(outwards(value, up).replace(",", ""))
    slack = abs(Fraction(value)) * Fraction(1, 10**7)
    assert rounded >= Fraction(value) - slack if up else rounded <= Fraction(value) + slack
    assert abs(rounded - Fraction(value)) <= abs(Fraction(value)) / 50


@pytest.mark.parametrize(
    ("low", "high", "side", "text", "sign"),
    [
        (0.031, 0.052, "two", "3.1 % to 5.2 % more clicks", 1),
        (-0.052, -0.031, "two", "3.1 % to 5.2 % fewer clicks", -1),
        (-0.021, 0.032, "two", "between 2.1 % fewer and 3.2 % more clicks", 0),
        (0.0, 0.032, "two", "between 0 % fewer and 3.2 % more clicks", 0),
        (0.031, None, "lower", "at least 3.1 % more clicks", 1),
        (-0.02, None, "lower", "at most 2 % fewer clicks", 0),
        (None, 0.02, "upper", "at most 2 % more clicks", 0),
        (None, -0.02, "upper", "at least 2 % fewer clicks", -1),
    ],
)
def test_a_change_in_words(low: float | None, high: float | None, side: str, text: str, sign: int) -> None:
    found = Range.of(interval(low, high, side=side), percent=True)
    assert (found.more("more", "fewer", "clicks"), found.sign, found.known) == (text, sign, True)


def test_what_is_not_known_has_no_direction() -> None:
    for ci in (None, interval(None, None), interval(0.1, None), interval(None, -0.1)):
        found = Range.of(ci)
        assert not found.known
        assert found.sign == 0
    assert Range.of(None).text() == "not known"


def test_a_low_level_decides_nothing() -> None:
    assert Range.of(interval(0.1, 0.2, level=0.5)).sign == 0
    assert Range.of(interval(0.1, 0.2, level=0.9)).sign == 1


def test_what_a_verdict_leaves_to_say() -> None:
    assert told("trust", True) == "The log can tell."
    assert told("trust", False) == "The log cannot tell."
    assert told("caution", True) == f"The log can tell. {CAUTION}"
    assert told("caution", False) == "The log cannot tell."
    for tells in (True, False):
        assert told("do not trust", tells) == "Do not trust the numbers, for the reasons below."
