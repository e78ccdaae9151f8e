"""The traffic of a world, made from options: shuffle, users, contexts, days and arms of an A/B test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rankeval.options import listed
from rankeval.simulators import real, whole
from rankeval.simulators.worlds.specs import parse_parameters, parse_shares, parse_spec
from rankeval.simulators.worlds.world import DESIGNS

#: Defaults: share of the sessions that a shuffle takes, and spread of the users' attractiveness.
SHUFFLE_SHARE, SPREAD = 0.01, 0.3
#: First day of worlds with days.
START = "2024-01-01"


def shuffle_section(text: str | None) -> dict[str, Any]:
    """The section ``shuffle``, from ``DESIGN[:share=SHARE,top=N]``; empty without a text."""
    if text is None:
        return {}
    design, given = parse_spec("shuffle", text, dict.fromkeys(DESIGNS, ("share", "top")))
    return {"shuffle": {"design": design, "share": SHUFFLE_SHARE, **given}}


def user_section(users: int | None, spread: float | None) -> dict[str, Any]:
    """The section ``users``; empty without a number of users."""
    if users is None:
        return {}
    spread = SPREAD if spread is None else real("user_spread", spread, 0.0, 1.0)
    return {"users": {"count": whole("users", users, 1), "spread": spread}}


def context_section(texts: str | Sequence[str]) -> dict[str, Any]:
    """The section ``contexts``, from a text ``NAME[=WEIGHT][:PARAMETER=VALUE,...]`` for each context.

    The parameters are those of the click model. The section is empty without texts.
    """
    contexts = []
    for text in [texts] if isinstance(texts, str) else texts:
        head, colon, rest = text.partition(":")
        ((name, weight),) = parse_shares("context", [head]).items()
        own = parse_parameters("context", rest) if colon else {}
        contexts.append({"name": name, "weight": weight, "click_model": own})
    return {"contexts": contexts} if contexts else {}


def day_section(days: int | None, drift: float) -> dict[str, Any]:
    """The sections ``days`` and ``drift``; each is left out if its option is not set."""
    drift = real("drift", drift, -2.0, 2.0)
    section = {} if days is None else {"days": {"start": START, "count": whole("days", days, 1)}}
    return section | ({"drift": {"attractiveness": drift}} if drift else {})


def arm_section(arms: str | Sequence[str]) -> dict[str, Any]:
    """The section ``arms``, from ``NAME[=SHARE],...``; empty without names."""
    named = listed(arms)
    return {"arms": parse_shares("arms", named)} if named else {}


def largest_factor(traffic: dict[str, Any]) -> float:
    """The largest factor by which any user on any day multiplies the attractiveness."""
    spread = traffic["users"]["spread"] if "users" in traffic else 0.0
    drift = traffic["drift"]["attractiveness"] if "drift" in traffic else 0.0
    return float((1.0 + spread) * (1.0 + abs(drift) / 2.0))
