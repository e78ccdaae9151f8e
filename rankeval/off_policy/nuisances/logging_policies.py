"""Logs of several logging policies: number of rounds of each policy, and the mixture of all policies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rankeval.array_types import Floats
from rankeval.arrays import as_float64, encoded, is_null, read_only, to_numpy
from rankeval.errors import DataError
from rankeval.logs import (
    ROUNDED,
    Log,
    Sessions,
    fold,
    list_parts,
    nothing_counts,
    sampling_roles,
    unit_weights,
)
from rankeval.off_policy.nuisances.logger_places import places_of
from rankeval.off_policy.samples import CandidateLists, same_for_all

#: Maximum number of logging policies; each adds terms to every estimator that distinguishes them.
MAX_LOGGERS = 100


@dataclass(frozen=True)
class LoggingPolicies:
    """The ``J`` logging policies of a log.

    Attributes:
        ids: (J,) ids in ascending order. The policies are numbered from 1 in this order.
        counts: (J,) number of rounds of each; a column ``weight`` says how many times a round counts.
        places: (J,) index of each, from 0, in the lists ``logger_propensities``; empty if none is read.
    """

    ids: tuple[Any, ...]
    counts: tuple[float, ...]
    places: tuple[int, ...] = ()

    @property
    def shares(self) -> Floats:
        """(J,) share of each policy in all rounds."""
        return np.array(self.counts) / sum(self.counts)

    @property
    def roles(self) -> Sequence[str]:
        """Roles of the columns to read, without the columns from which the mixture is computed."""
        return ["logger"]

    def columns(self, lists: CandidateLists, targets: Sequence[str]) -> Mapping[tuple[str, str], Floats]:
        """(n,) ``logger``, number of each round's policy, and ``mixture_propensity`` unless it is logged."""
        rounds = lists.rounds
        found = {"logger": self.numbers(rounds)}
        if "logger_propensities" in rounds and "mixture_propensity" not in rounds:
            found["mixture_propensity"] = self.mixture(rounds)
        return same_for_all(found, targets)

    def numbers(self, rounds: Sessions) -> Floats:
        """(n,) float64, number of each round's policy; 0 for a policy whose rounds all count 0 times."""
        column = rounds.column("logger")
        found = pc.index_in(column, value_set=pa.array(self.ids, column.type))
        return as_float64(found.fill_null(-1)) + 1.0

    def mixture(self, rounds: Sessions) -> Floats:
        """(n,) float64, probability of the logged action under the mixture, ``sum_j n_j / n pi_j(a|x)``.

        The column ``logger_propensities`` has lists with the propensity of the logged action under each
        policy, which stands at its index in ``places``.

        Raises:
            DataError: a list that has another length than the others or is too short for an index; a null; a
                number outside [0, 1].
        """
        role = "logger_propensities"
        lengths, flat = list_parts(rounds.column(role), rounds.names[role], rounds.locate)
        needed = max(self.places) + 1
        if (lengths < needed).any() or (lengths != lengths[0]).any():
            row = int(np.argmax((lengths < needed) | (lengths != lengths[0])))
            wanted = f"one for each logger, 0 to {needed - 1}, and as many in every row"
            raise rounds.error(role, row, f"a list of {lengths[row]}", wanted)
        matrix = read_only(as_float64(flat)).reshape(len(lengths), -1)
        good = (matrix >= 0.0) & (matrix <= 1.0 + ROUNDED)
        if not good.all():
            row, index = (int(place) for place in np.argwhere(~good)[0])
            found = f"{matrix[row, index]} at index {index}"
            raise rounds.error(role, row, found, "probabilities in [0, 1]")
        share = np.zeros(matrix.shape[1])
        share[list(self.places)] = self.shares
        total = np.zeros(len(matrix))
        for index, weight in enumerate(share):
            total += weight * np.minimum(matrix[:, index], 1.0)
        return total


def count_logging_policies(log: Log, threads: int | None, *, indexed: bool) -> LoggingPolicies:
    """Count the rounds of each logging policy in one pass over the column ``logger``.

    Rounds of weight 0 do not count.

    Args:
        log: a bandit log.
        threads: number of threads; the result does not depend on it.
        indexed: whether the place of each policy in ``logger_propensities`` is needed: ``logger`` is the
            index from 0, or a text, whose place follows from ``propensity``.

    Raises:
        DataError: no column ``logger``, or a null in it; more than 100 policies; places that are not
            known; all rounds count 0 times.
    """
    roles = ["logger", *sampling_roles(log)]
    # Addition of counters and the unary plus remove zero counts: policies whose rounds all count 0 times.
    totals = +fold(log, roles, _counts, lambda a, b: a + b, threads)
    if not totals:
        raise nothing_counts(log)
    if len(totals) > MAX_LOGGERS:
        raise DataError(f"{_column(log)} has {len(totals)} values, wanted at most {MAX_LOGGERS}")
    ids = sorted(totals)
    places = _places(log, ids, threads) if indexed else ()
    return LoggingPolicies(tuple(ids), tuple(totals[logger] for logger in ids), places)


def _places(log: Log, ids: Sequence[Any], threads: int | None) -> tuple[int, ...]:
    if isinstance(ids[0], str) and log.has("propensity") and log.has("logger_propensities"):
        return places_of(log, ids, threads)
    if not (isinstance(ids[0], int) and ids[0] >= 0 and ids[-1] < MAX_LOGGERS):
        wanted = (
            "indices from 0 into the list logger_propensities, or texts and a column propensity, "
            "which shows the element of each"
        )
        raise DataError(f"{_column(log)} holds {ids[0]!r} to {ids[-1]!r}, wanted {wanted}")
    return tuple(ids)


def _column(log: Log) -> str:
    return f"{log.origin}: column {log.name('logger')!r}"


def _counts(rounds: Sessions) -> Counter[Any]:
    """The number of rounds of each policy."""
    column = rounds.column("logger")
    if column.null_count:
        raise rounds.error("logger", int(np.argmax(is_null(column))), None, "an id")
    ids = encoded(column)
    sums = np.bincount(to_numpy(ids.indices), unit_weights(rounds), len(ids.dictionary))
    return Counter(dict(zip(ids.dictionary.to_pylist(), sums.tolist(), strict=True)))


def precision_shares(variances: Sequence[float], counts: Sequence[float]) -> tuple[float, ...]:
    """Weights proportional to ``1 / variance`` that sum to 1 (Agarwal et al. 2017; Kallus et al. 2021).

    A policy with variance 0, for example without any reward, would get all the weight. Its variance is
    replaced by ``c / n``, with its number of rounds ``n`` and the mean ``c`` of variance times number of
    rounds over the other policies.

    Args:
        variances: (J,) variance of the estimate from the rounds of each policy.
        counts: (J,) number of rounds of each policy.
    """
    spread = [v * n for v, n in zip(variances, counts, strict=True) if v > 0.0]
    common = sum(spread) / len(spread) if spread else 1.0
    known = [v if v > 0.0 else common / n for v, n in zip(variances, counts, strict=True)]
    total = sum(1.0 / v for v in known)
    return tuple(1.0 / v / total for v in known)
