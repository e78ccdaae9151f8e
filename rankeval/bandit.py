"""Bandit logs: one round a row, in columns of numbers or with candidate lists."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rankeval.arrow import as_float64
from rankeval.candidates import FOLLOWS_FROM, CandidateLists, require_lists
from rankeval.errors import DataError
from rankeval.estimators import Block, Units, Views
from rankeval.feeding import Feed, own
from rankeval.given import Given
from rankeval.log import Log
from rankeval.sessions import Sessions

Floats = NDArray[np.float64]

#: With it a weight, at most its inverse, is finite.
SMALLEST_PROPENSITY = float(np.finfo(np.float64).tiny)
#: Column -> the least probability that it may hold.
LOWEST = {
    "propensity": SMALLEST_PROPENSITY,
    "mixture_propensity": SMALLEST_PROPENSITY,
    "target_propensity": 0.0,
}


class Rounds:
    """How a bandit log gives the columns that terms are computed from.

    Raises:
        DataError: a column missing or of the wrong type; from :meth:`units`, a propensity outside (0, 1], a
            target propensity outside [0, 1], a null, NaN or infinity, an action outside its candidate list.
    """

    id = "round_id"

    def __init__(self, log: Log, columns: Sequence[str], given: Given = Given()) -> None:  # noqa: B008
        self._columns = columns
        self._targets = given.targets
        self._loggers = given.loggers
        self.roles = Feed(log, FOLLOWS_FROM, given.targets).roles(columns)
        log.require(self.roles)
        require_lists(log, self.roles)

    def units(self, rounds: Sessions) -> Units:
        """The columns, one float64 per round, from rows or from candidate lists."""
        columns = self._read(rounds)
        blocks = {
            target: Block({column: columns[own(column, target)] for column in self._columns})
            for target in self._targets
        }
        return blocks[""] if len(blocks) == 1 and "" in blocks else Views(blocks)

    def not_finite(self, rounds: Sessions) -> DataError:
        """Name the number that is null, NaN or infinite, looked for only when it has poisoned a total."""
        columns = self._read(rounds)
        for role in columns:
            if role in rounds and role != "logger":
                rounds.numbers(role)
        largest = max(columns, key=lambda role: float(np.abs(columns[role]).max()))
        row = int(np.argmax(np.abs(columns[largest])))
        wanted = "numbers whose products and sums are finite"
        return rounds.error(_given_by(rounds, largest), row, columns[largest][row], wanted)

    def _read(self, rounds: Sessions) -> dict[str, Floats]:
        """Each column of each target by its role, checked but for numbers that are not finite."""
        lists = CandidateLists(rounds)
        columns: dict[str, Floats] = {}
        for target in self._targets:
            for column in self._columns:
                role = own(column, target)
                if role not in columns:
                    columns[role] = self._column(rounds, lists, column, target)
                    _require_probability(rounds, role, columns[role])
        return columns

    def _column(self, rounds: Sessions, lists: CandidateLists, column: str, target: str) -> Floats:
        role = own(column, target)
        if column == "logger" and self._loggers is not None:
            return self._loggers.numbers(rounds)
        if role in rounds:
            return as_float64(rounds.column(role))
        if column == "mixture_propensity" and self._loggers is not None:
            return self._loggers.mixture(rounds)
        return lists.column(column, target)


def _given_by(rounds: Sessions, role: str) -> str:
    """The role under which a column is logged: its own, or the list that it is taken from."""
    column, _, target = role.partition("@")
    return role if role in rounds else own(FOLLOWS_FROM[column][-1], target)


def _require_probability(rounds: Sessions, role: str, values: Floats) -> None:
    lowest = LOWEST.get(role.partition("@")[0])
    if lowest is not None and (values.min(initial=1.0) < lowest or values.max(initial=0.0) > 1.0):
        row = int(np.argmax((values < lowest) | (values > 1.0)))
        wanted = f"a probability in {'(' if lowest else '['}0, 1]"
        raise rounds.error(_given_by(rounds, role), row, values[row], wanted)
