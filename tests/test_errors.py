from __future__ import annotations

import pickle

import pytest

from rankeval.errors import DataError, UsageError


@pytest.mark.parametrize("kind", [DataError, UsageError])
def test_messages_are_of_one_line_whatever_they_quote(kind: type[DataError] | type[UsageError]) -> None:
    error = kind("a\nb.csv, row 2:\r\nwanted a number")
    assert str(error) == "a b.csv, row 2: wanted a number"
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_messages_are_short_and_printable():
    assert str(DataError("a\x1b[31mb\x00\x9b")) == "a\\x1b[31mb\\x00\\x9b"
    found = str(UsageError("begin " + "x" * 22_000 + " end"))
    assert len(found) < 2_100
    assert (found[:6], found[-4:]) == ("begin ", " end")
