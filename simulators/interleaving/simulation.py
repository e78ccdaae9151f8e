"""Simulates interleaved sessions of a world: a log in long layout, and the power of the comparison."""

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
from rankeval.simulators import MOST_SESSIONS, whole, write_blocks, written_to
from rankeval.simulators.interleaving.contests import Contest, Source
from rankeval.simulators.interleaving.sessions import InterleavedSessions, InterleavedTables
from rankeval.table_files import require_table_name

#: Methods that :func:`interleave_power` compares by default.
METHODS = (
    "team_draft",
    "team_draft:credit=marginal",
    "balanced",
    "probabilistic",
    "probabilistic:credit=marginal",
    "optimised",
)
#: Default and largest number of sessions drawn for a method with too many lists for an exact outcome.
SAMPLE, MOST_SAMPLE = 200_000, 10**8
ROWS_PER_GROUP = 1 << 20
#: Most lists, over all queries, that an exact outcome enumerates. This takes some ten seconds.
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
    """Write a log of interleaved sessions as Parquet, and return the power of the comparison.

    The log has a row an item. Its columns are ``session_id, query_id``; ``user_id, context, timestamp`` if
    the world has them; ``item_id, position, click, team`` (``A``, ``B``, null if the method has no teams),
    ``rank_a, rank_b`` (from 1, null if a ranking does not have the item), ``length_a, length_b, method``.
    The shuffle and the arms of the world are not used.

    Args:
        world: a world file or its content, with fixed policies, or with rankings ``a`` and ``b`` of the
            queries (:meth:`~rankeval.simulators.interleaving.contests.Contest.of`).
        out: the file, which appears when it is complete. The extension decides: ``.parquet, .csv, .json,
            .jsonl`` or ``.arrow``.
        sessions: number of sessions.
        method: as in :func:`rankeval.interleave`; lists have as many items as the world has positions.
        a, b: names of policies, ``logging`` and the only candidate by default.
        seed: seed of all that is random; the same arguments give the same bytes.
        threads: number of threads; the log does not depend on it.

    Returns:
        The outcome of the method, the A/B test with as many sessions, and the power of both.

    Raises:
        DataError: the world is wrong, no distribution of lists is unbiased (``optimised``), or ``out`` cannot
            be written.
        UsageError: an argument is wrong.

    Example:
        >>> import rankeval
        >>> query = {"query_id": "q", "items": ["x", "y"], "attractiveness": [0.9, 0.1]}
        >>> query |= {"a": ["x", "y"], "b": ["y", "x"]}
        >>> world = {"click_model": {"name": "pbm", "eta": 1.0}, "positions": 2, "queries": [query]}
        >>> found = rankeval.interleave_simulate(world, "mixed.parquet", sessions=300, seed=1)
        >>> found.to_dict()["results"][0]["exact"]
        True
    """
    path = written_to("out", out)
    require_table_name("out", path)
    contest, chosen = Contest.of(world, a, b), Method.parse(method)
    made = InterleavedSessions(
        contest, chosen, whole("sessions", sessions, 1, MOST_SESSIONS), whole("seed", seed, 0)
    )
    workers = default_threads() if threads is None else whole("threads", threads, 1)
    tables = in_order(InterleavedTables(made).table, made.bounds, workers, "simulating blocks of sessions")
    try:
        write_blocks(path, tables, ROWS_PER_GROUP)
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
    """Number of sessions that interleaving and an A/B test need to tell two rankings apart.

    Args:
        world, a, b: as in :func:`interleave_simulate`.
        method: one or several methods to compare, such as ``team_draft`` or
            ``probabilistic:credit=marginal``. The default is all methods, without ``optimised`` if no
            distribution of lists is unbiased (with a warning).
        sessions: if given, the result also has the power with this number of sessions.
        alpha, power: level and power of the two-sided tests: of the mean credit, and of the difference in
            clicks per session.
        sample: number of sessions drawn for a method with too many lists for exact numbers.
        seed: seed of this sample.

    Raises:
        DataError, UsageError: as for :func:`interleave_simulate`.

    Example:
        >>> import rankeval
        >>> query = {"query_id": "q", "items": ["x", "y"], "attractiveness": [0.9, 0.1]}
        >>> query |= {"a": ["x", "y"], "b": ["y", "x"]}
        >>> world = {"click_model": {"name": "pbm", "eta": 1.0}, "positions": 2, "queries": [query]}
        >>> rankeval.interleave_power(world, method="team_draft").to_dict()["results"][0]["sessions_needed"]
        7
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
    """The result: outcomes of methods, and clicks on each ranking alone."""
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
    """The exact outcome if lists can be enumerated, else the outcome of a sample."""
    if _enumerable(contest, method):
        return MethodRow(method, contest.outcome(method, sessions), None)
    return MethodRow(method, sampled_outcome(contest, method, sample, seed), sample)


def _enumerable(contest: Contest, method: Method) -> bool:
    """Whether the lists of all queries together are few enough for an exact outcome."""
    sizes = contest.pairs.sizes().tolist()
    shown = [(size, min(size, contest.world.positions)) for size in sizes]
    if not all(method.definition.enumerable(size, length) for size, length in shown):
        return False
    return method.name != "probabilistic" or sum(perm(*each) for each in shown) <= MOST_LISTS


def sampled_outcome(contest: Contest, method: Method, sessions: int, seed: int) -> Outcome:
    """The mean outcome of ``sessions`` simulated sessions."""
    made = InterleavedSessions(contest, method, sessions, seed)
    sums = np.zeros(5)
    for each in made.bounds:
        block = made.made(each)
        credit = session_credits(contest.pairs, method, block.queries, block.lists, block.teams, block.clicks)
        tie = np.abs(credit) <= TIED
        a, b = (credit > 0.0) & ~tie, (credit < 0.0) & ~tie
        sums += [a.sum(), b.sum(), tie.sum(), credit.sum(), (credit**2).sum()]
    return Outcome(*(sums / sessions).tolist())
