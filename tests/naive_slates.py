"""Worlds of short lists, enumerated: every list that may be shown, every pattern of clicks on it.

Each has its probability. What a policy does is a table of lists; nothing else is known.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.naive_rankings import DEPENDS
from tests.naive_users import Items, Users, click_rates, patterns

Floats = NDArray[np.float64]
Policy = Mapping[Items, float]


def plackett_luce(strengths: Sequence[float], size: int) -> Policy:
    """Items drawn one after the other by strength, without replacement."""
    found = {}
    for items in permutations(range(len(strengths)), size):
        chance, left = 1.0, math.fsum(strengths)
        for item in items:
            chance *= strengths[item] / left
            left -= strengths[item]
        found[items] = chance
    return found


def separate(by_position: Sequence[Sequence[float]]) -> Policy:
    """Every position drawn on its own, from its probabilities of the items."""
    lists = product(range(len(by_position[0])), repeat=len(by_position))
    return {items: math.prod(p[item] for p, item in zip(by_position, items, strict=True)) for items in lists}


@dataclass
class Context:
    """Sessions of one kind: what is shown to them and how their users click.

    ``q`` maps the items at 1..k to the predicted reward to go; None: what the target policy would bring.
    """

    share: float
    logging: Policy
    target: Policy
    users: Users
    theta: Sequence[float]
    behaviour: str = "standard"
    q: Mapping[Items, float] | None = None
    _known: dict[Any, float] = field(default_factory=dict)

    def chance(self, policy: str, items: Items, places: Sequence[int]) -> float:
        """Probability that these places hold what they hold on this list."""
        key = policy, tuple((k, items[k]) for k in places)
        if key not in self._known:
            table: Policy = getattr(self, policy)
            fits = (p for other, p in table.items() if all(other[k] == items[k] for k in places))
            self._known[key] = math.fsum(fits)
        return self._known[key]

    def exposure(self, policy: str, item: int) -> float:
        """Expected examination of an item."""
        table: Policy = getattr(self, policy)
        return math.fsum(
            p * t for items, p in table.items() for i, t in zip(items, self.theta, strict=False) if i == item
        )

    def value(self, policy: str) -> float:
        """Expected clicks of a session."""
        table: Policy = getattr(self, policy)
        return math.fsum(p * math.fsum(click_rates(self.users, items)) for items, p in table.items())

    def to_go(self, shown: Items, first: int) -> float:
        """Expected reward from position ``first`` on under the target policy, after these items; or ``q``."""
        ahead = [(p, items) for items, p in self.target.items() if items[: len(shown)] == shown]
        if self.q is not None:
            known = self.q
            rewards = [known[items[: first + 1]] for _, items in ahead]
        else:
            rewards = [math.fsum(click_rates(self.users, items)[first:]) for _, items in ahead]
        return math.fsum(p * r for (p, _), r in zip(ahead, rewards, strict=True)) / math.fsum(
            p for p, _ in ahead
        )

    def slate_weights(self) -> dict[Items, float]:
        """``1_s Gamma^+ E_pi[1]``, the pseudo-inverse weight of each list."""
        every = sorted({(k, item) for items in self.logging for k, item in enumerate(items)})
        place = {pair: i for i, pair in enumerate(every)}
        shown = np.zeros((len(self.logging), len(every)))
        for row, items in enumerate(self.logging):
            for k, item in enumerate(items):
                shown[row, place[k, item]] = 1.0
        logged = np.array([self.logging[items] for items in self.logging])
        targeted = np.array([self.target[items] for items in self.logging])
        found = shown @ np.linalg.pinv(shown.T * logged @ shown, rcond=1e-10) @ (shown.T @ targeted)
        return dict(zip(self.logging, found.tolist(), strict=True))

    def rows(self, first_session: int) -> list[dict[str, Any]]:
        """A row for each item of each list with each pattern of clicks."""
        slate_weight = self.slate_weights()
        rows: list[dict[str, Any]] = []
        session = first_session
        for items, p in self.logging.items():
            size = range(len(items))
            of_list = [self._columns(items, k) | {"slate_weight": slate_weight[items]} for k in size]
            for clicks in patterns(len(items)):
                weight = self.share * p * self.users(items, clicks)
                own = {"session_id": session, "weight": weight, "behaviour": self.behaviour}
                rows += [{**own, "position": k + 1, "click": clicks[k], **of_list[k]} for k in size]
                session += 1
        return rows

    def _columns(self, items: Items, k: int) -> dict[str, float]:
        columns = {}
        for prefix, policy in (("", "logging"), ("target_", "target")):
            columns |= {
                f"{prefix}propensity": self.chance(policy, items, [k]),
                f"{prefix}propensity_prefix": self.chance(policy, items, range(k + 1)),
                f"{prefix}propensity_list": self.chance(policy, items, range(len(items))),
                f"{prefix}exposure": self.exposure(policy, items[k]),
            }
        for name, depends in DEPENDS.items():
            places = [other for other in range(len(items)) if depends(k, other)]
            columns[name] = self.chance("target", items, places) / self.chance("logging", items, places)
        return columns | {
            "q_logged": self.to_go(items[: k + 1], k),
            "q_target": self.to_go(items[:k], k),
        }


class World:
    """Contexts that make up all sessions: their log, whole, and what estimators of it come to."""

    def __init__(self, contexts: Sequence[Context]) -> None:
        self.contexts = contexts
        rows: list[dict[str, Any]] = []
        for context in contexts:
            rows += context.rows(rows[-1]["session_id"] + 1 if rows else 0)
        self.log = {name: np.array([row[name] for row in rows]) for name in rows[0]}
        starts = np.flatnonzero(self.log["position"] == 1)
        self._starts = np.append(starts, len(rows))
        self.chances: Floats = self.log["weight"][starts]

    def value(self, policy: str = "target") -> float:
        """Expected clicks of a session under a policy."""
        return math.fsum(context.share * context.value(policy) for context in self.contexts)

    def padded(self, column: Floats) -> Floats:
        """(sessions, longest) one number per item, 0 where lists have ended."""
        found = np.zeros((len(self.chances), int(np.diff(self._starts).max())))
        for row, (begin, end) in enumerate(zip(self._starts[:-1], self._starts[1:], strict=True)):
            found[row, : end - begin] = column[begin:end]
        return found

    def weights(self, name: str, max_weight: float) -> Floats:
        """(sessions, longest) ``u_k``; ``name`` is ``aips`` with the columns of its weights after a dot."""
        log, (name, _, subset) = self.log, name.partition(".")
        if name == "aips" and subset in DEPENDS:
            w = log[subset]
        elif name == "aips":  # products of the ratios of the items, over the window of the session's user
            w = self._products(log["behaviour"] if subset == "" else np.full(len(log["click"]), subset[1:]))
        elif name == "pi":
            w = log["slate_weight"]
        else:
            column = COLUMN[name]
            w = log[f"target_{column}"] / log[column]
        return self.padded(np.minimum(w, max_weight))

    def _products(self, behaviours: Any) -> Floats:
        each = self.log["target_propensity"] / self.log["propensity"]
        found = np.empty(len(each))
        for begin, end in zip(self._starts[:-1], self._starts[1:], strict=True):
            for i in range(begin, end):
                depends = DEPENDS[behaviours[i]]
                window = [j for j in range(begin, end) if depends(i - begin, j - begin)]
                found[i] = math.prod(each[j] for j in window)
        return found

    def terms(self, name: str, max_weight: float = math.inf) -> tuple[Floats, Callable[[Any], Any]]:
        """(sessions, m) numbers of each session, and what an estimator makes of their means."""
        c, there = self.padded(self.log["click"]), self.padded(np.ones(len(self.log["click"])))
        u = self.weights(name, max_weight)
        if name == "cascade_dr":
            q, expected = self.padded(self.log["q_logged"]), self.padded(self.log["q_target"])
            above = np.hstack([np.ones((len(u), 1)), u[:, :-1]])
            return (u * (c - q) + above * expected).sum(axis=1, keepdims=True), lambda means: means[0]
        total = (u * c).sum(axis=1, keepdims=True)
        if name == "snsips":
            return np.hstack([total, u[:, :1]]), lambda means: means[0] / means[1]
        if name in ("sniips", "snrips"):
            size = u.shape[1]
            return np.hstack([u * c, u, there]), lambda means: sum(
                means[k] / (means[size + k] / means[2 * size + k]) for k in range(size)
            )
        return total, lambda means: means[0]

    def estimate(self, name: str, max_weight: float = math.inf) -> tuple[float, float]:
        """Value of an estimator over all sessions, and its standard deviation for a single one."""
        return estimate(*self.terms(name, max_weight), self.chances)

    def gain(self, name: str, max_weight: float = math.inf) -> tuple[float, float]:
        """The same of what it is above the clicks of the log."""
        terms, value = self.terms(name, max_weight)
        clicks = self.padded(self.log["click"]).sum(axis=1, keepdims=True)
        return estimate(np.hstack([terms, clicks]), lambda means: value(means) - means[-1], self.chances)


def estimate(terms: Floats, value: Callable[[Any], Any], chances: Floats) -> tuple[float, float]:
    """A function of means of terms (n, m), and its asymptotic standard deviation for one draw.

    Its derivatives are those by a complex step, exact to rounding.
    """
    means, step = chances @ terms, 1e-30
    slopes = [value(means + 1j * step * unit).imag / step for unit in np.eye(len(means))]
    moved = (terms - means) @ np.array(slopes)
    return float(value(means)), math.sqrt(math.fsum(chances * moved * moved))


#: The propensity that a weight is made of.
COLUMN = {
    "sips": "propensity_list",
    "snsips": "propensity_list",
    "iips": "propensity",
    "sniips": "propensity",
    "rips": "propensity_prefix",
    "snrips": "propensity_prefix",
    "cascade_dr": "propensity_prefix",
    "policy_aware": "exposure",
}
