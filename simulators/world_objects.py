"""Objects of a world file, read and checked key by key. Click models, policies and worlds share this code."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rankeval.errors import DataError
from rankeval.options import shown_json


class Described:
    """One object of a world file. Every error names the key, its value and the value wanted.

    Args:
        given: the object as parsed from JSON.
        where: the file name and the path of the object in the file, for messages.
        known: keys that other code reads. They are allowed, but messages do not suggest them.
    """

    #: The word for a key in messages.
    noun = "key"

    def __init__(self, given: Mapping[str, Any], where: str, known: Sequence[str] = ()) -> None:
        self.given, self.where = given, where
        self._elsewhere = frozenset(known)
        self._known: set[str] = set(known)

    def allow(self, name: str) -> None:
        """Allow the key ``name``, so that :meth:`done` accepts it."""
        self._known.add(name)

    def get(self, name: str) -> Any:
        """The value of the key ``name``, or None if the key is missing. Also allows the key."""
        self.allow(name)
        return self.given.get(name)

    def done(self) -> None:
        """Check that the object has no unknown key. Otherwise a misspelt key would be ignored silently.

        Raises:
            DataError: a key is neither allowed nor read.
        """
        for name in self.given:
            if name not in self._known:
                known = ", ".join(sorted(self._known - self._elsewhere)) or "none"
                raise self.error(
                    str(name), shown_json(self.given[name]), f"no such {self.noun}; known are {known}"
                )

    def place(self, name: str) -> str:
        """The path of the key ``name`` in the file, for messages."""
        return f"{self.where}.{name}"

    def error(self, name: str, found: str, wanted: str) -> DataError:
        """An error for the key ``name``: the value found and the value wanted."""
        return DataError(f"{self.place(name)}: found {found}, wanted {wanted}")

    def list_of(self, name: str, values: Any, wanted: str) -> Sequence[Any]:
        """``values`` of the key ``name``, checked to be a list.

        Raises:
            DataError: ``values`` is not a list.
        """
        if isinstance(values, str | bytes) or not isinstance(values, Sequence):
            raise self.error(name, shown_json(values), wanted)
        return values

    def float_of(self, name: str, value: Any, wanted: str) -> float:
        """``value`` of the key ``name`` as a float, without a check of its range.

        Raises:
            DataError: ``value`` is no number, or an integer too large for a float.
        """
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(name, shown_json(value), wanted)
        try:
            return float(value)
        except OverflowError:
            raise self.error(name, shown_json(value), wanted) from None


def checked_number(value: Any, low: float, high: float, above: bool, error: Callable[[], DataError]) -> float:
    """``value`` as a float, checked to be finite and in ``[low, high]``, or in ``(low, high]`` if ``above``.

    Raises:
        DataError: made by ``error``, where ``value`` is no number, not finite or out of range.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise error()
    try:
        number = float(value)
    except OverflowError:
        raise error() from None
    if not (math.isfinite(number) and low <= number <= high) or (above and number == low):
        raise error()
    return number
