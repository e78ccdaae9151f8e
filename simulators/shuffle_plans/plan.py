"""The traffic that a shuffle experiment needs to estimate position bias, and its cost in clicks."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from rankeval.errors import UsageError
from rankeval.logs import as_log
from rankeval.notes import Note
from rankeval.options import require_types, shown
from rankeval.position_bias import PositionBias
from rankeval.simulators.click_models import PositionBased, TrustBias
from rankeval.simulators.exact import click_rates
from rankeval.simulators.shuffle_plans.base_lists import BaseLists, base_lists
from rankeval.simulators.shuffle_plans.logged_world import logged_world
from rankeval.simulators.shuffle_plans.moments import Moments, no_moments, shuffle_moments
from rankeval.simulators.shuffle_plans.planned_design import (
    LEAST,
    MOST,
    PlannedDesign,
    PlannedPosition,
    Request,
)
from rankeval.simulators.shuffle_plans.result import ShufflePlan
from rankeval.simulators.worlds import DESIGNS, Design, Shuffle, World, read_world


def plan_shuffle(
    source: Any,
    *,
    sessions: int = 100_000,
    relative_error: float = 0.1,
    top: int | None = None,
    share: float | None = None,
    sessions_per_day: float | None = None,
    position_bias: Any = None,
    columns: Mapping[str, str] | None = None,
    where: str | None = None,
    null_reward: str = "error",
    first_position: int = 1,
    threads: int | None = None,
) -> ShufflePlan:
    """Standard errors, sessions, days and lost clicks of every shuffle design, for comparison.

    The standard error of the propensity ``theta_k / theta_1`` from n sessions of the experiment is
    ``se_sqrt_n / sqrt(n)`` (delta method). It is for the estimates that ``rankeval propensity`` makes.
    ``full``: clicks at k over clicks at 1. ``swap``: the same within the arm that exchanges 1 and k.
    ``adjacent``: the product of the ratios of neighbouring positions. ``pair``: clicks over propensities in
    all sessions, relative to position 1. Sessions are assumed to be independent. The variance includes the
    variance between queries.

    Args:
        source: a world (its file, the content of the file, or a :class:`World`) or a ranking log. The click
            model and the logging policy of a world give the figures exactly. From a log both are estimated:
            base orders from the sessions that are not ``shuffled``, and the attractiveness of a pair of query
            and item as its clicks over the examination of its impressions.
        sessions: n, the number of sessions in the experiment, for the standard errors.
        relative_error: wanted standard error over the propensity, at every position.
        top: N, number of positions that are shuffled; default that of the world's ``shuffle``, else all.
        share: share of the traffic in the experiment; default that of the world's ``shuffle``, else 1.
        sessions_per_day: traffic of a day, from which the number of days follows.
        position_bias: for a log, examination by position, in the form that ``rankeval propensity`` writes;
            by default it is fitted to the log by maximum likelihood.
        columns: role -> column name of a log.
        where: row filter of a log.
        null_reward: of a log: ``zero``: a null or NaN click counts as 0; ``error``: it is an error.
        first_position: of a log: the number of the first position, 0 or 1.
        threads: number of threads; the result does not depend on it.

    Raises:
        DataError: the world or the log is wrong.
        UsageError: an option is out of range, or an option for logs is given with a world.

    Example:
        >>> import rankeval
        >>> _ = rankeval.simulate("today", 2000, seed=1, queries=5, items=4, positions=4, logging="fixed",
        ...     candidate={"new": "fixed:skill=0.9"}, shuffle="full:share=0.5")
        >>> plan = rankeval.plan_shuffle("today/world.json", relative_error=0.05).to_dict()
        >>> plan["designs"][0]["design"], plan["designs"][0]["sessions"]
        ('full', 5327)
    """
    reading = {
        "columns": columns,
        "where": where,
        "null_reward": null_reward,
        "first_position": first_position,
    }
    require_types({**reading, "threads": threads})
    _require("sessions", sessions, 1)
    _require("relative_error", relative_error, LEAST)
    if sessions_per_day is not None:
        _require("sessions_per_day", sessions_per_day, 1.0)
    if _is_world(source):
        usual = {"null_reward": "error", "first_position": 1}
        for name, value in {"position_bias": position_bias, **reading}.items():
            if value not in (None, {}, usual.get(name)):
                raise UsageError(f"{name}: found {shown(value)} with a world, wanted it with a log alone")
        world = source if isinstance(source, World) else read_world(source)
        notes = _of_users(world)
        name, bias = os.fspath(source) if isinstance(source, str | os.PathLike) else "<world>", None
    else:
        log = as_log(source, columns, where, null_reward=null_reward, first_position=first_position)
        bias = None if position_bias is None else PositionBias.of(position_bias)
        world, notes = logged_world(log, bias, threads=threads)
        name = log.origin
    request = _request(world, sessions, relative_error, top, share, sessions_per_day)
    origin = {"source": name, "position_bias": None if bias is None else bias.origin, "where": where}
    return replace(plan_world(world, request), of_source=notes, origin=origin)


def _of_users(world: World) -> tuple[Note, ...]:
    if world.users is None or world.users.spread == 0.0:
        return ()
    text = "sessions are taken to be independent: those of a user are not, errors between users are larger"
    return (Note("dependent_sessions", text),)


def plan_world(world: World, request: Request) -> ShufflePlan:
    """The plan of every design in a world."""
    plain = [
        (share, world, base_lists(world.logging, world.queries))
        for share, world in world.plain_worlds(request.sessions)
    ]
    logged = sum(share * _clicks_logged(world, lists) for share, world, lists in plain)
    designs = [_planned(design, plain, request, logged) for design in DESIGNS]
    theta = None
    if isinstance(world.click_model, PositionBased) and not isinstance(world.click_model, TrustBias):
        theta = world.click_model.examination[: request.top]
    return ShufflePlan(
        request=request,
        clicks_logged=logged,
        examination=None if theta is None or theta[0] == 0.0 else tuple(one / theta[0] for one in theta),
        designs=tuple(designs),
        drawn=any(lists.drawn for _, _, lists in plain),
    )


def _is_world(source: Any) -> bool:
    if isinstance(source, str | os.PathLike):
        return os.fspath(source).endswith(".json")
    return isinstance(source, World) or (isinstance(source, Mapping) and "click_model" in source)


def _require(name: str, value: Any, low: float, high: float = MOST) -> None:
    numeric = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not (numeric and low <= value <= high):
        raise UsageError(
            f"{name}: found {shown(value)}, wanted a number of at least {low:g}, {high:g} at most"
        )


def _request(
    world: World,
    sessions: int,
    relative_error: float,
    top: int | None,
    share: float | None,
    per_day: float | None,
) -> Request:
    default = world.shuffle or Shuffle("full", 1.0, world.positions)
    if world.positions < 2:
        raise UsageError("positions: found lists of 1, wanted at least 2 positions to shuffle")
    chosen = default.top if top is None else top
    if isinstance(chosen, bool) or not isinstance(chosen, int) or not 2 <= chosen <= world.positions:
        raise UsageError(f"top: found {shown(chosen)}, wanted 2 to {world.positions}, the positions of lists")
    part = default.share or 1.0 if share is None else share
    _require("share", part, LEAST, 1.0)
    return Request(int(sessions), float(relative_error), chosen, float(part), per_day)


def _clicks_logged(world: World, lists: BaseLists) -> float:
    """Mean clicks of a session of the base policy: exact if they can be computed, else from ``lists``."""
    exact = click_rates(world.logging, world.click_model, world.queries)
    if exact is not None:
        return float(exact.sum())
    blocks = ((block.weights, block.joint_clicks(world.click_model)) for block in lists.blocks())
    return float(sum(weights @ np.einsum("nkk->n", joint) for weights, joint in blocks))


def _planned(
    design: Design, plain: Sequence[tuple[float, World, BaseLists]], request: Request, logged: float
) -> PlannedDesign:
    """The plan of one design.

    Args:
        design: the design.
        plain: shares of the sessions, with the plain world and the base lists of each.
        request: the inputs of the plan.
        logged: mean clicks of a session in the base order.
    """
    shuffle = Shuffle(design, request.share, request.top)
    moments = no_moments(design, request.top)
    for share, world, lists in plain:
        found = shuffle_moments(shuffle, lists, world.click_model, world.logging)
        if found is None:
            return PlannedDesign.unknown(design, request.top, logged)
        moments = moments.plus(found, share)
    return PlannedDesign(design, _positions(design, moments, request), moments.clicks, logged)


def _positions(design: Design, moments: Moments, request: Request) -> tuple[PlannedPosition, ...]:
    with np.errstate(divide="ignore", invalid="ignore"):
        values = [moments.ratios, moments.variances, moments.variances * moments.values[0]]
        if design == "adjacent":
            values = [np.cumprod(values[0]), np.cumsum(values[1]), np.cumsum(values[2])]
    rest = [
        PlannedPosition.of(k, float(ratio), float(variance), float(within), request)
        for k, (ratio, variance, within) in enumerate(zip(*values, strict=True), 2)
    ]
    return (PlannedPosition.first(), *rest)
