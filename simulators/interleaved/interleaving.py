"""Interleaved sessions of a world, simulated: a log in long layout, and how much it can tell."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from math import perm
from typing import Any

import numpy as np

from rankeval.errors import DataError, UsageError
from rankeval.interleaving import (
    TIED,
    AbRow,
    InterleavingPower,
    Levels,
    Method,
    MethodRow,
    Outcome,
    ab_z_per_sqrt_n,
    session_credits,
)
from rankeval.notes import Note
from rankeval.options import listed, require_types
from rankeval.parallel import default_threads, in_order
from rankeval.simulators import MOST_SESSIONS, whole, write_parquet, written_to
from rankeval.simulators.interleaved.contests import Contest, Source
from rankeval.simulators.interleaved.interleaved_sessions import InterleavedSessions, InterleavedTables

#: What `power` compares unless told.
METHODS = (
    "team_draft",
    "team_draft:credit=marginal",
    "balanced",
    "probabilistic",
    "probabilistic:credit=marginal",
    "optimised",
)
#: Sessions drawn for a method whose lists are too many for an exact outcome, and most of them.
SAMPLE, MOST_SAMPLE = 200_000, 10**8
ROWS_PER_GROUP = 1 << 20
#: Lists of all queries that an exact outcome may go through, some ten seconds' worth.
MOST_LISTS = 4_000_000


def interleave_simulate(
    world: Source,
    out: str | os.PathLike[str],
    *,
    sessions: int,
    method: str | Method = "team_draft",
    a: str | None = None,
    b: str | None = None,
    seed: int = 0,
    threads: int | None = None,
) -> InterleavingPower:
    """Write a log of interleaved sessions as Parquet, and return what it can tell.

    Columns, a row an item: ``session_id, query_id``, with what the world has of ``user_id, context,
    timestamp``; ``item_id, position, click, team`` (``A``, ``B``, null where the method has no teams),
    ``rank_a, rank_b`` (from 1, null where a ranking lacks the item), ``length_a, length_b, method``. Shuffles
    and arms of the world play no part.

    Args:
        world: a world file or description with fixed policies, or one whose queries have rankings ``a`` and
            ``b`` (:meth:`~rankeval.simulators.interleaved.contests.Contest.of`).
        out: the file, which appears when it is whole.
        sessions: how many.
        method: as in :func:`rankeval.interleave`, of lists as long as the world has positions.
        a, b: names of policies, ``logging`` and the only candidate by default.
        seed: of all that is random; the same arguments give the same bytes.
        threads: that make sessions; what they make does not depend on it.

    Raises:
        DataError: the world is wrong, no distribution of lists is unbiased (``optimised``), or ``out`` cannot
            be written.
        UsageError: the call is wrong.
    """
    path = written_to("out", out)
    contest, chosen = Contest.of(world, a, b), Method.parse(method)
    made = InterleavedSessions(
        contest, chosen, whole("sessions", sessions, 1, MOST_SESSIONS), whole("seed", seed, 0)
    )
    workers = default_threads() if threads is None else whole("threads", threads, 1)
    tables = in_order(InterleavedTables(made).table, made.bounds, workers, "simulating blocks of sessions")
    try:
        write_parquet(path, tables, ROWS_PER_GROUP)
    except OSError as error:
        raise DataError(f"{os.fspath(out)}: cannot be written ({error.strerror or error})") from None
    told = _beside_ab(contest, [_row(contest, chosen, sessions, SAMPLE, seed)], Levels(), sessions)
    inputs = {**told.inputs, "log": os.fspath(out), "method": chosen.label, "seed": seed}
    return replace(told, inputs=inputs, command="interleave simulate")


def interleave_power(
    world: Source,
    method: str | Sequence[str] | None = None,
    *,
    a: str | None = None,
    b: str | None = None,
    sessions: int | None = None,
    alpha: float = 0.05,
    power: float = 0.8,
    sample: int = SAMPLE,
    seed: int = 0,
) -> InterleavingPower:
    """How many sessions interleaving needs to tell two rankings apart, beside an A/B test of as many.

    Args:
        world, a, b: as in :func:`interleave_simulate`.
        method: one or several to compare, such as ``team_draft`` or ``probabilistic:credit=marginal``; by
            default all, but for ``optimised`` where no distribution of lists is unbiased (a warning).
        sessions: also tell the power of so many.
        alpha, power: of the two-sided test of the mean credit, and of the difference in clicks per session.
        sample: sessions drawn for a method whose lists are too many for exact numbers.
        seed: of that sample.

    Raises:
        DataError, UsageError: as :func:`interleave_simulate`.
    """
    require_types({"methods": method})
    chosen = [Method.parse(name) for name in listed(METHODS if method is None else method)]
    if not chosen:
        raise UsageError(f"method: found none, wanted some of {', '.join(METHODS)}")
    if sessions is not None:
        whole("sessions", sessions, 1, MOST_SESSIONS)
    levels, contest = Levels(alpha, power), Contest.of(world, a, b)
    whole("sample", sample, 2, MOST_SAMPLE)
    whole("seed", seed, 0)
    rows, left_out = [], []
    for each in chosen:
        try:
            rows.append(_row(contest, each, sessions or 1, sample, seed))
        except DataError as error:
            if method is not None:
                raise
            left_out.append(Note("method_left_out", f"left out: {error}"))
    return _beside_ab(contest, rows, levels, sessions, left_out)


def _beside_ab(
    contest: Contest,
    rows: Sequence[MethodRow],
    levels: Levels,
    sessions: int | None,
    left_out: Sequence[Note] = (),
) -> InterleavingPower:
    """Outcomes of methods, and clicks on either ranking alone."""
    a, b = contest.click_counts(sessions or 1)
    sd, z = ab_z_per_sqrt_n(a, b)
    inputs: dict[str, Any] = {
        "a": contest.a,
        "b": contest.b,
        "positions": contest.world.positions,
        "queries": len(contest.world.queries),
        "sessions": sessions,
        "alpha": levels.alpha,
        "power": levels.power,
    }
    return InterleavingPower(inputs, tuple(rows), AbRow(a.mean, b.mean, sd, z), levels, tuple(left_out))


def _row(contest: Contest, method: Method, sessions: int, sample: int, seed: int) -> MethodRow:
    """The exact outcome where lists can be enumerated, else that of a sample."""
    if _enumerable(contest, method):
        return MethodRow(method, contest.outcome(method, sessions), None)
    return MethodRow(method, sampled_outcome(contest, method, sample, seed), sample)


def _enumerable(contest: Contest, method: Method) -> bool:
    """Whether the lists of all queries together are few enough."""
    sizes = contest.pairs.sizes().tolist()
    shown = [(size, min(size, contest.world.positions)) for size in sizes]
    if not all(method.definition.enumerable(size, length) for size, length in shown):
        return False
    return method.name != "probabilistic" or sum(perm(*each) for each in shown) <= MOST_LISTS


def sampled_outcome(contest: Contest, method: Method, sessions: int, seed: int) -> Outcome:
    """The mean outcome of sessions that are drawn at random."""
    made = InterleavedSessions(contest, method, sessions, seed)
    sums = np.zeros(5)
    for each in made.bounds:
        block = made.made(each)
        credit = session_credits(contest.pairs, method, block.queries, block.lists, block.teams, block.clicks)
        tie = np.abs(credit) <= TIED
        a, b = (credit > 0.0) & ~tie, (credit < 0.0) & ~tie
        sums += [a.sum(), b.sum(), tie.sum(), credit.sum(), (credit**2).sum()]
    return Outcome(*(sums / sessions).tolist())
