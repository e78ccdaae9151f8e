"""Coverage beyond one bandit policy: rankings, clicks, several loggers, several targets, fitted models.

A :class:`Family` is one world that gives a log for every seed. The limits of its estimators come from the
whole population: a log of every case, with the probability of the case in ``weight``. All estimators are
linear in the reward, or ratios of linear terms. So the population may have expected rewards for rewards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rankeval import ope
from rankeval.inference import Estimate
from rankeval.off_policy import OffPolicyEvaluation
from rankeval.simulators.bandits import (
    SlateWorld,
    SoftmaxPolicy,
    bandit_log,
    random_policy,
    random_slate_policy,
    random_slate_world,
    random_world,
    slate_log,
)

Floats = NDArray[np.float64]
#: Estimator (with its target) and quantity.
Place = tuple[str, str]

UNITS = 4000


@dataclass(frozen=True)
class Family:
    """One world and the estimators that are tested in it.

    Attributes:
        name: name of the family.
        log: seed -> a log of rounds or sessions.
        names: estimators.
        population: every case with its probability; empty if ``truth`` is given.
        truth: limit of all estimators, for each target ("" if it has no name) and for ``logged``, the logging
            policy.
        options: options of the call of ``ope``.
    """

    name: str
    log: Callable[[int], Any]
    names: tuple[str, ...]
    population: Mapping[str, Any] = field(default_factory=dict)
    truth: Mapping[str, float] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    def truths(self) -> dict[Place, float]:
        """The limits that intervals should cover."""
        if self.population:
            result = ope(self.population, self.names, **self.options)
            return {place: estimate.value or 0.0 for place, estimate in _estimates(result).items()}
        found: dict[Place, float] = {}
        for name, (a, value) in product(self.names, self.truth.items()):
            found[place(name, a), "value"] = value
            found[place(name, a), "gain"] = value - self.truth["logged"]
            found |= {(name, f"{a} - {b}"): value - self.truth[b] for b in self.truth}
        return found

    def hits(self, worlds: int, **options: Any) -> Counter[tuple[str, str, str]]:
        """For each interval the number of logs, out of ``worlds``, in which it covers its limit."""
        truths, found = self.truths(), Counter[tuple[str, str, str]]()
        for seed in range(worlds):
            result = ope(self.log(seed), self.names, threads=1, seed=seed, **{**self.options, **options})
            for (name, quantity), estimate in _estimates(result).items():
                truth = truths[name, quantity]
                for interval in estimate.intervals:
                    found[name, quantity, interval.method] += interval.holds(truth)
        return found


def place(name: str, target: str | None) -> str:
    return f"{name} {target}" if target else name


def _estimates(result: OffPolicyEvaluation) -> dict[Place, Estimate]:
    """Value and gain of each row. With named targets, the difference of each pair instead of the gain.

    Gains are then among these differences.
    """
    found: dict[Place, Estimate] = {}
    for row in result.estimates:
        found[place(row.asked.label, row.target), "value"] = row.value
        if row.target is None:
            found[place(row.asked.label, row.target), "gain"] = row.gain
    for pair in result.comparisons:
        found[pair.estimator.label, f"{pair.a} - {pair.b}"] = pair.difference
    return found


def slates(units: int = UNITS) -> Family:
    """Lists of three items out of four, with three types of users.

    They judge an item by itself, together with the items above it, or together with the whole list.
    """
    world = random_slate_world(3, 4, seed=3, interaction=0.5)
    logging, target = (random_slate_policy(world, seed, skill) for seed, skill in ((4, 0.0), (5, 0.5)))

    def log(seed: int) -> dict[str, Any]:
        table = slate_log(world, logging, target, units, seed)
        types = np.array([world.behaviours.index(name) for name in table["behaviour"].to_pylist()[::3]])
        lists = table["item_id"].to_numpy().reshape(-1, world.positions)
        return _columns(world, (logging, target), types, lists) | {"reward": table["reward"]}

    names = ("sips", "iips", "rips", "pi", "aips", "policy_aware", "cascade_dr")
    names = (*names, "snsips", "sniips", "snrips", "sips:max_weight=2")
    return Family("slates", log, names, _all_slates(world, (logging, target)))


def _all_slates(world: SlateWorld, policies: tuple[SoftmaxPolicy, SoftmaxPolicy]) -> dict[str, Any]:
    """The population: every type of user with every list, with its probability and expected rewards."""
    lists = np.array(list(product(range(world.base.shape[1]), repeat=world.positions)))
    types = np.repeat(np.arange(len(world.shares)), len(lists))
    lists = np.tile(lists, (len(world.shares), 1))
    columns = _columns(world, policies, types, lists)
    weight = np.repeat(world.shares[types], world.positions) * columns["propensity_list"]
    return columns | {"reward": world.expected_rewards(types, lists).ravel(), "weight": weight}


def _columns(
    world: SlateWorld,
    policies: tuple[SoftmaxPolicy, SoftmaxPolicy],
    types: NDArray[np.int64],
    lists: NDArray[np.int64],
) -> dict[str, Any]:
    """All columns but the reward, for ``lists``, (n, K), shown to users of ``types``, (n,).

    Exposures assume that position k is examined with probability ``1 / k``. The predicted reward to go from a
    position is the reward of its item alone. Any other numbers would serve as well.
    """
    size, places = world.positions, np.arange(world.positions)
    columns: dict[str, Any] = {
        "session_id": np.repeat(np.arange(len(lists)), size),
        "position": np.tile(places + 1, len(lists)),
        "behaviour": np.repeat(np.array(world.behaviours)[types], size),
        "q_logged": world.base[types[:, None], lists].ravel(),
    }
    for prefix, policy in zip(("", "target_"), policies, strict=True):
        table = world.probabilities(policy)
        each = table[types[:, None], places, lists]
        exposure = np.einsum("tka,k->ta", table, 1.0 / (places + 1.0))
        columns[f"{prefix}propensity"] = each.ravel()
        columns[f"{prefix}propensity_prefix"] = np.cumprod(each, axis=1).ravel()
        columns[f"{prefix}propensity_list"] = np.repeat(each.prod(axis=1), size)
        columns[f"{prefix}exposure"] = exposure[types[:, None], lists].ravel()
        columns["q_target"] = np.einsum("tka,ta->tk", table, world.base)[types].ravel()
    return columns


def clicks(units: int = UNITS) -> Family:
    """Three queries with fixed lists of four to six items, clicks under trust bias, random predictions."""
    rng = np.random.default_rng(6)
    lengths, shares = (6, 5, 4), np.array([0.5, 0.3, 0.2])
    places = np.arange(1.0, 7.0)
    theta = places**-0.7
    curves = {"examination": theta, "alpha": 0.8 * theta, "beta": 0.1 * theta}
    relevance = [rng.uniform(0.2, 0.9, length) for length in lengths]
    scores = [rng.permutation(length) for length in lengths]
    q = [rng.random(length) for length in lengths]
    rates = [0.8 * theta[: len(r)] * r + 0.1 * theta[: len(r)] for r in relevance]

    def columns(queries: NDArray[np.int64], click: list[Floats]) -> dict[str, Any]:
        return {
            "session_id": np.repeat(np.arange(len(queries)), [lengths[i] for i in queries]),
            "position": np.concatenate([places[: lengths[i]] for i in queries]),
            "click": np.concatenate(click),
            "score": np.concatenate([scores[i] for i in queries]),
            "q_logged": np.concatenate([q[i] for i in queries]),
        }

    def log(seed: int) -> dict[str, Any]:
        drawn = np.random.default_rng(seed)
        queries = drawn.choice(3, units, p=shares)
        uniform = drawn.random(int(sum(lengths[i] for i in queries)))
        expected = np.concatenate([rates[i] for i in queries])
        return columns(queries, [(uniform < expected).astype(np.float64)])

    names = (
        "click_ips",
        "click_cips:max_weight=2",
        "click_dr:max_weight=2",
        "click_affine",
        "click_dcg@3",
        "click_precision@3",
        "click_arp",
        "click_snips",
        "replay_ips",
    )
    population = columns(np.arange(3), rates) | {"weight": np.repeat(shares, lengths)}
    return Family("clicks", log, names, population, options={"position_bias": curves})


def loggers(units: int = UNITS) -> Family:
    """Rounds of three logging policies, one of which rarely takes the best action."""
    policies = np.array([[0.7, 0.1, 0.1, 0.1], [0.1, 0.2, 0.3, 0.4], [0.25, 0.25, 0.25, 0.25]])
    target, mean = np.array([0.1, 0.2, 0.2, 0.5]), np.array([0.2, 0.5, 0.4, 0.8])
    predicted, shares = np.array([0.3, 0.4, 0.5, 0.6]), np.array([0.5, 0.2, 0.3])

    def log(seed: int) -> pa.Table:
        rng = np.random.default_rng(seed)
        logger = rng.choice(3, units, p=shares)
        action = (rng.random((units, 1)) >= np.cumsum(policies, axis=1)[logger, :-1]).sum(axis=1)
        return pa.table(
            {
                "logger": logger,
                "reward": (rng.random(units) < mean[action]).astype(np.float64),
                "propensity": policies[logger, action],
                "logger_propensities": pa.array(list(policies[:, action].T)),
                "target_propensity": target[action],
                "q_logged": predicted[action],
                "q_target": np.full(units, target @ predicted),
            }
        )

    forms = ("naive", "balanced", "weighted")
    names = tuple(
        f"{name}:loggers={form}" if form != "naive" else name
        for name in ("ips", "snips", "dr", "sndr")
        for form in forms
    )
    truth = {"": float(target @ mean), "logged": float(shares @ policies @ mean)}
    return Family("loggers", log, names, truth=truth)


def targets(units: int = UNITS) -> Family:
    """Two target policies over candidate lists, and their difference, with the predictions of the world."""
    world = random_world(contexts=6, actions=5, seed=8, mean=0.4).with_model_error(0.05, 0.05, 9)
    logging = random_policy(world, 10, skill=0.2, temperature=2.0)
    policies = {
        "good": random_policy(world, 11, skill=0.8),
        "bad": random_policy(world, 12, skill=-0.3, temperature=2.0),
    }

    def log(seed: int) -> pa.Table:
        table = bandit_log(world, logging, policies["good"], units, seed, layout="candidates")
        lists = policies["bad"].probabilities[table["context"].to_numpy()]
        table = table.append_column("bad", pa.array(list(lists)))
        return table.append_column("x", table["context"].cast(pa.string()))

    return Family(
        "targets",
        log,
        ("ips", "snips", "dr", "sndr"),
        truth={name: world.value(policy) for name, policy in policies.items()}
        | {"logged": world.value(logging)},
        options={"target": {"good": "candidate_target_propensities", "bad": "bad"}},
    )


def fitted() -> Family:
    """The same targets, with predictions by cross-fitting."""
    family = targets()
    return Family(
        "cross-fitted",
        family.log,
        ("dr", "sndr"),
        truth=family.truth,
        options={**family.options, "reward_model": "ridge", "features": "x"},
    )


FAMILIES = {family.__name__: family for family in (slates, clicks, loggers, targets, fitted)}
