"""The stated range of rewards: a reward outside it is an error, a prediction outside it gives a warning."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rankeval.array_types import Floats
from rankeval.arrays import as_float64
from rankeval.errors import UsageError
from rankeval.logs import Log, Sessions, base, counting, order_by_position, position_of
from rankeval.notes import Note
from rankeval.options import listed

#: Columns with a model's predictions of the reward.
PREDICTED = ("q_logged", "q_target", "candidate_q")
#: A number may lie outside by this share of the larger bound, since float32 values and sums are rounded.
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Outside:
    """The values of one column that lie outside the range.

    Attributes:
        n: number of values, one per round, item or candidate; their weights do not matter.
        count: number of values outside.
        furthest: the value furthest outside; None if there is none.
        distance: its distance from the range.
    """

    n: int = 0
    count: int = 0
    furthest: float | None = None
    distance: float = 0.0

    def merge(self, other: Outside) -> Outside:
        """The values of both parts."""
        far = other if other.distance > self.distance else self
        return replace(far, n=self.n + other.n, count=self.count + other.count)


@dataclass(frozen=True)
class RangeCheck:
    """The predictions outside the range; results of parts of a log can be merged.

    Attributes:
        columns: role of a column -> its values outside.
        lengths: numbers of positions of the shortest and the longest list; 1 for rounds.
    """

    columns: Mapping[str, Outside] = field(default_factory=dict)
    lengths: tuple[int, int] = (1, 1)

    def merge(self, other: RangeCheck) -> RangeCheck:
        """The results of both parts; ``other`` follows ``self`` in the log."""
        roles = dict.fromkeys([*self.columns, *other.columns])
        nothing = Outside()
        return RangeCheck(
            {role: self.columns.get(role, nothing).merge(other.columns.get(role, nothing)) for role in roles},
            (min(self.lengths[0], other.lengths[0]), max(self.lengths[1], other.lengths[1])),
        )


@dataclass(frozen=True)
class RewardRange:
    """The least and the largest possible reward of a round, or of a position of a ranking.

    If the log has ``session_reward``, it is the range of the reward of a session. The predictions for
    ``cascade_dr`` are rewards to go. If there are ``m`` positions from an item's position to the end of its
    list, they may lie in ``[m low, m high]``. Ranking logs with such predictions are recognised by the column
    ``q_target``.

    Attributes:
        low, high: the bounds.
    """

    low: float
    high: float

    def __str__(self) -> str:
        low, high = (str(bound).removesuffix(".0") for bound in (self.low, self.high))
        return f"[{low}, {high}]"

    def check(self, sessions: Sessions) -> RangeCheck:
        """Check the rewards of some rounds or sessions, and count the predictions outside the range.

        Raises:
            DataError: a reward lies outside by more than a millionth of the larger bound.
        """
        self._require_rewards(sessions)
        # Each of several target policies has its own role, such as q_target@NAME.
        roles = [role for role in sessions.items if base(role) in PREDICTED]
        lengths = sessions.lengths if "session_reward" not in sessions else np.ones(1, int)
        return RangeCheck(
            {role: self._outside(*_predictions(sessions, role)) for role in roles},
            (int(lengths.min()), int(lengths.max())) if len(lengths) else (1, 1),
        )

    def notes(self, check: RangeCheck, log: Log) -> Iterator[Note]:
        """One warning for each column with predictions outside the range."""
        to_go = log.session is not None and _to_go(check.columns)
        of = " times the positions left of the list" if to_go else ""
        for role, outside in check.columns.items():
            if outside.furthest is not None:
                text = (
                    f"{outside.count:,} of {outside.n:,} values in column {log.name(role)!r} lie outside the "
                    f"range of rewards {self}{of}, the furthest is {outside.furthest}"
                )
                yield Note("predictions_outside_range", text, {"count": outside.count, "n": outside.n})

    def _require_rewards(self, sessions: Sessions) -> None:
        if "session_reward" in sessions:
            of_sessions = as_float64(sessions.per_session("session_reward"))
            outside = self._distances(of_sessions, 1.0) > 0.0
            if outside.any():
                row = int(np.argmax(outside))
                wanted = f"a reward in the range {self}"
                raise sessions.error_once("session_reward", row, of_sessions[row], wanted)
            return
        role = "reward" if "reward" in sessions else "click"
        rewards = as_float64(sessions.column(role))
        distances = self._distances(rewards, 1.0)
        if distances.max(initial=0.0) > 0.0:
            item = int(np.argmax(distances > 0.0))
            place = "" if sessions.session is None else f" at position {position_of(sessions, item)}"
            raise sessions.error(role, item, f"{rewards[item]}{place}", f"a reward in the range {self}")

    def _outside(self, values: Floats, positions: Floats | float) -> Outside:
        distances = self._distances(values, positions)
        if not distances.max(initial=0.0) > 0.0:
            return Outside(len(values))
        far = int(np.argmax(distances))
        return Outside(
            len(values), int(np.count_nonzero(distances)), float(values[far]), float(distances[far])
        )

    def _distances(self, values: Floats, positions: Floats | float) -> Floats:
        """(m,) distance of each value from the range; 0 inside, within the tolerance, and for NaN.

        ``positions`` is the number of rewards of which each value is the sum.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            distances = np.fmax(self.low * positions - values, values - self.high * positions)
            allowed = TOLERANCE * max(abs(self.low), abs(self.high)) * positions
            return np.where(distances > allowed, distances, 0.0)


def parse_range(value: str | Sequence[float] | None) -> RewardRange | None:
    """Parse a range, ``"0,1"`` or ``(0, 1)``; None gives None.

    Raises:
        UsageError: the value is not two finite numbers, the first below the second.
    """
    if value is None:
        return None
    try:
        low, high = map(float, listed(value) if isinstance(value, str) else value)
    except (TypeError, ValueError):
        low = high = np.nan
    if not (np.isfinite([low, high]).all() and low < high):
        raise UsageError(f"reward_range: found {value!r}, wanted LOW,HIGH, finite and LOW below HIGH")
    return RewardRange(low, high)


def _predictions(sessions: Sessions, role: str) -> tuple[Floats, Floats | float]:
    """(m,) values of a column of predictions, and the number of rewards of which each is the sum."""
    column = sessions.column(role)
    if pa.types.is_list(column.type):
        column = pc.list_flatten(column)
    if sessions.session is None or not _to_go(sessions.items):
        return as_float64(column), 1.0
    ends = np.repeat(sessions.offsets[1:], sessions.lengths)
    left, order = (ends - counting(len(ends))).astype(np.float64), order_by_position(sessions)
    if order is not None:
        left[order] = left.copy()
    return as_float64(column), left


def _to_go(roles: Iterable[str]) -> bool:
    """Whether predictions are rewards to go: the roles then include their expectation ``q_target``."""
    return any(base(role) == "q_target" for role in roles)
