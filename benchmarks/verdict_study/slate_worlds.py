"""Logs of lists from a product policy, for users who judge items alone, from the top, or all together."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from benchmarks.verdict_study.bandit_worlds import log_uniform
from benchmarks.verdict_study.case import Case
from rankeval.simulators.bandits import random_slate_policy, random_slate_world, slate_log

NAMES = ("sips", "snsips", "iips", "rips")
USERS = ("independent", "cascade", "standard")
#: What ``ope`` must not see, as a log of a firm has none of it.
HIDDEN = ["behaviour", "device", "activity"]


def slates(rng: np.random.Generator) -> Case:
    """Lists of 2 to 5 items for users of one kind or of three; one log in five has stale propensities."""
    kind = str(rng.choice([*USERS, "mixed"]))
    users = USERS if kind == "mixed" else (kind,)
    positions, items = int(rng.integers(2, 6)), int(rng.integers(3, 9))
    seeds = rng.integers(0, 2**31, 5).tolist()
    world = random_slate_world(
        positions,
        items,
        seeds[0],
        behaviours=users,
        interaction=float(rng.uniform(0.2, 3.0)),
        noise=float(rng.uniform(0.1, 1.0)),
    )
    heat, skill = log_uniform(rng, 0.2, 2.0), float(rng.uniform(-0.5, 1.0))
    logger = random_slate_policy(world, seeds[1], temperature=heat)
    target = random_slate_policy(world, seeds[2], skill, log_uniform(rng, 0.2, 2.0))
    log = slate_log(world, logger, target, round(log_uniform(rng, 300, 20_000)), seeds[3])
    log = log.drop_columns(HIDDEN)
    if rng.random() < 0.2:
        log, kind = stale(np.random.default_rng(seeds[4]), log, positions, items), f"{kind}, stale"
    return Case(log, NAMES, world.value(target), world.value(logger), kind)


def stale(rng: np.random.Generator, log: pa.Table, positions: int, items: int) -> pa.Table:
    """The log with the propensities of another version of the logger."""
    factor = np.exp(rng.uniform(0.1, 0.5) * rng.standard_normal((positions, items)))
    each = factor[log["position"].to_numpy() - 1, log["item_id"].to_numpy()].reshape(-1, positions)
    prefix = np.cumprod(each, axis=1)
    whole = np.repeat(prefix[:, -1:], positions, axis=1)
    for name, by in (("propensity", each), ("propensity_prefix", prefix), ("propensity_list", whole)):
        wrong = np.minimum(log[name].to_numpy() * by.ravel(), 1.0)
        log = log.set_column(log.column_names.index(name), name, [wrong])
    return log
