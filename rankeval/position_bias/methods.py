"""The catalogue of methods that estimate a position-bias curve."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from rankeval.errors import UsageError
from rankeval.logs import Log, impression_roles
from rankeval.position_bias.curve import Curve
from rankeval.position_bias.harvesting import WEIGHTS, allpairs, chain, pivot
from rankeval.position_bias.likelihood import em
from rankeval.position_bias.regression_em import regression_em
from rankeval.position_bias.request import Request
from rankeval.position_bias.shuffle import pair, shuffle
from rankeval.position_bias.swap import swap


class Method(NamedTuple):
    """A method that estimates curves.

    Attributes:
        estimate: takes a request; returns the curves of the whole log (``None``) and of each segment.
        columns: the columns that it needs beside clicks and positions.
        weighted: whether the method uses the option ``weights``.
        regressed: the function used instead of ``estimate`` if features are given; None if the method reads
            no features.
    """

    estimate: Callable[[Request], dict[Any, Curve]]
    columns: tuple[str, ...] = ()
    weighted: bool = False
    regressed: Callable[[Request], dict[Any, Curve]] | None = None


METHODS = {
    "shuffle": Method(shuffle),
    "swap": Method(swap, ("swap_low", "swap_high")),
    "pair": Method(pair, ("propensity",)),
    "pivot": Method(pivot, ("item_id",), weighted=True),
    "chain": Method(chain, ("item_id",), weighted=True),
    "allpairs": Method(allpairs, ("item_id",), weighted=True),
    "em": Method(em, ("item_id",), regressed=regression_em),
}


def lacking(log: Log) -> dict[str, list[str]]:
    """Method -> the columns that it needs and the log lacks."""
    found = {name: [*impression_roles(log), *method.columns] for name, method in METHODS.items()}
    return {name: [log.name(role) for role in roles if not log.has(role)] for name, roles in found.items()}


def parse_method(name: str, weights: str | None, *, regressed: bool) -> tuple[Method, str]:
    """The method called ``name``, and the weights to use: ``weights``, or ``uniform`` if it is None.

    Args:
        regressed: whether features are given.

    Raises:
        UsageError: the name or the weights are unknown; weights or features are given to a method that does
            not use them.
    """
    if name not in METHODS:
        raise UsageError(f"method: found {name!r}, wanted one of {', '.join(METHODS)}")
    if weights is not None and weights not in WEIGHTS:
        raise UsageError(f"weights: found {weights!r}, wanted one of {', '.join(WEIGHTS)}")
    method = METHODS[name]
    if weights is not None and not method.weighted:
        names = ", ".join(name for name, each in METHODS.items() if each.weighted)
        raise UsageError(f"weights: {name} has none; they are for {names}")
    if regressed and method.regressed is None:
        names = ", ".join(name for name, each in METHODS.items() if each.regressed is not None)
        raise UsageError(f"features: {name} reads none; they are for {names}")
    return method, weights or WEIGHTS[0]


def estimate(method: Method, request: Request) -> dict[Any, Curve]:
    """The curves of the whole log (``None``) and of each segment, estimated by ``method``."""
    if request.features and method.regressed is not None:
        return method.regressed(request)
    return method.estimate(request)
