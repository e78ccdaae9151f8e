"""A tree of user behaviours, learned from a log for the least mean squared error of the estimate.

Kiyohara et al. (2023) grow a tree over the context greedily. Its leaves have the behaviours that minimise
the estimated mean squared error of the whole estimate, not the behaviours that explain the data best: the
bias of a behaviour that is too narrow may be smaller than the noise that it avoids. The paper takes the bias
as given (in the published code it is the true bias up to noise of 30 %). Here the bias is estimated from the
log alone, as in SLOPE (Su, Srinath and Krishnamurthy 2020): if a behaviour is correct, any wider behaviour is
correct too, and both have the same expectation. Let ``D_s = V_b - V_s`` be the difference of behaviour ``b``
from a wider behaviour ``s``, on the ``m_l`` sessions of leaf ``l``. Then

    bias_l^2 = max over s of max(0, D_s^2 - Var(D_s) / m_l),
    error = (sum_l m_l / m |bias_l|)^2 + Var(V) / n.

``Var`` is the variance over sessions, of paired differences for ``D_s``. ``V`` is the estimate of the tree,
``m`` the number of sessions of the sample and ``n`` of the log. The absolute biases of leaves are added, as
if they never cancelled. The widest behaviour, ``standard``, has no bias. A bias within the noise of the
differences from all wider behaviours is not detected. Trees grown on one half of the sessions for the other
half were tried and rejected: they choose worse behaviours, and intervals mostly have less coverage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rankeval.array_types import Floats, Ints
from rankeval.arrays import as_float64, is_null, kernel, to_numpy
from rankeval.errors import UsageError
from rankeval.logs import Log
from rankeval.notes import Note
from rankeval.off_policy.nuisances.behaviour_sample import Sample, is_numeric, sampled
from rankeval.off_policy.user_behaviour import (
    BEHAVIOURS,
    NAMES,
    AtMost,
    BehaviourTree,
    Equals,
    Leaf,
    Split,
    Test,
)

#: Pairs of a behaviour and a wider one. If the first is correct, the weights of both are correct.
_NARROW, _WIDE = np.array(
    [
        (b, s)
        for b, narrow in enumerate(BEHAVIOURS.values())
        for s, wide in enumerate(BEHAVIOURS.values())
        if b != s and narrow.within(wide)
    ]
).T
#: A split must reduce the error by at least this share; a smaller reduction is noise.
LEAST_GAIN = 0.01
_SAME = np.eye(len(NAMES), dtype=np.bool_)
_PARTS = np.cumsum([len(NAMES), len(NAMES), len(_NARROW)])
#: Number of thresholds of a numeric feature, which are quantiles of the sample.
THRESHOLDS = 31


def learn_behaviour_tree(
    log: Log,
    features: Sequence[str] = (),
    *,
    columns: Sequence[str] = ("reward", "propensity", "target_propensity"),
    sample: int = 50_000,
    min_sessions: int = 500,
    max_depth: int = 4,
    seed: int = 0,
    threads: int | None = None,
) -> BehaviourTree:
    """Learn a tree of user behaviours over features of the session, in one pass over a ranking log.

    Args:
        log: a ranking log, long or nested, with the propensities of a product policy.
        features: columns with one value per session. Numbers are split at quantiles, strings and booleans by
            one value against all others. Without features, all sessions get one behaviour.
        columns: roles of the reward (if the log has none, ``click`` is used), of the propensity and of the
            target propensity of an item.
        sample: maximum number of sessions to learn from: those with the smallest hashes of id and seed.
        min_sessions: minimum number of sessions of the sample in a leaf.
        max_depth: maximum number of splits from the root to a leaf.
        seed: seed of the sample.
        threads: number of threads; the result does not depend on it.

    Raises:
        DataError: invalid data, see :func:`rankeval.off_policy.nuisances.behaviour_sample.sampled`.
        UsageError: a parameter out of range.
    """
    for name, value, low in (
        ("sample", sample, 2),
        ("min_sessions", min_sessions, 1),
        ("max_depth", max_depth, 0),
    ):
        if value < low:
            raise UsageError(f"{name}: found {value}, wanted at least {low}")
    drawn = sampled(log, features, columns, sample, seed, threads)
    return grown(drawn, min_sessions, max_depth)


@dataclass(frozen=True)
class _Feature:
    """A feature of the sample, divided into groups.

    Attributes:
        groups: (m,) int64, group of each session.
        tests: the test of each group, in order; the last group may have none.
        ordered: whether the groups are bins of numbers in ascending order. The test of a bin then holds for
            all groups up to it; the test of another group holds for this group only.
    """

    groups: Ints
    tests: tuple[Test, ...]
    ordered: bool


def grown(sample: Sample, min_sessions: float, max_depth: int) -> BehaviourTree:
    """The tree that is grown on a sample."""
    rows = np.arange(len(sample.hashes))
    with np.errstate(over="ignore", invalid="ignore"):  # no split is better if squares overflow
        grower = _Grower(sample, min_sessions)
        root = grower.split(rows, grower.best_leaf(rows), max_depth)
    text = (
        f"behaviours were learned from {len(rows):,} sessions that the estimate uses too: "
        "no interval knows of a bias that the sample did not show, and only that of --ci refit of the choice"
    )
    return BehaviourTree(root, Note("behaviours_chosen_on_sample", text, {"sessions": len(rows)}))


class _Grower:
    """Grows a tree; ``total`` (3,) holds the sums of ``V``, ``V^2`` and ``|bias|`` over its leaves."""

    def __init__(self, sample: Sample, min_sessions: float) -> None:
        self.min_sessions = min_sessions
        self.features = [_feature(role, values) for role, values in sample.features.items()]
        self.moments = _moments(sample)
        self.counted = float(sample.counts.sum())
        self.sessions = sample.sessions
        self.total = np.zeros(3)

    def best_leaf(self, rows: Ints) -> int:
        """The best single behaviour for the sessions in ``rows``; they become the only leaf of the tree."""
        states = _states(self.moments[rows].sum(axis=0))
        best = int(np.argmin(self._error(states)))
        self.total = states[best]
        return best

    def _error(self, states: Floats) -> Floats:
        """(...,) estimated mean squared error of states (..., 3)."""
        value, square, bias = np.moveaxis(states / self.counted, -1, 0)
        return np.asarray(bias**2 + (square - value**2) / self.sessions)

    def split(self, rows: Ints, behaviour: int, depth: int) -> Split | Leaf:
        """The subtree of the sessions in ``rows``, which are a leaf with a behaviour until now."""
        sums = self.moments[rows].sum(axis=0)
        found = self._best_split(rows, sums, behaviour) if depth else None
        if found is None:
            return Leaf(NAMES[behaviour], float(sums[0]))
        feature, test, yes, no = found
        groups = feature.groups[rows]
        held = groups <= test if feature.ordered else groups == test
        return Split(
            feature.tests[test],
            self.split(rows[held], yes, depth - 1),
            self.split(rows[~held], no, depth - 1),
        )

    def _best_split(self, rows: Ints, sums: Floats, behaviour: int) -> tuple[_Feature, int, int, int] | None:
        """The feature, the index of its test and both behaviours with the least error.

        None if no split reduces the error enough.
        """
        least, found = (1.0 - LEAST_GAIN) * float(self._error(self.total)), None
        total = self.total
        rest = self.total - _states(sums)[behaviour]
        for feature in self.features:
            held = _sums_of_tests(feature, rows, self.moments)
            fits = (held[:, 0] >= self.min_sessions) & (sums[0] - held[:, 0] >= self.min_sessions)
            if not fits.any():
                continue
            tests = np.flatnonzero(fits)
            yes, no = _states(held[tests]), _states(sums - held[tests])
            totals = rest + yes[:, :, None] + no[:, None, :]
            # With equal behaviours a split does not change the estimate, but its smaller leaves have more
            # noise, in which a bias is no longer detected.
            errors = np.where(_SAME, np.inf, self._error(totals))
            if errors.min() < least:
                where = np.unravel_index(int(np.argmin(errors)), errors.shape)
                least, total = float(errors[where]), totals[where]
                found = feature, int(tests[where[0]]), int(where[1]), int(where[2])
        self.total = total
        return found


def _moments(sample: Sample) -> Floats:
    """(m, 1 + 2 (behaviours + pairs)) float64, moments of each session.

    They are its count, and the count times ``V``, ``V^2`` of each behaviour and ``D``, ``D^2`` of each pair.
    """
    value = sample.terms
    difference = value[:, _NARROW] - value[:, _WIDE]
    counts = sample.counts[:, None]
    return np.hstack([counts, counts * np.hstack([value, value**2, difference, difference**2])])


def _states(sums: Floats) -> Floats:
    """(..., behaviours, 3) sums of ``V``, ``V^2`` and ``|bias|`` of leaves with these sums of moments."""
    counts = sums[..., :1]
    value, square, difference, difference_square = np.split(sums[..., 1:], _PARTS, axis=-1)
    n = np.where(counts > 0.0, counts, 1.0)
    mean = difference / n
    noise = (difference_square / n - mean**2) / n
    seen = np.maximum(mean**2 - noise, 0.0)
    bias = np.zeros(value.shape)
    for pair, narrow in enumerate(_NARROW):
        bias[..., narrow] = np.maximum(bias[..., narrow], seen[..., pair])
    return np.stack([value, square, counts * np.sqrt(bias)], axis=-1)


def _sums_of_tests(feature: _Feature, rows: Ints, moments: Floats) -> Floats:
    """(tests, ...) sums of the moments of the sessions in ``rows`` for which each test holds."""
    sums = _sums_by_group(feature.groups, rows, moments, len(feature.tests) + 1)
    return (np.cumsum(sums, axis=0) if feature.ordered else sums)[: len(feature.tests)]


@kernel
def _sums_by_group(groups: Ints, rows: Ints, moments: Floats, size: int) -> Floats:
    """(size, ...) sums of the moments of the sessions in ``rows`` by group."""
    sums = np.zeros((size, moments.shape[1]))
    for row in rows:
        for column in range(moments.shape[1]):
            sums[groups[row], column] += moments[row, column]
    return sums


def _feature(role: str, values: pa.Array) -> _Feature:
    return _number(role, as_float64(values)) if is_numeric(values.type) else _category(role, values)


def _number(role: str, values: Floats) -> _Feature:
    """A numeric feature: bins between quantiles, which are values of the sample. NaN is in the last bin."""
    known = values[~np.isnan(values)]
    shares = np.arange(1, THRESHOLDS + 1) / (THRESHOLDS + 1)
    bounds = np.unique(np.quantile(known, shares, method="lower")) if len(known) else known
    some_missing = len(known) < len(values)
    tests = tuple(AtMost(role, float(bound), some_missing) for bound in bounds)
    return _Feature(np.searchsorted(bounds, values, side="left"), tests, ordered=True)


def _category(role: str, values: pa.Array) -> _Feature:
    """A feature of categories: one group per value in ascending order, then one for missing values."""
    encoded = values.dictionary_encode()
    found = encoded.dictionary.to_pylist()
    ordered = sorted(found)
    place = np.array([ordered.index(value) for value in found] + [len(found)], np.int64)
    groups = place[np.where(is_null(encoded), len(found), to_numpy(encoded.indices.fill_null(0)))]
    return _Feature(groups, tuple(Equals(role, value) for value in [*ordered, None]), ordered=False)
