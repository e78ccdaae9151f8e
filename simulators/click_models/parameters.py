"""Checked reading of the parameters of a click model in a world file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from rankeval.options import shown
from rankeval.simulators import Described

PROBABILITY = "a probability in [0, 1]"


class Parameters(Described):
    """The description of a click model in a world file. Every reading method raises ``DataError``.

    Args:
        given: name of a parameter -> its value; also has the key ``name``, the name of the click model.
        where: the path of the description in the world file, for messages.
        positions: K, the length of the longest list.
    """

    noun = "parameter"

    def __init__(self, given: Mapping[str, Any], where: str, positions: int) -> None:
        super().__init__(given, where, known=("name", "share"))
        self.positions = positions

    def probability(self, name: str) -> float:
        """The probability ``name``, a number in [0, 1]."""
        return self._probability(name, self._required(name))

    def probabilities(self, name: str, least: int | None = None) -> tuple[float, ...]:
        """(K,) probabilities by position.

        At least ``least`` values are required (default: K). Missing values are 0, surplus ones are ignored.
        """
        least = self.positions if least is None else least
        values = self.list_of(name, self._required(name), "a list")
        if not least <= len(values):
            raise self.error(name, f"{len(values)} values", f"{least}, one for each position")
        found = [self._probability(f"{name}[{k}]", value) for k, value in enumerate(values[: self.positions])]
        return tuple(found + [0.0] * (self.positions - len(found)))

    def examination(self) -> tuple[float, ...]:
        """(K,) ``theta_k``, given as ``examination`` or computed from ``eta`` as ``k^-eta``."""
        if self.given.get("examination") is not None and self.given.get("eta") is not None:
            raise self.error("eta", shown(self.given["eta"]), "either examination or eta")
        if self.given.get("eta") is None:
            self.allow("eta")
            if self.given.get("examination") is None:
                raise self.error("examination", "nothing", "examination by position, or eta for k^-eta")
            return self.probabilities("examination")
        self.allow("examination")
        eta = self.float_of("eta", self._required("eta"), "a number")
        if not (math.isfinite(eta) and eta >= 0.0):
            raise self.error("eta", shown(self.given["eta"]), "a number of at least 0")
        return tuple(float(k) ** -eta for k in range(1, self.positions + 1))

    def triangle(self, name: str) -> tuple[tuple[float, ...], ...]:
        """K rows; row k = 1, 2, ... has k probabilities. Further values of a row must be null."""
        rows = self.list_of(name, self._required(name), "a list")
        if len(rows) < self.positions:
            raise self.error(name, f"{len(rows)} rows", f"{self.positions}, one for each position")
        return tuple(self._row(f"{name}[{k}]", row, k + 1) for k, row in enumerate(rows[: self.positions]))

    def _required(self, name: str) -> Any:
        value = self.get(name)
        if value is None:
            raise self.error(name, "nothing", f"this parameter of {self.given.get('name')}")
        return value

    def _row(self, name: str, row: Any, size: int) -> tuple[float, ...]:
        values = self.list_of(name, row, "a list")
        if len(values) < size or any(value is not None for value in values[size:]):
            raise self.error(name, f"{len(values)} values", f"{size}, for no click and one at each above")
        return tuple(self._probability(f"{name}[{r}]", value) for r, value in enumerate(values[:size]))

    def _probability(self, name: str, value: Any) -> float:
        number = self.float_of(name, value, "a number")
        if not 0.0 <= number <= 1.0:
            raise self.error(name, shown(value), PROBABILITY)
        return number
