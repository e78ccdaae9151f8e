"""Bandit logs that give the whole candidate set of a round as lists: from lists to one number a round."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rankeval.arrow import as_float64
from rankeval.errors import DataError
from rankeval.kernels import read_only
from rankeval.layout import unnested
from rankeval.log import Log
from rankeval.ragged import sums_of_products
from rankeval.sessions import Sessions

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Row column -> the lists it follows from.
CANDIDATE_COLUMNS = ("candidate_propensities", "candidate_target_propensities", "candidate_q")
#: Those of them that are probabilities and sum to 1.
PROPENSITIES = ("candidate_propensities", "candidate_target_propensities")
FOLLOWS_FROM = {
    "propensity": ("action", "candidate_propensities"),
    "target_propensity": ("action", "candidate_target_propensities"),
    "q_logged": ("action", "candidate_q"),
    "q_target": ("candidate_target_propensities", "candidate_q"),
}


def given_by(rounds: Sessions, column: str) -> str:
    """The role under which a column is logged: its own, or the list that it is taken from."""
    return column if column in rounds else FOLLOWS_FROM[column][-1]


def require_lists(log: Log, roles: Sequence[str]) -> None:
    """Check that candidate columns hold lists, their action an index, and other columns one value a round.

    Raises:
        DataError: for the first that does not.
    """
    indexed = not set(CANDIDATE_COLUMNS).isdisjoint(roles)
    for role in roles:
        kind = log.schema.field(log.name(role)).type
        fits, wanted = not pa.types.is_nested(kind), "one value a round"
        if role in CANDIDATE_COLUMNS:
            fits, wanted = pa.types.is_nested(kind), "a list of numbers a round"
        elif role == "action" and indexed:
            fits, wanted = pa.types.is_integer(kind), "an index from 0 into the candidates"
        if not fits:
            raise DataError(f"{log.origin}: column {log.name(role)!r} holds {kind}, wanted {wanted}")


def from_candidates(rounds: Sessions) -> dict[str, Floats]:
    """``propensity, target_propensity, q_logged, q_target`` (n,) as far as the lists of the rounds give them.

    With candidates ``a``: ``q_target = sum_a pi(a) q(a)``, and the others are the list's value at the logged
    ``action``, an index from 0.

    Raises:
        DataError: lists of unequal length in a row, a null or a number that is not finite, a probability
            outside [0, 1], propensities of a row that do not sum to 1 within 1e-3, an action that
            is no index into its list.
    """
    lists = {role: rounds.items[role] for role in CANDIDATE_COLUMNS if role in rounds.items}
    offsets, flat, _ = unnested(lists, rounds.names, rounds.locate)
    values = {role: _checked(rounds, role, offsets, column) for role, column in flat.items()}
    for role in PROPENSITIES:
        if role in values:
            _require_sum(rounds, role, offsets, values[role])
    found: dict[str, Floats] = {}
    if "action" in rounds:
        rows = offsets[:-1] + logged_actions(rounds, np.diff(offsets))
        for column, (first, role) in FOLLOWS_FROM.items():
            if first == "action" and role in values:
                found[column] = values[role][rows]
    if {"candidate_target_propensities", "candidate_q"} <= values.keys():
        found["q_target"] = sums_of_products(
            offsets, values["candidate_target_propensities"], values["candidate_q"]
        )
    return found


def logged_actions(rounds: Sessions, lengths: Ints) -> Ints:
    """(n,) int64, the logged action of each round as an index into its ``lengths`` (n,) candidates.

    Raises:
        DataError: an action that is no such index.
    """
    numbers = rounds.numbers("action")
    actions = numbers.astype(np.int64)
    bad = (actions < 0) | (actions >= lengths) | (actions != numbers)
    if bad.any():
        row = int(np.argmax(bad))
        raise rounds.error("action", row, f"{numbers[row]:g}", f"an index from 0 to {lengths[row] - 1}")
    return actions


def _checked(rounds: Sessions, role: str, offsets: Ints, column: pa.Array) -> Floats:
    values = read_only(as_float64(column))
    bad = ~np.isfinite(values)
    wanted = "finite numbers"
    if role != "candidate_q":
        bad |= (values < 0.0) | (values > 1.0)
        wanted = "probabilities in [0, 1]"
    if bad.any():
        index = int(np.argmax(bad))
        row = int(np.searchsorted(offsets, index, side="right")) - 1
        shown = column[index].as_py() if column[index].is_valid else "null"
        raise rounds.error(role, row, f"{shown} at index {index - offsets[row]}", wanted)
    return values


def _require_sum(rounds: Sessions, role: str, offsets: Ints, propensities: Floats) -> None:
    sums = sums_of_products(offsets, propensities, read_only(np.ones(len(propensities))))
    bad = np.abs(sums - 1.0) > 1e-3
    if bad.any():
        row = int(np.argmax(bad))
        raise rounds.error(role, row, f"{sums[row]:.6g} in sum", "a sum of 1")
