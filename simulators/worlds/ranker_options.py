"""Rankers from options: policies whose scores see the attractiveness of items through noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rankeval.array_types import Floats
from rankeval.simulators import random_stream, real, whole
from rankeval.simulators.worlds.specs import parse_spec

#: Policy -> its parameters in options.
POLICIES: dict[str, tuple[str, ...]] = {
    "fixed": ("skill",),
    "noisy": ("noise", "skill"),
    "plackett_luce": ("temperature", "skill"),
    "epsilon": ("epsilon", "skill"),
    "mixture": ("rankers", "skill"),
    "uniform": (),
}
#: Correlation of scores with attractiveness, unless given.
LOGGING_SKILL, CANDIDATE_SKILL = 0.5, 0.8
#: Parameters that a policy has unless given.
_DEFAULTS: dict[str, dict[str, Any]] = {
    "noisy": {"noise": 1.0},
    "plackett_luce": {"temperature": 1.0},
    "epsilon": {"epsilon": 0.1},
    "mixture": {"rankers": 2},
}
#: Most rankers of a mixture, each of which has a score for every item.
MOST_RANKERS = 100
#: Digits after the point that scores keep.
_DECIMALS = 6
#: Key of the random streams of scores, beside that of blocks of sessions.
_SCORES = 1


class Rankers:
    """Makes policies for the items of a world.

    Scores are ``skill z + sqrt(1 - skill^2) e``: ``z`` the attractiveness of the item, standardised over all
    items, and ``e`` standard normal, drawn anew for each ranker.

    Args:
        query_ids: of the world.
        attractive: the attractiveness of the items of each query.
        seed: of the noise.
    """

    def __init__(self, query_ids: Sequence[Any], attractive: Sequence[Floats], seed: int) -> None:
        self._ids, self._seed, self._made = [str(query) for query in query_ids], seed, 0
        self._ends = np.cumsum([len(values) for values in attractive])[:-1]
        flat = np.concatenate(list(attractive))
        self._standard = (flat - flat.mean()) / (flat.std() or 1.0)

    def policy(self, option: str, text: str, skill: float) -> dict[str, Any]:
        """The policy of a text such as ``epsilon:epsilon=0.2``, as world files write it.

        ``skill``: that of its scores, unless the text says.
        """
        name, given = parse_spec(option, text, POLICIES)
        skill = real(f"{option}: skill", given.pop("skill", skill), -1.0, 1.0)
        parameters = {**_DEFAULTS.get(name, {}), **given}
        if name == "mixture":
            return self._mixture(whole(f"{option}: rankers", parameters["rankers"], 1, MOST_RANKERS), skill)
        if name == "uniform":
            return {"policy": name}
        return {"policy": name, **parameters, "scores": self._scores(skill)}

    def _mixture(self, rankers: int, skill: float) -> dict[str, Any]:
        parts = [
            {"policy": "fixed", "share": 1.0 / rankers, "scores": self._scores(skill)} for _ in range(rankers)
        ]
        return {"policy": "mixture", "policies": parts}

    def _scores(self, skill: float) -> dict[str, list[float]]:
        """query_id -> a score for each of its items."""
        noise = random_stream(self._seed, _SCORES, self._made).standard_normal(len(self._standard))
        self._made += 1
        scores = np.round(skill * self._standard + np.sqrt(1.0 - skill**2) * noise, _DECIMALS)
        parts = np.split(scores, self._ends)
        return {query: part.tolist() for query, part in zip(self._ids, parts, strict=True)}
