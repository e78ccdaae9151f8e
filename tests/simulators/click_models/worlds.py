"""One list of six items, every click model on it, and the slow version of each."""

from __future__ import annotations

from typing import Any

import numpy as np

from rankeval.simulators.click_models.base import ClickModel
from rankeval.simulators.click_models.catalogue import parse_click_model
from tests import naive_users as naive
from tests.naive_users import Users

SIZE = 6
A = (0.9, 0.55, 0.1, 0.35, 0.6, 0.2)
S = (0.8, 0.5, 0.2, 0.45, 0.1, 0.3)
THETA = tuple(1.0 / k for k in range(1, SIZE + 1))
PLUS = tuple(1.0 - 0.02 * k for k in range(SIZE))
MINUS = tuple(0.65 / k for k in range(1, SIZE + 1))
FURTHER = tuple(0.9 / k**0.5 for k in range(1, SIZE + 1))
TAU = (0.8, 0.6, 0.3)
GAMMA = [[0.95 ** (k + 1) * 0.9 ** (k - r) for r in range(k + 1)] for k in range(SIZE)]

DESCRIPTIONS: dict[str, dict[str, Any]] = {
    "pbm": {"eta": 1},
    "pbm_trust": {"eta": 1, "eps_plus": PLUS, "eps_minus": MINUS},
    "cascade": {},
    "dcm": {"continuation": FURTHER},
    "dbn": {"gamma": 0.8},
    "sdbn": {},
    "ccm": {"tau1": TAU[0], "tau2": TAU[1], "tau3": TAU[2]},
    "ubm": {"gamma": GAMMA},
    "mixture": {
        "models": [
            {"name": "dbn", "gamma": 0.8, "share": 0.3},
            {"name": "pbm", "eta": 1, "share": 0.5},
            {
                "name": "mixture",
                "share": 0.2,
                "models": [{"name": "cascade", "share": 0.25}, {"name": "sdbn", "share": 0.75}],
            },
        ]
    },
}
SLOW: dict[str, Users] = {
    "pbm": naive.position_based(A, THETA),
    "pbm_trust": naive.trusting(A, THETA, PLUS, MINUS),
    "cascade": naive.cascade(A),
    "dcm": naive.dependent_click(A, FURTHER),
    "dbn": naive.dynamic_bayesian(A, S, 0.8),
    "sdbn": naive.dynamic_bayesian(A, S, 1.0),
    "ccm": naive.click_chain(A, TAU),
    "ubm": naive.user_browsing(A, GAMMA),
}


def _mixed(items: naive.Items, clicks: naive.Clicks) -> float:
    shares = {"dbn": 0.3, "pbm": 0.5, "cascade": 0.05, "sdbn": 0.15}
    return sum(share * SLOW[name](items, clicks) for name, share in shares.items())


SLOW["mixture"] = _mixed


def model(name: str, positions: int = SIZE) -> ClickModel:
    return parse_click_model({"name": name, **DESCRIPTIONS[name]}, positions)


def one_list() -> tuple[Any, Any]:
    return np.array([A]), np.array([S])
