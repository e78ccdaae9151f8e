"""Sections: the objects of a world file, with checked access to their values."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from rankeval.errors import DataError
from rankeval.options import shown_json
from rankeval.simulators import Described, checked_number

T = TypeVar("T")
_HALF = re.compile("[\ud800-\udfff]")
#: Default of a key that must be present.
REQUIRED: Any = object()


class Section(Described):
    """One object of a world file.

    Args:
        given: the object, as parsed from JSON.
        where: its place in the file, for messages; empty for the whole file.
        origin: name of the file.
        example: an example of such an object, for messages.

    Raises:
        DataError: ``given`` is not an object.
    """

    def __init__(self, given: Any, where: str, origin: str, example: str) -> None:
        self.origin = origin
        if not isinstance(given, Mapping):
            place = f"{origin}: {where}" if where else origin
            raise DataError(f"{place}: found {shown_json(given)}, wanted an object such as {example}")
        super().__init__(given, where)

    def has(self, name: str) -> bool:
        """Whether a key is present and its value is not null."""
        return self.get(name) is not None

    def value(self, name: str, default: Any = REQUIRED, wanted: str = "a value") -> Any:
        """The value of a key, of any type; ``default`` if the key is missing or null."""
        if self.has(name):
            return self.given[name]
        if default is REQUIRED:
            raise self.error(name, "nothing", wanted)
        return default

    def number(
        self, name: str, low: float, high: float = math.inf, default: Any = REQUIRED, above: bool = False
    ) -> float:
        """The value of a key, a number in ``[low, high]``, or with ``above`` in ``(low, high]``."""
        wanted = range_text(low, high, above)
        value = self.value(name, default, wanted)
        return checked_number(value, low, high, above, lambda: self.error(name, shown_json(value), wanted))

    def whole(self, name: str, low: int, high: float = math.inf, default: Any = REQUIRED) -> int:
        """The value of a key, a whole number in ``[low, high]``."""
        wanted = f"a whole number of at least {low}" + (f" and at most {high}" if high < math.inf else "")
        value = self.value(name, default, wanted)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.error(name, shown_json(value), wanted)
        return value

    def text(self, name: str, fits: Callable[[str], bool], wanted: str) -> str:
        """The value of a key, a text for which ``fits`` is true."""
        value = self.value(name, wanted=wanted)
        if not isinstance(value, str) or not fits(value):
            raise self.error(name, shown_json(value), wanted)
        return value

    def items(self, name: str, wanted: str, default: Any = REQUIRED) -> Sequence[Any]:
        """The value of a key, a list."""
        return self.list_of(name, self.value(name, default, wanted), wanted)

    def section(self, name: str, example: str) -> Section:
        """The value of a key, an object, as a section of its own."""
        value = self.value(name, wanted=f"an object such as {example}")
        return Section(value, self.place(name), self.origin, example)

    def place(self, name: str) -> str:
        """The full path of a key of this object, for messages."""
        return f"{self.where}.{name}" if self.where else name

    def error(self, name: str, found: str, wanted: str) -> DataError:
        """An error that names the key, the value found and the value wanted."""
        return DataError(f"{self.origin}: {self.place(name)}: found {found}, wanted {wanted}")


def is_text(value: Any) -> bool:
    """Whether a value is a text that a file can hold.

    JSON can escape one half of a surrogate pair, which UTF-8 cannot encode.
    """
    return isinstance(value, str) and not _HALF.search(value)


def range_text(low: float, high: float, above: bool = False) -> str:
    """The range of a number in words, for messages."""
    if high == math.inf:
        return f"a number {'above' if above else 'of at least'} {low:g}"
    return f"a number in {'(' if above else '['}{low:g}, {high:g}]"
