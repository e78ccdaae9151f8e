"""Parameters of click models as world files hold them, checked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from rankeval.errors import DataError
from rankeval.options import shown

PROBABILITY = "a probability in [0, 1]"


class Parameters:
    """What a world file says of a click model, for ``positions`` positions.

    Args:
        given: the parameters by name, ``name`` among them.
        where: the place in the world file, for messages.
        positions: number of positions that users see.
    """

    def __init__(self, given: Mapping[str, Any], where: str, positions: int) -> None:
        self.given, self.where, self.positions = given, where, positions
        self._known = {"name", "share"}

    def probability(self, name: str) -> float:
        """One probability."""
        return self._probability(name, self._required(name))

    def probabilities(self, name: str, least: int | None = None) -> tuple[float, ...]:
        """A probability for each position, or for the first ``least`` of them, the others being 0."""
        least = self.positions if least is None else least
        values = self._items(name, self._required(name))
        if not least <= len(values):
            raise self.error(name, f"{len(values)} values", f"{least}, one for each position")
        found = [self._probability(f"{name}[{k}]", value) for k, value in enumerate(values[: self.positions])]
        return tuple(found + [0.0] * (self.positions - len(found)))

    def examination(self) -> tuple[float, ...]:
        """``theta_k`` from ``examination``, or from ``eta`` as ``k^-eta``."""
        if self.given.get("examination") is not None and self.given.get("eta") is not None:
            raise self.error("eta", shown(self.given["eta"]), "either examination or eta")
        if self.given.get("eta") is None:
            self._known.add("eta")
            if self.given.get("examination") is None:
                raise self.error("examination", "nothing", "examination by position, or eta for k^-eta")
            return self.probabilities("examination")
        self._known.add("examination")
        eta = self._number("eta", self._required("eta"))
        if not (math.isfinite(eta) and eta >= 0.0):
            raise self.error("eta", shown(self.given["eta"]), "a number of at least 0")
        return tuple(float(k) ** -eta for k in range(1, self.positions + 1))

    def triangle(self, name: str) -> tuple[tuple[float, ...], ...]:
        """Row k = 1, 2, ... holds k probabilities; what is beyond them may be null."""
        rows = self._items(name, self._required(name))
        if len(rows) < self.positions:
            raise self.error(name, f"{len(rows)} rows", f"{self.positions}, one for each position")
        return tuple(self._row(f"{name}[{k}]", row, k + 1) for k, row in enumerate(rows[: self.positions]))

    def allow(self, name: str) -> None:
        """A parameter that is read elsewhere."""
        self._known.add(name)

    def done(self) -> None:
        """Nothing else may be given: a misspelt parameter would be left out unseen."""
        for name in self.given:
            if name not in self._known:
                known = ", ".join(sorted(self._known - {"name", "share"})) or "none"
                raise self.error(str(name), shown(self.given[name]), f"no such parameter; known are {known}")

    def error(self, name: str, found: str, wanted: str) -> DataError:
        """A message that names the key."""
        return DataError(f"{self.where}.{name}: found {found}, wanted {wanted}")

    def _required(self, name: str) -> Any:
        self._known.add(name)
        if self.given.get(name) is None:
            raise self.error(name, "nothing", f"this parameter of {self.given.get('name')}")
        return self.given[name]

    def _row(self, name: str, row: Any, size: int) -> tuple[float, ...]:
        values = self._items(name, row)
        if len(values) < size or any(value is not None for value in values[size:]):
            raise self.error(name, f"{len(values)} values", f"{size}, for no click and one at each above")
        return tuple(self._probability(f"{name}[{r}]", value) for r, value in enumerate(values[:size]))

    def _items(self, name: str, values: Any) -> Sequence[Any]:
        if not isinstance(values, Sequence) or isinstance(values, str | bytes):
            raise self.error(name, shown(values), "a list")
        return values

    def _probability(self, name: str, value: Any) -> float:
        number = self._number(name, value)
        if not 0.0 <= number <= 1.0:
            raise self.error(name, shown(value), PROBABILITY)
        return number

    def _number(self, name: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(name, "null" if value is None else shown(value), "a number")
        try:
            return float(value)
        except OverflowError:
            raise self.error(name, shown(value), "a number") from None
