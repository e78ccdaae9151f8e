"""The query ids of several files in one type, and the places of each run's queries among them.

An integer is the same query as the text of its plain decimal form.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from rankeval.array_types import Ints
from rankeval.arrays import build_table, find, integers_of, is_integer_id, keys_like, keys_of, texts_of
from rankeval.errors import DataError
from rankeval.evaluation.judgements import Judgements
from rankeval.evaluation.run import ScoredQueries
from rankeval.readers import type_class


def judged_queries(judgements: Judgements, scored: Mapping[str, ScoredQueries]) -> pa.Array:
    """The judged queries in the type of the runs: integers if all runs have them, else texts.

    They are texts too if the judgements have texts that are no integers.
    """
    judged, kinds = judgements.queries, [run.queries.type for run in scored.values()]
    if not all(map(is_integer_id, kinds)):
        return texts_of(judged)
    if is_integer_id(judged.type):
        return judged
    numbers = integers_of(judged, pa.uint64() if pa.uint64() in kinds else pa.int64())
    return judged if numbers.null_count else numbers


def all_queries(scored: Mapping[str, ScoredQueries]) -> pa.Array:
    """The distinct query ids of all runs: texts if they are integers in one run and texts in another.

    Raises:
        DataError: no type of integers holds those of all runs.
    """
    ids = {name: run.queries for name, run in scored.items()}
    if len(ids) == 1:
        return next(iter(ids.values()))
    if len({is_integer_id(queries.type) for queries in ids.values()}) > 1:
        ids = {name: texts_of(queries) for name, queries in ids.items()}
    return pc.unique(pa.chunked_array(in_one_type(ids, "query ids")))


def positions_of(queries: pa.Array, scored: Mapping[str, ScoredQueries]) -> dict[str, Ints]:
    """Run name -> the index in ``queries`` of each of its queries."""
    keys = keys_of(queries)
    slots = build_table(keys)[0]
    return {name: find(slots, keys, keys_like(run.queries, queries.type)) for name, run in scored.items()}


def in_one_type(arrays: Mapping[str, pa.Array], what: str) -> list[pa.Array]:
    """The arrays of several runs, cast to one type that holds all values.

    Raises:
        DataError: there is no such type.
    """
    kind, origin = None, ""
    for name, array in arrays.items():
        if kind is None or pa.types.is_null(kind):
            kind, origin = array.type, name
        elif type_class(array.type) not in (type_class(kind), "nulls"):
            raise DataError(
                f"run {name}: {what} are {type_class(array.type)} and in run {origin} {type_class(kind)}; "
                "wanted one kind"
            )
    kinds = [pa.schema([("", array.type)]) for array in arrays.values()]
    wide = pa.unify_schemas(kinds, promote_options="permissive").field(0).type
    return [_widened(array, wide, f"run {name}: {what}") for name, array in arrays.items()]


def _widened(values: pa.Array, kind: pa.DataType, what: str) -> pa.Array:
    try:
        return values if values.type == kind else values.cast(kind)
    except pa.ArrowInvalid as error:
        raise DataError(f"{what} do not fit {kind}, as other runs have them: {error}") from None
