"""Alignment of runs over the same queries, with the policies for empty and missing queries applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from rankeval.array_types import Bools, Floats, Ints
from rankeval.arrays import is_null, take, take_or_null, to_numpy
from rankeval.errors import DataError
from rankeval.evaluation.judged import one_relevant
from rankeval.evaluation.judgements import Judgements
from rankeval.evaluation.query_ids import all_queries, in_one_type, judged_queries, positions_of
from rankeval.evaluation.rules import Rules
from rankeval.evaluation.run import ScoredQueries
from rankeval.evaluation.values import unretrieved
from rankeval.logs import differ

Empty = Literal["zero", "skip", "one"]
Missing = Literal["zero", "skip", "error"]


@dataclass(frozen=True)
class Policies:
    """The values of empty and missing queries.

    Attributes:
        empty: the value where a metric is undefined, such as for a query without relevant items: ``zero``
            (0), ``one`` (1), or ``skip`` (the query does not count).
        missing: the value of a judged query that the run lacks: ``zero`` (0), ``skip`` (the query does not
            count), or ``error``.
    """

    empty: Empty = "zero"
    missing: Missing = "zero"


@dataclass(frozen=True)
class AlignedRun:
    """The values of ``m`` metrics of one run over the ``q`` queries of all runs.

    Attributes:
        scored: the values of the run's own queries.
        values: (q, m) float64, with the policies applied.
        counted: (q, m) bool, whether a value counts in the mean.
        undefined: (q, m) bool, whether the metric is undefined, so that a policy sets the value.
        weights: (q,) float64, the weight of each query in a weighted metric: the ``weight`` column if the run
            has one, else the length of the ranking; 0 where the run lacks the query.
        places: (q,) int64, the index of the query among the run's own, -1 where the run lacks it.
        relevant: (q,) int64, number of relevant items according to the run's judgements, by the general
            threshold; -1 where the run lacks the query.
    """

    scored: ScoredQueries
    values: Floats
    counted: Bools
    undefined: Bools
    weights: Floats
    places: Ints
    relevant: Ints

    @property
    def present(self) -> Bools:
        """(q,) bool, whether the run has the query."""
        return self.places >= 0


@dataclass(frozen=True)
class Aligned:
    """All runs over the same ``q`` queries, in ascending order of their ids.

    Attributes:
        queries: Arrow array (q,), the query ids.
        runs: run name -> its values.
        fields: role -> Arrow array (q,), the segment and cluster columns, null where unknown.
        empty: (q,) bool, whether the query has no relevant item, by the general threshold.
        lacking: (q, m) bool, whether it has no item that is relevant to a metric.
    """

    queries: pa.Array
    runs: dict[str, AlignedRun]
    fields: dict[str, pa.Array]
    empty: Bools
    lacking: Bools


def align(
    scored: Mapping[str, ScoredQueries], judgements: Judgements | None, rules: Rules, policies: Policies
) -> Aligned:
    """Align runs over all judged queries.

    Without a judgements file, the judged queries are those with a judged item in any run.

    Raises:
        DataError: a run lacks a query and the policy ``missing`` is ``error``; or runs disagree on a column
            of a query.
    """
    scored = scored if judgements else _judged_somewhere(scored)
    queries = judged_queries(judgements, scored) if judgements else all_queries(scored)
    queries = take(queries, to_numpy(pc.sort_indices(queries)).astype(np.int64))
    positions = positions_of(queries, scored)
    relevant = np.full((len(queries), len(rules.thresholds)), -1, np.int64)
    undefined = np.ones((len(queries), len(rules.metrics)), bool)
    for name, run in scored.items():
        rows = positions[name]
        relevant[rows] = np.maximum(relevant[rows], run.relevant)
        undefined[rows] &= np.isnan(run.values)
    if judgements is not None:
        relevant = judgements.relevant(rules.thresholds)[judgements.positions(queries)]
    lacking = relevant[:, rules.columns] == 0
    runs = {}
    for name, run in scored.items():
        spread = _Spread(queries, positions[name], policies, ~lacking)
        if policies.missing == "error":
            spread.require_all(name)
        runs[name] = spread.run(run, _missing_values(queries, spread.missing, judgements, undefined, rules))
    fields = _fields(queries, scored, positions, judgements)
    return Aligned(queries, runs, fields, relevant[:, 0] == 0, lacking)


def _judged_somewhere(scored: Mapping[str, ScoredQueries]) -> Mapping[str, ScoredQueries]:
    """The runs, without the queries that have no judged item in any run."""
    if all((run.judged > 0).all() for run in scored.values()):
        return scored
    queries = all_queries(scored)
    positions = positions_of(queries, scored)
    judged = np.zeros(len(queries), bool)
    for name, run in scored.items():
        judged[positions[name]] |= run.judged > 0
    return {name: run.only(judged[positions[name]]) for name, run in scored.items()}


@dataclass(frozen=True)
class _Spread:
    """Spreads the values of a run over all queries.

    Attributes:
        queries: Arrow array (q,), all query ids.
        positions: index in ``queries`` of each query of the run, int64.
        policies: the policies for empty and missing queries.
        with_relevant: (q, m) bool, whether the query has an item that is relevant to the metric.
    """

    queries: pa.Array
    positions: Ints
    policies: Policies
    with_relevant: Bools

    @property
    def missing(self) -> Ints:
        """The indices of the queries that the run lacks."""
        present = np.zeros(len(self.queries), bool)
        present[self.positions] = True
        return np.flatnonzero(~present)

    def require_all(self, name: str) -> None:
        """Raise DataError if the run lacks a query; ``name`` is the name of the run."""
        missing = self.missing
        if len(missing):
            first = self.queries[int(missing[0])].as_py()
            raise DataError(
                f"run {name}: lacks {len(missing)} judged queries, the first {first!r}; wanted all of them"
            )

    def run(self, run: ScoredQueries, missing_values: Floats) -> AlignedRun:
        """The run over all queries; ``missing_values`` (x, m) are the values of the queries that it lacks."""
        shape = (len(self.queries), run.values.shape[1])
        values, missing = np.empty(shape), self.missing
        values[self.positions] = run.values
        values[missing] = missing_values
        undefined = np.isnan(values)
        counted = ~undefined if self.policies.empty == "skip" else np.ones(shape, bool)
        values[undefined] = 1.0 if self.policies.empty == "one" else 0.0
        values[missing] = np.where(undefined[missing], 0.0, values[missing])
        counted[missing] |= self.with_relevant[missing]
        if self.policies.missing == "skip":
            counted[missing] = False
        return AlignedRun(
            scored=run,
            values=values,
            counted=counted,
            undefined=undefined,
            weights=self._over_all(run.weights, 0.0),
            places=self._over_all(np.arange(len(self.positions)), -1),
            relevant=self._over_all(run.relevant[:, 0], -1),
        )

    def _over_all(self, values: NDArray, other: float) -> NDArray:  # type: ignore[type-arg]
        spread = np.full(len(self.queries), other, values.dtype)
        spread[self.positions] = values
        return spread


def _missing_values(
    queries: pa.Array, missing: Ints, judgements: Judgements | None, undefined: Bools, rules: Rules
) -> Floats:
    """(x, m) float64: the values of the ``missing`` queries (x,) of a run, as those of an empty ranking.

    Without a judgements file, a value is also NaN where the metric is undefined for the query in all runs
    that have it (``undefined``, (q, m) bool).
    """
    if judgements is not None:
        return unretrieved(judgements.unretrieved(judgements.positions(take(queries, missing))), rules)
    return np.where(undefined[missing], np.nan, unretrieved(one_relevant(rules.surely_relevant), rules))


def _fields(
    queries: pa.Array,
    scored: Mapping[str, ScoredQueries],
    positions: Mapping[str, Ints],
    judgements: Judgements | None,
) -> dict[str, pa.Array]:
    """Role -> column of the queries, from the judgements if they have it, else from the runs."""
    fields = {}
    if judgements is not None and judgements.fields:
        rows = judgements.positions(queries)
        fields = {name: take_or_null(column, rows) for name, column in judgements.fields.items()}
    for role in next(iter(scored.values())).fields:
        spread = {}
        for name, run in scored.items():
            rows = np.full(len(queries), -1, np.int64)
            rows[positions[name]] = np.arange(len(run.queries))
            spread[name] = take_or_null(run.fields[role], rows)
        fields[role] = _agreed(queries, dict(zip(spread, in_one_type(spread, role), strict=True)), role)
    return fields


def _agreed(queries: pa.Array, columns: Mapping[str, pa.Array], role: str) -> pa.Array:
    """The value of each query in any run, null if no run has one; raises DataError if two runs differ."""
    (first, agreed), *others = columns.items()
    for name, column in others:
        clash = differ(agreed, column) & ~is_null(agreed) & ~is_null(column)
        if clash.any():
            row = int(np.argmax(clash))
            query, found, wanted = (array[row].as_py() for array in (queries, column, agreed))
            raise DataError(
                f"run {name}, query {query!r}: column {role!r} is {found!r}, wanted {wanted!r} as in {first}"
            )
        agreed = pc.coalesce(agreed, column)
    return agreed
