"""Exact clicks and examination of users under a list policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rankeval.array_types import Floats
from rankeval.simulators.click_models import BrowsingModel, ClickModel, PositionBased
from rankeval.simulators.exact.part_truth import part_truth
from rankeval.simulators.list_policies import ListPolicy, Queries


@dataclass(frozen=True, eq=False)
class PolicyTruth:
    """Exact clicks of a session under a policy; a quantity that cannot be computed is None.

    Attributes:
        ctr_by_position: (K,) probability of a click at each position.
        count_probabilities: (K + 1,) probability of 0, 1, ..., K clicks.
        reasons: why a quantity is None.
    """

    ctr_by_position: Floats | None
    count_probabilities: Floats | None
    reasons: tuple[str, ...] = ()

    @property
    def expected_clicks(self) -> float | None:
        """Mean number of clicks."""
        return None if self.ctr_by_position is None else float(self.ctr_by_position.sum())

    @property
    def p_any_click(self) -> float | None:
        """Probability of at least one click."""
        counts = self.count_probabilities
        return None if counts is None else float(counts[1:].sum())

    @property
    def clicks_variance(self) -> float | None:
        """Variance of the number of clicks, over queries, lists and users."""
        if self.count_probabilities is None:
            return None
        counts = np.arange(len(self.count_probabilities))
        deviation = counts - float(counts @ self.count_probabilities)
        return float(self.count_probabilities @ deviation**2)

    def to_dict(self) -> dict[str, Any]:
        """The quantities by their keys in ``truth.json``."""
        rates = self.ctr_by_position
        return {
            "expected_clicks": self.expected_clicks,
            "ctr_by_position": None if rates is None else rates.tolist(),
            "p_any_click": self.p_any_click,
            "clicks_variance": self.clicks_variance,
        }


def policy_truth(policy: ListPolicy, model: ClickModel, queries: Queries) -> PolicyTruth:
    """Exact clicks of a session whose list comes from a policy.

    A quantity that cannot be computed is None, never an estimate. Under position-based models, clicks by
    position need only ``P(item at k)``. Under other models, and for the number of clicks, lists must be of
    one of three kinds: fixed; drawn by Plackett-Luce or uniformly from at most 15 items; or with list
    probabilities and at most 10,000 lists a query. Some models have a factor for each item, with which users
    go on after it (cascade, DBN, CCM). Under them, clicks by position are also known for independent random
    utilities of any number of items.

    Args:
        policy: a policy for these queries, shuffled or not.
        model: how users click.
        queries: with their weights, and the attractiveness and satisfaction of their items.
    """
    rates = click_rates(policy, model, queries)
    counts: Floats | None = np.zeros(policy.positions + 1)
    for share, part in model.parts:
        by_query = _counts(policy, part, queries)
        counts = _plus(counts, share, None if by_query is None else queries.weights @ by_query)
    named = {"clicks by position": rates, "the number of clicks": counts}
    return PolicyTruth(rates, counts, tuple(_reason(what, model) for what, it in named.items() if it is None))


def click_rates(policy: ListPolicy, model: ClickModel, queries: Queries) -> Floats | None:
    """(K,) probability of a click at each position; None where it cannot be computed."""
    rates: Floats | None = np.zeros(policy.positions)
    for share, part in model.parts:
        found = examined_at(policy, part, queries)
        rates = _plus(rates, share, None if found is None else _click_rates(found, part, queries))
    return rates


def average_truth(truths: Sequence[PolicyTruth], weights: Sequence[float]) -> PolicyTruth:
    """The truth of a mixture of sessions: the mean of ``truths``, weighted by shares of the sessions."""
    rates: Floats | None = np.zeros(1)
    counts: Floats | None = np.zeros(1)
    for truth, weight in zip(truths, weights, strict=True):
        rates = _plus(rates, weight, truth.ctr_by_position)
        counts = _plus(counts, weight, truth.count_probabilities)
    reasons = dict.fromkeys(reason for truth in truths for reason in truth.reasons)
    return PolicyTruth(rates, counts, tuple(reasons))


def exposures(policy: ListPolicy, model: ClickModel, queries: Queries) -> Floats | None:
    """(items,) probability that a session of an item's query examines it; None where it is unknown."""
    total: Floats | None = np.zeros(len(queries.attractiveness))
    for share, part in model.parts:
        found = examined_at(policy, part, queries)
        total = _plus(total, share, None if found is None else found.sum(axis=1))
    return total


def examined_at(policy: ListPolicy, model: BrowsingModel, queries: Queries) -> Floats | None:
    """(items, K) probability that an item is at position k and is examined; None where it is unknown."""
    if isinstance(model, PositionBased):
        shown = policy.item_probabilities()
        return None if shown is None else shown * np.array(model.examination[: policy.positions])
    total: Floats | None = np.zeros((len(queries.attractiveness), policy.positions))
    for share, part in policy.parts:
        found = part_truth(part, model, queries, with_counts=False).examined
        total = _plus(total, np.repeat(share, queries.sizes)[:, np.newaxis], found)
    return total


def _counts(policy: ListPolicy, model: BrowsingModel, queries: Queries) -> Floats | None:
    """(Q, K + 1) probability of 0, 1, ..., K clicks in a session of each query; None where it is unknown."""
    total: Floats | None = np.zeros((len(queries), policy.positions + 1))
    for share, part in policy.parts:
        total = _plus(total, share[:, np.newaxis], part_truth(part, model, queries).counts)
    return total


def _click_rates(examined: Floats, model: BrowsingModel, queries: Queries) -> Floats:
    """(K,) probability of a click at each position."""
    table = model.browsing(queries.attractiveness, queries.satisfaction, examined.shape[1])
    return np.asarray(np.repeat(queries.weights, queries.sizes) @ (examined * table.rates))


def _plus(total: Floats | None, weight: float | Floats, value: Floats | None) -> Floats | None:
    return None if total is None or value is None else total + weight * value


def _reason(what: str, model: ClickModel) -> str:
    return (
        f"{what} under {model.name}: no exact value for this policy, whose lists are too many to sum over or "
        "have no exact probabilities"
    )
