"""Whether intervals of position-bias curves hold: ``python -m benchmarks.propensity_coverage [--logs N]``.

The world is position-based, with 10 positions and examination 1 / k. Each method gets logs of a design that
it is made for. At every position after the first, a 95 % interval passes unless an exact binomial test
rejects the hypothesis that its coverage is within 93 to 97 %. The tests of all cells are adjusted by Holm. In
families with users, the clicks in the sessions of one user depend on one another, and errors are clustered by
user.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.coverage import rejected
from rankeval import propensity

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SESSIONS = 20_000
POSITIONS = 10
QUERIES = 8
METHODS = ("normal", "bootstrap")
THETA = 1.0 / np.arange(1.0, POSITIONS + 1.0)
#: Position, from 1, and method of the interval.
Cell = tuple[int, str]


@dataclass(frozen=True)
class Orders:
    """The orders that n sessions show: (n, K) item at each position, and log columns of the design."""

    items: Ints
    columns: dict[str, Any]


Design = Callable[[np.random.Generator, Ints], Orders]


def _base(queries: Ints) -> Ints:
    """(n, K) the base order of each query."""
    return (np.arange(POSITIONS) + queries[:, np.newaxis]) % POSITIONS


def rankers(rng: np.random.Generator, queries: Ints) -> Orders:
    """Orders of three rankers, each with its own fixed order for every query."""
    fixed = np.random.default_rng(0).random((int(queries.max()) + 1, 3, POSITIONS)).argsort(axis=2)
    ranker = rng.integers(0, 3, len(queries))
    return Orders(fixed[queries, ranker], {"ranker": ranker})


def shuffled(rng: np.random.Generator, queries: Ints) -> Orders:
    """Orders with all items in random order."""
    items = rng.permuted(_base(queries), axis=1)
    return Orders(items, {"shuffled": np.ones(len(queries), np.bool_)})


def swapped(rng: np.random.Generator, queries: Ints) -> Orders:
    """Base orders with positions 1 and k exchanged with probability 1/2; k is drawn uniformly."""
    items, rows = _base(queries), np.arange(len(queries))
    high = rng.integers(2, POSITIONS + 1, len(queries))
    exchanged = rows[rng.random(len(queries)) < 0.5]
    places = high[exchanged] - 1
    items[exchanged, 0], items[exchanged, places] = items[exchanged, places], items[exchanged, 0]
    return Orders(items, {"swap_low": np.ones(len(queries), np.int64), "swap_high": high})


def pairs_swapped(rng: np.random.Generator, queries: Ints) -> Orders:
    """Base orders with one uniformly drawn pair of positions exchanged, and their marginal propensities."""
    items, rows = _base(queries), np.arange(len(queries))
    low, high = np.triu_indices(POSITIONS, 1)
    drawn = rng.integers(0, len(low), len(queries))
    a, b = low[drawn], high[drawn]
    base = _base(queries)
    items[rows, a], items[rows, b] = base[rows, b], base[rows, a]
    propensity = np.where(items == base, 1.0 - (POSITIONS - 1) / len(low), 1.0 / len(low))
    return Orders(items, {"propensity": propensity})


@dataclass(frozen=True)
class Family:
    """A method with its options, and a design that the method is made for.

    ``per_user``: number of sessions of each user.
    """

    name: str
    method: str
    design: Design
    options: tuple[tuple[str, Any], ...] = ()
    per_user: int = 1
    sessions: int = SESSIONS
    queries: int = QUERIES

    @cached_property
    def alpha(self) -> Floats:
        """(queries, items) relevance."""
        return np.random.default_rng(5).uniform(0.2, 0.6, (self.queries, POSITIONS))

    def log(self, seed: int) -> dict[str, Any]:
        """The log of a seed, with a row an item."""
        rng = np.random.default_rng([11, seed])
        n = self.sessions
        queries = rng.integers(0, self.queries, n)
        orders = self.design(rng, queries)
        user = np.arange(n) // self.per_user
        eager = np.where(rng.random(user[-1] + 1) < 0.5, 0.6, 1.4) if self.per_user > 1 else np.ones(n)
        chance = THETA * self.alpha[queries[:, np.newaxis], orders.items] * eager[user][:, np.newaxis]
        clicks = rng.random((n, POSITIONS)) < chance
        once = {"session_id": np.arange(n), "query_id": queries, "user_id": user}
        once |= {name: values for name, values in orders.columns.items() if np.ndim(values) == 1}
        each = {name: values.ravel() for name, values in orders.columns.items() if np.ndim(values) == 2}
        return {
            **{name: np.repeat(values, POSITIONS) for name, values in once.items()},
            **each,
            "item_id": orders.items.ravel(),
            "position": np.tile(np.arange(1, POSITIONS + 1), n),
            "click": clicks.ravel().astype(np.int8),
        }

    def hits(self, logs: int, methods: Sequence[str] = METHODS, level: float = 0.95) -> Counter[Cell]:
        """For each cell the number of logs, out of ``logs``, whose interval covers the examination."""
        found: Counter[Cell] = Counter()
        cluster = "user_id" if self.per_user > 1 else None
        for seed in range(logs):
            result = propensity(
                self.log(seed), self.method, ci=list(methods), level=level, cluster=cluster, seed=seed,
                replicates=400, threads=1, **dict(self.options),
            )  # fmt: skip
            for intervals in result.curves[None].intervals:
                for k, interval in enumerate(intervals[1:], 1):
                    found[k + 1, interval.method] += interval.holds(THETA[k])
        return found


FAMILIES = {
    family.name: family
    for family in (
        Family("shuffle", "shuffle", shuffled),
        Family("swap", "swap", swapped),
        Family("pair", "pair", pairs_swapped),
        Family("pivot harmonic", "pivot", rankers, (("weights", "harmonic"),)),
        Family("chain harmonic", "chain", shuffled, (("weights", "harmonic"),)),
        Family("allpairs", "allpairs", rankers),
        Family("allpairs harmonic", "allpairs", rankers, (("weights", "harmonic"),)),
        Family("em", "em", rankers),
        Family("em, 250 impressions a pair", "em", rankers, queries=80),
        Family("shuffle, users", "shuffle", shuffled, per_user=5),
        Family("swap, users", "swap", swapped, per_user=5),
        Family("allpairs, users", "allpairs", rankers, per_user=5),
        Family("em, users", "em", rankers, per_user=5),
    )
}


def cells(methods: Sequence[str] = METHODS) -> list[Cell]:
    """All cells of a family."""
    return [(k, method) for method in methods for k in range(2, POSITIONS + 1)]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--logs", type=int, default=2000)
    parser.add_argument("--only", nargs="*", default=list(FAMILIES))
    arguments = parser.parse_args()
    found = {name: FAMILIES[name].hits(arguments.logs) for name in arguments.only}
    flags = iter(rejected([found[name][cell] for name in found for cell in cells()], arguments.logs))
    print(f"{arguments.logs} logs of {SESSIONS:,} sessions, coverage in % of 95 % intervals by position\n")
    print("| | interval | " + " | ".join(str(k) for k in range(2, POSITIONS + 1)) + " |")
    print("|---|---" + "|---:" * (POSITIONS - 1) + "|")
    for name, counts in found.items():
        for method in METHODS:
            shares = [counts[k, method] / arguments.logs for k in range(2, POSITIONS + 1)]
            texts = " | ".join(f"{100 * share:.1f}{' (out)' * next(flags)}" for share in shares)
            print(f"| {name} | {method} | {texts} |", flush=True)


if __name__ == "__main__":
    main()
