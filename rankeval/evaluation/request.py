"""What is asked of runs, checked before any file is read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rankeval.array_types import Floats, Hashes
from rankeval.errors import UsageError
from rankeval.evaluation.alignment import Policies
from rankeval.evaluation.placement import TIES
from rankeval.evaluation.run import Rules
from rankeval.inference import Estimate, Functional, InferenceOptions, Moments, pairs_needed
from rankeval.metrics import Metric, parse
from rankeval.options import listed

MAX_PERMUTATIONS = 10_000_000


@dataclass(frozen=True)
class Request:
    """Metrics asked of runs, and the rules by which they are computed.

    Attributes:
        rules: how a run is scored.
        policies: what queries count that have no relevant item, or that a run lacks.
        infer: how errors and intervals are computed.
        permutations: of the randomisation test between runs.
        by: a column that splits the queries into segments.
        cluster: a column whose values are the independent units.

    Raises:
        UsageError: ``permutations`` out of range.
    """

    rules: Rules
    policies: Policies
    infer: InferenceOptions
    permutations: int
    by: str | None
    cluster: str | None

    def __post_init__(self) -> None:
        if not 1 <= self.permutations <= MAX_PERMUTATIONS:
            raise UsageError(f"permutations: found {self.permutations}, wanted 1 to {MAX_PERMUTATIONS:,}")

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics in the order asked."""
        return self.rules.metrics

    @property
    def fields(self) -> list[str]:
        """Columns of queries that are read beside ids and scores."""
        return [name for name in dict.fromkeys((self.by, self.cluster)) if name is not None]

    def estimate(self, functional: Functional, terms: Floats, keys: Hashes) -> Estimate:
        """The estimate of a functional of the means of ``terms`` (p, n)."""
        moments = Moments.of(terms, pairs_needed([functional]), keys if self.infer.bucketed else None)
        return self.infer.of(moments).estimate(functional)


def parse_rules(
    metrics: str | Sequence[str], ties: Any, relevance_threshold: float, score_type: Any
) -> Rules:
    """How runs are scored.

    Raises:
        UsageError: no metric or an unknown one, an unknown rule, a threshold that is not positive.
    """
    parsed = tuple(dict.fromkeys(parse(name) for name in listed(metrics)))
    if not parsed:
        raise UsageError("metrics: found none, wanted at least one, such as ndcg@10")
    _choice("ties", ties, TIES)
    threshold = _threshold(relevance_threshold)
    _choice("score_type", score_type, ("float64", "float32"))
    return Rules(parsed, ties, threshold, score_type)


def parse_policies(empty: Any, missing: Any) -> Policies:
    """What queries count that have no relevant item, or that a run lacks.

    Raises:
        UsageError: an unknown policy.
    """
    _choice("empty", empty, ("zero", "skip", "one"))
    _choice("missing", missing, ("zero", "skip", "error"))
    return Policies(empty, missing)


def _choice(name: str, value: Any, allowed: Iterable[str]) -> None:
    if value not in allowed:
        raise UsageError(f"{name}: {value!r} is none of {', '.join(allowed)}")


def _threshold(value: float) -> float:
    if not 0.0 < value < np.inf:
        raise UsageError(f"relevance_threshold: {value} is not a positive number")
    return float(value)
