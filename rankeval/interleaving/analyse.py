"""Which of two rankings users prefer, from a log of interleaved lists: one streaming pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from rankeval.errors import DataError, UsageError
from rankeval.inference import InferenceOptions
from rankeval.interleaving.accumulate import accumulate
from rankeval.interleaving.analysis_notes import notes
from rankeval.interleaving.analysis_result import InterleavingAnalysis, Part
from rankeval.interleaving.log_ranks import RankReader
from rankeval.interleaving.methods import Method
from rankeval.interleaving.outcome_tests import Levels
from rankeval.interleaving.session_credit import Crediting, RankCrediting, TeamCrediting
from rankeval.logs import Grouping, Log, as_log
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
    ci: str | Sequence[str] = ("normal",),
    level: float = 0.95,
    replicates: int = 1000,
    by: str | None = None,
    cluster: str | None = None,
    seed: int = 0,
    columns: Mapping[str, str] | None = None,
    where: str | None = None,
    threads: int | None = None,
) -> InterleavingAnalysis:
    """Wins and credit of rankings A and B in a log of interleaved lists, with intervals and tests.

    Args:
        log: long or nested, with ``session_id, position, click`` (0 or 1), and ``team`` or, with a method,
            ``rank_a`` and ``rank_b``: the rank of the item in each ranking, from 1, null where it is not in
            it. A column ``weight`` says how many times a session counts.
        method: how the lists were made: ``team_draft``, ``probabilistic[:tau=3]``, ``balanced``, or
            ``optimised[:credit=linear]``. Credit then follows from the ranks, for the first two as the
            expectation over all teams that could have given the list (Rao-Blackwell): the same mean with less
            noise. Without a method, and with ``:credit=team``, a click counts for the team of its item.
            A column ``method`` that names another one is an error.
        a, b: what the column ``team`` calls the two, also in tables; null is for items of neither.
        ranking_length: number of items of both rankings, where the log has no columns ``length_a`` and
            ``length_b``; for ``probabilistic``, and ``optimised`` where a ranking lacks an item.
        alpha: level of the tests; the verdict follows from that of the mean credit.
        power: of the test that the number of sessions needed is for.
        ci: interval methods: ``normal``, ``bootstrap`` (percentile), ``bootstrap_t``.
        level: confidence level.
        replicates: of the bootstrap, which resamples buckets of hashed ``session_id``.
        by: a column that splits the sessions into segments.
        cluster: a column whose values are the independent units, such as the user.
        seed: of the bootstrap.
        columns: role -> column name.
        where: row filter, such as ``country == "de"``; it should keep sessions whole.
        threads: number of threads; the result does not depend on it.

    Raises:
        DataError: the data is wrong; the message names file, column, row and what is wanted.
        UsageError: the call is wrong.
    """
    require_types({name: value for name, value in locals().items() if name != "method"})
    levels = Levels(alpha, power)
    infer = InferenceOptions.of_call(ci, level, replicates, seed, cluster)
    log = as_log(log, columns, where)
    crediting = _crediting(log, method, (a, b), ranking_length)
    sums = accumulate(crediting, Grouping(infer.bucketed, by, cluster), threads)
    parts = tuple(Part.of(value, infer.of(part), levels) for value, part in sums.moments.parts().items())
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
            "where": where,
            "by": by,
            "cluster": cluster,
            "seed": infer.seed,
        },
        parts=parts,
        notes=tuple(notes(crediting, sums.tally, parts, clustered=infer.clustered)),
    )


def _crediting(
    log: Log, method: str | Method | None, teams: tuple[str, str], ranking_length: int | None
) -> Crediting:
    """By teams or by ranks; a method whose credit is not named takes that which ranks give."""
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
