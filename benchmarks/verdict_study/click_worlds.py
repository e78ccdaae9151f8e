"""Logs of a deterministic ranker, of which some sessions were shuffled, for users of several kinds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.verdict_study.bandit_worlds import Floats, log_uniform
from benchmarks.verdict_study.case import Case
from rankeval import propensity
from rankeval.simulators.click_models import ClickModel, parse_click_model

NAMES = ("click_ips",)
USERS = ("pbm", "cascade", "sdbn", "dbn", "pbm_trust")


def users_of(rng: np.random.Generator, kind: str, positions: int) -> tuple[ClickModel, Floats]:
    """A click model with random parameters, and the examination that the log's owner takes for right."""
    curve = np.arange(1, positions + 1, dtype=np.float64) ** -rng.uniform(0.3, 1.5)
    options: dict[str, Any] = {"name": kind}
    if kind in ("pbm", "pbm_trust"):
        options["examination"] = curve.tolist()
    if kind == "pbm_trust":
        places = np.arange(positions)
        options["eps_plus"] = (rng.uniform(0.9, 1.0) * np.ones(positions)).tolist()
        options["eps_minus"] = (rng.uniform(0.2, 0.6) * rng.uniform(0.5, 0.95) ** places).tolist()
    if kind == "dbn":
        options["gamma"] = float(rng.uniform(0.5, 0.95))
    return parse_click_model(options, positions), curve


@dataclass(frozen=True)
class Queries:
    """Queries with the same number of items each, a ranker and a candidate.

    Attributes:
        attractiveness, satisfaction: (queries, positions).
        ranker, candidate: (queries, positions) scores.
    """

    attractiveness: Floats
    satisfaction: Floats
    ranker: Floats
    candidate: Floats

    @classmethod
    def random(cls, rng: np.random.Generator, positions: int) -> Queries:
        """Rankers that agree with attractiveness more or less."""
        shape = round(log_uniform(rng, 3, 200)), positions
        rate = log_uniform(rng, 0.1, 0.5)
        attractiveness = rng.beta(4.0 * rate, 4.0 * (1.0 - rate), shape)
        satisfaction = rng.uniform(0.2, 1.0, shape)
        scale = attractiveness.std()
        ranker, candidate = (
            attractiveness + rng.uniform(0.0, 2.0) * scale * rng.standard_normal(shape) for _ in "ab"
        )
        return cls(attractiveness, satisfaction, ranker, candidate)

    def clicks(self, model: ClickModel, scores: Floats) -> float:
        """The exact clicks of a session in the order of these scores; queries are equally frequent."""
        order = np.argsort(-scores, axis=1)
        shown = (np.take_along_axis(each, order, axis=1) for each in (self.attractiveness, self.satisfaction))
        return float(model.click_probabilities(*shown).sum(axis=1).mean())


def clicks(rng: np.random.Generator) -> Case:
    """Half of the users are position-based; a fifth of the logs has a curve from elsewhere."""
    users, positions = str(rng.choice(USERS, p=[0.5, 0.125, 0.125, 0.125, 0.125])), int(rng.integers(3, 8))
    model, curve = users_of(rng, users, positions)
    queries, n = Queries.random(rng, positions), round(log_uniform(rng, 5_000, 40_000))
    share = 0.0 if rng.random() < 0.2 else log_uniform(rng, 0.05, 0.3)
    query, shuffled = rng.integers(0, len(queries.ranker), n), rng.random(n) < share
    scores = np.where(shuffled[:, None], rng.random((n, positions)), queries.ranker[query])
    order = np.argsort(-scores, axis=1)

    def shown(values: Floats) -> Floats:
        return np.take_along_axis(values[query], order, axis=1)

    clicked = model.sample(rng, shown(queries.attractiveness), shown(queries.satisfaction))
    log = {
        "session_id": np.repeat(np.arange(n), positions),
        "query_id": np.repeat(query, positions),
        "item_id": order.ravel(),
        "position": np.tile(np.arange(1, positions + 1), n),
        "click": clicked.ravel().astype(np.int64),
        "score": shown(queries.candidate).ravel(),
        **({"shuffled": np.repeat(shuffled, positions)} if share else {}),
    }
    kind, options = _use(rng, log, curve, users)
    value, logged = (queries.clicks(model, each) for each in (queries.candidate, queries.ranker))
    return Case(log, NAMES, value, logged, kind, options)


def _use(
    rng: np.random.Generator, log: dict[str, NDArray[Any]], curve: Floats, users: str
) -> tuple[str, dict[str, Any]]:
    """How the log is used: with the curve of its shuffled sessions, which are kept apart or forgotten."""
    if "shuffled" not in log:
        return f"{users}, no shuffles", {"position_bias": curve.tolist()}
    learned = {"position_bias": json.loads(propensity(log, "shuffle", threads=1).render("json"))}
    if rng.random() < 0.3:
        return f"{users}, shuffles forgotten", learned
    return f"{users}, shuffles apart", learned | {"where": "not shuffled"}
