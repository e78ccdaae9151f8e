"""Quotes around cells of CSV: one that is never closed would swallow the rest of the file in one cell."""

from __future__ import annotations

from typing import Any

import numpy as np

from rankeval.array_types import Bools, Ints
from rankeval.readers.lines import BOM

_QUOTE = ord('"')
_CLOSED = -1


class Watched:
    """A stream of CSV that watches the quotes of what is read from it.

    A quote opens a cell only where the cell begins; elsewhere in a cell without quotes it is a character as
    any other. Two quotes within a cell in quotes are one character.

    Attributes:
        opened: number of the line, from 1, in which the last cell in quotes opens.
        inside: whether that cell is not yet closed.
        closed: whether the stream is closed.
    """

    def __init__(self, stream: Any, delimiter: str) -> None:
        self._stream = stream
        self._begins = np.zeros(256, bool)
        self._begins[[ord(delimiter), ord("\n"), ord("\r"), _QUOTE]] = True
        self._previous, self._line = ord("\n"), 0
        self.opened, self.inside, self.closed = 0, False, False

    def read(self, size: int = -1) -> bytes:
        """The next ``size`` bytes at most; none at the end."""
        data = bytes(self._stream.read(size))
        if data:
            text = data.removeprefix(BOM) if not self._line else data
            self._line = self._line or 1
            last = self._see(text) if b'"' in text else data[-1]
            self._line += data.count(b"\n")
            self._previous = last
        return data

    def _see(self, data: bytes) -> int:
        """Follow the quotes in ``data``. Returns its last byte, 0 for a quote that closes nothing."""
        codes = np.frombuffer(data, np.uint8)
        places = np.flatnonzero(codes == _QUOTE)
        before = codes[places - 1]
        before[0] = self._previous if places[0] == 0 else before[0]
        opens = np.arange(len(places)) % 2 == (1 if self.inside else 0)
        if not self._begins[before[opens]].all():
            opens = self._walked(places, before)
        cells = np.flatnonzero(opens & (before != _QUOTE))
        if len(cells):
            self.opened = self._line + data.count(b"\n", 0, int(places[cells[-1]]))
        closes = np.append(self.inside, opens[:-1]) & ~opens
        self.inside = bool(opens[-1])
        literal = places[-1] == len(data) - 1 and not (opens[-1] or closes[-1])
        return 0 if literal else data[-1]

    def _walked(self, places: Ints, before: Any) -> Bools:
        """Which quotes open a cell, or open it again as the second of two. Others close it, or are text."""
        inside, closed = self.inside, _CLOSED if self._previous == _QUOTE and not self.inside else -2
        opens = np.zeros(len(places), bool)
        for index, (place, previous) in enumerate(zip(places.tolist(), before.tolist(), strict=True)):
            if inside:
                inside, closed = False, place
            else:
                again = previous == _QUOTE and closed == place - 1
                inside = opens[index] = again or (previous != _QUOTE and bool(self._begins[previous]))
        return opens
