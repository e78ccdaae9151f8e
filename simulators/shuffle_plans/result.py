"""The plan of a shuffle experiment: figures by design and position, as JSON, rows and tables."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rankeval.notes import Note
from rankeval.results import Result, Table, number
from rankeval.simulators.shuffle_plans.planned_design import PlannedDesign, PlannedPosition, Request

#: Largest relative error without a warning. The delta method assumes large samples, and is rough above it.
ROUGH = 0.25


@dataclass(frozen=True, repr=False)
class ShufflePlan(Result):
    """The plans of all designs.

    Attributes:
        request: the inputs of the plan.
        clicks_logged: mean clicks of a session in the base order.
        examination: true examination relative to position 1; None if the click model has no such curve.
        designs: the plan of each design.
        drawn: whether base orders are a random sample, so that figures are not exact.
        of_source: notes about the log that the world was estimated from, or about the world's users.
        origin: source of the world or log, and how it was read.
    """

    request: Request
    clicks_logged: float
    examination: tuple[float, ...] | None
    designs: tuple[PlannedDesign, ...]
    drawn: bool = False
    of_source: tuple[Note, ...] = ()
    origin: Mapping[str, Any] = field(default_factory=dict)
    command = "plan shuffle"

    @property
    def inputs(self) -> Mapping[str, Any]:  # type: ignore[override]
        return {**self.origin, **asdict(self.request)}

    def content(self) -> dict[str, Any]:
        return {
            "clicks_logged": self.clicks_logged,
            "examination": None if self.examination is None else list(self.examination),
            "designs": [self._design(design) for design in self.designs],
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
    def notes(self) -> Sequence[Note]:  # type: ignore[override]
        drawn = Note(
            "drawn_lists",
            "the logging policy shows too many lists to sum over: errors are from a sample of them, good to "
            "about 1 %, under other than position-based models to several",
        )
        return [
            *self.of_source,
            *([drawn] if self.drawn else []),
            *(note for design in self.designs for note in self._of(design)),
        ]

    def _of(self, design: PlannedDesign) -> Iterator[Note]:
        """Notes about figures of a design that are missing or rough."""
        name = design.design
        if design.clicks is None:
            text = f"{name}: no figures, which this click model has for up to 15 shuffled positions"
            yield Note("not_computed", text)
            return
        unknown = [one.position for one in design.positions if one.propensity is None]
        if unknown:
            text = f"{name}: no clicks to compare position {unknown[0]} with those above by"
            yield Note("not_connected", text, {"position": unknown[0]})
        errors = {one.position: one.relative_error or 0.0 for one in design.positions}
        worst = max(errors, key=errors.__getitem__)
        if errors[worst] > ROUGH:
            text = (
                f"{name}: {self.request.sessions:,} sessions are few, the error at position {worst} is "
                f"{100 * errors[worst]:.0f} % of the propensity and itself rough"
            )
            yield Note("few_sessions", text, {"relative_error": errors[worst], "threshold": ROUGH})

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
