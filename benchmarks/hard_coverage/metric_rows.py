"""Rows of ranking metrics: few queries, and many tests at once where nothing differs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from benchmarks.hard_coverage.outcomes import Outcome, doubted, outcomes
from rankeval import evaluate, interleave_analyse
from rankeval.inference import BY_SPREAD

ITEMS = 20
METRICS = ("ndcg@10", "mrr", "recall@10", "hit@1", "precision@5")
EVERY = (
    *METRICS, "dcg@10", "ndcg_exp@10", "f1@10", "map", "map_min@10", "r_precision", "rbp", "err@10", "bpref",
    "arp", "auc", "gauc", "log_loss", "brier", "ece", "ece_mass", "roc_auc", "pr_auc",
)  # fmt: skip
POPULATION = 50_000  # queries that stand for all


def queries(rng: np.random.Generator, n: int, runs: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Judgements of ``n`` queries, some hard and some easy, and runs of equal quality; scores in (0, 1)."""
    relevance = (rng.random((n, ITEMS)) < rng.beta(1.0, 4.0, (n, 1))).astype(np.int64)
    relevance[:, 0] = 1
    ids = {"query_id": np.repeat(np.arange(n), ITEMS), "item_id": np.tile(np.arange(ITEMS), n)}
    skill = rng.gamma(2.0, 0.7, (n, 1))
    logits = {run: skill * relevance - 1.5 + rng.standard_normal((n, ITEMS)) for run in runs}
    scored = {run: ids | {"score": 1.0 / (1.0 + np.exp(-logit.ravel()))} for run, logit in logits.items()}
    return ids | {"relevance": relevance.ravel()}, scored


def by_spread(methods: Sequence[str]) -> list[str]:
    """Those methods that every command has; ``normal`` if there is none."""
    return [method for method in methods if method in BY_SPREAD] or ["normal"]


@lru_cache
def truths() -> dict[str, float]:
    """The means of the metrics over all queries; their error is a few hundredths of those of 100 queries."""
    judgements, runs = queries(np.random.default_rng(0), POPULATION, ["a"])
    found = evaluate(runs, judgements, EVERY, ci="normal", permutations=1)
    return {row.metric: row.estimate.value or 0.0 for row in found.metric_rows}


@dataclass(frozen=True)
class FewQueries:
    """Values of one run and the difference of two equal runs over n queries."""

    n: int

    def __call__(self, rng: np.random.Generator, methods: Sequence[str]) -> Iterator[Outcome]:
        """The outcomes of one set of queries."""
        judgements, runs = queries(rng, self.n, ["a", "b"])
        result = evaluate(
            runs, judgements, EVERY, ci=["augmented", *by_spread(methods)], threads=1, permutations=1
        )
        doubt = doubted(result.notes)
        for row in result.metric_rows:
            if row.run == "a":
                yield from outcomes(row.metric, row.estimate, truths()[row.metric], doubt)
        for pair in result.comparisons:
            if pair.test == "t":
                yield from outcomes(f"{pair.metric} a - b", pair.estimate, 0.0, doubt)


def many_segments(rng: np.random.Generator, methods: Sequence[str]) -> Iterator[Outcome]:
    """20 segments and five metrics of two equal runs: is any adjusted p-value below 0.05?"""
    judgements, runs = queries(rng, 1000, ["a", "b"])
    judgements["segment"] = judgements["query_id"] % 20
    result = evaluate(runs, judgements, METRICS, by="segment", threads=1, permutations=1000)
    for test in ("t", "randomisation"):
        smallest = min(
            pair.p_holm for pair in result.comparisons if pair.test == test and pair.p_holm is not None
        )
        yield Outcome(
            f"no Holm p < .05 ({test})", "held" if smallest >= 0.05 else "above", doubted(result.notes)
        )


@dataclass(frozen=True)
class InterleavedUsers:
    """Interleaved lists of users who each have a preference, but none on average."""

    users: int
    sessions: int
    cluster: str | None = None

    def __call__(self, rng: np.random.Generator, methods: Sequence[str]) -> Iterator[Outcome]:
        """The outcomes of one log: one click a session, for the team that the user tends to prefer."""
        user = np.repeat(np.arange(self.users), self.sessions)
        n = len(user)
        prefers_a = rng.random(n) < rng.beta(0.5, 0.5, self.users)[user]
        log = {
            "session_id": np.repeat(np.arange(n), 2),
            "user_id": np.repeat(user, 2),
            "position": np.tile([1, 2], n),
            "team": np.tile(["A", "B"], n),
            "click": np.column_stack([prefers_a, ~prefers_a]).astype(np.int64).ravel(),
        }
        result = interleave_analyse(log, ci=["normal"], cluster=self.cluster, threads=1)
        doubt = doubted(result.notes)
        tests = result.parts[0].tests
        for name, p in (("credit test", tests.credit_p), ("sign test", tests.sign_p)):
            yield Outcome(name, "null" if p is None else "held" if p >= 0.05 else "above", doubt)
        yield from outcomes("mean credit", result.parts[0].credit, 0.0, doubt)
