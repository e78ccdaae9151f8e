"""The reward of a whole session, which is not a sum over its positions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rankeval.arrays import as_float64
from rankeval.errors import DataError, UsageError
from rankeval.estimators import ESTIMATORS, Estimator
from rankeval.logs import Log, Sessions
from rankeval.notes import Note

#: Number of sessions that show at once, in nearly every log, that rewards differ within a session.
LOOKED_AT_FIRST = 1000


def with_scalar_reward(log: Log) -> Log:
    """The log with role ``session_reward`` for a nested log's ``reward`` that is one number per session."""
    lists = log.session is None or not log.nested or not log.has("reward")
    return log if lists or pa.types.is_nested(log.kind("reward")) else log.with_session_reward()


def uses_session_reward(log: Log, estimators: Sequence[Estimator]) -> bool:
    """Whether the estimators use the column ``session_reward``, the reward of each session.

    An expression for the reward comes before this column.

    Raises:
        DataError: an estimator needs rewards by position, and the log has only those of sessions.
        UsageError: some estimators need rewards by position and others would use those of sessions.
    """
    if not log.session_reward:
        return False
    by_position = [
        each for each in estimators if each.definition.of_rankings and not each.definition.of_lists
    ]
    if not by_position:
        return True
    name, column = by_position[0].label, log.name("session_reward")
    able = ", ".join(d.name for d in ESTIMATORS.values() if d.of_lists)
    needs = f"{name} needs rewards by position, and column {column!r} holds one a session"
    # An expression, or a number in the role of the reward, leaves no other reward to fall back on.
    only = log.reward is not None or log.name("reward") == column
    if only or not (log.has("reward") or log.has("click")):
        raise DataError(f"{log.origin}: {needs}; wanted {able}, or a column of rewards by position")
    if len(by_position) < len(estimators):
        raise UsageError(f"estimators: {needs}; wanted one call for {able} and another for {name}")
    return False


@dataclass(frozen=True)
class RepeatedRewards:
    """Whether all rows of each session have the same reward; results of parts of a log can be merged.

    Attributes:
        sessions: number of sessions with several rows.
        differ: whether rewards differ within a session.
        low, high: least and largest reward of these sessions.
    """

    sessions: int = 0
    differ: bool = False
    low: float = np.inf
    high: float = -np.inf

    @classmethod
    def of(cls, sessions: Sessions) -> RepeatedRewards:
        """Compare the rewards of each session with that of its first row."""
        role = "reward" if "reward" in sessions.items else "click"
        if sessions.session is None or role not in sessions.items:
            return cls()
        rewards = as_float64(sessions.items[role])
        for last in (LOOKED_AT_FIRST, len(sessions)):
            offsets = sessions.offsets[: last + 1]
            lengths = np.diff(offsets)
            several, part = lengths > 1, rewards[: offsets[-1]]
            firsts = part[offsets[:-1][several]]
            if (part[np.repeat(several, lengths)] != np.repeat(firsts, lengths[several])).any():
                return cls(int(np.count_nonzero(several)), True)
        low, high = firsts.min(initial=np.inf), firsts.max(initial=-np.inf)
        return cls(len(firsts), False, float(low), float(high))

    def merge(self, other: RepeatedRewards) -> RepeatedRewards:
        """The result of both parts."""
        return RepeatedRewards(
            self.sessions + other.sessions,
            self.differ or other.differ,
            min(self.low, other.low),
            max(self.high, other.high),
        )

    def notes(self, log: Log) -> Iterator[Note]:
        """A warning if each session repeats one reward that differs between sessions."""
        if self.differ or self.sessions < 2 or not self.low < self.high:
            return
        name = log.name("reward" if log.has("reward") else "click")
        text = (
            f"all rows of each session have the same {name!r}, and it is counted in each of them: "
            "a reward of the whole session has the role session_reward"
        )
        yield Note("reward_repeated", text, {"sessions": self.sessions})
