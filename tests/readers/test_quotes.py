from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankeval.readers.quotes import Watched
from tests.readers.helpers import examples


def watched(text: bytes, size: int) -> Watched:
    """The state after ``text``, read in blocks of ``size``."""
    stream = Watched(io.BytesIO(text), ",")
    assert b"".join(iter(lambda: stream.read(size), b"")) == text
    return stream


def slowly(text: str) -> tuple[bool, int]:
    """The same state, one character at a time: whether a cell is open, and where the last opened."""
    inside, opened, at, begins = False, 0, 0, True
    while at < len(text):
        mark = text[at]
        if inside and text[at : at + 2] == '""':
            at += 1
        elif inside:
            inside = mark != '"'
        elif mark == '"' and begins:
            inside, opened = True, at
        begins = not inside and mark in ",\n\r"
        at += 1
    return inside, opened


@examples
@given(st.text('"",\nx', max_size=30), st.integers(1, 31))
def test_the_quotes_are_followed_as_a_parser_does(text: str, size: int) -> None:
    found = watched(text.encode(), size)
    assert (found.inside, found.opened) == slowly(text)


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_hand_worked(size: int) -> None:
    assert not watched(b'a,b\n"x\ny",5"\n', size).inside
    assert watched(b'a,b\n"x\ny",5"\n', size).opened == 4
    assert watched(b'a,b\n1,"x""\n2,3\n', size).inside
    assert watched(b'a,b\n1,"x""\n2,3\n', size).opened == 6
    assert not watched(b'\xef\xbb\xbf"a",b\n1,2\n', max(size, 3)).inside
