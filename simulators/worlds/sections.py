"""Objects of a world file, with numbers, texts and objects of their own."""

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
#: Stands for a key that must be there.
REQUIRED: Any = object()


class Section(Described):
    """One object of a world file.

    Args:
        given: the object, as JSON gives it.
        where: its place in the file, for messages; empty for the file itself.
        origin: the file.
        example: what it might look like.
    """

    def __init__(self, given: Any, where: str, origin: str, example: str) -> None:
        self.origin = origin
        if not isinstance(given, Mapping):
            place = f"{origin}: {where}" if where else origin
            raise DataError(f"{place}: found {shown_json(given)}, wanted an object such as {example}")
        super().__init__(given, where)

    def has(self, name: str) -> bool:
        """Whether a key is there, and not null."""
        return self.get(name) is not None

    def value(self, name: str, default: Any = REQUIRED, wanted: str = "a value") -> Any:
        """What a key holds, whatever it is."""
        if self.has(name):
            return self.given[name]
        if default is REQUIRED:
            raise self.error(name, "nothing", wanted)
        return default

    def number(
        self, name: str, low: float, high: float = math.inf, default: Any = REQUIRED, above: bool = False
    ) -> float:
        """A number in ``[low, high]``, or with ``above`` in ``(low, high]``."""
        wanted = range_text(low, high, above)
        value = self.value(name, default, wanted)
        return checked_number(value, low, high, above, lambda: self.error(name, shown_json(value), wanted))

    def whole(self, name: str, low: int, high: float = math.inf, default: Any = REQUIRED) -> int:
        """A whole number in ``[low, high]``."""
        wanted = f"a whole number of at least {low}" + (f" and at most {high}" if high < math.inf else "")
        value = self.value(name, default, wanted)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.error(name, shown_json(value), wanted)
        return value

    def text(self, name: str, fits: Callable[[str], bool], wanted: str) -> str:
        """A text."""
        value = self.value(name, wanted=wanted)
        if not isinstance(value, str) or not fits(value):
            raise self.error(name, shown_json(value), wanted)
        return value

    def items(self, name: str, wanted: str, default: Any = REQUIRED) -> Sequence[Any]:
        """A list."""
        return self.list_of(name, self.value(name, default, wanted), wanted)

    def section(self, name: str, example: str) -> Section:
        """An object within this one."""
        value = self.value(name, wanted=f"an object such as {example}")
        return Section(value, self.place(name), self.origin, example)

    def place(self, name: str) -> str:
        """A key of this object, as messages name it."""
        return f"{self.where}.{name}" if self.where else name

    def error(self, name: str, found: str, wanted: str) -> DataError:
        """A message that names the key."""
        return DataError(f"{self.origin}: {self.place(name)}: found {found}, wanted {wanted}")


def is_text(value: Any) -> bool:
    """Whether something is a text that a file can hold: JSON may name one half of a character."""
    return isinstance(value, str) and not _HALF.search(value)


def range_text(low: float, high: float, above: bool = False) -> str:
    """The range of a number, in words."""
    if high == math.inf:
        return f"a number {'above' if above else 'of at least'} {low:g}"
    return f"a number in {'(' if above else '['}{low:g}, {high:g}]"
