"""Probabilities of the embedding of the logged action under the logging and the target policy (MIPS).

The embedding ``e`` of an action is what some columns say of it (genre, price band), together one category.
Its marginal under a policy is ``p(e|x, pi) = sum_a p(e|a) pi(a|x)`` over the candidates. The ratio of the
target policy's to the logging policy's stands for the weight of the action. The mean of weight times reward
is unbiased where the reward depends on the action through ``e`` alone, and every ``e`` that the target policy
can show the logging policy can too (Saito and Joachims 2022, "Off-Policy Evaluation for Large Action Spaces
via Embeddings").

What is logged of the embedding is either a list of that of every candidate, or one value a round, that of the
logged action, which may be random; ``p(e|a)`` then is the share of ``e`` among the rounds with action ``a``
(:func:`count_embeddings`), taken to be the same in every context.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rankeval.array_types import Bools, Floats, Ints
from rankeval.arrays import decoded, is_unknown, kernel, read_only, stretch_of, to_numpy
from rankeval.errors import DataError
from rankeval.logs import Log, Sessions, own, unnested
from rankeval.notes import Note
from rankeval.off_policy.nuisances.embedding_counts import EmbeddingFrequencies, float_codes, joint_hashes
from rankeval.off_policy.samples import (
    PROPENSITIES,
    CandidateLists,
    checked_list,
    logged_actions,
    same_for_all,
)
from rankeval.readers import check_same_columns


def are_lists(log: Log, columns: Sequence[str]) -> bool:
    """Whether a log gives the embedding of every candidate, as lists, or of the logged action alone.

    Raises:
        DataError: a column is missing; some are lists, others not.
    """
    check_same_columns(log.sources, [log.name(role) for role in columns])
    kinds = {role: log.kind(role) for role in columns}
    lists = [role for role in columns if pa.types.is_nested(kinds[role])]
    if lists and len(lists) < len(columns):
        other = next(role for role in columns if role not in lists)
        raise DataError(
            f"{log.origin}: column {log.name(other)!r} holds {kinds[other]}, "
            f"wanted a list with a value for each candidate as in {log.name(lists[0])!r}"
        )
    return bool(lists)


@dataclass(frozen=True)
class Embedding:
    """What a log says of the embedding of actions.

    Attributes:
        embedding: roles of its columns, together one category.
        frequencies: how often each action came with each embedding, where only that of the logged action is
            known; None where the columns are lists with that of every candidate.
    """

    embedding: tuple[str, ...]
    frequencies: EmbeddingFrequencies | None = None

    @property
    def roles(self) -> Sequence[str]:
        """No columns beside those that marginals follow from, which are not read where these are logged."""
        return []

    def columns(self, lists: CandidateLists, targets: Sequence[str]) -> Mapping[tuple[str, str], Floats]:
        """``marginal_propensity`` and ``target_marginal_propensity``, unless they are logged."""
        rounds = lists.rounds
        if self.embedding[0] not in rounds:
            return {}
        policies = [own("candidate_target_propensities", target) for target in targets]
        logging, *others = marginal_propensities(
            rounds, self.embedding, ["candidate_propensities", *policies], self.frequencies
        )
        of_targets = zip(targets, others, strict=True)
        return same_for_all({"marginal_propensity": logging}, targets) | {
            ("target_marginal_propensity", target): values for target, values in of_targets
        }

    def notes(self, log: Log) -> list[Note]:
        """What the log does not tell of embeddings."""
        return [] if self.frequencies is None else self.frequencies.notes(log)


def marginal_propensities(
    rounds: Sessions,
    columns: Sequence[str],
    lists: Sequence[str] = PROPENSITIES,
    frequencies: EmbeddingFrequencies | None = None,
) -> tuple[Floats, ...]:
    """Probability of the embedding of the logged action under some policies, each (n,), at most 1.

    Args:
        rounds: with ``action``, an index from 0 into the lists.
        columns: roles of the embedding; with ``frequencies`` one value a round, else a list.
        lists: roles of the policies' propensities of every candidate.
        frequencies: what :func:`count_embeddings` counted in the same log.

    Raises:
        DataError: lists of unequal length in a row, propensities that are none or do not sum to 1, an action
            that is no index into them, a null embedding; with ``frequencies``, lists of another length than
            those counted.
    """
    embeddings = () if frequencies is not None else columns
    given = {role: rounds.items[role] for role in (*lists, *embeddings)}
    offsets, flat, _ = unnested(given, rounds.names, rounds.locate)
    policies = [checked_list(rounds, role, offsets, flat[role]) for role in lists]
    logged = read_only(offsets[:-1] + logged_actions(rounds, np.diff(offsets)))
    if frequencies is not None:
        frequencies.require_length(rounds, lists[0], offsets)
        found = frequencies.rows(joint_hashes(rounds, columns))
        sums = [frequencies.marginals(found, offsets, logged, policy) for policy in policies]
    else:
        same = _as_logged(rounds, offsets, logged, {role: flat[role] for role in columns})
        sums = [_sums_where(offsets, read_only(same), policy) for policy in policies]
    # Propensities that sum to 1 up to rounding may sum to more.
    return tuple(np.minimum(total, 1.0) for total in sums)


def _as_logged(rounds: Sessions, offsets: Ints, logged: Ints, flat: dict[str, pa.Array]) -> Bools:
    """One bool per candidate, whether its embedding is that of the logged action of its round."""
    same = np.ones(int(offsets[-1]), np.bool_)
    for role, values in flat.items():
        values = decoded(values)
        unknown = is_unknown(values)
        if unknown.any():
            bad = int(np.argmax(unknown))
            row = stretch_of(offsets, bad)
            raise rounds.error(
                role, row, f"null at index {bad - offsets[row]}", "an embedding of every candidate"
            )
        _keep_equal(offsets, logged, read_only(_codes(values)), same)
    return same


def _codes(values: pa.Array) -> Ints:
    """(m,) int64, equal where the values are."""
    kind = values.type
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return np.asarray(to_numpy(values).astype(np.int64))
    if pa.types.is_floating(kind):
        return float_codes(values)
    return np.asarray(to_numpy(values.dictionary_encode().indices).astype(np.int64))


@kernel
def _keep_equal(offsets: Ints, logged: Ints, codes: Ints, same: Bools) -> None:
    """Unmark the candidates whose code is not that of the logged action."""
    for row in range(logged.size):
        code = codes[logged[row]]
        for i in range(offsets[row], offsets[row + 1]):
            same[i] &= codes[i] == code


@kernel
def _sums_where(offsets: Ints, marked: Bools, values: Floats) -> Floats:
    """(n,) sum of the marked values of each stretch."""
    total = np.zeros(offsets.size - 1)
    for row in range(total.size):
        for i in range(offsets[row], offsets[row + 1]):
            if marked[i]:
                total[row] += values[i]
    return total
