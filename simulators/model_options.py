"""Click models from options: parameters that are usual where none are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rankeval.errors import UsageError
from rankeval.simulators.click_models import CLICK_MODELS

#: Models whose parameters follow from ``eta``, the decay of examination by position.
OF_ETA = ("pbm", "pbm_trust", "dcm", "ubm", "mixture")


def click_model_options(
    name: str, eta: float | None, params: Mapping[str, Any], positions: int
) -> dict[str, Any]:
    """A click model as world files write it: ``params``, and what is usual for the others.

    Raises:
        UsageError: no such model, or an ``eta`` that it does not have.
    """
    if not isinstance(name, str) or name not in CLICK_MODELS:
        raise UsageError(f"click_model: found {name!r}, wanted one of {', '.join(CLICK_MODELS)}")
    if eta is not None and name not in OF_ETA:
        raise UsageError(f"eta: found {eta} for {name}, wanted none: it goes with {', '.join(OF_ETA)}")
    usual = _USUAL[name](1.0 if eta is None else eta, positions)
    if "examination" in params:
        usual.pop("eta", None)
    return {"name": name, **usual, **params}


def _trust(eta: float, positions: int) -> dict[str, Any]:
    """Trust bias that fades down the list, as estimated by Agarwal et al. (2019) in form."""
    places = range(1, positions + 1)
    plus = [max(1.0 - 0.02 * (k - 1), 0.5) for k in places]
    return {"eta": eta, "eps_plus": plus, "eps_minus": [min(0.65 / k, 0.5) for k in places]}


def _browsing(eta: float, positions: int) -> dict[str, Any]:
    """``gamma[k][r] = (k (k - r))^(-eta / 2)``: ``k^-eta`` without a click, more near the last one."""
    rows = [[(k * (k - r)) ** (-eta / 2.0) for r in range(k)] for k in range(1, positions + 1)]
    return {"gamma": rows}


def _continuation(eta: float, positions: int) -> dict[str, Any]:
    return {"continuation": [0.9 * k ** (-eta / 2.0) for k in range(1, positions + 1)]}


def _mixture(eta: float, positions: int) -> dict[str, Any]:
    return {"models": [{"name": "pbm", "eta": eta, "share": 0.5}, {"name": "cascade", "share": 0.5}]}


_USUAL: dict[str, Callable[[float, int], dict[str, Any]]] = {
    "pbm": lambda eta, positions: {"eta": eta},
    "pbm_trust": _trust,
    "cascade": lambda eta, positions: {},
    "dcm": _continuation,
    "dbn": lambda eta, positions: {"gamma": 0.8},
    "sdbn": lambda eta, positions: {},
    "ccm": lambda eta, positions: {"tau1": 0.8, "tau2": 0.6, "tau3": 0.3},
    "ubm": _browsing,
    "mixture": _mixture,
}
