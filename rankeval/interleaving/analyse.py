"""``interleave_analyse``: test which of two rankings users prefer, from a log of interleaved lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from rankeval.errors import DataError, UsageError
from rankeval.inference import InferenceOptions, Mean, unnamed_cluster_notes
from rankeval.interleaving.accumulate import accumulate
from rankeval.interleaving.analysis_notes import notes
from rankeval.interleaving.analysis_result import InterleavingAnalysis, Part
from rankeval.interleaving.log_ranks import RankReader
from rankeval.interleaving.methods import Method
from rankeval.interleaving.outcome_tests import DELTA, Levels, parse_effect
from rankeval.interleaving.session_credit import CREDIT, Crediting, RankCrediting, TeamCrediting
from rankeval.logs import Grouping, Log, as_log, reader_notes, stated
from rankeval.options import require_types


def interleave_analyse(
    log: Any,
    *,
    method: str | Method | None = None,
    a: str = "A",
    b: str = "B",
    ranking_length: int | None = None,
    alpha: float = 0.05,
    power: float = 0.8,
    effect: float | None = None,
    ci: str | Sequence[str] = ("normal",),
    level: float = 0.95,
    side: str = "two",
    replicates: int = 1000,
    by: str | None = None,
    cluster: str | None = None,
    seed: int = 0,
    columns: Mapping[str, str] | None = None,
    where: str | None = None,
    null_reward: str = "error",
    first_position: int = 1,
    threads: int | None = None,
) -> InterleavingAnalysis:
    """Compare rankings A and B in a log of interleaved lists: wins, credit, intervals and tests.

    The credit of a session is the sum of the credits of its clicks; credit for A is positive. With credit
    ``balanced`` it is 1, -1 or 0. A wins a session of positive credit, B wins one of negative credit, and
    credit 0 is a tie. The estimates are the mean credit of a session and

        delta_AB = (wins of A + ties / 2) / sessions - 1/2    (Chapelle et al. 2012).

    The tests are the exact sign test of wins, without ties, and the t-test of the mean credit. They and the
    intervals assume that sessions are independent. With ``cluster``, only clusters need to be independent;
    the sign test is then of the clusters, each won by the ranking that wins more of its sessions. Without it,
    no winner is named if sessions of one user (a column such as ``user_id``) are alike, or if there are too
    few users to tell. The log is read in one streaming pass.

    Args:
        log: long or nested, with ``session_id``, ``position``, ``click`` (0 or 1), and ``team`` or, with a
            method, ``rank_a`` and ``rank_b``: the rank of the item in each ranking, from 1, null if the
            ranking does not hold the item. A column ``weight`` is the number of times that a session counts.
        method: the method that made the lists: ``team_draft``, ``probabilistic[:tau=3]``, ``balanced``, or
            ``optimised[:credit=linear]``. The credit is then computed from the ranks. For the first two it
            is the expectation over all assignments to teams that could have given the list (Rao-Blackwell),
            which has the same mean as team credit and a smaller variance. Without a method, or with
            ``:credit=team``, a click counts for the team of its item. If the log has a column ``method``
            that names another method, this is an error.
        a, b: the values of the column ``team`` for the two rankings, also used in tables. Items of neither
            team have null.
        ranking_length: number of items of each ranking, for a log without columns ``length_a`` and
            ``length_b``. ``probabilistic`` uses it, ``optimised`` if a ranking lacks an item, and
            ``team_draft`` to detect that a ranking has no item left.
        alpha: level of the tests. The verdict follows from the test of the mean credit.
        power: power of the test for which ``sessions_needed`` is computed.
        effect: the mean credit of a session for which ``sessions_needed`` is computed, such as the smallest
            one that matters; in units of the credit. Without it that of the log is used, and
            ``sessions_needed_low`` and ``sessions_needed_high`` follow from the ends of its interval. Where
            the interval holds 0, there is no upper end (null). The standard deviation is that of the log.
        ci: interval methods: ``normal``, ``bootstrap`` (percentile), ``bootstrap_t``.
        level: confidence level.
        side: ``two``; ``lower`` or ``upper`` for one-sided bounds at this level, whose other end is open.
        replicates: number of bootstrap replicates; the bootstrap resamples buckets of hashed ``session_id``
            or ``cluster``.
        by: a column that splits the sessions into segments.
        cluster: a column whose values are the independent units, such as the user.
        seed: seed of the bootstrap.
        columns: role -> column name.
        where: row filter, such as ``country == "de"``; it should keep or drop whole sessions.
        null_reward: ``zero``: a null or NaN reward or click, as a left join leaves it, counts as 0;
            ``error``: it is an error.
        first_position: the number of the first position in the log, 0 or 1.
        threads: number of threads; the result does not depend on it.

    Returns:
        :class:`InterleavingAnalysis`, with ``to_dict()``, ``to_pandas()`` and a readable repr.

    Raises:
        DataError: the data are wrong; the message names file, column, row and the wanted value.
        UsageError: an argument is wrong.

    Example:
        >>> import rankeval
        >>> query = {"query_id": "q", "items": ["x", "y"], "attractiveness": [0.9, 0.1]}
        >>> query |= {"a": ["x", "y"], "b": ["y", "x"]}
        >>> world = {"click_model": {"name": "pbm", "eta": 1.0}, "positions": 2, "queries": [query]}
        >>> _ = rankeval.interleave_simulate(world, "mixed.parquet", sessions=300, seed=1)
        >>> outcomes = rankeval.interleave_analyse("mixed.parquet").to_dict()["outcomes"][0]
        >>> outcomes["wins_A"], outcomes["wins_B"]
        (187, 11)
    """
    require_types({name: value for name, value in locals().items() if name != "method"})
    levels, stated_effect = Levels(alpha, power), parse_effect(effect)
    infer = InferenceOptions.of_call(ci, level, replicates, seed, cluster, side=side)
    log = as_log(log, columns, where, null_reward=null_reward, first_position=first_position)
    crediting = _crediting(log, method, (a, b), ranking_length)
    sums = accumulate(crediting, Grouping(infer.bucketed, by, cluster), threads)
    parts = tuple(
        Part.of(value, infer.of(part), levels, stated_effect) for value, part in sums.moments.parts().items()
    )
    estimated = {"delta_AB": DELTA, "the mean credit": Mean(CREDIT)}
    unnamed = tuple(unnamed_cluster_notes(infer.of(sums.moments.whole), estimated, "sessions"))
    return InterleavingAnalysis(
        inputs={
            "log": log.origin,
            "method": crediting.method.label if isinstance(crediting, RankCrediting) else None,
            "credit": crediting.method.credit if isinstance(crediting, RankCrediting) else "team",
            "a": a,
            "b": b,
            "ranking_length": ranking_length,
            "alpha": levels.alpha,
            "power": levels.power,
            "effect": stated_effect,
            "where": where,
            **stated(log),
            "by": by,
            "cluster": cluster,
            "seed": infer.seed,
        },
        parts=parts,
        notes=(*reader_notes(log), *unnamed, *notes(crediting, sums.tally, parts)),
        unnamed_cluster=sums.moments.whole.unnamed.column if unnamed and sums.moments.whole.unnamed else None,
    )


def _crediting(
    log: Log, method: str | Method | None, teams: tuple[str, str], ranking_length: int | None
) -> Crediting:
    """The crediting by teams or by ranks that the arguments ask for.

    A method given as text without ``credit=`` uses ranks: marginal credit in place of team credit.
    """
    for name, team in zip("ab", teams, strict=True):
        if not isinstance(team, str):
            raise UsageError(f"{name}: found {team!r}, wanted a text")
    if method is None:
        if not log.has("team"):
            raise DataError(
                f"{log.origin}: no column {log.name('team')!r}, wanted it, or a method with "
                f"{log.name('rank_a')!r} and {log.name('rank_b')!r}"
            )
        return TeamCrediting(log, *teams)
    parsed = Method.parse(method)
    if parsed.credit == "team" and isinstance(method, str) and "credit=" not in method:
        parsed = replace(parsed, credit="marginal")
    if parsed.credit == "team":
        return TeamCrediting(log, *teams)
    return RankCrediting(log, parsed, RankReader(log, ranking_length))
