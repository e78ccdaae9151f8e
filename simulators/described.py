"""Objects of a world file, read key by key: what click models, policies and worlds have in common."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rankeval.errors import DataError
from rankeval.options import shown_json


class Described:
    """One object of a world file; every error names the key, what it holds and what is wanted.

    Args:
        given: the object, as JSON gives it.
        where: its place in the file, for messages, the file's name included.
        known: keys that are read elsewhere, which messages do not offer.
    """

    #: What a key is called in messages.
    noun = "key"

    def __init__(self, given: Mapping[str, Any], where: str, known: Sequence[str] = ()) -> None:
        self.given, self.where = given, where
        self._elsewhere = frozenset(known)
        self._known: set[str] = set(known)

    def allow(self, name: str) -> None:
        """A key that is read, here or elsewhere."""
        self._known.add(name)

    def get(self, name: str) -> Any:
        """What a key holds; None where it is not there."""
        self.allow(name)
        return self.given.get(name)

    def done(self) -> None:
        """Nothing else may be given: a misspelt key would be left out unseen."""
        for name in self.given:
            if name not in self._known:
                known = ", ".join(sorted(self._known - self._elsewhere)) or "none"
                raise self.error(
                    str(name), shown_json(self.given[name]), f"no such {self.noun}; known are {known}"
                )

    def place(self, name: str) -> str:
        """A key of this object, as messages name it."""
        return f"{self.where}.{name}"

    def error(self, name: str, found: str, wanted: str) -> DataError:
        """A message that names the key."""
        return DataError(f"{self.place(name)}: found {found}, wanted {wanted}")

    def list_of(self, name: str, values: Any, wanted: str) -> Sequence[Any]:
        """A list that a key holds."""
        if isinstance(values, str | bytes) or not isinstance(values, Sequence):
            raise self.error(name, shown_json(values), wanted)
        return values

    def float_of(self, name: str, value: Any, wanted: str) -> float:
        """A number that a key holds, whatever its size."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(name, shown_json(value), wanted)
        try:
            return float(value)
        except OverflowError:
            raise self.error(name, shown_json(value), wanted) from None


def checked_number(value: Any, low: float, high: float, above: bool, error: Callable[[], DataError]) -> float:
    """A finite number in a range; ``above``: the lower end excluded."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise error()
    try:
        number = float(value)
    except OverflowError:
        raise error() from None
    if not (math.isfinite(number) and low <= number <= high) or (above and number == low):
        raise error()
    return number
