"""Warnings on values that no mean of possible rewards can have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rankeval.notes import Note, listing
from rankeval.off_policy.accumulate import Sums
from rankeval.off_policy.rows import EstimateRow
from rankeval.off_policy.samples import Setting

#: A value may lie outside by this share of the larger bound, since sums are rounded.
TOLERANCE = 1e-6


@dataclass(frozen=True)
class ValueRange:
    """The range in which the value of every policy lies.

    Attributes:
        low, high: the bounds.
        origin: where they come from, in words.
    """

    low: float
    high: float
    origin: str

    @classmethod
    def of(cls, sums: Sums, setting: Setting) -> ValueRange:
        """The stated range of rewards, else that of the logged rewards.

        The stated range is one of positions in a ranking log. The reward of a session with ``m`` positions
        then lies in ``[m low, m high]``, for each ``m`` in the log.
        """
        stated, units = setting.reward_range, sums.plan.asked[0].definition.units
        if stated is None:
            whole = sums.moments.whole
            origin = f"where the rewards of all logged {units} lie"
            return cls(float(whole.low[0]), float(whole.high[0]), origin)
        lengths = sums.checked.lengths
        of = f" times the {lengths[-1]} positions of the longest list" if lengths != (1, 1) else ""
        low, high = min(stated.low * m for m in lengths), max(stated.high * m for m in lengths)
        return cls(low, high, f"the range of rewards {stated}{of}")

    def notes(self, rows: Sequence[EstimateRow]) -> Iterator[Note]:
        """One warning for all values outside; metrics and indices, which are no rewards, are left out.

        Logged rewards that are all equal say nothing of the rewards that are possible.
        """
        outside = [row for row in rows if row.estimator.definition.is_reward and self._is_outside(row)]
        if not outside or self.low == self.high:
            return
        values = listing(f"{row.place} is {row.value.value:.6g}" for row in outside)
        text = f"the value of {values}: outside [{self.low:.6g}, {self.high:.6g}], {self.origin}"
        first = outside[0].value.value or 0.0
        numbers = {"value": first, "low": self.low, "high": self.high, "places": len(outside)}
        yield Note("value_outside_range", text, numbers, level="caution")

    def _is_outside(self, row: EstimateRow) -> bool:
        value, allowed = row.value.value, TOLERANCE * max(abs(self.low), abs(self.high))
        return value is not None and not self.low - allowed <= value <= self.high + allowed
