"""The options of ``fit``, checked before the log is read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

from rankeval.errors import UsageError
from rankeval.logs import Log, stated
from rankeval.options import listed, shown
from rankeval.simulators import real, whole
from rankeval.simulators.click_models.fitting.fits import Options, parse_family


@dataclass(frozen=True)
class Request:
    """Click models to fit to a log.

    Attributes:
        names: of the click models.
        log: the log to fit to, without the sessions that ``test_where`` selects.
        held_out: the log of the sessions that ``test_where`` selects; None without it.
        where: the row filter of the caller.
        share: of the sessions to hold out.
        test_where: the row filter of the sessions to hold out.
        options: of the fits.
        cluster: role of the column of clusters; None: sessions are independent.
    """

    names: tuple[str, ...]
    log: Log
    held_out: Log | None
    where: str | None
    share: float
    test_where: str | None
    options: Options
    cluster: str | None = None

    @classmethod
    def of(
        cls,
        log: Log,
        click_model: Any,
        where: str | None,
        test: Any,
        test_where: Any,
        options: Options,
        cluster: str | None = None,
    ) -> Request:
        """The request of a call.

        Raises:
            UsageError: an unknown click model, a share outside [0, 1], or both a share and ``test_where``.
        """
        names, share = _names(click_model), number("test", test, 1.0)
        if test_where is not None and not isinstance(test_where, str):
            raise UsageError(f"test_where: found {shown(test_where)}, wanted a text")
        train, held_out = _logs(log, test_where, share)
        return cls(tuple(names), train, held_out, where, share, test_where, options, cluster)

    @property
    def inputs(self) -> dict[str, Any]:
        """The options, as JSON takes them."""
        options = self.options
        return {
            "log": self.log.origin,
            "click_models": list(self.names),
            "test": self.share,
            "test_where": self.test_where,
            "where": self.where,
            **stated(self.log),
            "smoothing": options.smoothing,
            "tolerance": options.tolerance,
            "max_iterations": options.max_iterations,
            "restarts": options.restarts,
            "cluster": self.cluster,
            "seed": options.seed,
        }


def parse_options(
    tolerance: Any, max_iterations: Any, smoothing: Any, seed: int, restarts: Any, threads: int | None
) -> Options:
    """The options of the fits.

    Raises:
        UsageError: a value that is not a number, or out of range.
    """
    return Options(
        number("tolerance", tolerance),
        whole("max_iterations", max_iterations, 1),
        number("smoothing", smoothing),
        seed,
        whole("restarts", restarts, 0),
        threads,
    )


def number(name: str, value: Any, most: float = math.inf) -> float:
    """``value`` as a float, checked to be a number in [0, ``most``]."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise UsageError(f"{name}: found {shown(value)}, wanted a number")
    return real(name, float(value), 0.0, most)


def _names(click_model: str | Sequence[str]) -> list[str]:
    """The distinct names of click models, checked before the log is read."""
    if not isinstance(click_model, str | Sequence) or not all(isinstance(name, str) for name in click_model):
        raise UsageError(f"click_model: found {shown(click_model)}, wanted a name such as dbn")
    names = list(dict.fromkeys(listed(click_model)))
    if not names:
        raise UsageError(f"click_model: found {shown(click_model)}, wanted a name such as dbn")
    for name in names:
        parse_family(name, 1)
    return names


def _logs(source: Log, test_where: str | None, share: float) -> tuple[Log, Log | None]:
    """The log to fit to, and the log of the held-out sessions if a filter selects them, else None."""
    if test_where is None:
        return source, None
    if share > 0.0:
        raise UsageError(f"test: found {share:g} and a test_where, wanted one of them")
    replace(source, where=test_where)  # raises the error of a wrong filter before it is combined with others
    kept = f"({source.where}) and " if source.where else ""
    return (
        replace(source, where=f"{kept}not ({test_where})"),
        replace(source, where=f"{kept}({test_where})"),
    )
