"""What is asked of the log, checked before it is read."""

from __future__ import annotations

from dataclasses import dataclass

from rankeval.inference import InferenceOptions
from rankeval.logs import Log

#: Positions of a curve at most: their covariance is kept.
MAX_POSITIONS = 200


@dataclass(frozen=True)
class Request:
    """A curve from a log.

    Attributes:
        log: the ranking log.
        weights: of pairs of query and item in harvesting: ``uniform``, ``harmonic`` or ``min``.
        top: the last position that counts; None: all.
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
        """The column whose values are the units that buckets are made of."""
        return self.cluster if self.cluster is not None else "session_id"

    @property
    def extra_roles(self) -> list[str]:
        """Columns beside those of the method."""
        return [name for name in (self.cluster, self.by) if name is not None]
