"""The catalogue of list policies, and the parser of their descriptions in world files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from rankeval.array_types import Floats
from rankeval.errors import DataError
from rankeval.options import shown
from rankeval.simulators import MOST_NESTED, Described
from rankeval.simulators.list_policies.base import ListPolicy
from rankeval.simulators.list_policies.fixed import FixedOrder
from rankeval.simulators.list_policies.mixture import PolicyMixture
from rankeval.simulators.list_policies.queries import Queries
from rankeval.simulators.list_policies.random_utility import NoisyScores, PlackettLuce, Uniform


class _Description(Described):
    """The description of a list policy in a world file, checked key by key."""

    def __init__(self, given: Mapping[str, Any], queries: Queries, positions: int, where: str) -> None:
        super().__init__(given, where, known=("policy", "share"))
        self.queries, self.positions = queries, positions

    def number(self, name: str, low: float, high: float, wanted: str, default: float | None = None) -> float:
        """The finite number in ``[low, high]`` at the key ``name``; above ``low`` if ``high`` is infinite."""
        value = self.get(name)
        if value is None and default is not None:
            return default
        number = self._float(name, value, wanted)
        if not (low <= number <= high) or (high == np.inf and number == low) or not np.isfinite(number):
            raise self.error(name, shown(value), wanted)
        return number

    def scale(self, name: str, wanted: str, default: float | None = None) -> float:
        """The divisor of scores at the key ``name``: a number above 0 such that all quotients are finite."""
        scale = self.number(name, 0.0, np.inf, wanted, default)
        with np.errstate(over="ignore"):
            if not np.isfinite(self.scores() / scale).all():
                raise self.error(name, shown(scale), "one that scores can be divided by and be finite")
        return scale

    def scores(self) -> Floats:
        """(items,) float64 the score of each item, query by query."""
        given = self.get("scores")
        if not isinstance(given, Mapping):
            found = "nothing" if given is None else shown(given)
            raise self.error("scores", found, "a dict of query_id to the scores of its items")
        by_query = {str(query): values for query, values in given.items()}
        sizes = self.queries.sizes.tolist()
        flat = [
            self._scores_of(by_query, str(query), size)
            for query, size in zip(self.queries.ids, sizes, strict=True)
        ]
        return np.concatenate(flat) if flat else np.zeros(0)

    def policies(self) -> Sequence[Any]:
        """The descriptions of the policies of a mixture."""
        given = self.get("policies")
        if not isinstance(given, list) or not given:
            found = "nothing" if given is None else shown(given)
            raise self.error("policies", found, "a list of policies, each with its share")
        return given

    def _scores_of(self, by_query: Mapping[str, Any], query: str, size: int) -> Floats:
        key = f"scores[{query}]"
        values = by_query.get(query)
        if not isinstance(values, Sequence) or isinstance(values, str | bytes):
            found = "nothing" if values is None else shown(values)
            raise self.error(key, found, f"a list of {size} scores, one for each item")
        if len(values) != size:
            raise self.error(key, f"{len(values)} scores", f"{size}, one for each item")
        numbers = [self._float(f"{key}[{i}]", value, "a finite number") for i, value in enumerate(values)]
        for i, number in enumerate(numbers):
            if not np.isfinite(number):
                raise self.error(f"{key}[{i}]", shown(values[i]), "a finite number")
        return np.array(numbers, np.float64)

    def _float(self, name: str, value: Any, wanted: str) -> float:
        if value is None:
            raise self.error(name, "nothing", wanted)
        return self.float_of(name, value, wanted)


def _fixed(d: _Description) -> ListPolicy:
    return FixedOrder(d.queries.offsets, d.positions, d.scores(), d.queries.tie_ranks)


def _plackett_luce(d: _Description) -> ListPolicy:
    temperature = d.scale("temperature", "a number above 0", default=1.0)
    return PlackettLuce(d.queries.offsets, d.positions, d.scores(), temperature)


def _noisy(d: _Description) -> ListPolicy:
    noise = d.scale("noise", "a standard deviation above 0")
    return NoisyScores(d.queries.offsets, d.positions, d.scores(), noise)


def _epsilon(d: _Description) -> ListPolicy:
    epsilon = d.number("epsilon", 0.0, 1.0, "a probability in [0, 1]")
    ranker = _fixed(d)
    uniform = Uniform(d.queries.offsets, d.positions)
    return PolicyMixture(d.queries.offsets, d.positions, (ranker, uniform), (1.0 - epsilon, epsilon))


def _mixture(d: _Description) -> ListPolicy:
    if d.where.count(".policies[") >= MOST_NESTED:
        raise d.error("policies", f"mixtures {MOST_NESTED + 1} deep", f"{MOST_NESTED} at most")
    policies, shares = [], []
    for index, entry in enumerate(d.policies()):
        where = f"{d.where}.policies[{index}]"
        policies.append(parse_list_policy(entry, d.queries, d.positions, where))
        inner = _Description(entry, d.queries, d.positions, where)
        shares.append(inner.number("share", 0.0, 1.0, "a share in [0, 1]"))
    if abs(sum(shares) - 1.0) > 1e-9:
        raise d.error("policies", f"shares that sum to {sum(shares):.9g}", "shares that sum to 1")
    return PolicyMixture(d.queries.offsets, d.positions, tuple(policies), tuple(shares))


#: Name of a list policy -> function that makes the policy from its description.
LIST_POLICIES: dict[str, Callable[[_Description], ListPolicy]] = {
    "fixed": _fixed,
    "plackett_luce": _plackett_luce,
    "noisy": _noisy,
    "epsilon": _epsilon,
    "mixture": _mixture,
    "uniform": lambda d: Uniform(d.queries.offsets, d.positions),
}


def parse_list_policy(
    description: Any, queries: Queries, positions: int, where: str = "logging"
) -> ListPolicy:
    """The list policy of a description ``{"policy": NAME, KEY: VALUE, ...}`` in a world file.

    Names and keys: ``fixed`` (``scores``), ``plackett_luce`` (``scores``, ``temperature``, default 1),
    ``noisy`` (``scores``, ``noise``: a standard deviation), ``epsilon`` (``scores``, ``epsilon``: the share
    of lists in uniformly random order), ``uniform``, ``mixture`` (``policies``: descriptions, each with its
    ``share``). ``scores`` is a dict of query_id to the scores of its items. ``fixed`` and ``epsilon`` order
    items of equal score by descending item id.

    Args:
        description: the description as parsed from JSON.
        queries: the queries of the world.
        positions: K, the length of lists.
        where: the path of the description in the world file, for messages.

    Raises:
        DataError: no such policy; a key missing, unknown or out of range; a query or an item without score.
    """
    if not isinstance(description, Mapping):
        raise DataError(
            f'{where}: found {shown(description)}, wanted a policy such as {{"policy": "uniform"}}'
        )
    name = description.get("policy")
    if not isinstance(name, str) or name not in LIST_POLICIES:
        found = "nothing" if name is None else shown(name)
        raise DataError(f"{where}.policy: found {found}, wanted one of {', '.join(LIST_POLICIES)}")
    d = _Description(description, queries, positions, where)
    policy = LIST_POLICIES[name](d)
    d.done()
    return policy
