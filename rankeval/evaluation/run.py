"""Scoring of one run: the value of every metric for every query, in one pass over its file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rankeval.array_types import Bools, Floats, Ints
from rankeval.arrays import (
    Keys,
    decoded,
    is_integer_id,
    is_null,
    keys_like,
    keys_of,
    read_only,
    take,
)
from rankeval.errors import DataError
from rankeval.evaluation.beside import NOTHING, Beside
from rankeval.evaluation.judged import Judged, counts_in, judged_in_run
from rankeval.evaluation.judgement_rows import GradeLimit
from rankeval.evaluation.judgements import Judgements, first_duplicate
from rankeval.evaluation.pool import items_of, require_probabilities
from rankeval.evaluation.ranked_lists import RankedLists
from rankeval.evaluation.rules import Rules
from rankeval.evaluation.values import Lists, lowest_grade, values_of
from rankeval.logs import (
    Log,
    OrderRole,
    Sessions,
    contradicted,
    counting,
    has_ranks_too,
    order_role,
    scan,
    scores_of,
)
from rankeval.metrics import JudgedItems, ShownLists


@dataclass(frozen=True)
class ScoredQueries:
    """The values of ``m`` metrics for ``n`` queries of one run.

    Attributes:
        queries: Arrow array (n,), the query ids.
        values: (n, m) float64, NaN where a metric is undefined for a query (such as without relevant items).
        retrieved: (n,) int64, number of items in the ranking.
        relevant: (n, t) int64, number of relevant items, retrieved or not, by each threshold of the rules.
        judged: (n,) int64, number of judged items, retrieved or not.
        weights: (n,) float64, the weight of each query: the run's ``weight`` column if it has one and a
            metric is weighted, else the length of the ranking.
        unjudged_items: (n,) int64, number of retrieved items without a judgement.
        fields: role -> Arrow array (n,), the requested segment and cluster columns.
        items: the judged items of all queries, if the rules ask for them, else none.
        ranked: the top of the lists of all queries, if the rules ask for the agreement of runs, else none.
        shown: the same as rows of the catalogue, if a metric of the catalogue is asked for, else none.
        negative: number of retrieved items that count as unjudged because their grade is negative.
        unjudged_queries: number of queries of the run without any judgement, which are left out.
        contradicted: number of queries of the run whose ``rank`` column contradicts the scores.
        first: Arrow arrays (1,) with the first query and the first item of the run, as examples of ids; empty
            if it has none.
    """

    queries: pa.Array
    values: Floats
    retrieved: Ints
    relevant: Ints
    judged: Ints
    weights: Floats
    unjudged_items: Ints
    fields: dict[str, pa.Array]
    items: JudgedItems
    ranked: RankedLists
    shown: RankedLists
    negative: int
    unjudged_queries: int
    contradicted: int
    first: tuple[pa.Array, pa.Array]

    def only(self, kept: Bools) -> ScoredQueries:
        """The queries for which the mask ``kept`` (n,) is true; the others are counted as unjudged."""
        rows = np.flatnonzero(kept)
        return ScoredQueries(
            queries=take(self.queries, rows),
            values=self.values[rows],
            retrieved=self.retrieved[rows],
            relevant=self.relevant[rows],
            judged=self.judged[rows],
            weights=self.weights[rows],
            unjudged_items=self.unjudged_items[rows],
            fields={name: take(column, rows) for name, column in self.fields.items()},
            items=self.items.of(rows),
            ranked=self.ranked.of(rows) if len(self.ranked.offsets) > 1 else self.ranked,
            shown=self.shown.of(rows) if len(self.shown.offsets) > 1 else self.shown,
            negative=self.negative,
            unjudged_queries=self.unjudged_queries + len(kept) - len(rows),
            contradicted=self.contradicted,
            first=self.first,
        )


def score_run(
    log: Log,
    judgements: Judgements | None,
    rules: Rules,
    fields: Sequence[str] = (),
    threads: int | None = None,
    beside: Beside = NOTHING,
) -> ScoredQueries:
    """Compute all metrics for every query of a run.

    Args:
        log: the run.
        judgements: the judgements, or None to use the ``relevance`` column of the run.
        rules: the metrics and the conventions.
        fields: columns with one value per query (segments, clusters) that are read too.
        threads: number of threads; None for all processors.
        beside: properties of items, and items that are left out.

    Raises:
        DataError: a column is missing or has the wrong type; a score is not finite, or no probability where a
            metric needs one; an item occurs twice for a query; a grade is larger than a metric accepts;
            or a pooled metric is asked for ranks.
        UsageError: the columns name a score and a rank.
    """
    order = order_role(log)
    _require_scores_to_pool(log, order, rules)
    roles = ["query_id", "item_id", order, *(["relevance"] if judgements is None else []), *fields]
    if log.has("weight") and rules.weighs:
        roles.append("weight")
    if has_ranks_too(log):
        roles.append("rank")
    if beside.category is not None and rules.shown_depth:
        roles.append(beside.category)
    log.require(roles)

    def work(sessions: Sessions) -> ScoredQueries:
        return _score(sessions, order, judgements, rules, fields, beside)

    return _joined(scan(log, roles, work, threads))


def _require_scores_to_pool(log: Log, order: OrderRole, rules: Rules) -> None:
    if order == "rank" and rules.pools:
        name = rules.pooled[0].name if rules.pooled else rules.purpose
        raise DataError(
            f"{log.origin}: found ranks (column {log.name(order)!r}), which do not compare items "
            f"of different queries; wanted a column 'score' for {name}"
        )


def _score(
    sessions: Sessions,
    order: OrderRole,
    judgements: Judgements | None,
    rules: Rules,
    fields: Sequence[str],
    beside: Beside,
) -> ScoredQueries:
    scores = scores_of(sessions, order)
    if rules.score_type == "float32":
        with np.errstate(over="ignore"):
            scores = read_only(scores.astype(np.float32).astype(np.float64))
    if rules.probabilities:
        require_probabilities(sessions, scores, rules)
    items = _item_keys(sessions)
    queries = sessions.per_session("query_id")
    judged_queries = np.arange(len(sessions))
    if judgements is None:
        judged = judged_in_run(sessions, lowest_grade(rules))
        _require_at_most(sessions, judged, rules.grade_limit)
    else:
        positions = judgements.positions(queries)
        judged_queries = np.flatnonzero(positions >= 0)
        judged = judgements.match(positions, sessions.offsets, _joining_keys(sessions, items, judgements))
    against_rank = contradicted(sessions, scores) if order == "score" and "rank" in sessions else 0
    lengths, left_out = sessions.lengths, beside.left_out(sessions)
    if left_out is not None:
        scores, judged = read_only(np.where(left_out, -np.inf, scores)), judged.without_rows(left_out)
        lengths = lengths - counts_in(sessions.offsets, left_out)
    shown = beside.shown(sessions, scores, items, rules)
    lists = Lists(sessions.offsets, scores, items, lengths, None if shown is None else shown[0])
    return ScoredQueries(
        queries=take(queries, judged_queries),
        values=values_of(lists, judged, rules)[judged_queries],
        retrieved=lengths[judged_queries],
        relevant=judged.relevant(rules.thresholds)[judged_queries],
        judged=judged.judged[judged_queries],
        weights=_weights(sessions, judged.retrieved if rules.judged_only else lengths)[judged_queries],
        unjudged_items=(lengths - judged.retrieved)[judged_queries],
        fields={name: take(sessions.per_session(name), judged_queries) for name in fields},
        items=items_of(scores, judged.without_pool(), rules).of(judged_queries),
        ranked=_ranked(sessions, lists, rules, judged_queries),
        shown=_shown(shown, rules, judged_queries),
        negative=judged.negative,
        unjudged_queries=len(sessions) - len(judged_queries),
        contradicted=against_rank,
        first=(queries.slice(0, 1), sessions.column("item_id").slice(0, 1)),
    )


def _ranked(sessions: Sessions, lists: Lists, rules: Rules, queries: Ints) -> RankedLists:
    """The top of the lists of these queries of the batch, if the rules ask for it."""
    if not rules.agree:
        return RankedLists.none()
    ids, falling = sessions.column("item_id"), rules.ties == "trec"
    ranked = RankedLists.ranked(lists.offsets, lists.scores, ids, lists.items, falling, lists.lengths)
    return ranked.of(queries)


def _shown(shown: tuple[ShownLists, Ints] | None, rules: Rules, queries: Ints) -> RankedLists:
    """The top of the lists of these queries as rows of the catalogue, if the rules ask for it."""
    if shown is None or not rules.of_catalogue:
        return RankedLists.none()
    return RankedLists(shown[0].offsets, shown[1].astype(np.uint64)).of(queries)


def _joining_keys(sessions: Sessions, items: Keys, judgements: Judgements) -> Keys:
    """The keys by which items join the judged ones: their own ``items``, unless the types of the ids differ.

    The order of ties is that of the own keys, whatever the items join.
    """
    column = sessions.column("item_id")
    alike = is_integer_id(column.type) == is_integer_id(judgements.first[1].type)
    return items if alike else keys_like(column, judgements.first[1].type)


def _weights(sessions: Sessions, lengths: Ints) -> Floats:
    if "weight" not in sessions:
        return lengths.astype(np.float64)
    weights = sessions.numbers_per_session("weight")
    if len(weights) and weights.min() < 0.0:
        query = int(np.argmin(weights))
        raise sessions.error_once("weight", query, weights[query], "a number of at least 0")
    return weights


def _item_keys(sessions: Sessions) -> Keys:
    """The keys of all items; raises DataError for an id that is null or occurs twice within a query."""
    column = sessions.column("item_id")
    if column.null_count:
        raise sessions.error("item_id", int(np.argmax(is_null(column))), None, "an id")
    items = keys_of(column)
    duplicate = first_duplicate(sessions.offsets, items.hashes, counting(len(column)), items)
    if duplicate >= 0:
        raise sessions.error(
            "item_id", duplicate, f"{column[duplicate].as_py()!r} again", "each item once for a query"
        )
    return items


def _require_at_most(sessions: Sessions, judged: Judged, limit: GradeLimit) -> None:
    broken = limit.broken(judged.grade)
    if broken >= 0:
        found = judged.grade[broken]
        raise sessions.error("relevance", int(judged.row[broken]), found, limit.wanted_of(found) or "")


def _joined(parts: Sequence[ScoredQueries]) -> ScoredQueries:
    """All parts of a run as one."""
    return ScoredQueries(
        queries=_together([part.queries for part in parts]),
        values=np.concatenate([part.values for part in parts]),
        retrieved=np.concatenate([part.retrieved for part in parts]),
        relevant=np.concatenate([part.relevant for part in parts]),
        judged=np.concatenate([part.judged for part in parts]),
        weights=np.concatenate([part.weights for part in parts]),
        unjudged_items=np.concatenate([part.unjudged_items for part in parts]),
        fields={name: _together([part.fields[name] for part in parts]) for name in parts[0].fields},
        items=JudgedItems.joined([part.items for part in parts]),
        ranked=RankedLists.joined([part.ranked for part in parts]),
        shown=RankedLists.joined([part.shown for part in parts]),
        negative=sum(part.negative for part in parts),
        unjudged_queries=sum(part.unjudged_queries for part in parts),
        contradicted=sum(part.contradicted for part in parts),
        first=parts[0].first,
    )


def _together(arrays: Sequence[pa.Array]) -> pa.Array:
    """The concatenation of arrays as a plain array; dictionary arrays are decoded."""
    return pa.concat_arrays([decoded(array) for array in arrays])
