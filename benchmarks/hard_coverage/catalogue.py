"""The catalogue of rows: a name, and a function that simulates one log and gives its outcomes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from benchmarks.hard_coverage.continuous_rows import ContinuousActions
from benchmarks.hard_coverage.dependence_rows import Thinned, Users, even, fan_out, one_large, zipf
from benchmarks.hard_coverage.family_rows import Curves, OfFamily
from benchmarks.hard_coverage.metric_rows import FewQueries, InterleavedUsers, many_segments
from benchmarks.hard_coverage.model_rows import BestOf, FittedModels
from benchmarks.hard_coverage.outcomes import Outcome
from benchmarks.hard_coverage.reward_rows import (
    LIGHT,
    Betting,
    RareHarm,
    RareRewards,
    SoftmaxLogger,
    Weights,
)
from benchmarks.more_coverage import clicks, loggers, slates, targets

Row = Callable[[np.random.Generator, Sequence[str]], Iterator[Outcome]]

BY_USER = (("cluster", "user_id"),)
_SIZES = {
    "60 users, one with half": one_large(60, 0.5, 1200),
    "100 users, Zipf sizes": zipf(100, 2000),
    "30 users, one with 80 %": one_large(30, 0.8, 1000),
    "500 users, even": even(500, 10),
}
_WEIGHTS = {"light": LIGHT, "lognormal 1": Weights.lognormal(1.0), "lognormal 2": Weights.lognormal(2.0)}
_GRID = {
    f"rate {100 * rate:g} %, n {n}, {name} weights": RareRewards(n, rate, weights)
    for name, weights in _WEIGHTS.items()
    for rate in (0.002, 0.05, 0.5)
    for n in (500, 1000, 20_000)
}

ROWS: dict[str, Row] = {
    "rare: rate 0.2 %, n 5000, lognormal 0.73": RareRewards(5000, 0.002, Weights.lognormal(0.73)),
    "rare: rate 0.4 %, n 500, weights 0.2 or 1.8": RareRewards(500, 0.004, LIGHT),
    "rare: no reward, n 500": RareRewards(500, 1e-9, LIGHT),
    "softmax: 100 actions, n 2000": SoftmaxLogger(2000),
    "costs: rare harmful action, n 2000": RareHarm(),
    **{f"clustered: {name}": Users(sizes, BY_USER) for name, sizes in _SIZES.items()},
    **{f"not clustered: {name}": Users(sizes) for name, sizes in _SIZES.items()},
    "models: ridge, n 1000": FittedModels(1000),
    **{f"continuous: n {n}": ContinuousActions(n) for n in (500, 5000)},
    "best: of 10 equal, n 2000": BestOf(10, 2000),
    "thinned: 7 % in weight": Thinned(20_000, 0.07, "weight"),
    "thinned: 10 % in weight, whole": Thinned(20_000, 0.1, "weight"),
    "thinned: 7 % in sampling_weight": Thinned(20_000, 0.07, "sampling_weight"),
    "fan-out: x 4": fan_out,
    **{f"queries: {n}": FewQueries(n) for n in (6, 10, 20, 50, 300)},
    "segments: 20 x 5 metrics": many_segments,
    "interleaving: 500 users, no cluster": InterleavedUsers(500, 10),
    "interleaving: 500 users": InterleavedUsers(500, 10, "user_id"),
    **{
        f"{family.__name__}: n {n}": OfFamily(family, n)
        for family in (slates, clicks, loggers, targets)
        for n in (500, 1000)
    },
    **{
        f"curve: {name}, 5000 sessions": Curves(name, 5000)
        for name in ("shuffle", "swap", "allpairs", "em", "em, 250 impressions a pair", "shuffle, users")
    },
    **{
        f"betting: rate {100 * rate:g} %, n {n}": Betting(RareRewards(n, rate, LIGHT))
        for rate in (0.002, 0.05, 0.5)
        for n in (500, 1000, 20_000)
    },
    **_GRID,
}
