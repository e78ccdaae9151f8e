"""Queries of the same user, where nobody named the column of users as cluster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rankeval.array_types import Ints
from rankeval.arrays import decoded, hashes_of, is_unknown, mix64, quick_hashes_of, take, to_numpy
from rankeval.evaluation.alignment import Aligned
from rankeval.evaluation.inputs import Inputs
from rankeval.evaluation.measures import Terms, measures_of
from rankeval.evaluation.request import Request
from rankeval.inference import DesignEffects, Moments, NamedKeys, pairs_needed
from rankeval.logs import Log, first_values, user_column
from rankeval.notes import Note


def query_user_notes(inputs: Inputs, aligned: Aligned, request: Request) -> Iterator[Note]:
    """A warning with the design effect of users, if judgements or runs have them and none is named."""
    users = None if request.cluster is not None else _users_of(inputs, aligned.queries)
    if users is None:
        return
    found = [effects for effects in _effects(aligned, request, users) if effects is not None]
    if found:
        of = {name: effect for effects in found for name, effect in effects.of.items()}
        fewest = min(found, key=lambda effects: effects.independent)
        yield from replace(fewest, of=of).notes("queries")


def _effects(aligned: Aligned, request: Request, users: NamedKeys) -> Iterator[DesignEffects | None]:
    """The design effects of every metric of every run, and of every difference."""
    for measure in measures_of(request.rules):
        counted = {name: measure.counted(run) for name, run in aligned.runs.items()}
        for name, run in aligned.runs.items():
            rows = np.flatnonzero(counted[name])
            yield _effect(f"{measure.name} of {name}", measure.terms(run, rows), request, users.of(rows))
        for a, b in combinations(aligned.runs, 2):
            rows = np.flatnonzero(counted[a] & counted[b])
            terms = measure.difference(aligned.runs[a], aligned.runs[b], rows)
            yield _effect(f"{measure.name} of {a} - {b}", terms, request, users.of(rows))


def _effect(name: str, terms: Terms, request: Request, users: NamedKeys) -> DesignEffects | None:
    if terms.missing or not terms.values.shape[1]:
        return None
    moments = Moments.of(
        terms.values, pairs_needed([terms.functional]), users.keys if request.infer.bucketed else None,
        unnamed=users,
    )  # fmt: skip
    return DesignEffects.from_(request.infer.of(moments), {name: terms.functional})


def _users_of(inputs: Inputs, queries: pa.Array) -> NamedKeys | None:
    """The user of each of the ``queries``, from the judgements if they have it, else from the runs.

    A query without a user has a key of its own. None: there is no such column, or one query has two users.
    """
    for logs in ((inputs.judgements,), tuple(inputs.runs.values())):
        column = user_column(*logs)
        if column is not None:
            pairs = [pair for log in logs if log is not None for pair in _pairs(log, column)]
            return _joined(column, pairs, queries)
    return None


def _pairs(log: Log, column: str) -> Iterator[tuple[pa.Array, pa.Array]]:
    """The queries and their users in each stretch of a file, those of neighbouring rows once."""
    for leaf in log.leaves():
        for stretch in log.batches(leaf, ["query_id", column]):
            sessions = log.sessions_of(stretch)
            ids, users = decoded(first_values(sessions, "query_id")), decoded(first_values(sessions, column))
            if not is_unknown(ids).any():
                yield ids, users


def _joined(column: str, pairs: list[tuple[pa.Array, pa.Array]], queries: pa.Array) -> NamedKeys | None:
    keys = mix64(hashes_of(queries))
    seen = np.zeros(len(queries), bool)
    for ids, users in pairs:
        places = _places(ids, queries)
        rows = np.flatnonzero((places >= 0) & ~is_unknown(users))
        hashed, places = quick_hashes_of(take(users, rows)), places[rows]
        first = np.where(seen[places], keys[places], hashed)
        keys[places[::-1]] = first[::-1]
        if (keys[places] != hashed).any():
            return None
        seen[places] = True
    return NamedKeys(column, keys)


def _places(ids: pa.Array, queries: pa.Array) -> Ints:
    """(n,) int64: the index of each id among the queries, -1 where it is none of them."""
    if pa.types.is_integer(queries.type) and not pa.types.is_integer(ids.type):
        return np.full(len(ids), -1, np.int64)
    found = pc.index_in(ids.cast(queries.type), value_set=queries)
    return np.asarray(to_numpy(pc.fill_null(found, -1)), np.int64)
