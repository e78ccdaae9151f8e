"""The plan of a shuffle experiment: figures by design and position, as JSON, rows and tables."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rankeval.results import SCHEMA, Result, Table, number
from rankeval.simulators.shuffle_plans.planned_design import PlannedDesign, PlannedPosition, Request

#: Relative errors above this say that the delta method, which is for large samples, is rough.
ROUGH = 0.25


@dataclass(frozen=True, repr=False)
class ShufflePlan(Result):
    """All designs side by side.

    Attributes:
        request: what was asked for.
        clicks_logged: clicks of a session in the base order.
        examination: the true curve relative to position 1, where the click model has one.
        designs: one after another.
        drawn: whether base orders are a sample, so that figures are not exact.
        notes: about a log that the world was estimated from, or about its users.
        origin: where the world or log came from, and how it was read.
    """

    request: Request
    clicks_logged: float
    examination: tuple[float, ...] | None
    designs: tuple[PlannedDesign, ...]
    drawn: bool = False
    notes: tuple[str, ...] = ()
    origin: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "command": "plan shuffle",
            "inputs": {**self.origin, **asdict(self.request)},
            "clicks_logged": self.clicks_logged,
            "examination": None if self.examination is None else list(self.examination),
            "designs": [self._design(design) for design in self.designs],
            "warnings": list(self.warnings),
        }

    def rows(self) -> list[dict[str, Any]]:
        return [
            {"design": design.design, **self._position(one)}
            for design in self.designs
            for one in design.positions
        ]

    def tables(self) -> list[Table]:
        return [self._designs(), self._errors()]

    @property
    def warnings(self) -> Sequence[str]:
        drawn = (
            "the logging policy shows too many lists to sum over: errors are from a sample of them, good to "
            "about 1 %, under other than position-based models to several"
        )
        return [
            *self.notes,
            *([drawn] if self.drawn else []),
            *(warning for design in self.designs for warning in self._warnings(design)),
        ]

    def _warnings(self, design: PlannedDesign) -> list[str]:
        name, found = design.design, []
        if design.clicks is None:
            return [f"{name}: no figures, which this click model has for up to 15 shuffled positions"]
        unknown = [one.position for one in design.positions if one.propensity is None]
        if unknown:
            found.append(f"{name}: no clicks to compare position {unknown[0]} with those above by")
        errors = {one.position: one.relative_error or 0.0 for one in design.positions}
        worst = max(errors, key=errors.__getitem__)
        if errors[worst] > ROUGH:
            found.append(
                f"{name}: {self.request.sessions:,} sessions are few, the error at position {worst} is "
                f"{100 * errors[worst]:.0f} % of the propensity and itself rough"
            )
        return found

    def _design(self, design: PlannedDesign) -> dict[str, Any]:
        return {
            "design": design.design,
            "clicks": design.clicks,
            "loss": design.loss,
            "relative_loss": design.relative_loss,
            "sessions": design.sessions,
            "traffic": self.request.traffic(design.sessions),
            "days": self.request.days(design.sessions),
            "clicks_lost": design.clicks_lost,
            "positions": [self._position(one) for one in design.positions],
        }

    def _position(self, one: PlannedPosition) -> dict[str, Any]:
        return {
            "position": one.position,
            "propensity": one.propensity,
            "se_sqrt_n": one.se_sqrt_n,
            "se_sqrt_n_arm": one.se_sqrt_n_arm,
            "std_error": one.std_error,
            "relative_error": one.relative_error,
            "sessions": one.sessions,
            "days": self.request.days(one.sessions),
        }

    def _designs(self) -> Table:
        wanted = f"{100 * self.request.relative_error:g} %"
        header = ["design", ">sessions", ">traffic", ">days", ">clicks a session", ">loss", ">clicks lost"]
        rows = [
            [
                design.design,
                _count(design.sessions),
                _count(self.request.traffic(design.sessions)),
                number(self.request.days(design.sessions), 3),
                number(design.clicks),
                "-" if design.relative_loss is None else f"{100 * design.relative_loss:.2f} %",
                _count(design.clicks_lost),
            ]
            for design in self.designs
        ]
        title = f"For a standard error of {wanted} of the propensity at positions 2 to {self.request.top}"
        return Table(title, header, rows)

    def _errors(self) -> Table:
        header = [">position", *(f">{design.design}" for design in self.designs)]
        rows = [
            [str(k + 1), *(_with_error(design.positions[k]) for design in self.designs)]
            for k in range(self.request.top)
        ]
        title = f"Propensity +- its standard error from {self.request.sessions:,} sessions in the experiment"
        return Table(title, header, rows)


def _count(value: float | None) -> str:
    return "-" if value is None else f"{math.ceil(value):,}"


def _with_error(one: PlannedPosition) -> str:
    if one.propensity is None:
        return "-"
    return f"{number(one.propensity)} +- {number(one.std_error, 2)}"
