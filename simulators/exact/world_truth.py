"""The exact truth of a world: the content of ``truth.json``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rankeval.array_types import Floats
from rankeval.notes import Note, distinct
from rankeval.simulators.click_models import ClickModel, PositionBased, TrustBias
from rankeval.simulators.exact.judged_truth import judged_metrics
from rankeval.simulators.exact.truth import PolicyTruth, average_truth, exposures, policy_truth
from rankeval.simulators.list_policies import ListPolicy
from rankeval.simulators.shuffles import Shuffled
from rankeval.simulators.worlds import LOGGING, Context, World


def as_shown(world: World, name: str) -> ListPolicy:
    """A policy as the users of the log see it: under the shuffle of the world, if there is one."""
    policy = world.policy(name)
    return (
        policy if world.shuffle is None else Shuffled(policy.offsets, policy.positions, policy, world.shuffle)
    )


class WorldTruth:
    """Exact quantities of the policies of a world, for a log of ``sessions`` sessions."""

    def __init__(self, world: World, sessions: int) -> None:
        self.world, self.sessions = world, sessions

    def clicks(self, policy: ListPolicy) -> PolicyTruth:
        """Clicks of a policy, shuffled or not, averaged over users, contexts and days."""
        plain = list(self.world.plain_worlds(self.sessions))
        truths = [policy_truth(policy, world.click_model, world.queries) for _, world in plain]
        return average_truth(truths, [share for share, _ in plain])

    def exposures(self, policy: ListPolicy) -> Floats | None:
        """(C, items) expected examination of each item in each context; C is 1 without contexts.

        None where it cannot be computed.
        """
        contexts: list[str | None] = [context.name for context in self.world.contexts]
        rows = [self._exposures(policy, context) for context in contexts or [None]]
        known = [row for row in rows if row is not None]
        return np.array(known) if len(known) == len(rows) else None

    def _exposures(self, policy: ListPolicy, context: str | None) -> Floats | None:
        total = np.zeros(len(self.world.queries.attractiveness))
        for share, world in self.world.plain_worlds(self.sessions, context):
            found = exposures(policy, world.click_model, world.queries)
            if found is None:
                return None
            total += share * found
        return total


def whole_truth(world: World, sessions: int) -> tuple[dict[str, Any], list[Note]]:
    """The content of ``truth.json`` without the call that made it, and notes about it.

    ``logging`` and ``arms`` are policies as users see them, under the shuffle. ``unshuffled`` is the logging
    policy without the shuffle. Candidates are never shuffled.
    """
    truth, notes = WorldTruth(world, sessions), _short_lists(world)

    def of(name: str, policy: ListPolicy) -> dict[str, Any]:
        clicks = truth.clicks(policy)
        numbers = clicks.to_dict()
        unknown = ", ".join(key for key, value in numbers.items() if value is None)
        notes.extend(
            Note("truth_unknown", f"truth of {name}: {unknown} null: {why}") for why in clicks.reasons
        )
        return {**numbers, "metrics": judged_metrics(policy, world.queries)}

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
    return found, distinct(notes)


def _short_lists(world: World) -> list[Note]:
    """A note if some lists end before the last position."""
    short = int((world.queries.sizes < world.positions).sum())
    of = f"{short} of {len(world.queries)} queries have fewer than {world.positions} items"
    return [Note("short_lists", f"{of}: their lists are shorter", {"queries": short})] if short else []


def _of_context(context: Context, positions: int) -> dict[str, Any]:
    return {
        "weight": context.weight,
        "click_model": context.click_model.to_dict(),
        **position_curves([(1.0, context.click_model)], positions),
    }


def position_curves(
    models: Sequence[tuple[float, ClickModel]], positions: int
) -> dict[str, list[float] | None]:
    """(K,) ``examination`` by position, and ``alpha`` and ``beta`` under trust bias, averaged over models.

    ``examination`` is None if some sessions have a model that is not position-based.

    Args:
        models: pairs of a share of the sessions and its model.
        positions: K.
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
    """(K,) one curve of ``P(click) = theta_k (eps_plus a + eps_minus (1 - a)) = alpha_k a + beta_k``."""
    assert isinstance(model, PositionBased)
    theta = np.array(model.examination)
    if name == "examination":
        return theta
    plus, minus = np.ones_like(theta), np.zeros_like(theta)
    if isinstance(model, TrustBias):
        plus, minus = np.array(model.eps_plus), np.array(model.eps_minus)
    return np.asarray(theta * (plus - minus if name == "alpha" else minus))
