"""All that is known exactly of a world: what ``truth.json`` holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rankeval.simulators.click_models import ClickModel
from rankeval.simulators.click_models.models import ClickChain, PositionBased, TrustBias
from rankeval.simulators.gauss import gauss_rule
from rankeval.simulators.judged_truth import judged_metrics
from rankeval.simulators.list_policies import ListPolicy
from rankeval.simulators.queries import Queries
from rankeval.simulators.shuffled import Shuffled
from rankeval.simulators.truth import PolicyTruth, average_truth, exposures, policy_truth
from rankeval.simulators.world import LOGGING, Context, World

Floats = NDArray[np.float64]


def as_shown(world: World, name: str) -> ListPolicy:
    """A policy as the users of the log see it: the design of a shuffle takes its share of the sessions."""
    policy = world.policy(name)
    return (
        policy if world.shuffle is None else Shuffled(policy.offsets, policy.positions, policy, world.shuffle)
    )


class WorldTruth:
    """What is exact of the policies of a world, where a log has so many sessions.

    Clicks are averaged over users, contexts and days. The probability of any pattern of clicks is a
    polynomial in the factor that users and days give the attractiveness, so that a quadrature rule averages
    it exactly at fewer factors than there are.
    """

    def __init__(self, world: World, sessions: int) -> None:
        self.world = world
        self._factors = world.attractiveness_factors(sessions)

    def clicks(self, policy: ListPolicy) -> PolicyTruth:
        """Of a policy, shuffled or not."""
        parts = [
            (share * weight, policy_truth(policy, model, queries))
            for share, model in self.world.models()
            for weight, queries in self._queries(model)
        ]
        return average_truth([truth for _, truth in parts], [weight for weight, _ in parts])

    def exposures(self, policy: ListPolicy) -> Floats | None:
        """(C, items) expected examination of each item in each context (one, where there are none)."""
        contexts: list[str | None] = [context.name for context in self.world.contexts]
        rows = [self._exposures(policy, context) for context in contexts or [None]]
        known = [row for row in rows if row is not None]
        return np.array(known) if len(known) == len(rows) else None

    def _exposures(self, policy: ListPolicy, context: str | None) -> Floats | None:
        total = np.zeros(len(self.world.queries.attractiveness))
        for share, model in self.world.models(context):
            for weight, queries in self._queries(model):
                found = exposures(policy, model, queries)
                if found is None:
                    return None
                total += share * weight * found
        return total

    def _queries(self, model: ClickModel) -> Iterator[tuple[float, Queries]]:
        """Weights, and the queries with the attractiveness that items have for some users on some days."""
        queries = self.world.queries
        factors, shares = np.array(list(self._factors)), np.array(list(self._factors.values()))
        factors, shares = factors[shares > 0.0], shares[shares > 0.0]
        size = degree(model, self.world.positions) // 2 + 1
        if len(factors) > 2 * size:
            factors, shares = gauss_rule(factors, shares / shares.sum(), size)
        for factor, share in zip(factors.tolist(), shares.tolist(), strict=True):
            yield share, replace(queries, attractiveness=queries.attractiveness * factor)


def whole_truth(world: World, sessions: int) -> tuple[dict[str, Any], list[str]]:
    """What ``truth.json`` holds but for the names of its making, and why some of it is null.

    ``logging`` and ``arms`` are as users see them, shuffles included; ``unshuffled`` is the logging policy
    without them. Candidates are never shuffled.
    """
    truth, notes = WorldTruth(world, sessions), dict[str, None]()

    def of(name: str, policy: ListPolicy) -> dict[str, Any]:
        clicks = truth.clicks(policy)
        notes.update(dict.fromkeys(f"truth of {name} is null: {reason}" for reason in clicks.reasons))
        return {**clicks.to_dict(), "metrics": judged_metrics(policy, world.queries)}

    found: dict[str, Any] = {
        "click_model": world.click_model.to_dict(),
        **position_curves(world.models(), world.positions),
        "logging": of(LOGGING, as_shown(world, LOGGING)),
    }
    if world.shuffle is not None:
        found["unshuffled"] = of(LOGGING, world.logging)
    found["candidates"] = {name: of(name, policy) for name, policy in world.candidates.items()}
    if world.contexts:
        found["contexts"] = {
            context.name: _of_context(context, world.positions) for context in world.contexts
        }
    if world.arms:
        found["arms"] = {
            name: {"share": share, **of(f"arm {name}", as_shown(world, name))}
            for name, share in world.arms.items()
        }
    return found, list(notes)


def _of_context(context: Context, positions: int) -> dict[str, Any]:
    return {
        "weight": context.weight,
        "click_model": context.click_model.to_dict(),
        **position_curves([(1.0, context.click_model)], positions),
    }


def degree(model: ClickModel, positions: int) -> int:
    """The degree in the attractiveness that probabilities of clicks on a list have."""
    twice = any(isinstance(part, ClickChain) for _, part in model.parts)
    return 2 * positions if twice else positions


def position_curves(
    models: Sequence[tuple[float, ClickModel]], positions: int
) -> dict[str, list[float] | None]:
    """``examination`` by position, and ``alpha``, ``beta`` under trust bias, averaged over models.

    None where users of some sessions do not examine positions by their number alone.
    """
    parts = [(share * inner, part) for share, model in models for inner, part in model.parts]
    if not all(isinstance(part, PositionBased) for _, part in parts):
        return {"examination": None}
    curves = {"examination": np.zeros(positions)}
    if any(isinstance(part, TrustBias) for _, part in parts):
        curves |= {"alpha": np.zeros(positions), "beta": np.zeros(positions)}
    for share, part in parts:
        for name, curve in curves.items():
            curve += share * _curve(name, part)
    return {name: curve.tolist() for name, curve in curves.items()}


def _curve(name: str, model: ClickModel) -> Floats:
    """Of ``P(click) = theta_k (eps_plus a + eps_minus (1 - a)) = alpha_k a + beta_k``."""
    assert isinstance(model, PositionBased)
    theta = np.array(model.examination)
    if name == "examination":
        return theta
    plus, minus = np.ones_like(theta), np.zeros_like(theta)
    if isinstance(model, TrustBias):
        plus, minus = np.array(model.eps_plus), np.array(model.eps_minus)
    return np.asarray(theta * (plus - minus if name == "alpha" else minus))
