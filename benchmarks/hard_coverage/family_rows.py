"""Rows of other logs in small samples: rankings, clicks, several loggers, several targets, curves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from benchmarks import propensity_coverage
from benchmarks.hard_coverage.metric_rows import by_spread
from benchmarks.hard_coverage.outcomes import Outcome, doubted, of_rows, outcomes, side
from benchmarks.more_coverage import Family, Place, place
from rankeval import ope, propensity


@dataclass(frozen=True)
class OfFamily:
    """Logs of one family of ``benchmarks.more_coverage``, each of ``units`` rounds or sessions."""

    make: Callable[[int], Family]
    units: int

    @cached_property
    def family(self) -> Family:
        """The family."""
        return self.make(self.units)

    @cached_property
    def truths(self) -> dict[Place, float]:
        """The limits of its estimates."""
        return self.family.truths()

    def __call__(self, rng: np.random.Generator, methods: Sequence[str]) -> Iterator[Outcome]:
        """The outcomes of one log: value and gain, or with several targets the differences of each pair."""
        family = self.family
        log = family.log(int(rng.integers(1 << 31)))
        result = ope(log, family.names, ci=methods, threads=1, **family.options)
        for row, doubt in of_rows(result):
            name = place(row.asked.label, row.target)
            yield from outcomes(f"{name} value", row.value, self.truths[name, "value"], doubt, methods)
            if row.target is None:
                yield from outcomes(f"{name} gain", row.gain, self.truths[name, "gain"], doubt, methods)
        for pair in result.comparisons:
            difference = f"{pair.a} - {pair.b}"
            limit = self.truths[pair.estimator.label, difference]
            doubt = doubted(result.notes)
            yield from outcomes(
                f"{pair.estimator.label} {difference}", pair.difference, limit, doubt, methods
            )


@dataclass(frozen=True)
class Curves:
    """Position-bias curves of one family of ``benchmarks.propensity_coverage``, in logs of few sessions."""

    family: str
    sessions: int

    def __call__(self, rng: np.random.Generator, methods: Sequence[str]) -> Iterator[Outcome]:
        """The outcomes of the examination of each position after the first."""
        family = replace(propensity_coverage.FAMILIES[self.family], sessions=self.sessions)
        result = propensity(
            family.log(int(rng.integers(1 << 31))), family.method, ci=by_spread(methods), threads=1,
            cluster="user_id" if family.per_user > 1 else None, **dict(family.options),
        )  # fmt: skip
        doubt = doubted(result.notes)
        for intervals in result.curves[None].intervals:
            for k, (interval, theta) in enumerate(zip(intervals, propensity_coverage.THETA, strict=True), 1):
                if k > 1:
                    cell = f"examination at {k} {interval.method}"
                    yield Outcome(cell, side(interval.low, interval.high, theta), doubt)
