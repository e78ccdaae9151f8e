"""One number per unit for every expression that metrics need, read from batches of a log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from rankeval.ab_tests.metrics import ROWS, Metric
from rankeval.array_types import Floats
from rankeval.arrays import is_null, sums, to_numpy
from rankeval.errors import DataError
from rankeval.inference import Functional, Mean
from rankeval.logs import Expression, Log, Sessions
from rankeval.readers import parse_arithmetic


@dataclass(frozen=True)
class UnitValue:
    """A number of each unit.

    Attributes:
        text: the expression; :data:`ROWS` for the number of rows of a session, empty for the number 1.
        once: whether a session has one value, the same in all its rows; if not, rows are added.
        option: the option that it is for, for messages.
    """

    text: str
    once: bool = False
    option: str = "metric"

    @property
    def key(self) -> tuple[str, bool]:
        """What tells it from others."""
        return self.text, self.once

    @property
    def role(self) -> str:
        """Its role in the log."""
        return f"{self.option} {self.text}"


@dataclass(frozen=True)
class UnitValues:
    """The values that some metrics need, each once; their places are the terms of moments.

    Attributes:
        log: the log, with a role for every expression.
        values: the values.
        covariate_time: role of a column with the end of the time of all covariates; None: not checked.
    """

    log: Log
    values: tuple[UnitValue, ...]
    covariate_time: str | None = None

    @classmethod
    def of(
        cls, log: Log, metrics: Iterable[Metric], more: Iterable[UnitValue] = (), time: str | None = None
    ) -> UnitValues:
        """The values of ``metrics``, then ``more``.

        Raises:
            DataError: a column is missing or holds no numbers.
            UsageError: an expression is not valid.
        """
        values: dict[tuple[str, bool], UnitValue] = {}
        for value in [*(value for metric in metrics for value in _of_metric(log, metric)), *more]:
            values.setdefault(value.key, value)
        computed = {
            value.role: Expression(parse_arithmetic(value.text, value.option))
            for value in values.values()
            if value.text not in (ROWS, "")
        }
        log = log.with_computed(computed)
        log.require(computed)
        if time is not None:
            _require_times(log, time)
        return cls(log, tuple(values.values()), time)

    @property
    def roles(self) -> list[str]:
        """The roles of the columns to read."""
        found = [value.role for value in self.values if value.text not in (ROWS, "")]
        return [*found, *([] if self.covariate_time is None else [self.covariate_time, "timestamp"])]

    def term(self, text: str, once: bool) -> int:
        """The term of a value."""
        return [value.key for value in self.values].index((text, once))

    def metric(self, metric: Metric) -> Functional:
        """The metric as a functional of the means of the terms of an arm."""
        numerator = Mean(self.term(metric.numerator, _once(self.log, metric.numerator)))
        if metric.denominator is None:
            return numerator
        return numerator / Mean(self.term(metric.denominator, _once(self.log, metric.denominator)))

    def covariate(self, metric: Metric) -> Functional | None:
        """The mean of the covariate of a metric; None if it has none."""
        return None if metric.covariate is None else Mean(self.term(metric.covariate, True))

    def over(self, sessions: Sessions) -> Floats:
        """(p, n) float64, the terms of units.

        Raises:
            DataError: a value is null or not finite, a value that units have once changes within a session,
                or a covariate is of a later time than its unit.
        """
        terms = np.empty((len(self.values), len(sessions)))
        for term, value in enumerate(self.values):
            terms[term] = self.of_units(sessions, value)
        if self.covariate_time is not None:
            self._require_before(sessions)
        return terms

    def of_units(self, sessions: Sessions, value: UnitValue) -> Floats:
        """(n,) float64, one value of each unit."""
        if not value.text:
            return np.ones(len(sessions))
        if value.text == ROWS:
            return sessions.lengths.astype(np.float64)
        if value.once or value.role in sessions.fields or self.log.session is None:
            return sessions.numbers_per_session(value.role)
        numbers = sessions.numbers(value.role)
        return numbers if len(numbers) == len(sessions) == sessions.lengths.sum() and bool(
            (sessions.lengths == 1).all()
        ) else sums(sessions.offsets, numbers)  # fmt: skip

    def _require_before(self, sessions: Sessions) -> None:
        """Check that no covariate is of a later time than its unit."""
        assert self.covariate_time is not None
        times, starts = (sessions.per_session(role) for role in (self.covariate_time, "timestamp"))
        late = pc.greater(times, starts)
        bad = to_numpy(late.fill_null(True)) if late.null_count else to_numpy(late)
        if bad.any():
            unit = int(np.argmax(bad))
            missing = bool(is_null(starts)[unit])
            role = "timestamp" if missing else self.covariate_time
            found = (starts if missing else times)[unit].as_py()
            wanted = (
                "a time"
                if missing or found is None
                else f"a time up to the unit's own, {starts[unit].as_py()}"
            )
            raise sessions.error_once(role, unit, found, f"{wanted}: a covariate is measured before the test")


def _of_metric(log: Log, metric: Metric) -> Sequence[UnitValue]:
    parts = [metric.numerator, *([] if metric.denominator is None else [metric.denominator])]
    found = [UnitValue(part, _once(log, part), metric.option) for part in parts]
    if metric.covariate is not None:
        found.append(UnitValue(metric.covariate, True, "covariate"))
    return found


def _once(log: Log, text: str) -> bool:
    """Whether an expression reads nothing but the column of rewards that a session has once."""
    return text.strip(" `") == log.name("session_reward")


def _require_times(log: Log, time: str) -> None:
    """Check that the times of covariates and of units can be compared."""
    for role in (time, "timestamp"):
        if not log.has(role):
            raise DataError(
                f"{log.origin}: no column {log.name(role)!r}, wanted the times of covariates ({time}) and of "
                "units (timestamp)"
            )
    kinds = [log.kind(role) for role in (time, "timestamp")]
    if kinds[0] != kinds[1]:
        raise DataError(
            f"{log.origin}: column {time!r} holds {kinds[0]} and {log.name('timestamp')!r} {kinds[1]}, "
            "wanted times of one type"
        )
