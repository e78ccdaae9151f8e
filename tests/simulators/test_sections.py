from __future__ import annotations

from typing import Any

import pytest

from rankeval.errors import DataError
from rankeval.simulators.sections import Section, range_text

GIVEN = {"size": 3, "name": "x", "inner": {"deep": 0.5}, "none": None, "list": [1, 2]}


def section(**changes: Any) -> Section:
    return Section({**GIVEN, **changes}, "part", "f.json", "{...}")


def test_what_is_there_is_read():
    one = section()
    assert one.whole("size", 1) == 3
    assert one.number("size", 0.0, 3.0) == 3.0
    assert one.text("name", bool, "a name") == "x"
    assert one.section("inner", "{...}").number("deep", 0.0) == 0.5
    assert one.items("list", "a list") == [1, 2]
    assert one.number("none", 0.0, default=2.0) == 2.0
    assert one.number("missing", 0.0, default=4.0) == 4.0
    one.done()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**400, True, "3", None, [3]])
def test_what_is_no_number(value: Any):
    with pytest.raises(DataError, match=r"f.json: part.size: found .*, wanted a number of at least 0$"):
        section(size=value).number("size", 0.0)


@pytest.mark.parametrize("value", [0, 4, 2.0, True, "3"])
def test_what_is_no_whole_number_in_a_range(value: Any):
    with pytest.raises(
        DataError, match=r"part.size: found .*, wanted a whole number of at least 1 and at most 3"
    ):
        section(size=value).whole("size", 1, 3)


def test_a_key_that_nobody_read_is_an_error():
    one = section()
    one.whole("size", 1)
    with pytest.raises(DataError, match=r"f.json: part.name: found 'x', wanted no such key; known are size$"):
        one.done()


def test_places_name_the_way_down():
    with pytest.raises(DataError, match=r"f.json: part.inner.deep: found 0.5, wanted a number of at least 1"):
        section().section("inner", "{...}").number("deep", 1.0)
    with pytest.raises(DataError, match=r"f.json: part.list: found .*, wanted an object such as {...}"):
        section().section("list", "{...}")
    with pytest.raises(DataError, match=r"^f.json: found null, wanted an object such as"):
        Section(None, "", "f.json", "{...}")


def test_ranges_in_words():
    assert range_text(0.0, 1.0) == "a number in [0, 1]"
    assert range_text(0.0, 1.0, above=True) == "a number in (0, 1]"
    assert range_text(2.0, float("inf")) == "a number of at least 2"
    assert range_text(0.0, float("inf"), above=True) == "a number above 0"
