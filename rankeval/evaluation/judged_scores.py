"""The judged items of one run with their scores, for packages that fit something to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from rankeval.array_types import Hashes, Ints
from rankeval.arrays import take
from rankeval.errors import DataError, UsageError
from rankeval.evaluation.alignment import align
from rankeval.evaluation.alignment_notes import alignment_notes, ids_seen
from rankeval.evaluation.inputs import named_runs, open_inputs
from rankeval.evaluation.query_units import QueryUnits
from rankeval.evaluation.request import Request, parse_policies, parse_rules
from rankeval.inference import InferenceOptions
from rankeval.metrics import JudgedItems
from rankeval.notes import Note


@dataclass(frozen=True)
class JudgedScores:
    """The judged items of ``n`` queries, in ascending order of the query ids.

    Attributes:
        queries: Arrow array (n,), the ids of the queries with a judged item that has a score.
        keys: (n,) uint64, the hash of each query's cluster, or of the query itself where there is none.
        items: the items of the queries.
        fields: role -> Arrow array (n,), the segment and cluster columns.
        run, judgements: names of the files; ``judgements`` is None if the run has its own labels.
        unjudged: number of items of the run that are left out because they have no judgement.
        notes: warnings about the judgements.
    """

    queries: pa.Array
    keys: Hashes
    items: JudgedItems
    fields: Mapping[str, pa.Array]
    run: str
    judgements: str | None
    unjudged: int
    notes: tuple[Note, ...]


def judged_scores(
    run: Any,
    judgements: Any,
    infer: InferenceOptions,
    *,
    relevance_threshold: float,
    fields: tuple[str | None, str | None],
    columns: Mapping[str, str],
    where: str | None,
    purpose: str,
    threads: int | None,
) -> JudgedScores:
    """Read one run, and keep its judged items.

    Args:
        run, judgements, relevance_threshold, columns, where, threads: as of :func:`rankeval.evaluate`.
        infer: options of inference, of which the clusters are used.
        fields: the columns of segments and of clusters.
        purpose: what needs scores that are probabilities, in words; empty: any score will do.

    Raises:
        DataError: the data is wrong, or no judged item has a score.
        UsageError: there are several runs, or an option is wrong.
    """
    named = named_runs(run)
    if len(named) > 1:
        raise UsageError(f"run: found {len(named)} runs, wanted one")
    by, cluster = fields
    rules = parse_rules("roc_auc", "trec", relevance_threshold, "float64", purpose=purpose)
    request = Request(
        rules, parse_policies("zero", "zero"), infer, infer.methods, "metric", False, 1, by, cluster
    )
    inputs = open_inputs(run, judgements, columns, where)
    judged = inputs.read_judgements(request)
    aligned = align(inputs.score_runs(judged, request, threads), judged, rules, request.policies)
    (name,) = aligned.runs
    scored = aligned.runs[name].scored
    found, rows = _with_items(scored.items, aligned.runs[name].places)
    origin = inputs.runs[name].origin
    if not len(rows):
        place = 1 if len(scored.queries) else 0
        seen = "" if judged is None else f" {ids_seen(scored, judged, place)}"
        raise DataError(f"{origin}: no item is judged, wanted some; do the ids match the judgements?{seen}")
    return JudgedScores(
        queries=take(aligned.queries, rows),
        keys=QueryUnits.of(aligned, by, cluster).keys[rows],
        items=found,
        fields={role: take(column, rows) for role, column in aligned.fields.items()},
        run=origin,
        judgements=None if inputs.judgements is None else inputs.judgements.origin,
        unjudged=int(aligned.runs[name].scored.unjudged_items.sum()),
        notes=(*inputs.notes(), *alignment_notes(aligned, judged, request.rules, request.policies)),
    )


def _with_items(items: JudgedItems, places: Ints) -> tuple[JudgedItems, Ints]:
    """The items of the queries that have any, and the indices of those queries among all aligned ones."""
    present = places >= 0
    present[present] = items.counts[places[present]] > 0
    return items.of(places[present]), present.nonzero()[0]
