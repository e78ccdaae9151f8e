"""The options of an estimation of curves, checked before the log is read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from rankeval.inference import InferenceOptions, NamedKeys
from rankeval.logs import Log, Sessions, user_column, user_keys

#: Largest number of positions of a curve; the limit exists because a (K, K) covariance is kept.
MAX_POSITIONS = 200


@dataclass(frozen=True)
class Request:
    """A log and the options with which its curves are estimated.

    Attributes:
        log: the ranking log.
        weights: weights of pairs of query and item in harvesting: ``uniform``, ``harmonic`` or ``min``.
        top: the last position to use; None: all.
        by: a column that splits the sessions into segments.
        cluster: a column whose values are the independent units.
        infer: how errors and intervals are computed.
        features: columns that a regression of relevance reads.
        threads: number of threads.
    """

    log: Log
    weights: str
    top: int | None
    by: str | None
    cluster: str | None
    infer: InferenceOptions
    features: tuple[str, ...]
    threads: int | None

    @property
    def key(self) -> str:
        """The column whose values are the units: ``cluster``, or ``session_id``."""
        return self.cluster if self.cluster is not None else "session_id"

    @property
    def extra_roles(self) -> list[str]:
        """The columns to read in addition to those of the method."""
        return [name for name in (self.cluster, self.by) if name is not None]

    @cached_property
    def users(self) -> str | None:
        """The column of users where no cluster is named; None: there is none."""
        return user_column(self.log) if self.cluster is None else None

    def unnamed(self, sessions: Sessions) -> NamedKeys | None:
        """The hashed users of some sessions where no cluster is named; None: there is no such column."""
        return None if self.users is None else NamedKeys(self.users, user_keys(sessions, self.users))

    @property
    def user_roles(self) -> list[str]:
        """The columns to read for :meth:`unnamed`."""
        return [] if self.users is None else [self.users]
