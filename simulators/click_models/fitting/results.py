"""The result of ``fit``: its JSON form, its rows and its tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rankeval.notes import Note
from rankeval.results import Result, Table, interval_text, number, p_text, percent, signed
from rankeval.simulators.click_models.fitting.held_out import FitDifference

#: Most parameters of one model in a table.
MOST_SHOWN = 60
#: Compared quantity -> its name in tables.
SHORT = {
    "test_log_likelihood": "log-lik.",
    "perplexity": "perplexity",
    "conditional_perplexity": "given above",
}


@dataclass(frozen=True)
class ClickModelFit:
    """A fitted click model, or a baseline: click rates that do not depend on the item.

    Attributes:
        name: of the click model, as the caller gave it, or of the baseline.
        parameters: in the form of world files.
        std_error: standard errors, in the same shape; None for a parameter without one.
        reasons: name of a value that is None, such as ``examination[0]`` or ``log_likelihood`` -> the reason.
        identified: for ``pbm_trust``: ``alpha``, ``beta`` and ``std_error``, where relevance is the click
            rate at position 1; None for other models, and if this rate is the same for all items.
        log_likelihood, test_log_likelihood: of the training sessions, and of the held-out sessions.
        perplexity, conditional_perplexity: means over positions, of the held-out sessions.
        perplexity_by_position, conditional_perplexity_by_position: (K,) of the held-out sessions; None at a
            position without a finite value.
        iterations: number of expectations computed; None for baselines.
        converged: whether the fit reached the tolerance.
    """

    name: str
    parameters: Mapping[str, Any]
    std_error: Mapping[str, Any]
    reasons: Mapping[str, str]
    log_likelihood: float | None
    test_log_likelihood: float | None
    perplexity: float | None
    perplexity_by_position: Sequence[float | None]
    conditional_perplexity: float | None
    conditional_perplexity_by_position: Sequence[float | None]
    iterations: int | None = None
    converged: bool = True
    identified: Mapping[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """The fit as JSON holds it."""
        identified = {} if self.identified is None else {"identified": dict(self.identified)}
        return {
            "click_model": self.name,
            "parameters": dict(self.parameters),
            "std_error": dict(self.std_error),
            **identified,
            "log_likelihood": self.log_likelihood,
            "test_log_likelihood": self.test_log_likelihood,
            "perplexity": self.perplexity,
            "perplexity_by_position": list(self.perplexity_by_position),
            "conditional_perplexity": self.conditional_perplexity,
            "conditional_perplexity_by_position": list(self.conditional_perplexity_by_position),
            "iterations": self.iterations,
            "converged": self.converged,
            "reasons": dict(self.reasons),
        }

    def numbers(self) -> Iterator[tuple[str, Any, Any]]:
        """Name, value and standard error of each parameter, then of ``alpha`` and ``beta`` if identified."""
        yield from zip(*_leaves(self.parameters), _leaves(self.std_error)[1], strict=True)
        if self.identified is not None:
            values = {name: self.identified[name] for name in ("alpha", "beta")}
            yield from zip(*_leaves(values), _leaves(self.identified["std_error"])[1], strict=True)


@dataclass(frozen=True, repr=False)
class ClickModelFits(Result):
    """Click models fitted to one log.

    Attributes:
        inputs: the log and the options of the fit.
        sessions, test_sessions: number of training sessions and of held-out sessions; weighted if the log has
            weights.
        pairs: number of pairs of query and item in training and held-out sessions together.
        fits: the fitted models, in the order of the call.
        baselines: ``rank_ctr``, the click rate of each position, and ``global_ctr``, the click rate over all
            positions.
        notes: warnings.
        comparisons: differences of the models on held-out sessions; empty without these.
    """

    inputs: Mapping[str, Any]
    sessions: float
    test_sessions: float
    pairs: int
    fits: tuple[ClickModelFit, ...]
    baselines: tuple[ClickModelFit, ...]
    notes: tuple[Note, ...] = field(default=())
    comparisons: tuple[FitDifference, ...] = ()
    command = "fit"

    def content(self) -> dict[str, Any]:
        return {
            "n": _whole(self.sessions),
            "n_test": _whole(self.test_sessions),
            "pairs": self.pairs,
            "results": [fit.to_dict() for fit in self.fits],
            "baselines": [fit.to_dict() for fit in self.baselines],
            "comparisons": [row.to_dict() for row in self.comparisons],
        }

    def rows(self) -> list[dict[str, Any]]:
        """One record for each number: ``click_model, quantity, position, value, std_error``."""
        return [
            {"click_model": fit.name, "quantity": quantity, "position": k, "value": value, "std_error": error}
            for fit in (*self.fits, *self.baselines)
            for quantity, k, value, error in _records(fit)
        ]

    def tables(self) -> list[Table]:
        tables = [self._comparison(), self._parameters()]
        if self.test_sessions:
            tables[1:1] = [self._differences(), self._perplexities()]
        return tables

    def _comparison(self) -> Table:
        header = ["click model", ">log-likelihood", ">a session", ">held out, a session", ">perplexity"]
        header += [">given clicks above", ">iterations", "converged"]
        rows = [
            [
                fit.name,
                number(fit.log_likelihood, 8),
                number(_each(fit.log_likelihood, self.sessions), 6),
                number(_each(fit.test_log_likelihood, self.test_sessions), 6),
                number(fit.perplexity, 6),
                number(fit.conditional_perplexity, 6),
                "-" if fit.iterations is None else str(fit.iterations),
                "yes" if fit.converged else "no",
            ]
            for fit in (*self.fits, *self.baselines)
        ]
        sessions = f"{_whole(self.sessions):,} sessions, {_whole(self.test_sessions):,} held out"
        return Table(f"Click models: {sessions}, {self.pairs:,} pairs", header, rows)

    def _differences(self) -> Table:
        level = percent(self.comparisons[0].estimate.intervals[0].level)
        header = ["held out", "difference", ">value", f">{level} interval", ">Holm"]
        rows = [
            [
                SHORT[row.metric],
                f"{row.a} - {row.b}",
                signed(row.estimate.value),
                interval_text(row.estimate.intervals[0].to_dict()),
                p_text(row.p_adjusted),
            ]
            for row in self.comparisons
        ]
        return Table("Differences between models on the same held-out sessions", header, rows)

    def _perplexities(self) -> Table:
        every = (*self.fits, *self.baselines)
        rows = [
            [str(k + 1), *(number(fit.perplexity_by_position[k], 5) for fit in every)]
            for k in range(len(every[0].perplexity_by_position))
        ]
        return Table(
            "Perplexity by position, held out", ["position", *(f">{fit.name}" for fit in every)], rows
        )

    def _parameters(self) -> Table:
        rows = [
            [fit.name, name, number(value), number(error, 3)]
            for fit in self.fits
            for name, value, error in list(fit.numbers())[:MOST_SHOWN]
        ]
        return Table("Parameters", ["click model", "parameter", ">value", ">std error"], rows)


def _records(fit: ClickModelFit) -> Iterator[tuple[str, int | None, Any, Any]]:
    for quantity in ("log_likelihood", "test_log_likelihood", "perplexity", "conditional_perplexity"):
        yield quantity, None, getattr(fit, quantity), None
    for quantity in ("perplexity", "conditional_perplexity"):
        for k, value in enumerate(getattr(fit, f"{quantity}_by_position")):
            yield quantity, k + 1, value, None
    for name, value, error in fit.numbers():
        yield name, None, value, error


def _leaves(values: Any, name: str = "") -> tuple[list[str], list[Any]]:
    """The names, such as ``gamma[2][0]``, and the values of the numbers in nested dicts and lists."""
    if isinstance(values, Mapping):
        parts = [
            (f"{name}.{key}" if name else str(key), part) for key, part in values.items() if key != "name"
        ]
    elif isinstance(values, list):
        parts = [(f"{name}[{place}]", part) for place, part in enumerate(values)]
    else:
        return [name], [values]
    found = [_leaves(part, label) for label, part in parts]
    return [n for names, _ in found for n in names], [v for _, numbers in found for v in numbers]


def labels(parameters: Mapping[str, Any]) -> list[str]:
    """The names of all numbers in ``parameters``."""
    return _leaves(parameters)[0]


def reshaped(like: Any, values: Iterator[Any]) -> Any:
    """The next of ``values``, in the shape of ``like``: nested dicts and lists of numbers."""
    if isinstance(like, Mapping):
        return {key: reshaped(part, values) for key, part in like.items() if key != "name"}
    if isinstance(like, list):
        return [reshaped(part, values) for part in like]
    return next(values)


def _each(total: float | None, sessions: float) -> float | None:
    return None if total is None or not sessions else total / sessions


def _whole(count: float) -> float:
    """A count as an int if it is whole, as it is without weights."""
    return int(count) if count == int(count) else count
