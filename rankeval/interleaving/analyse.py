"""Which of two rankings users prefer, from a log of interleaved lists: one streaming pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rankeval.arrays.segments import in_order, segments_of
from rankeval.errors import DataError, UsageError
from rankeval.inference.estimate import Mean, pairs_needed
from rankeval.inference.inferring import Inferring
from rankeval.inference.moments import Moments
from rankeval.interleaving.analysis_notes import notes
from rankeval.interleaving.analysis_result import InterleavingAnalysis, Part
from rankeval.interleaving.log_ranks import RankReader
from rankeval.interleaving.methods import Method
from rankeval.interleaving.outcome_tests import DELTA, Levels
from rankeval.interleaving.session_credit import CREDIT, Crediting, RankCrediting, Tally, TeamCrediting
from rankeval.logs.log import Log, as_log
from rankeval.logs.scan import fold
from rankeval.logs.sessions import Sessions
from rankeval.logs.units import nothing_counts, unit_counts, unit_keys, weight_roles
from rankeval.options import listed, require_types

#: Segments that a pass with bucket sums may hold: those of one take about a tenth of a megabyte.
MAX_BUCKETED_SEGMENTS = 1000
PAIRS = pairs_needed([Mean(CREDIT), DELTA])


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
    infer = Inferring(
        tuple(dict.fromkeys(listed(ci))), float(level), int(replicates), int(seed), cluster is not None
    )
    source = as_log(log, columns, where)
    source.require(["session_id"])
    crediting = _crediting(source, method, (a, b), ranking_length)
    found = _collect(crediting, infer.bucketed, by, cluster, threads)
    moments = {None: found.whole} | {v: found.segments[v] for v in in_order(found.segments) if v is not None}
    parts = tuple(Part.of(value, infer.of(part), levels) for value, part in moments.items())
    return InterleavingAnalysis(
        inputs={
            "log": source.origin,
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
        notes=tuple(notes(crediting, found.tally, parts, clustered=infer.clustered)),
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


@dataclass(frozen=True)
class _Pass:
    """Moments of the terms of all sessions, and of those of each segment; what was counted on the way."""

    whole: Moments
    segments: dict[Any, Moments]
    tally: Tally

    def merge(self, other: _Pass) -> _Pass:
        segments = dict(self.segments)
        for value, moments in other.segments.items():
            segments[value] = segments[value].merge(moments) if value in segments else moments
        return _Pass(self.whole.merge(other.whole), segments, self.tally.merge(other.tally))


def _collect(
    crediting: Crediting, bucketed: bool, by: str | None, cluster: str | None, threads: int | None
) -> _Pass:
    log = crediting.log
    key = (cluster or "session_id") if bucketed else None
    counted = weight_roles(log)
    roles = list(dict.fromkeys([*crediting.roles, *(n for n in (key, by) if n is not None), *counted]))
    log.require(roles)

    def work(sessions: Sessions) -> _Pass:
        terms, tally = crediting.terms(sessions)
        keys = unit_keys(sessions, key, []) if key is not None else None
        counts = unit_counts(sessions) if counted else None
        whole = Moments.of(terms, PAIRS, keys, counts)
        parts = {} if by is None else segments_of(sessions.per_session(by))
        if bucketed and len(parts) > MAX_BUCKETED_SEGMENTS:
            raise UsageError(
                f"by: column {by!r} of {log.origin} has more than {MAX_BUCKETED_SEGMENTS} values, "
                "wanted fewer with a bootstrap or clusters"
            )
        of_parts = {value: _of_rows(terms, keys, counts, rows) for value, rows in parts.items()}
        return _Pass(whole, of_parts, tally)

    found = fold(log, roles, work, _Pass.merge, threads)
    if found.tally.items and found.tally.items_without_team == found.tally.items:
        raise DataError(
            f"{log.origin}: column {log.name('team')!r} is null in all rows, wanted the teams of items, or a "
            f"method with {log.name('rank_a')!r} and {log.name('rank_b')!r}"
        )
    if not found.whole.n:
        raise nothing_counts(log)
    return replace(found, segments={value: part for value, part in found.segments.items() if part.n})


def _of_rows(
    terms: NDArray[np.float64],
    keys: NDArray[np.uint64] | None,
    counts: NDArray[np.float64] | None,
    rows: NDArray[np.int64],
) -> Moments:
    chosen_keys = None if keys is None else keys[rows]
    return Moments.of(terms[:, rows], PAIRS, chosen_keys, None if counts is None else counts[rows])
