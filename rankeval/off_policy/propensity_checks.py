"""Sums of a bandit log that test its propensities, made in the pass of ``ope``.

Only columns that the estimators read anyway are used, and the actions. With ``candidates`` actions have
names, else they are indices. Rounds of one user may share a draw, as where a user sees one action for a
while: users are then the clusters, if the log names them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rankeval.array_types import Hashes, Ints
from rankeval.arrays import BUCKET_MASK, decoded, is_null, mix64, quick_hashes_of, stretch_of, to_numpy
from rankeval.estimators import RoundBlock, SampleBlock, TargetViews
from rankeval.logs import Log, Sessions
from rankeval.off_policy.samples import CandidateLists
from rankeval.propensity_tests import MOST_SLICES, ListedRounds, LoggedActions, PropensitySums, SlicedSums

#: The key of rounds without an action.
_NONE = np.uint64(0xFFFFFFFFFFFFFFFF)


@dataclass(frozen=True)
class PropensityChecks:
    """Reads what the tests need.

    Attributes:
        listed: whether the propensities of all candidates are known.
        named: whether candidates have names.
        first_action: the number of the first candidate.
    """

    listed: bool
    named: bool
    first_action: int

    @classmethod
    def of(cls, log: Log, roles: Sequence[str]) -> PropensityChecks | None:
        """The tests that a log allows; None without propensities and actions.

        Rows that count several times, that are thinned or drawn anew are not those that the policy drew.

        Args:
            log: the log.
            roles: the roles that estimators read.
        """
        weighed = log.has("weight") or log.has("sampling_weight")
        densities = "action_value" in roles
        if log.session is not None or not log.has("action") or weighed or densities or log.draw is not None:
            return None
        # Actions that estimators do not read need not be indices, and may be null.
        listed = {"action", "candidate_propensities"} <= set(roles)
        kind = log.kind("action")
        text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
        among_lists = any(role.startswith("candidate_") for role in roles)
        countable = pa.types.is_integer(kind) or (text and not among_lists)
        if not listed and not ("propensity" in roles and countable):
            return None
        return cls(listed, listed and log.computes("action"), log.first_action)

    @property
    def roles(self) -> list[str]:
        """The columns to read."""
        return ["action", *self.lists]

    @property
    def lists(self) -> list[str]:
        """Those of them that hold a list for each round."""
        return ["candidates"] if self.named else []

    def sums(
        self,
        rounds: Sessions,
        read: tuple[SampleBlock, CandidateLists | None],
        slices: Mapping[Any, Ints],
        clusters: Hashes | None,
    ) -> SlicedSums:
        """The sums of some rounds, and of their slices.

        Args:
            rounds: the rounds.
            read: their columns and their candidate lists.
            slices: value of a slice -> its rounds.
            clusters: (n,) the key of the cluster of each round; None: rounds are independent.
        """
        few = len(slices) <= MOST_SLICES
        rows: dict[Any, slice | Ints] = {**slices, None: slice(None)}
        buckets = None if clusters is None else np.asarray(mix64(clusters) & BUCKET_MASK, np.int64)
        block, lists = read
        sums_of = self._of_lists(rounds, lists) if self.listed and lists else _of_rows(rounds, block)
        parts = {
            value: sums_of(of, None if buckets is None else buckets[of])
            for value, of in rows.items()
            if isinstance(of, slice) or (few and len(of))
        }
        return SlicedSums(parts, few).limited()

    def _of_lists(self, rounds: Sessions, lists: CandidateLists) -> Callable[..., PropensitySums]:
        offsets, first = lists.offsets, self.first_action
        keys, name = None, lambda row: row - int(offsets[stretch_of(offsets, row)]) + first
        if self.named:
            names = decoded(rounds.column("candidates")).flatten()
            keys, name = mix64(quick_hashes_of(names)), lambda row: names[row].as_py()
        every = ListedRounds(offsets, lists.values("candidate_propensities"), lists.logged, keys, name)
        return lambda rows, clusters: PropensitySums(listed=every.taken(rows).sums(clusters))


def _of_rows(rounds: Sessions, block: SampleBlock) -> Callable[..., PropensitySums]:
    column = decoded(rounds.column("action"))
    view = next(iter(block.of_target.values())) if isinstance(block, TargetViews) else block
    assert isinstance(view, RoundBlock)
    keys, own = _action_keys(column), view.columns["propensity"]

    def sums_of(rows: slice | Ints, clusters: Ints | None) -> PropensitySums:
        taken = column if isinstance(rows, slice) else column.take(pa.array(rows))
        logged = LoggedActions.of(
            own[rows], None, keys[rows], lambda row: (None, taken[row].as_py()), clusters
        )
        return PropensitySums(logged=logged)

    return sums_of


def _action_keys(column: pa.Array) -> NDArray[np.integer[Any]]:
    """(n,) integers as they are, hashes of texts."""
    if pa.types.is_integer(column.type) and not column.null_count:
        return to_numpy(column)
    if pa.types.is_integer(column.type):
        keys = np.asarray(to_numpy(column), np.int64).view(np.uint64)
    else:
        keys = mix64(quick_hashes_of(column.fill_null("") if column.null_count else column))
    return np.where(is_null(column), _NONE, keys) if column.null_count else keys
