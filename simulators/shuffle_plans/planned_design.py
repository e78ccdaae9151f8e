"""What a shuffle design tells of each position, how long it takes and what it costs."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rankeval.simulators.worlds import Design

#: Least share of the traffic, or error, that is planned for; most sessions, beyond which none are told.
LEAST, MOST = 1e-6, 1e15


@dataclass(frozen=True)
class Request:
    """What is planned for; as :func:`rankeval.plan_shuffle` says."""

    sessions: int
    relative_error: float
    top: int
    share: float
    sessions_per_day: float | None

    def traffic(self, sessions: int | None) -> int | None:
        """Sessions of the log in which so many take part in the experiment."""
        return None if sessions is None else math.ceil(sessions / self.share)

    def days(self, sessions: int | None) -> float | None:
        """How long it takes until so many sessions have taken part."""
        if sessions is None or self.sessions_per_day is None:
            return None
        return sessions / (self.share * self.sessions_per_day)


def _whole(sessions: float) -> int | None:
    return math.ceil(sessions) if sessions <= MOST else None


@dataclass(frozen=True)
class PlannedPosition:
    """What a design tells of one position; None where clicks never compare it with those above.

    Attributes:
        position: from 1.
        propensity: what the estimate tends to, relative to position 1.
        se_sqrt_n: standard error times the root of the number of sessions of the experiment.
        se_sqrt_n_arm: the same of the number of sessions of each arm, where a design has arms.
        std_error: from the sessions planned for.
        sessions: of the experiment, for the relative error that is wanted.
    """

    position: int
    propensity: float | None
    se_sqrt_n: float | None
    se_sqrt_n_arm: float | None
    std_error: float | None
    sessions: int | None

    @classmethod
    def of(
        cls, position: int, ratio: float, variance: float, within: float, request: Request
    ) -> PlannedPosition:
        """From n times the variance of the log ratio, of all sessions and of those of an arm."""
        if not (math.isfinite(ratio) and math.isfinite(variance) and ratio > 0.0):
            return cls.unknown(position)
        relative = math.sqrt(max(variance, 0.0))
        return cls(
            position=position,
            propensity=ratio,
            se_sqrt_n=ratio * relative,
            se_sqrt_n_arm=ratio * math.sqrt(max(within, 0.0)),
            std_error=ratio * relative / math.sqrt(request.sessions),
            sessions=_whole((relative / request.relative_error) ** 2),
        )

    @classmethod
    def first(cls) -> PlannedPosition:
        """Position 1, which the others are relative to."""
        return cls(1, 1.0, 0.0, 0.0, 0.0, 0)

    @classmethod
    def unknown(cls, position: int) -> PlannedPosition:
        """A position that nothing is known of."""
        return cls(position, None, None, None, None, None)

    @property
    def relative_error(self) -> float | None:
        """Standard error over the propensity."""
        return None if self.std_error is None or not self.propensity else self.std_error / self.propensity


@dataclass(frozen=True)
class PlannedDesign:
    """A design.

    Attributes:
        design: its name.
        positions: 1 to N.
        clicks: of a session of the experiment; None where it cannot be computed.
        logged: of a session in the base order.
    """

    design: Design
    positions: tuple[PlannedPosition, ...]
    clicks: float | None
    logged: float

    @classmethod
    def unknown(cls, design: Design, top: int, logged: float) -> PlannedDesign:
        """A design whose figures cannot be computed."""
        rest = (PlannedPosition.unknown(k) for k in range(2, top + 1))
        return cls(design, (PlannedPosition.first(), *rest), None, logged)

    @property
    def sessions(self) -> int | None:
        """Sessions of the experiment for the relative error that is wanted at every position."""
        needed = [one.sessions for one in self.positions if one.sessions is not None]
        return max(needed) if len(needed) == len(self.positions) else None

    @property
    def loss(self) -> float | None:
        """Clicks that a session of the experiment loses."""
        return None if self.clicks is None else self.logged - self.clicks

    @property
    def relative_loss(self) -> float | None:
        """The same over the clicks of the base order."""
        return None if self.loss is None or self.logged == 0.0 else self.loss / self.logged

    @property
    def clicks_lost(self) -> float | None:
        """Clicks that the sessions needed lose in all."""
        return None if self.loss is None or self.sessions is None else self.loss * self.sessions
