"""Quotes around cells of CSV: one that is never closed would swallow the rest of the file in one cell."""

from __future__ import annotations

from typing import Any

import numpy as np

from rankeval.array_types import Ints
from rankeval.readers.lines import BOM

_QUOTE = ord('"')


class Watched:
    """A stream of CSV that watches the quotes of what is read from it.

    A quote opens a cell only where the cell begins; elsewhere in a cell without quotes it is a character as
    any other. Two quotes within a cell in quotes are one character.

    Attributes:
        opened: number of bytes before the quote that opens the last cell in quotes; 0 if there is none.
        inside: whether that cell is not yet closed.
        closed: whether the stream is closed.
    """

    def __init__(self, stream: Any, delimiter: str) -> None:
        self._stream = stream
        self._begins = np.zeros(256, bool)
        self._begins[[ord(delimiter), ord("\n"), ord("\r"), _QUOTE]] = True
        self._previous, self._seen = ord("\n"), 0
        self.opened, self.inside, self.closed = 0, False, False

    def read(self, size: int = -1) -> bytes:
        """The next ``size`` bytes at most; none at the end."""
        data: bytes = self._stream.read(size)
        if data:
            skipped = len(BOM) if not self._seen and data.startswith(BOM) else 0
            self._seen += skipped
            if b'"' in data:
                self._previous = self._see(np.frombuffer(data, np.uint8)[skipped:])
            else:
                self._previous = data[-1]
            self._seen += len(data) - skipped
        return data

    def _see(self, codes: Any) -> int:
        """Follow the quotes in some bytes. Returns the last byte, 0 for a quote that closes nothing."""
        places = np.flatnonzero(codes == _QUOTE)
        opens = places[1 if self.inside else 0 :: 2]
        # Where each second quote can open a cell, or open it again, none of them is a character as any other.
        plain = self._begins[self._before(codes, opens)].all()
        changes = places if plain else self._changes(places, self._before(codes, places))
        opens = changes[1 if self.inside else 0 :: 2]
        before = self._before(codes, opens)
        last = next((k for k in range(len(opens) - 1, -1, -1) if before[k] != _QUOTE), None)
        if last is not None:
            self.opened = self._seen + int(opens[last])
        self.inside = (len(changes) % 2 == 1) != self.inside
        ends = places[-1] == len(codes) - 1 and (not len(changes) or changes[-1] != places[-1])
        return 0 if ends else int(codes[-1])

    def _before(self, codes: Any, places: Ints) -> Any:
        before = codes[places - 1]
        if len(places) and places[0] == 0:
            before[0] = self._previous
        return before

    def _changes(self, places: Ints, before: Any) -> Ints:
        """The quotes that open a cell, open it again as the second of two, or close it."""
        inside, closed = self.inside, -1 if self._previous == _QUOTE and not self.inside else -2
        changes = []
        for place, previous in zip(places.tolist(), before.tolist(), strict=True):
            if inside:
                inside, closed = False, place
            elif self._begins[previous] and (previous != _QUOTE or closed == place - 1):
                inside = True
            else:
                continue
            changes.append(place)
        return np.array(changes, np.int64)
