"""Bandit logs: one round a row, in columns of numbers or with candidate lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from rankeval.arrow import as_float64
from rankeval.candidates import CANDIDATE_COLUMNS, FOLLOWS_FROM, from_candidates, given_by, require_lists
from rankeval.errors import DataError
from rankeval.estimators import Block
from rankeval.feeding import sources_of
from rankeval.log import Log
from rankeval.sessions import Sessions

Floats = NDArray[np.float64]

#: With it a weight, at most its inverse, is finite.
SMALLEST_PROPENSITY = float(np.finfo(np.float64).tiny)


class Rounds:
    """How a bandit log gives the columns that terms are computed from.

    Raises:
        DataError: a column missing or of the wrong type; from :meth:`units`, a propensity outside (0, 1], a
            target propensity outside [0, 1], a null, NaN or infinity, an action outside its candidate list.
    """

    id = "round_id"

    def __init__(self, log: Log, columns: Sequence[str]) -> None:
        self.columns = columns
        self.roles = sources_of(log, columns, FOLLOWS_FROM)
        log.require(self.roles)
        require_lists(log, self.roles)

    def units(self, sessions: Sessions) -> Block:
        """The columns, one float64 per round, from rows or from candidate lists."""
        lists = from_candidates(sessions) if any(role in sessions for role in CANDIDATE_COLUMNS) else {}
        values = {
            name: as_float64(sessions.column(name)) if name in sessions else lists[name]
            for name in self.columns
        }
        for name, lowest in (("propensity", SMALLEST_PROPENSITY), ("target_propensity", 0.0)):
            if name in values:
                _require_probability(sessions, name, values[name], lowest)
        return Block(values)

    def not_finite(self, sessions: Sessions, units: Block) -> DataError:
        """Name the number that is null, NaN or infinite, looked for only when it has poisoned a total."""
        return _not_finite(sessions, units.columns)


def _not_finite(rounds: Sessions, values: Mapping[str, Floats]) -> DataError:
    for name in values:
        if name in rounds:
            rounds.numbers(name)
    largest = max(values, key=lambda name: float(np.abs(values[name]).max()))
    row = int(np.argmax(np.abs(values[largest])))
    wanted = "numbers whose products and sums are finite"
    return rounds.error(given_by(rounds, largest), row, values[largest][row], wanted)


def _require_probability(rounds: Sessions, name: str, values: Floats, lowest: float) -> None:
    if values.min(initial=1.0) < lowest or values.max(initial=0.0) > 1.0:
        row = int(np.argmax((values < lowest) | (values > 1.0)))
        raise rounds.error(
            given_by(rounds, name), row, values[row], f"a probability in {'(' if lowest else '['}0, 1]"
        )
