"""The fields ``NAME=VALUE`` of LightGBM's text models, parsed as strictly as LightGBM writes them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_NUMBER = r"[-+]?[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?"
_NUMBERS = re.compile(rf"{_NUMBER}(?: {_NUMBER})* ?")
#: Values that only inform may be infinite or unknown; LightGBM still reads them.
_ANY = rf"(?:{_NUMBER}|[-+]?inf|[-+]?nan)"
_READABLE = re.compile(rf"{_ANY}(?: {_ANY})* ?")


class Malformed(Exception):
    """Says what is wrong with a model."""


@dataclass(frozen=True)
class Fields:
    """The fields of one part of a model. Every method raises :class:`Malformed` where a field is not sound.

    Attributes:
        values: name -> value, as text.
        where: the part, for messages: ``header`` or ``tree 3``.
    """

    values: Mapping[str, str]
    where: str

    @classmethod
    def of(cls, lines: Sequence[str], where: str) -> Fields:
        """The fields of lines ``NAME=VALUE``; other lines have an empty value."""
        found: dict[str, str] = {}
        for line in filter(None, lines):
            name, _, value = line.partition("=")
            if name in found:
                raise Malformed(f"has {name[:40]!r} twice in {where}")
            found[name] = value
        return cls(found, where)

    def text(self, name: str) -> str:
        """The value of a field that must be there."""
        if name not in self.values:
            raise Malformed(f"lacks {name} in {self.where}")
        return self.values[name]

    def whole(self, name: str, default: int | None = None) -> int:
        """A whole number; ``default`` if it is not None and the field is missing."""
        if default is not None and name not in self.values:
            return default
        return whole(self.text(name), f"{name} in {self.where}")

    def wholes(self, name: str, count: int, low: int, high: int) -> list[int]:
        """``count`` whole numbers from ``low`` to ``high``."""
        numbers = [whole(part, f"{name} in {self.where}") for part in _parts(self.text(name))]
        self._require_count(name, len(numbers), count)
        for found in numbers:
            if not low <= found <= high:
                raise Malformed(f"has {found} in {name} of {self.where}, which goes from {low} to {high}")
        return numbers

    def floats(self, name: str, count: int) -> list[float]:
        """``count`` finite numbers."""
        text = self.text(name)
        numbers = list(map(float, _parts(text))) if _NUMBERS.fullmatch(text) else [math.nan]
        if not all(map(math.isfinite, numbers)):
            raise Malformed(f"has {text[:40]!r} for {name} in {self.where}, wanted finite numbers")
        self._require_count(name, len(numbers), count)
        return numbers

    def require_length(self, name: str, count: int) -> None:
        """Check that a field that only informs has ``count`` values, or is missing."""
        if name not in self.values:
            return
        text = self.values[name]
        if not _READABLE.fullmatch(text):
            raise Malformed(f"has {text[:40]!r} for {name} in {self.where}, wanted numbers")
        self._require_count(name, len(_parts(text)), count)

    def _require_count(self, name: str, found: int, wanted: int) -> None:
        if found != wanted:
            raise Malformed(f"has {found} values for {name} in {self.where}, wanted {wanted}")


def whole(text: str, what: str) -> int:
    """A whole number of at most ten digits, in the digits that LightGBM knows; ``what`` names it."""
    if not re.fullmatch(r"-?[0-9]{1,10}", text):
        raise Malformed(f"has {text[:40]!r} for {what}, wanted a whole number")
    return int(text)


def _parts(text: str) -> list[str]:
    """The values of a field, between single spaces as LightGBM writes them."""
    text = text.removesuffix(" ")
    return text.split(" ") if text else []
