"""Logs whose weights are lognormal, and logs of users with tastes of their own."""

from __future__ import annotations

import numpy as np

from benchmarks.hard_coverage.reward_rows import Weights
from benchmarks.verdict_study.bandit_worlds import NAMES, SIZES, Floats, log_uniform, random_rate
from benchmarks.verdict_study.case import Case


def tails(rng: np.random.Generator) -> Case:
    """Lognormal weights, whose sigma is between 0.3 and 2.2, and a reward that depends on them or not."""
    n = round(log_uniform(rng, *SIZES))
    rate = random_rate(rng, n)
    weights, slope = Weights.lognormal(float(rng.uniform(0.3, 2.2))), float(rng.uniform(-0.9, 0.9))

    def chance(of: Floats) -> Floats:
        return np.asarray(rate * (1.0 + slope * np.tanh(np.log(of))))

    def predicted(of: Floats) -> Floats:
        return np.asarray(rate * (1.0 + 0.5 * slope * np.tanh(np.log(of))))

    w, atoms = weights.draw(rng, n), weights.atoms
    propensity = 0.5 / np.maximum(w, 1.0)
    log = {
        "propensity": propensity,
        "target_propensity": propensity * w,
        "reward": (rng.random(n) < chance(w)).astype(float),
        "q_logged": predicted(w),
        "q_target": np.full(n, weights.mean(atoms * predicted(atoms))),
    }
    return Case(log, NAMES, weights.mean(atoms * chance(atoms)), weights.mean(chance(atoms)))


def users(rng: np.random.Generator) -> Case:
    """Rounds of users with a click rate of their own for each of two actions; half of the logs name users."""
    count = round(log_uniform(rng, 20, 2000))
    sizes = 1 + rng.poisson(rng.lognormal(rng.uniform(0.0, 3.0), rng.uniform(0.0, 1.5), count))
    user = np.repeat(np.arange(count), np.minimum(sizes, 2000))
    means = np.array([log_uniform(rng, 0.02, 0.5), log_uniform(rng, 0.02, 0.5)])
    concentration = log_uniform(rng, 0.5, 1000.0)
    tastes = rng.beta(concentration * means, concentration * (1.0 - means), (count, 2))
    first, target = rng.uniform(0.1, 0.9), rng.uniform(0.0, 1.0)
    action = (rng.random(len(user)) >= first).astype(np.int64)
    logger, wanted = np.array([first, 1.0 - first]), np.array([target, 1.0 - target])
    log = {
        "user_id": user,
        "action": action,
        "propensity": logger[action],
        "target_propensity": wanted[action],
        "reward": (rng.random(len(user)) < tastes[user, action]).astype(float),
        "q_logged": means[action],
        "q_target": np.full(len(user), float(wanted @ means)),
    }
    named = bool(rng.random() < 0.5)
    options = {"cluster": "user_id"} if named else {}
    kind = "users named" if named else "users forgotten"
    return Case(log, NAMES, float(wanted @ means), float(logger @ means), kind, options)
