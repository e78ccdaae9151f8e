"""Rankers made from options: policies whose scores mix the attractiveness of items with noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rankeval.array_types import Floats
from rankeval.simulators import random_stream, real, whole
from rankeval.simulators.worlds.specs import parse_spec

#: Policy -> names of its parameters in options.
POLICIES: dict[str, tuple[str, ...]] = {
    "fixed": ("skill",),
    "noisy": ("noise", "skill"),
    "plackett_luce": ("temperature", "skill"),
    "epsilon": ("epsilon", "skill"),
    "mixture": ("rankers", "skill"),
    "uniform": (),
}
#: Default correlation of scores with attractiveness, for the logging policy and for candidates.
LOGGING_SKILL, CANDIDATE_SKILL = 0.5, 0.8
#: Policy -> default values of its parameters.
_DEFAULTS: dict[str, dict[str, Any]] = {
    "noisy": {"noise": 1.0},
    "plackett_luce": {"temperature": 1.0},
    "epsilon": {"epsilon": 0.1},
    "mixture": {"rankers": 2},
}
#: Largest number of rankers in a mixture. Each ranker has a score for every item.
MOST_RANKERS = 100
#: Number of decimal places of scores.
_DECIMALS = 6
#: First key of the random streams of scores. Blocks of sessions use other keys.
_SCORES = 1


class Rankers:
    """Makes policies for the items of a world.

    A score is ``skill z + sqrt(1 - skill^2) e``. ``z`` is the attractiveness of the item, standardised over
    all items. ``e`` is standard normal noise, drawn anew for each ranker.

    Args:
        query_ids: ids of the queries of the world.
        attractive: for each query an array with the attractiveness of its items.
        seed: seed of the noise.
    """

    def __init__(self, query_ids: Sequence[Any], attractive: Sequence[Floats], seed: int) -> None:
        self._ids, self._seed, self._made = [str(query) for query in query_ids], seed, 0
        self._ends = np.cumsum([len(values) for values in attractive])[:-1]
        flat = np.concatenate(list(attractive))
        self._standard = (flat - flat.mean()) / (flat.std() or 1.0)

    def policy(self, option: str, text: str, skill: float) -> dict[str, Any]:
        """The policy that a text such as ``epsilon:epsilon=0.2`` describes, in the form of world files.

        Args:
            option: name of the option, for messages.
            text: the policy and its parameters.
            skill: correlation of the scores with attractiveness, unless the text gives it.

        Raises:
            UsageError: an unknown policy or parameter, or ``skill`` or ``rankers`` out of range.
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
