"""Click models made from options. Parameters without an option get usual values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rankeval.errors import UsageError
from rankeval.simulators.click_models import CLICK_MODELS

#: Models whose usual parameters follow from ``eta``, the decay of examination by position.
OF_ETA = ("pbm", "pbm_trust", "dcm", "ubm", "mixture")


def click_model_options(
    name: str, eta: float | None, params: Mapping[str, Any], positions: int
) -> dict[str, Any]:
    """A click model in the form of world files: ``params``, and usual values for the other parameters.

    Args:
        name: name of the click model.
        eta: decay of examination; None: 1, for models that have it.
        params: parameters of the model by name.
        positions: length of lists.

    Raises:
        UsageError: the model does not exist, or ``eta`` is given for a model that does not have it.
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
    """Trust bias that fades down the list. The form of the curves follows Agarwal et al. (2019)."""
    places = range(1, positions + 1)
    plus = [max(1.0 - 0.02 * (k - 1), 0.5) for k in places]
    return {"eta": eta, "eps_plus": plus, "eps_minus": [min(0.65 / k, 0.5) for k in places]}


def _browsing(eta: float, positions: int) -> dict[str, Any]:
    """``gamma[k][r] = (k (k - r))^(-eta / 2)``.

    This is ``k^-eta`` without a click above (r = 0), and more if the last click, at position r, is near.
    """
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
