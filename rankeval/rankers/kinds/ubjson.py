"""Universal Binary JSON (UBJSON, draft 12), as far as XGBoost writes it.

XGBoost's own reader trusts the lengths that stand in the file and ends the process where they are wrong.
"""

from __future__ import annotations

from typing import Any

import numpy as np

#: Marker -> a number in the byte order of the format.
_NUMBERS = {"i": ">i1", "U": ">u1", "I": ">i2", "l": ">i4", "L": ">i8", "d": ">f4", "D": ">f8"}
_WHOLE = frozenset("iUIlL")
_CONSTANTS: dict[str, Any] = {"Z": None, "T": True, "F": False}
#: Levels of lists and objects within one another; models have about ten.
_LEVELS = 50


def decoded(content: bytes) -> Any:
    """The value that a file holds: dicts, lists, texts, numbers, booleans and None.

    Raises:
        ValueError: it ends too early or has bytes left over, an unknown marker, a negative length, a text
            that is not UTF-8, a key twice, or more than 50 levels.
    """
    reader = _Reader(content)
    value = reader.value(reader.marker(), 0)
    if reader.place != len(content):
        raise ValueError(f"ends at byte {reader.place} of {len(content)}")
    return value


class _Reader:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self.place = 0

    def marker(self) -> str:
        return self._bytes(1).decode("latin-1")

    def value(self, marker: str, level: int) -> Any:
        if level > _LEVELS:
            raise ValueError(f"more than {_LEVELS} levels")
        if marker in _NUMBERS:
            return self._numbers(marker, 1)[0]
        if marker in _CONSTANTS:
            return _CONSTANTS[marker]
        if marker == "S":
            return self._text(self.marker())
        if marker == "[":
            return self._list(level)
        if marker == "{":
            return self._object(level)
        raise ValueError(f"unknown marker {marker!r} before byte {self.place}")

    def _bytes(self, count: int) -> bytes:
        if not 0 <= count <= len(self._content) - self.place:
            raise ValueError(f"wants {count} bytes at byte {self.place} of {len(self._content)}")
        self.place += count
        return self._content[self.place - count : self.place]

    def _numbers(self, marker: str, count: int) -> list[Any]:
        kind = np.dtype(_NUMBERS[marker])
        found: list[Any] = np.frombuffer(self._bytes(count * kind.itemsize), kind).tolist()
        return found

    def _count(self, marker: str) -> int:
        if marker not in _WHOLE:
            raise ValueError(f"found marker {marker!r} before byte {self.place}, wanted that of a length")
        return int(self._numbers(marker, 1)[0])

    def _text(self, marker: str) -> str:
        return self._bytes(self._count(marker)).decode("utf-8")

    def _list(self, level: int) -> list[Any]:
        marker = self.marker()
        if marker == "$":
            kind, sign = self.marker(), self.marker()
            if kind not in _NUMBERS or sign != "#":
                raise ValueError(f"unknown list of {kind!r} before byte {self.place}")
            return self._numbers(kind, self._count(self.marker()))
        if marker == "#":
            count = self._count(self.marker())
            self._require(count)
            return [self.value(self.marker(), level + 1) for _ in range(count)]
        found = []
        while marker != "]":
            found.append(self.value(marker, level + 1))
            marker = self.marker()
        return found

    def _require(self, count: int) -> None:
        """Each value takes at least a byte."""
        if not 0 <= count <= len(self._content) - self.place:
            raise ValueError(f"a list of {count} values before byte {self.place}")

    def _object(self, level: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while (marker := self.marker()) != "}":
            key = self._text(marker)
            if key in found:
                raise ValueError(f"key {key!r} twice")
            found[key] = self.value(self.marker(), level + 1)
        return found
