"""Whether ``plan ab`` keeps its word, and looks their level: ``python -m benchmarks.ab_power [--tests N]``.

Sessions of users who differ: a user's level is gamma with mean 1 and variance 1/4, a session has Poisson
clicks with twice this mean, and the value of before is the level. A test has the number of sessions that
``plan_ab`` found in one of 20 logs of 300,000 users; users, or sessions where these are the units, are
assigned by the toss of a coin. Every test is analysed by ``ab``; it finds the effect if p < 0.05. The tests
of looks have no effect and 20 looks; one errs if any look has p < 0.05.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rankeval import ab, plan_ab
from rankeval.ab_tests.looks import critical_values
from rankeval.ab_tests.sequences import sequence_multiplier

Floats = NDArray[np.float64]
Table = dict[str, NDArray[Any]]
USERS, PLANS = 300_000, 20
LOOKS, STEP, LEVEL = 20, 200, 0.05
ARMS = np.array(["control", "new"])


def sessions_of(rng: np.random.Generator, users: int) -> Table:
    """The sessions of some users, 4 each on average, without any effect."""
    user = np.repeat(np.arange(users), rng.poisson(3.0, users) + 1)
    level = rng.gamma(4.0, 0.25, users)[user]
    shown = rng.poisson(4.0, len(user)) + 1.0
    return {
        "user": user,
        "before": level,
        "clicks": rng.poisson(2.0 * level).astype(np.float64),
        "bought": (rng.random(len(user)) < 0.1).astype(np.float64),
        "shown": shown,
        "hits": rng.binomial(shown.astype(np.int64), 0.3).astype(np.float64),
    }


@dataclass(frozen=True)
class Kind:
    """A kind of test.

    Attributes:
        name: what it is called.
        asked: the options of ``plan_ab`` and ``ab``.
        effect: the relative effect.
        column: the column that the effect changes.
        per: the column that the absolute effect is for each unit of; None: it is for a session.
    """

    name: str
    asked: Mapping[str, str]
    effect: float
    column: str = "clicks"
    per: str | None = None

    @property
    def clustered(self) -> bool:
        """Whether users are assigned, and not sessions."""
        return "cluster" in self.asked


KINDS = (
    Kind("Welch's t", {"metric": "clicks"}, 0.1),
    Kind("chi-square", {"metric": "bought"}, 0.25, "bought"),
    Kind("CUPED", {"metric": "clicks", "covariate": "clicks=before"}, 0.1),
    Kind("ratio of means", {"ratio": "rate=hits:shown"}, 0.1, "hits", "shown"),
    Kind("clusters", {"metric": "clicks", "cluster": "user"}, 0.1),
    Kind("clusters, CUPED", {"metric": "clicks", "covariate": "clicks=before", "cluster": "user"}, 0.1),
)


def simulated(kind: Kind, sessions: int, absolute: float, seed: int) -> Table:
    """One test with the number of sessions that was planned, and with the absolute effect."""
    rng = np.random.default_rng([17, seed])
    users = round(sessions / 4) if kind.clustered else sessions // 2 + 10
    table = sessions_of(rng, users)
    if not kind.clustered:
        chosen = rng.permutation(len(table["user"]))[:sessions]
        table = {name: values[chosen] for name, values in table.items()}
    n = len(table["user"])
    arm = rng.integers(0, 2, users)[table["user"]] if kind.clustered else rng.integers(0, 2, n)
    if kind.column == "bought":
        chance = absolute / (1.0 - 0.1)  # of a session that bought nothing
        table["bought"] = np.maximum(table["bought"], arm * (rng.random(n) < chance))
    else:
        table[kind.column] = table[kind.column] + arm * absolute * (table[kind.per] if kind.per else 1.0)
    return table | {"arm": ARMS[arm]}


def finds(kind: Kind, table: Table) -> bool:
    """Whether ``ab`` finds an effect."""
    p = ab(table, "arm", threads=1, **kind.asked).results[0].p_value
    return p is not None and p < LEVEL


def power_row(kind: Kind, tests: int) -> tuple[str, str, str, str]:
    """A row of the table: planned power, and the share of tests that found the effect."""
    found, sessions = 0, []
    for planned in range(PLANS):
        log = sessions_of(np.random.default_rng([5, planned]), USERS)
        plan = plan_ab(log, effect=kind.effect, **kind.asked).results[0]
        assert plan.sessions is not None
        assert plan.effect is not None
        sessions.append(plan.sessions)
        for seed in range(planned, tests, PLANS):
            found += finds(kind, simulated(kind, plan.sessions, plan.effect, seed))
    return kind.name, f"{min(sessions):,} to {max(sessions):,}", f"{tests:,}", share(found, tests)


def share(found: int, tests: int) -> str:
    """A share of the tests in percent, with its standard error."""
    mean = found / tests
    return f"{100 * mean:.2f} +- {100 * (mean * (1 - mean) / tests) ** 0.5:.2f} %"


def bernoulli(rng: np.random.Generator, n: int) -> Floats:
    return (rng.random(n) < 0.05).astype(np.float64)


VALUES: Mapping[str, Callable[[np.random.Generator, int], Floats]] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "5 % successes": bernoulli,
    "lognormal, sigma 1.5": lambda rng, n: rng.lognormal(0.0, 1.5, n),
}
#: What allows for looks.
ALLOWED = ("nothing", "obrien_fleming", "pocock", "sequence")


def crossed(table: Table, look: int) -> dict[str, bool]:
    """What allows for looks -> whether p < 0.05 at this look, from one call of ``ab``.

    The tests that allow for looks compare the statistic of Welch's test, as a normal quantile, with their
    limit. Adding 1 gives values 0 and 1 this statistic too.
    """
    rows = {name: values[: look * STEP] for name, values in table.items()}
    row = ab(rows, "arm", metric="y=y + 1", threads=1).results[0]
    if row.p_value is None or not row.difference.std_error:
        return dict.fromkeys(ALLOWED, False)
    z = -NormalDist().inv_cdf(max(row.p_value / 2.0, 1e-300))
    apart = abs(row.difference.value or 0.0) / row.difference.std_error
    shares = tuple(k / LOOKS for k in range(1, LOOKS + 1))
    limits = {name: critical_values(name, shares, LEVEL)[look - 1] for name in ("obrien_fleming", "pocock")}
    return {
        "nothing": row.p_value < LEVEL,
        **{name: z >= limit for name, limit in limits.items()},
        "sequence": apart >= sequence_multiplier(row.n + row.control_n, LOOKS * STEP, LEVEL),
    }


def null_test(draw: Callable[[np.random.Generator, int], Floats], seed: int) -> Table:
    """A test without any effect, with the units of all looks."""
    rng = np.random.default_rng([18, seed])
    return {"y": draw(rng, LOOKS * STEP), "arm": ARMS[rng.integers(0, 2, LOOKS * STEP)]}


def look_rows(tests: int) -> Iterator[tuple[str, str, str, str]]:
    """A row for every kind of values, and for all that allows for looks."""
    for values, draw in VALUES.items():
        found = dict.fromkeys(ALLOWED, 0)
        for seed in range(tests):
            table = null_test(draw, seed)
            looks = [crossed(table, look) for look in range(1, LOOKS + 1)]
            for allowed in ALLOWED:
                found[allowed] += any(look[allowed] for look in looks)
        for allowed, erred in found.items():
            yield values, allowed, f"{tests:,}", share(erred, tests)


def normal_statistics(sums: Floats, squares: Floats) -> Floats:
    """(n, looks) the statistic of Welch's test at each look, as a normal quantile.

    Args:
        sums, squares: (2, n, looks) of the values of either arm up to each look, ``STEP / 2`` more at each.
    """
    from scipy import stats

    units = STEP / 2.0 * np.arange(1, LOOKS + 1)
    errors = (squares - sums**2 / units) / (units - 1.0) / units
    variance = errors.sum(axis=0)
    degrees = variance**2 / (errors**2 / (units - 1.0)).sum(axis=0)
    t = np.abs(sums[0] - sums[1]) / units / np.sqrt(variance)
    return np.asarray(stats.norm.isf(stats.t.sf(t, degrees)))


def boundary_rows(tests: int) -> Iterator[tuple[str, str, str, str]]:
    """How often boundaries err with normal values and even arms: enough tests to tell 5.0 from 5.1 %.

    Sums and sums of squares are drawn as what they are, normal and chi-square.
    """
    shares, rng = tuple(k / LOOKS for k in range(1, LOOKS + 1)), np.random.default_rng(19)
    limits = {name: np.array(critical_values(name, shares, LEVEL)) for name in ("obrien_fleming", "pocock")}
    erred, block, each = dict.fromkeys(limits, 0), 1_000, STEP // 2
    for _ in range(tests // block):
        sums = rng.normal(0.0, each**0.5, (2, block, LOOKS))
        squares = rng.chisquare(each - 1.0, sums.shape) + sums**2 / each
        z = normal_statistics(sums.cumsum(axis=2), squares.cumsum(axis=2))
        for name, limit in limits.items():
            erred[name] += int((z >= limit).any(axis=1).sum())
    for name, number in erred.items():
        yield "normal, even arms", name, f"{tests // block * block:,}", share(number, tests // block * block)


def main() -> None:
    """Print a table of power, and one of looks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tests", type=int, default=2_000)
    parser.add_argument("--only", default="", help="the rows of power whose name holds this text, or 'looks'")
    arguments = parser.parse_args()
    print("| test | sessions | tests | found, planned 80 % |\n|---|---|---|---|", flush=True)
    for kind in KINDS:
        if arguments.only in kind.name:
            print(f"| {' | '.join(power_row(kind, arguments.tests))} |", flush=True)
    if arguments.only in ("", "looks"):
        print(f"\n| values | allows for looks | tests | erred at one of {LOOKS} looks |\n|---|---|---|---|")
        for row in chain(boundary_rows(200 * arguments.tests), look_rows(arguments.tests)):
            print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
