"""A bounded sample of a ranking log: the estimate of each session under each behaviour, and its features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rankeval.array_types import Floats, Hashes
from rankeval.arrays import hashes_of, mix64, read_only, sums_of_products, take
from rankeval.errors import DataError
from rankeval.logs import Log, Sessions, check_columns, fold, nothing_counts, unit_counts, weight_roles
from rankeval.off_policy.samples import ColumnSources, Rankings
from rankeval.off_policy.user_behaviour import NAMES, feature_of, subset_weights


@dataclass(frozen=True)
class Sample:
    """The ``m`` sessions whose ids have the smallest hashes, in ascending order of the hashes.

    Attributes:
        hashes: (m,) uint64.
        terms: (m, behaviours) float64, ``sum_k w_k c_k`` of each session under each behaviour.
        counts: (m,) float64, how many times each session counts.
        features: role -> one value per session.
        sessions: number of sessions of the whole log, each counted by its weight.
    """

    hashes: Hashes
    terms: Floats
    counts: Floats
    features: dict[str, pa.Array]
    sessions: float

    def smallest(self, size: int) -> Sample:
        """At most ``size`` sessions, with counts above 0 and the smallest hashes."""
        counted = np.flatnonzero(self.counts > 0.0)
        order = counted[np.argsort(self.hashes[counted], kind="stable")[:size]]
        features = {role: take(values, order) for role, values in self.features.items()}
        return Sample(self.hashes[order], self.terms[order], self.counts[order], features, self.sessions)

    def joined(self, other: Sample) -> Sample:
        """The sessions of both samples, this one's first."""
        features = {
            role: pa.concat_arrays([values, other.features[role]]) for role, values in self.features.items()
        }
        return Sample(
            np.concatenate([self.hashes, other.hashes]),
            np.concatenate([self.terms, other.terms]),
            np.concatenate([self.counts, other.counts]),
            features,
            self.sessions + other.sessions,
        )


def sampled(
    log: Log, features: Sequence[str], columns: Sequence[str], size: int, seed: int, threads: int | None
) -> Sample:
    """Draw a sample of a ranking log in one pass.

    Args:
        log: the log.
        features: roles of the features, each with one value per session.
        columns: roles of reward, propensity and target propensity of an item.
        size: maximum number of sessions.
        seed: seed of the hashes.
        threads: number of threads; the result does not depend on it.

    Raises:
        DataError: invalid data, see :class:`~rankeval.off_policy.samples.rankings.Rankings`; a feature that
            is not a number, boolean or string, or changes within a session; a session whose weighted reward
            is not finite; all sessions count 0 times.
    """
    rankings = Rankings(ColumnSources.of(log), columns)
    check_columns(log, features)
    for role in features:
        _require_feature(log, role)
    roles = list(dict.fromkeys([*rankings.roles, *features, *weight_roles(log)]))

    def work(sessions: Sessions) -> Sample:
        counts = unit_counts(sessions)
        assert sessions.session is not None
        return Sample(
            mix64(hashes_of(sessions.per_session(sessions.session)), seed),
            _terms(rankings, sessions, columns),
            counts,
            {role: feature_of(sessions, role) for role in features},
            float(counts.sum()),
        ).smallest(size)

    def merge(left: Sample, right: Sample) -> Sample:
        return left.joined(right).smallest(size)

    sample: Sample = fold(log, roles, work, merge, threads)
    if not len(sample.counts):
        raise nothing_counts(log)
    return sample


def _require_feature(log: Log, role: str) -> None:
    kind = log.kind(role)
    if not (is_numeric(kind) or is_category(kind) or pa.types.is_null(kind)):
        raise DataError(
            f"{log.origin}: column {log.name(role)!r} holds {kind}, wanted numbers, booleans or strings"
        )


def is_numeric(kind: pa.DataType) -> bool:
    """Whether a feature of this type is split at thresholds."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def is_category(kind: pa.DataType) -> bool:
    """Whether a feature of this type is split by one value against all others."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_boolean(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _terms(rankings: Rankings, sessions: Sessions, columns: Sequence[str]) -> Floats:
    """(n, behaviours) float64, ``sum_k w_k c_k`` of each session under each behaviour."""
    block = rankings.block(sessions)
    reward, logging, target = (block.items[role] for role in columns)
    weights = target / logging
    terms = np.empty((len(block), len(NAMES)))
    for code in range(len(NAMES)):
        behaviours = np.full(len(block), code)
        subset = subset_weights(block.offsets, weights, behaviours)
        terms[:, code] = sums_of_products(block.offsets, read_only(subset), reward)
    if not np.isfinite(terms).all():
        raise rankings.not_finite(sessions)
    return terms
