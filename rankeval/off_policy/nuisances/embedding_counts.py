"""Counts of pairs of action and embedding, from one pass over a bandit log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rankeval.array_types import Floats, Hashes, Ints
from rankeval.arrays import as_float64, decoded, hashes_of, is_unknown, kernel, mix64, read_only, to_arrow
from rankeval.errors import DataError
from rankeval.logs import Log, Sessions, fold, nothing_counts, sampling_roles, unit_weights, unnested
from rankeval.notes import Note
from rankeval.off_policy.samples import PROPENSITIES, ListSums, checked_list, logged_actions

#: Maximum number of different pairs of action and embedding.
MAX_PAIRS = 1 << 22


@dataclass(frozen=True)
class EmbeddingFrequencies:
    """``p(e|a)`` for all pairs of embedding ``e`` and action ``a`` that occur.

    ``p(e|a)`` is the share of rounds with embedding ``e`` among the rounds with action ``a``. It is unknown
    for actions that never occur. These are left out of the marginal probabilities of every policy. The weight
    of a round is then the mean weight of those occurring actions that can have its embedding. The log has no
    round with the other actions; ``unseen`` is their share of each policy's probability.

    Attributes:
        hashes: (embeddings,) uint64, hash of each embedding that occurs, in ascending order.
        offsets: (embeddings + 1,) int64, embedding ``i`` occurs with ``actions[offsets[i]:offsets[i + 1]]``.
        actions: (pairs,) int64, in ascending order within an embedding.
        shares: (pairs,) float64, ``p(e|a)``.
        candidates: number of actions, which is the length of the lists.
        unseen: role of a list of propensities -> mean probability per round of the actions that never occur.
    """

    hashes: Hashes
    offsets: Ints
    actions: Ints
    shares: Floats
    candidates: int
    unseen: Mapping[str, float]

    def rows(self, hashes: Hashes) -> Ints:
        """(n,) int64, index of each embedding in :attr:`hashes`; -1 for one that was not counted."""
        found = np.searchsorted(self.hashes, hashes)
        there = np.minimum(found, len(self.hashes) - 1)
        return np.where(self.hashes[there] == hashes, there, -1)

    def marginals(self, rows: Ints, offsets: Ints, logged: Ints, policy: Floats) -> Floats:
        """(n,) float64, ``sum_a p(e|a) pi(a|x)`` for the embedding of each of ``n`` rounds.

        An embedding that was not counted, which only rounds of weight 0 can have, gets the probability of the
        logged action.

        Args:
            rows: (n,) index of each embedding, from :meth:`rows`.
            offsets: (n + 1,) the candidates of round ``i`` are ``offsets[i]:offsets[i + 1]``.
            logged: (n,) index of the logged action among the candidates of all rounds.
            policy: (candidates of all rounds,) propensities.
        """
        bounds, actions = read_only(self.offsets), read_only(self.actions)
        return _marginals(read_only(rows), offsets, logged, policy, bounds, actions, read_only(self.shares))

    def require_length(self, rounds: Sessions, role: str, offsets: Ints) -> None:
        """Check that the lists have the same length as the counted lists."""
        _require_length(rounds, role, offsets, self.candidates)

    def notes(self, log: Log) -> list[Note]:
        """A warning for each policy that gives probability to actions that the log never took."""
        return [
            Note(
                "unseen_embeddings",
                f"column {log.name(role)!r} gives {100.0 * share:.2g} % of its probability to actions "
                "that the log never took: their embeddings are unknown, and mips weights leave them out",
                {"share": share},
            )
            for role, share in self.unseen.items()
            if share > 0.0
        ]


def count_embeddings(
    log: Log, columns: Sequence[str], lists: Sequence[str] = PROPENSITIES, threads: int | None = None
) -> EmbeddingFrequencies:
    """Count the embeddings of every action, in one pass.

    Args:
        log: bandit log with ``action``, an index into lists in which an action always has the same index. A
            column ``weight`` says how many times a round counts.
        columns: roles of the embedding of the logged action, each with one value per round. The values of all
            columns together are one category.
        lists: roles of lists with the propensities of all candidates. They give the probability of actions
            that never occur.
        threads: number of threads; the result does not depend on it.

    Raises:
        DataError: a column is missing or of the wrong type; a null embedding; lists of unequal length; an
            action that is not an index; more than 4,194,304 pairs of action and embedding; all rounds count 0
            times.
    """
    roles = list(dict.fromkeys(["action", *columns, *lists, *sampling_roles(log)]))

    def work(rounds: Sessions) -> _Counts:
        return _counted(rounds, columns, lists).within(log, columns)

    def merge(left: _Counts, right: _Counts) -> _Counts:
        if left.candidates != right.candidates:
            raise DataError(
                f"{log.origin}: column {log.name(lists[0])!r} has lists of {left.candidates} and of "
                f"{right.candidates} values, {_SAME_LENGTH}"
            )
        return left.merge(right).within(log, columns)

    counts: _Counts = fold(log, roles, work, merge, threads)
    if not counts.total:
        raise nothing_counts(log)
    return counts.frequencies(lists)


@dataclass(frozen=True)
class _Counts:
    """Counts of pairs of embedding and action, in ascending order of the pairs.

    Attributes:
        hashes, actions: (pairs,) the pairs.
        counts: (pairs,) number of rounds with each pair.
        mass: (lists, candidates) sums of the propensities of each action.
        total: number of rounds.
    """

    hashes: Hashes
    actions: Ints
    counts: Floats
    mass: Floats
    total: float

    @classmethod
    def of(cls, hashes: Hashes, actions: Ints, counts: Floats, mass: Floats, total: float) -> _Counts:
        """The counts of pairs that are in any order and may occur several times."""
        order = np.lexsort((actions, hashes))
        hashes, actions = hashes[order], actions[order]
        new = np.ones(len(order), np.bool_)
        new[1:] = (hashes[1:] != hashes[:-1]) | (actions[1:] != actions[:-1])
        starts = np.flatnonzero(new)
        sums = np.add.reduceat(counts[order], starts) if len(starts) else counts[:0]
        return cls(hashes[starts], actions[starts], sums, mass, total)

    @property
    def candidates(self) -> int:
        """Number of actions: the length of the lists."""
        return int(self.mass.shape[1])

    def merge(self, other: _Counts) -> _Counts:
        """The counts of both parts; ``other`` must follow ``self`` in the order of the log."""
        return _Counts.of(
            np.concatenate([self.hashes, other.hashes]),
            np.concatenate([self.actions, other.actions]),
            np.concatenate([self.counts, other.counts]),
            self.mass + other.mass,
            self.total + other.total,
        )

    def within(self, log: Log, columns: Sequence[str]) -> _Counts:
        """These counts; an error for more than ``MAX_PAIRS`` pairs, a limit that bounds the memory."""
        if len(self.hashes) > MAX_PAIRS:
            names = ", ".join(repr(log.name(role)) for role in columns)
            raise DataError(
                f"{log.origin}: more than {MAX_PAIRS:,} pairs of action and embedding in {names}, "
                "wanted embeddings of fewer values"
            )
        return self

    def frequencies(self, lists: Sequence[str]) -> EmbeddingFrequencies:
        """The shares of embeddings among the rounds of each action."""
        of_actions = np.bincount(self.actions, self.counts, minlength=self.candidates)
        hashes, starts = np.unique(self.hashes, return_index=True)
        never = self.mass[:, of_actions == 0.0].sum(axis=1) / self.total
        return EmbeddingFrequencies(
            hashes=hashes,
            offsets=np.append(starts, len(self.hashes)),
            actions=self.actions,
            shares=self.counts / of_actions[self.actions],
            candidates=self.candidates,
            unseen=dict(zip(lists, never.tolist(), strict=True)),
        )


_SAME_LENGTH = "wanted one length throughout: an action is known by its place in the list"


def _counted(rounds: Sessions, columns: Sequence[str], lists: Sequence[str]) -> _Counts:
    """The counts of some rounds."""
    offsets, flat, _ = unnested({role: rounds.items[role] for role in lists}, rounds.names, rounds.locate)
    lengths = np.diff(offsets)
    _require_length(rounds, lists[0], offsets, int(lengths[0]))
    actions, counts = logged_actions(rounds, lengths), unit_weights(rounds)
    hashes = joint_hashes(rounds, columns)
    policies = {role: checked_list(rounds, role, offsets, flat[role]) for role in lists}
    for role, policy in policies.items():
        ListSums.of(rounds, role, offsets, policy)
    mass = [_sums_by_place(read_only(counts), policy, int(lengths[0])) for policy in policies.values()]
    occur = counts > 0.0
    return _Counts.of(hashes[occur], actions[occur], counts[occur], np.array(mass), float(counts.sum()))


def _require_length(rounds: Sessions, role: str, offsets: Ints, length: int) -> None:
    bad = np.diff(offsets) != length
    if bad.any():
        row = int(np.argmax(bad))
        found = f"{np.diff(offsets)[row]} values long after {length} in other rows"
        raise rounds.error(role, row, found, _SAME_LENGTH.removeprefix("wanted "))


def joint_hashes(rounds: Sessions, columns: Sequence[str]) -> Hashes:
    """(n,) uint64, hash of the embedding of each round, over all columns together.

    Raises:
        DataError: a value that is null or NaN.
    """
    joint = np.zeros(len(rounds), np.uint64)
    for place, role in enumerate(columns):
        values = decoded(rounds.column(role))
        unknown = is_unknown(values)
        if unknown.any():
            raise rounds.error(role, int(np.argmax(unknown)), None, "an embedding of the logged action")
        if pa.types.is_floating(values.type):
            values = to_arrow(float_codes(values))
        joint = mix64(joint ^ hashes_of(values), seed=place)
    return joint


def float_codes(values: pa.Array) -> Ints:
    """(n,) int64, equal for equal numbers; 0 and -0 are equal."""
    return (as_float64(values) + 0.0).view(np.int64)


@kernel
def _sums_by_place(counts: Floats, values: Floats, length: int) -> Floats:
    """(length,) sum over rounds of count times value, at each index of the lists."""
    total = np.zeros(length)
    for row in range(counts.size):
        for place in range(length):
            total[place] += counts[row] * values[row * length + place]
    return total


@kernel
def _marginals(
    rows: Ints, offsets: Ints, logged: Ints, policy: Floats, bounds: Ints, actions: Ints, shares: Floats
) -> Floats:
    total = np.zeros(rows.size)
    for i in range(rows.size):
        if rows[i] < 0:
            total[i] = policy[logged[i]]
            continue
        for j in range(bounds[rows[i]], bounds[rows[i] + 1]):
            total[i] += shares[j] * policy[offsets[i] + actions[j]]
    return total
