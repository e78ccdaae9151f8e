"""Warnings about judgements and runs, and about values that a policy sets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from rankeval.evaluation.alignment import Aligned, Policies
from rankeval.evaluation.judgements import Judgements
from rankeval.evaluation.rules import Rules
from rankeval.evaluation.run import ScoredQueries
from rankeval.logs import contradicted_note
from rankeval.metrics import Metric
from rankeval.notes import Note
from rankeval.options import shown

_COUNTED = {"zero": "count as 0", "one": "count as 1", "skip": "are left out"}


def alignment_notes(
    aligned: Aligned, judgements: Judgements | None, rules: Rules, policies: Policies
) -> Iterator[Note]:
    """All warnings about aligned runs and their judgements."""
    yield from _of_data(aligned, judgements)
    yield from _condensed(aligned) if rules.judged_only else ()
    yield from _of_policies(aligned, rules.metrics, policies)
    yield from _different_items(aligned)
    yield from _nothing_in_common(aligned)


def _of_data(aligned: Aligned, judgements: Judgements | None) -> Iterator[Note]:
    """Warnings about negative grades, runs without a judged item, and runs with different judgements."""
    if judgements is not None and judgements.negative:
        text = f"{judgements.negative} judgements have a negative grade and count as unjudged"
        yield Note("negative_grades", text, {"judgements": judgements.negative})
    for name, run in aligned.runs.items():
        scored, items = run.scored, int(run.scored.retrieved.sum())
        if scored.negative:
            text = f"run {name}: {scored.negative} items have a negative grade and count as unjudged"
            yield Note("negative_grades", text, {"items": scored.negative})
        if scored.contradicted:
            yield contradicted_note(f"run {name}", scored.contradicted)
        if not len(scored.queries):
            queries = scored.unjudged_queries
            hint = (
                "" if judgements is None else f"; do the query ids match? {ids_seen(scored, judgements, 0)}"
            )
            text = f"run {name}: none of its {queries} queries has a judged item{hint}"
            yield Note("nothing_judged", text, {"queries": queries})
        elif scored.unjudged_items.sum() == items:
            hint = "" if judgements is None else f" {ids_seen(scored, judgements, 1)}"
            text = f"run {name}: none of its {items} items is judged; do the item ids match?{hint}"
            yield Note("nothing_judged", text, {"items": items})
    if judgements is None:
        yield from _different_judgements(aligned)


def _condensed(aligned: Aligned) -> Iterator[Note]:
    """What condensed lists leave out."""
    for name, run in aligned.runs.items():
        items, left_out = int(run.scored.retrieved.sum()), int(run.scored.unjudged_items.sum())
        text = f"run {name}: {left_out} of {items} items are unjudged and left out of the lists"
        yield Note("judged_only", text, {"items": left_out})


def ids_seen(scored: ScoredQueries, judgements: Judgements, place: int) -> str:
    """An id of a query (``place`` 0) or an item (1) of the run, and one of the judgements."""
    mine, judged = (shown(ids[place][0].as_py()) for ids in (scored.first, judgements.first))
    return f"The run has {mine}, the judgements {judged}"


def _nothing_in_common(aligned: Aligned) -> Iterator[Note]:
    """Warnings about pairs of runs that share no query."""
    for (a, left), (b, right) in combinations(aligned.runs.items(), 2):
        if left.present.any() and right.present.any() and not (left.present & right.present).any():
            ids = [shown(run.scored.queries[0].as_py()) for run in (left, right)]
            text = (
                f"runs {a} and {b} have no query in common; do the query ids match? "
                f"{a} has {ids[0]}, {b} has {ids[1]}"
            )
            yield Note("nothing_in_common", text)


def _different_judgements(aligned: Aligned) -> Iterator[Note]:
    """Warnings about pairs of runs whose own relevance columns disagree."""
    for (a, left), (b, right) in combinations(aligned.runs.items(), 2):
        both = left.present & right.present
        different = int(np.count_nonzero(both & (left.relevant != right.relevant)))
        if different:
            text = (
                f"runs {a} and {b} hold different numbers of relevant items for {different} queries; "
                "a judgements file gives both the same ideal"
            )
            yield Note("different_judgements", text, {"queries": different})


def _different_items(aligned: Aligned) -> Iterator[Note]:
    """Warnings about pairs of runs whose pooled metrics are of different items."""
    for (a, left), (b, right) in combinations(aligned.runs.items(), 2):
        both = left.present & right.present
        sizes = [run.scored.items.counts[run.places[both]] for run in (left, right)]
        different = int(np.count_nonzero(sizes[0] != sizes[1]))
        if different:
            text = (
                f"runs {a} and {b} score different numbers of judged items for {different} queries; "
                "pooled metrics are of the items that each run scores"
            )
            yield Note("different_items", text, {"queries": different})


def _of_policies(aligned: Aligned, metrics: Sequence[Metric], policies: Policies) -> Iterator[Note]:
    """Warnings about queries on which a metric is undefined and a policy sets an unexpected value."""
    for column, metric in enumerate(metrics):
        if metric.lower_is_better and policies.empty == "zero":
            undefined = _most(aligned, lambda run, c=column: run.undefined[:, c] & run.counted[:, c])
            if undefined:
                text = (
                    f"{metric.name}: {undefined} queries without a relevant item retrieved count as 0, "
                    "which is better than any rank; empty=skip leaves them out"
                )
                yield Note("undefined_queries", text, {"queries": undefined})
            continue
        undefined = _most(
            aligned, lambda run, c=column: run.undefined[:, c] & run.present & ~aligned.lacking[:, c]
        )
        if undefined:
            text = (
                f"{metric.name}: {undefined} queries that have relevant items have nothing to order "
                f"and {_COUNTED[policies.empty]}"
            )
            yield Note("undefined_queries", text, {"queries": undefined})


def _most(aligned: Aligned, mask: Any) -> int:
    """The largest number, over all runs, of queries for which the mask is true."""
    return max(int(np.count_nonzero(mask(run))) for run in aligned.runs.values())
