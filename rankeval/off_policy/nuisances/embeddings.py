"""Probabilities of the embedding of the logged action under the logging and the target policy (MIPS).

The embedding ``e`` of an action is the combination of the values of some columns, such as genre and price
band, as one category. Its marginal probability under a policy is ``p(e|x, pi) = sum_a p(e|a) pi(a|x)``, a sum
over the candidates. The importance weight is the ratio of the marginal probability under the target policy to
that under the logging policy. The mean of weight times reward is unbiased if the reward depends on the action
through ``e`` only, and if the logging policy has support: it shows every ``e`` that the target policy can
show (Saito and Joachims 2022, "Off-Policy Evaluation for Large Action Spaces via Embeddings").

The log has either lists with the embedding of every candidate, or one value per round, the embedding of the
logged action. In the second case the embedding of an action may be random: ``p(e|a)`` is the share of ``e``
among the rounds with action ``a`` (:func:`count_embeddings`), and is assumed to be the same in every context.
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
    ListSums,
    checked_list,
    logged_actions,
    same_for_all,
)
from rankeval.readers import check_same_columns


def are_lists(log: Log, columns: Sequence[str]) -> bool:
    """Whether a log has lists with the embedding of every candidate, or only that of the logged action.

    Raises:
        DataError: a column is missing; some columns are lists and others are not.
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
    """The nuisance model of marginal probabilities of embeddings.

    Attributes:
        embedding: roles of the columns whose values together are the embedding.
        frequencies: ``p(e|a)``, if the log has only the embedding of the logged action; None if the columns
            are lists with the embedding of every candidate.
    """

    embedding: tuple[str, ...]
    frequencies: EmbeddingFrequencies | None = None

    @property
    def roles(self) -> Sequence[str]:
        """Empty: the columns from which marginal probabilities are computed are read without this model."""
        return []

    def columns(self, lists: CandidateLists, targets: Sequence[str]) -> Mapping[tuple[str, str], Floats]:
        """(n,) ``marginal_propensity`` and ``target_marginal_propensity`` where they are not logged."""
        rounds = lists.rounds
        if self.embedding[0] not in rounds:
            return {}
        logging = [] if "marginal_propensity" in rounds else ["candidate_propensities"]
        policies = {
            target: own("candidate_target_propensities", target)
            for target in targets
            if own("target_marginal_propensity", target) not in rounds
        }
        read = list(dict.fromkeys([*logging, *policies.values()]))
        if not read:
            return {}
        for role in read:
            lists.summed(role)
        sums = marginal_propensities(rounds, self.embedding, read, self.frequencies)
        found = dict(zip(read, sums, strict=True))
        of_logging = {"marginal_propensity": found[logging[0]]} if logging else {}
        return same_for_all(of_logging, targets) | {
            ("target_marginal_propensity", target): found[role] for target, role in policies.items()
        }

    def notes(self, log: Log) -> list[Note]:
        """Warnings on counted probabilities, and on actions whose embeddings are unknown."""
        if self.frequencies is None:
            return []
        text = "mips: probabilities of embeddings were counted in this log, and errors take them as known"
        counted = Note("embeddings_counted", f"{text}, except those of --ci refit")
        return [counted, *self.frequencies.notes(log)]


def marginal_propensities(
    rounds: Sessions,
    columns: Sequence[str],
    lists: Sequence[str] = PROPENSITIES,
    frequencies: EmbeddingFrequencies | None = None,
) -> tuple[Floats, ...]:
    """Marginal probability of the embedding of the logged action, ``sum_a p(e|a) pi(a|x)``.

    Args:
        rounds: rounds with ``action``, an index from 0 into the lists.
        columns: roles of the embedding: with ``frequencies`` one value per round, else a list.
        lists: roles of lists with a policy's propensities of all candidates, one role per policy.
        frequencies: the result of :func:`count_embeddings` for the same log.

    Returns:
        (n,) float64 for each policy, at most 1.

    Raises:
        DataError: lists of unequal length in a row; propensities outside [0, 1] or whose sum is off 1 by more
            than 0.01; an action that is not an index into the lists; a null embedding; with ``frequencies``,
            lists of another length than the counted lists.
    """
    embeddings = () if frequencies is not None else columns
    given = {role: rounds.items[role] for role in (*lists, *embeddings)}
    offsets, flat, _ = unnested(given, rounds.names, rounds.locate)
    policies = [checked_list(rounds, role, offsets, flat[role]) for role in lists]
    for role, policy in zip(lists, policies, strict=True):
        ListSums.of(rounds, role, offsets, policy)
    logged = read_only(offsets[:-1] + logged_actions(rounds, np.diff(offsets)))
    if frequencies is not None:
        frequencies.require_length(rounds, lists[0], offsets)
        found = frequencies.rows(joint_hashes(rounds, columns))
        sums = [frequencies.marginals(found, offsets, logged, policy) for policy in policies]
    else:
        same = _as_logged(rounds, offsets, logged, {role: flat[role] for role in columns})
        sums = [_sums_where(offsets, read_only(same), policy) for policy in policies]
    # The sum of propensities may exceed 1 by rounding.
    return tuple(np.minimum(total, 1.0) for total in sums)


def _as_logged(rounds: Sessions, offsets: Ints, logged: Ints, flat: dict[str, pa.Array]) -> Bools:
    """(candidates,) bool, whether the embedding is equal to that of the logged action of the round."""
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
    """(m,) int64, equal for equal values."""
    kind = values.type
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return np.asarray(to_numpy(values).astype(np.int64))
    if pa.types.is_floating(kind):
        return float_codes(values)
    return np.asarray(to_numpy(values.dictionary_encode().indices).astype(np.int64))


@kernel
def _keep_equal(offsets: Ints, logged: Ints, codes: Ints, same: Bools) -> None:
    """Set ``same`` to False for candidates whose code differs from that of the logged action."""
    for row in range(logged.size):
        code = codes[logged[row]]
        for i in range(offsets[row], offsets[row + 1]):
            same[i] &= codes[i] == code


@kernel
def _sums_where(offsets: Ints, marked: Bools, values: Floats) -> Floats:
    """(n,) float64, sum of the marked values of each round."""
    total = np.zeros(offsets.size - 1)
    for row in range(total.size):
        for i in range(offsets[row], offsets[row + 1]):
            if marked[i]:
                total[row] += values[i]
    return total
