"""Candidate lists of bandit logs, and the columns with one number per round that are computed from them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property, reduce

import numpy as np
import pyarrow as pa

from rankeval.array_types import Floats, Ints
from rankeval.arrays import as_float64, read_only, stretch_of, sums_of_products
from rankeval.logs import ROUNDED, Log, Sessions, own, unnested
from rankeval.off_policy.samples.list_sums import ListSums
from rankeval.off_policy.samples.support import GAP, GAP_MODEL, NEAR, unsupported

#: Roles of the lists of propensities under the logging policy and under the log's own target policy.
PROPENSITIES = ("candidate_propensities", "candidate_target_propensities")
#: Column with one number per round -> the columns from which it is computed if the log does not have it.
FROM_LISTS: dict[str, tuple[str, ...]] = {
    "propensity": ("action", "candidate_propensities"),
    "target_propensity": ("action", "candidate_target_propensities"),
    "mixture_propensity": ("logger", "logger_propensities"),
    "marginal_propensity": ("action", "embedding", "candidate_propensities"),
    "target_marginal_propensity": ("action", "embedding", "candidate_target_propensities"),
    "q_logged": ("action", "candidate_q"),
    "q_target": ("candidate_target_propensities", "candidate_q"),
    "density": ("propensity",),
}
#: Columns with the probability of candidates without enough support.
SUPPORT = frozenset({GAP, *NEAR.values()})


def _is_list(role: str) -> bool:
    return role.startswith("candidate_")


class CandidateLists:
    """The candidate sets of ``n`` rounds. Each list is checked when it is first used.

    Attributes:
        rounds: the rounds.
        sums: role -> the sums of the lists over which estimators sum.

    Raises:
        DataError: lists of unequal length in a row; a null or a number that is not finite; a probability
            outside [0, 1]; propensities over which an estimator sums, and whose sum is off 1 by more than
            0.01; an action that is not an index into its list.
    """

    def __init__(self, rounds: Sessions) -> None:
        self.rounds = rounds
        self.sums: dict[str, ListSums] = {}
        self._values: dict[str, Floats] = {}
        self._unsupported: dict[str, dict[str, Floats]] = {}

    @cached_property
    def _flat(self) -> tuple[Ints, dict[str, pa.Array]]:
        rounds = self.rounds
        lists = {role: array for role, array in rounds.items.items() if _is_list(role)}
        offsets, flat, _ = unnested(lists, rounds.names, rounds.locate)
        return offsets, flat

    @property
    def offsets(self) -> Ints:
        """(n + 1,) int64, the candidates of round ``i`` are ``offsets[i]:offsets[i + 1]``."""
        return self._flat[0]

    def values(self, role: str) -> Floats:
        """(candidates,) float64, the checked values of a list, one after another."""
        if role not in self._values:
            self._values[role] = checked_list(self.rounds, role, self.offsets, self._flat[1][role])
        return self._values[role]

    @cached_property
    def logged(self) -> Ints:
        """(n,) int64, index of the logged action of each round among the candidates of all rounds."""
        return np.asarray(self.offsets[:-1] + logged_actions(self.rounds, np.diff(self.offsets)))

    def column(self, column: str, target: str) -> Floats:
        """(n,) float64, a column with one number per round, computed from lists.

        Those of support are sums over candidates (:func:`unsupported`).

        ``q_target`` is ``sum_a pi(a) q(a)`` over the candidates ``a``. Any other column is the value of its
        list at the logged ``action``.
        """
        if column in SUPPORT:
            if target not in self._unsupported:
                lists = (self.values(own(role, target)) for role in PROPENSITIES)
                self._unsupported[target] = unsupported(self.offsets, *lists)
            return self._unsupported[target][column]
        if column == GAP_MODEL:
            logging, policy = (self.values(own(role, target)) for role in PROPENSITIES)
            gap = read_only(np.where(logging == 0.0, policy, 0.0))
            return sums_of_products(self.offsets, gap, self.values("candidate_q"))
        role = FROM_LISTS[column][-1]
        if column != "q_target":
            return np.asarray(self.values(own(role, target))[self.logged])
        return self.expected(target, self.values(role))

    def expected(self, target: str, q: Floats) -> Floats:
        """(n,) ``sum_a pi(a) q(a)``, from ``q`` (candidates,) and the propensities of a target policy."""
        role = own("candidate_target_propensities", target)
        return sums_of_products(self.offsets, self.summed(role), read_only(q))

    @property
    def list_sums(self) -> ListSums:
        """The sums of all lists over which estimators sum."""
        return reduce(ListSums.merge, self.sums.values(), ListSums())

    def summed(self, role: str) -> Floats:
        """(candidates,) float64, the propensities of all candidates, whose sums are checked too."""
        values = self.values(role)
        if role not in self.sums:
            self.sums[role] = ListSums.of(self.rounds, role, self.offsets, values)
        return values


def listed_targets(log: Log, targets: Iterable[str]) -> frozenset[str]:
    """The target policies whose propensities of all candidates the log has, beside those of the logger."""
    logging, policy = PROPENSITIES
    return frozenset(t for t in targets if log.has(logging) and log.has(own(policy, t)))


def given_by(rounds: Sessions, role: str) -> str:
    """The role of the logged column that contains a value: the column itself, or the list with its values."""
    column, _, target = role.partition("@")
    if role in rounds or column not in FROM_LISTS:
        return role
    return next((s for s in _sources(column, target) if s in rounds), "action")


def _sources(column: str, target: str) -> list[str]:
    """The roles of a target policy from which a column is computed, the list first."""
    return [own(source, target) for source in FROM_LISTS[column][::-1]]


def logged_actions(rounds: Sessions, lengths: Ints) -> Ints:
    """(n,) int64, the index of each round's logged action; ``lengths`` (n,) are the numbers of candidates.

    The index counts from 0, also if the numbers in column ``action`` count from 1.

    Raises:
        DataError: an action that is not the number of a candidate; the message says so if all numbers of
            these rounds fit the other first number.
    """
    numbers, first = rounds.numbers("action"), rounds.first_action
    with np.errstate(invalid="ignore"):  # a number that no integer holds becomes another one, and is refused
        actions = numbers.astype(np.int64) - first
    bad = (actions < 0) | (actions >= lengths) | (actions + first != numbers)
    if bad.any():
        row, other = int(np.argmax(bad)), 1 - first
        wanted = f"an index from {first} to {lengths[row] - 1 + first}" if lengths[row] else "candidates"
        if ((numbers >= other) & (numbers < lengths + other)).all():
            wanted += other_first_action(len(numbers), other)
        raise rounds.error("action", row, f"{numbers[row]:g}", wanted)
    return actions


def other_first_action(rows: int, first: int) -> str:
    """The end of a message: which first number of actions fits all rows that were read."""
    return f"; all {rows:,} rows so far fit actions that count from {first}: --first-action {first}"


def checked_list(rounds: Sessions, role: str, offsets: Ints, column: pa.Array) -> Floats:
    """(candidates,) float64, the checked values of a column with one list per round, one after another.

    Args:
        rounds: the rounds, for messages.
        role: role of the column; propensities are recognised by it.
        offsets: (n + 1,) the values of round ``i`` are ``offsets[i]:offsets[i + 1]``.
        column: the values of all lists.

    Raises:
        DataError: a value that is null or not finite; a propensity outside [0, 1].
    """
    values = read_only(as_float64(column))
    low, high = float(values.min(initial=0.0)), float(values.max(initial=0.0))  # NaN if there is one
    probabilities = "propensities" in role
    if not (low > -np.inf and high < np.inf) or (probabilities and (low < 0.0 or high > 1.0 + ROUNDED)):
        _refuse(rounds, role, offsets, column, values)
    return read_only(np.minimum(values, 1.0)) if probabilities and high > 1.0 else values


def _refuse(rounds: Sessions, role: str, offsets: Ints, column: pa.Array, values: Floats) -> None:
    """Raise the error for the first invalid value, if there is one."""
    bad, wanted = ~np.isfinite(values), "finite numbers"
    if "propensities" in role:
        bad |= (values < 0.0) | (values > 1.0 + ROUNDED)
        wanted = "probabilities in [0, 1]"
    if bad.any():
        index = int(np.argmax(bad))
        row = stretch_of(offsets, index)
        shown = column[index].as_py() if column[index].is_valid else "null"
        raise rounds.error(role, row, f"{shown} at index {index - offsets[row]}", wanted)
