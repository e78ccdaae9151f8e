"""The plan of one shuffle design: standard errors by position, duration, and cost in clicks."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rankeval.simulators.worlds import Design

#: Smallest share of the traffic or error that can be planned for, and largest number of sessions. A larger
#: number of sessions is reported as None.
LEAST, MOST = 1e-6, 1e15


@dataclass(frozen=True)
class Request:
    """The inputs of a plan, as :func:`rankeval.plan_shuffle` describes them."""

    sessions: int
    relative_error: float
    top: int
    share: float
    sessions_per_day: float | None

    def traffic(self, sessions: int | None) -> int | None:
        """Number of sessions of the log in which ``sessions`` sessions take part in the experiment."""
        return None if sessions is None else math.ceil(sessions / self.share)

    def days(self, sessions: int | None) -> float | None:
        """Number of days until ``sessions`` sessions have taken part; None if the traffic is unknown."""
        if sessions is None or self.sessions_per_day is None:
            return None
        return sessions / (self.share * self.sessions_per_day)


def _whole(sessions: float) -> int | None:
    return math.ceil(sessions) if sessions <= MOST else None


@dataclass(frozen=True)
class PlannedPosition:
    """The plan of one position. Values are None if no clicks compare the position with positions above it.

    Attributes:
        position: position, from 1.
        propensity: limit of the estimate for many sessions, relative to position 1.
        se_sqrt_n: standard error times the root of the number of sessions of the experiment.
        se_sqrt_n_arm: the same with the number of sessions of each arm, if a design has arms.
        std_error: standard error from the requested number of sessions.
        sessions: number of sessions of the experiment that give the requested relative error.
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
        """The plan of a position.

        Args:
            position: position, from 1.
            ratio: limit of the estimate.
            variance: n times the variance of the log ratio, for n sessions of the experiment.
            within: the same for n sessions of an arm.
            request: the inputs of the plan.
        """
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
        """Position 1: the other propensities are relative to it."""
        return cls(1, 1.0, 0.0, 0.0, 0.0, 0)

    @classmethod
    def unknown(cls, position: int) -> PlannedPosition:
        """A position whose values are unknown."""
        return cls(position, None, None, None, None, None)

    @property
    def relative_error(self) -> float | None:
        """Standard error over the propensity; None if unknown."""
        return None if self.std_error is None or not self.propensity else self.std_error / self.propensity


@dataclass(frozen=True)
class PlannedDesign:
    """The plan of one design.

    Attributes:
        design: name of the design.
        positions: plans of positions 1 to N.
        clicks: mean clicks of a session of the experiment; None if they cannot be computed.
        logged: mean clicks of a session in the base order.
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
        """Sessions of the experiment for the requested relative error at all positions; None if unknown."""
        needed = [one.sessions for one in self.positions if one.sessions is not None]
        return max(needed) if len(needed) == len(self.positions) else None

    @property
    def loss(self) -> float | None:
        """Mean number of clicks lost in a session of the experiment; None if unknown."""
        return None if self.clicks is None else self.logged - self.clicks

    @property
    def relative_loss(self) -> float | None:
        """``loss`` over the clicks of the base order; None if unknown."""
        return None if self.loss is None or self.logged == 0.0 else self.loss / self.logged

    @property
    def clicks_lost(self) -> float | None:
        """Number of clicks lost in all of the ``sessions``; None if unknown."""
        return None if self.loss is None or self.sessions is None else self.loss * self.sessions
