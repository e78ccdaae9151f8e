"""How errors and intervals are computed, as the caller asked for it."""

from __future__ import annotations

from dataclasses import dataclass

from rankeval.inference.estimate import Mean, pairs_needed
from rankeval.inference.intervals import BUCKETED, Inference
from rankeval.inference.moments import Moments, MomentsAccumulator


@dataclass(frozen=True)
class Inferring:
    """The options of inference, checked before any data is read.

    Raises:
        UsageError: an unknown method, a level or number of replicates out of range.
    """

    methods: tuple[str, ...]
    level: float
    replicates: int
    seed: int
    clustered: bool

    def __post_init__(self) -> None:
        self.of(MomentsAccumulator(1, pairs_needed([Mean(0)]), bucketed=True).moments())

    @property
    def bucketed(self) -> bool:
        """Whether moments need bucket sums."""
        return self.clustered or not BUCKETED.isdisjoint(self.methods)

    def of(self, moments: Moments) -> Inference:
        """Inference from these moments."""
        return Inference(moments, self.methods, self.level, self.clustered, self.replicates, self.seed)
