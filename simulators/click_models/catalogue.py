"""The catalogue of click models, and the parser of their descriptions in world files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rankeval.errors import DataError
from rankeval.options import shown
from rankeval.simulators import MOST_NESTED
from rankeval.simulators.click_models.base import ClickModel
from rankeval.simulators.click_models.models import (
    Cascade,
    ClickChain,
    DependentClick,
    DynamicBayesian,
    Mixture,
    PositionBased,
    SimplifiedDynamicBayesian,
    TrustBias,
    UserBrowsing,
)
from rankeval.simulators.click_models.parameters import Parameters


def _mixture(p: Parameters) -> Mixture:
    entries = p.given.get("models")
    if not isinstance(entries, list) or not entries:
        raise p.error("models", "null" if entries is None else shown(entries), "a list of click models")
    if p.where.count(".models[") >= MOST_NESTED:
        raise p.error("models", f"mixtures {MOST_NESTED + 1} deep", f"{MOST_NESTED} at most")
    models, shares = [], []
    for index, entry in enumerate(entries):
        where = f"{p.where}.models[{index}]"
        models.append(parse_click_model(entry, p.positions, where))
        shares.append(Parameters(entry, where, p.positions).probability("share"))
    if abs(sum(shares) - 1.0) > 1e-9:
        raise p.error("models", f"shares that sum to {sum(shares):.9g}", "shares that sum to 1")
    p.allow("models")
    return Mixture(tuple(models), tuple(shares))


#: Name of a click model -> function that makes the model from its parameters.
CLICK_MODELS: dict[str, Callable[[Parameters], ClickModel]] = {
    "pbm": lambda p: PositionBased(p.examination()),
    "pbm_trust": lambda p: TrustBias(
        p.examination(), p.probabilities("eps_plus"), p.probabilities("eps_minus")
    ),
    "cascade": lambda p: Cascade(),
    "dcm": lambda p: DependentClick(p.probabilities("continuation", p.positions - 1)),
    "dbn": lambda p: DynamicBayesian(p.probability("gamma")),
    "sdbn": lambda p: SimplifiedDynamicBayesian(),
    "ccm": lambda p: ClickChain(p.probability("tau1"), p.probability("tau2"), p.probability("tau3")),
    "ubm": lambda p: UserBrowsing(p.triangle("gamma")),
    "mixture": _mixture,
}


def parse_click_model(description: Any, positions: int, where: str = "click_model") -> ClickModel:
    """The click model of a description ``{"name": NAME, PARAMETER: VALUE, ...}`` in a world file.

    Args:
        description: the description as parsed from JSON.
        positions: K, the length of the longest list.
        where: the path of the description in the world file, for messages.

    Raises:
        DataError: no such model; a parameter missing, unknown, too short or out of range.
    """
    if not isinstance(description, Mapping):
        raise DataError(
            f'{where}: found {shown(description)}, wanted a click model such as {{"name": "pbm", "eta": 1}}'
        )
    name = description.get("name")
    if not isinstance(name, str) or name not in CLICK_MODELS:
        found = "nothing" if name is None else shown(name)
        raise DataError(f"{where}.name: found {found}, wanted one of {', '.join(CLICK_MODELS)}")
    parameters = Parameters(description, where, positions)
    model = CLICK_MODELS[name](parameters)
    parameters.done()
    return model
