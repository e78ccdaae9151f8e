"""Cases that mislead whoever reads the estimate alone, and what the verdict says of them.

``python -m benchmarks.verdict_study.known_cases [--shared FOLDER]``: the folder of reference data has the
logs of the Open Bandit Dataset, campaign men; without it they are left out.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.verdict_study.bandit_worlds import Floats
from rankeval import ope, propensity
from rankeval.notes import LEVELS
from rankeval.off_policy.rows import EstimateRow
from rankeval.simulators.click_models import ClickModel, parse_click_model

LOGS = 60


@dataclass(frozen=True)
class Repeated:
    """One world with many logs.

    Attributes:
        name: what it shows.
        truth: the exact gain.
        draw: a seed -> the estimate of one log.
        logs: number of logs.
    """

    name: str
    truth: float
    draw: Callable[[int], EstimateRow]
    logs: int = LOGS

    def line(self) -> str:
        """Mean gain, how often it excludes 0 and holds the truth, levels of the verdict, and reasons."""
        rows = [self.draw(seed) for seed in range(self.logs)]
        gains = [row.gain.value or 0.0 for row in rows]
        ends = [(one.low, one.high) for row in rows for one in row.gain.intervals[:1]]
        known = [(low, high) for low, high in ends if low is not None and high is not None]
        claimed = sum(not low <= 0.0 <= high for low, high in known)
        held = sum(low - 1e-12 <= self.truth <= high + 1e-12 for low, high in known)
        levels = Counter(row.verdict.level for row in rows)
        codes = Counter(code for row in rows for code in dict.fromkeys(reason.code for reason in row.reasons))
        said = ", ".join(f"{level} {levels[level]}" for level in LEVELS if levels[level])
        reasons = ", ".join(f"`{code}` {count}" for code, count in codes.most_common(3))
        cells = (
            f"{self.truth:+.4f}",
            f"{np.mean(gains):+.4f}",
            f"{claimed} / {len(known)}",
            f"{held} / {len(known)}",
        )
        return f"| {self.name} | {' | '.join(cells)} | {said} | {reasons} |"


def _rounds(
    logger: Floats, target: Floats, means: Floats, n: int, name: str, **options: Any
) -> tuple[float, Callable[[int], EstimateRow]]:
    """The gain of a world without contexts, and its logs with lists of candidates."""

    def draw(seed: int) -> EstimateRow:
        rng = np.random.default_rng(seed)
        action = rng.choice(len(logger), n, p=logger)
        log = {
            "action": action,
            "reward": (rng.random(n) < means[action]).astype(float),
            "candidate_propensities": [logger.tolist()] * n,
            "candidate_target_propensities": [target.tolist()] * n,
        }
        return ope(log, name, threads=1, **options).estimates[0]

    return float(means @ (target - logger)), draw


def supports() -> Iterator[Repeated]:
    """A small part of the target where nothing, or hardly anything, is logged, and brings less."""
    means = np.array([0.44, 0.5, 0.56, 0.034])
    target = np.array([0.96 * 0.2, 0.96 * 0.33, 0.96 * 0.47, 0.04])
    for share, n in ((0.0, 20_000), (0.0005, 1_000), (0.0005, 2_000)):
        logger = np.array([(1.0 - share) / 3.0] * 3 + [share])
        where = "never logged" if share == 0.0 else f"logged with probability {share:g}"
        yield Repeated(
            f"4 % of the target {where}, n {n:,}, `snips`", *_rounds(logger, target, means, n, "snips")
        )
    far = np.array([0.7 * 0.2, 0.7 * 0.33, 0.7 * 0.47, 0.3])
    logger = np.array([1.0 / 3.0] * 3 + [0.0])
    yield Repeated(
        "30 % of the target never logged, n 2,000, `ips`", *_rounds(logger, far, means, 2_000, "ips")
    )


def propensities() -> Iterator[Repeated]:
    """The logger as its own target, with right propensities and wrong ones."""
    p, means = np.array([0.5, 0.3, 0.2]), np.array([0.1, 0.2, 0.3])
    for name, factor, spread, n in (
        ("the logger itself", 1.0, 0.0, 4_000),
        ("the logger itself, propensities halved", 0.5, 0.0, 4_000),
        ("mean weight 4.5 % off by z -70", 1.0 / 0.955, 0.0862, 8_000),
    ):

        def draw(seed: int, factor: float = factor, spread: float = spread, n: int = n) -> EstimateRow:
            rng = np.random.default_rng(seed)
            action = rng.choice(3, n, p=p)
            noise = 1.0 + spread * rng.choice([-1.0, 1.0], n)
            log = {
                "reward": (rng.random(n) < means[action]).astype(float),
                "propensity": p[action] * factor / 1.2,
                "target_propensity": p[action] * noise / 1.2,
            }
            return ope(log, "ips", threads=1).estimates[0]

        yield Repeated(f"{name}, n {n:,}, `ips`", 0.0, draw)

    def one_row(seed: int) -> EstimateRow:
        weights = np.ones(1_001)
        weights[0] = 1_000.0
        rng = np.random.default_rng(seed)
        return ope({"reward": rng.integers(0, 2, 1_001), "importance_weight": weights}, "snips").estimates[0]

    yield Repeated("one row with half of the weight, `snips`", 0.0, one_row)


@dataclass(frozen=True)
class Shuffled:
    """A fixed ranker with 8 % of 40,000 sessions shuffled; the curve comes from these.

    Attributes:
        model: how users click.
        candidate: the order of the candidate, in ranks of the ranker; None: the ranker itself.
    """

    model: ClickModel
    candidate: tuple[int, ...]
    where: str | None = "not shuffled"
    attractiveness: tuple[float, ...] = (0.6, 0.45, 0.5, 0.35, 0.4, 0.3)
    satisfaction: tuple[float, ...] = (0.9, 0.5, 0.8, 0.4, 0.7, 0.3)

    def clicks(self, order: Any) -> float:
        """The exact clicks of a session that shows the items in this order."""
        shown = (np.array(each)[np.asarray(order)][None] for each in (self.attractiveness, self.satisfaction))
        return float(self.model.click_probabilities(*shown).sum())

    @property
    def truth(self) -> float:
        """The exact gain over the ranker."""
        return self.clicks(self.candidate) - self.clicks(range(len(self.candidate)))

    def draw(self, seed: int, n: int = 40_000) -> EstimateRow:
        """The estimate of one log."""
        rng, size = np.random.default_rng(seed), len(self.candidate)
        shuffled = rng.random(n) < 0.08
        order = np.where(shuffled[:, None], rng.random((n, size)).argsort(axis=1), np.arange(size))
        shown = (np.array(each)[order] for each in (self.attractiveness, self.satisfaction))
        log = {
            "session_id": np.repeat(np.arange(n), size),
            "query_id": np.zeros(n * size, np.int64),
            "item_id": order.ravel(),
            "position": np.tile(np.arange(1, size + 1), n),
            "click": self.model.sample(rng, *shown).ravel().astype(np.int64),
            "score": -np.argsort(self.candidate)[order].ravel().astype(float),
            "shuffled": np.repeat(shuffled, size),
        }
        curve = json.loads(propensity(log, "shuffle", threads=1).render("json"))
        return ope(log, "click_ips", position_bias=curve, where=self.where, threads=1).estimates[0]


def user_models(logs: int = 15) -> Iterator[Repeated]:
    """Users of five kinds whose log `click_ips` reads as if they were position-based."""
    size, swapped, same = 6, (2, 1, 0, 4, 3, 5), tuple(range(6))
    models: Mapping[str, dict[str, Any]] = {
        "pbm": {"name": "pbm", "eta": 1},
        "cascade": {"name": "cascade"},
        "sdbn": {"name": "sdbn"},
        "dbn": {"name": "dbn", "gamma": 0.8},
        "trust bias": {
            "name": "pbm_trust",
            "examination": [1.0, 0.9, 0.8, 0.7, 0.6, 0.5],
            "eps_plus": [1.0] * size,
            "eps_minus": [0.7, 0.4, 0.2, 0.1, 0.05, 0.02],
        },
    }
    for name, options in models.items():
        case = Shuffled(parse_click_model(options, size), swapped)
        yield Repeated(
            f"users: {name}, 8 % of 40,000 sessions shuffled, `click_ips`", case.truth, case.draw, logs
        )
    itself = Shuffled(parse_click_model(models["pbm"], size), same, where=None)
    yield Repeated("the ranker against itself, shuffled rows forgotten, `click_ips`", 0.0, itself.draw, 20)


def assumptions() -> Iterator[Repeated]:
    """Random orders of three items; users leave at a click, so that all orders have equal clicks."""
    orders = np.array(list(permutations(range(3))))
    relevance, theta = np.array([0.8, 0.5, 0.2]), np.array([1.0, 0.6, 0.3])
    target = np.array([0.4, 0.2, 0.2, 0.1, 0.05, 0.05])
    places = np.array([[target[orders[:, k] == d].sum() for d in range(3)] for k in range(3)])
    names = ("sips", "iips", "policy_aware")
    for index, name in enumerate(names):

        def draw(seed: int, index: int = index, n: int = 20_000) -> EstimateRow:
            rng = np.random.default_rng(seed)
            order = rng.integers(0, 6, n)
            items = orders[order]
            liked = rng.random((n, 3)) < relevance[items]
            log = {
                "session_id": np.repeat(np.arange(n), 3),
                "position": np.tile([1, 2, 3], n),
                "click": (liked & (np.cumsum(liked, 1) == 1)).ravel().astype(np.int64),
                "propensity_list": np.full(3 * n, 1 / 6),
                "target_propensity_list": np.repeat(target[order], 3),
                "propensity": np.full(3 * n, 1 / 3),
                "target_propensity": places[np.arange(3), items].ravel(),
                "exposure": np.full(3 * n, theta.mean()),
                "target_exposure": (theta @ places)[items].ravel(),
            }
            return ope(log, names, threads=1).estimates[index]

        yield Repeated(f"users who leave at a click, random orders, n 20,000, `{name}`", 0.0, draw, 15)


def men(shared: Path) -> Iterator[str]:
    """The logs of campaign men, both ways, whose truth is the mean reward of the other log."""
    known = json.loads((shared / "reference/ope/expected.json").read_text())
    for way in ("men_random_to_bts", "men_bts_to_random"):
        truth = known[way]["on_policy_truth_other_log"]
        result = ope(str(shared / f"reference/ope/{way}.parquet"), ["ips", "snips", "dr"], threads=1)
        for row in result.estimates:
            found = row.diagnostics
            top, worth = found["top_share"] or 0.0, found["effective_rewards"] or 0.0
            reasons = ", ".join(dict.fromkeys(f"`{reason.code}`" for reason in row.verdict.reasons))
            numbers = f"{truth:.5f} | {row.value.value:.5f} | {worth:.1f} | {100 * top:.1f} %"
            yield f"| {way.replace('_', ' ')}, `{row.label}` | {numbers} | {row.verdict.level} | {reasons} |"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    shared: Path = parser.parse_args().shared
    print("| case | true gain | mean estimate | excludes 0 | holds the truth | verdicts | reasons |")
    print("|---|---:|---:|---:|---:|---|---|")
    for make in (supports, propensities, assumptions, user_models):
        for case in make():
            print(case.line(), flush=True)
    if shared.exists():
        print("\n| log | truth | estimate | rewards of equal size | largest row | verdict | reasons |")
        print("|---|---:|---:|---:|---:|---|---|")
        print("\n".join(men(shared)))


if __name__ == "__main__":
    main()
