from __future__ import annotations

import pickle

import pytest

from rankeval.errors import DataError, UsageError


@pytest.mark.parametrize("kind", [DataError, UsageError])
def test_messages_are_of_one_line_whatever_they_quote(kind: type[DataError] | type[UsageError]) -> None:
    error = kind("a\nb.csv, row 2:\r\nwanted a number")
    assert str(error) == "a b.csv, row 2: wanted a number"
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
