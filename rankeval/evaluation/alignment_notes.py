"""What a reader must know of judgements and runs that are put side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from rankeval.evaluation.alignment import Aligned, Policies
from rankeval.evaluation.judgements import Judgements
from rankeval.metrics import Metric
from rankeval.notes import Note

_COUNTED = {"zero": "count as 0", "one": "count as 1", "skip": "are left out"}


def alignment_notes(
    aligned: Aligned, judgements: Judgements | None, metrics: Sequence[Metric], policies: Policies
) -> Iterator[Note]:
    """What does not count as judged or does not fit together, and where a policy sets a value."""
    yield from _of_data(aligned, judgements)
    yield from _of_policies(aligned, metrics, policies)


def _of_data(aligned: Aligned, judgements: Judgements | None) -> Iterator[Note]:
    """What stands in the files that does not count as judged, or does not fit together."""
    if judgements is not None and judgements.negative:
        text = f"{judgements.negative} judgements have a negative grade and count as unjudged"
        yield Note("negative_grades", text, {"judgements": judgements.negative})
    for name, run in aligned.runs.items():
        scored, items = run.scored, int(run.scored.retrieved.sum())
        if scored.negative:
            text = f"run {name}: {scored.negative} items have a negative grade and count as unjudged"
            yield Note("negative_grades", text, {"items": scored.negative})
        if not len(scored.queries):
            queries = scored.unjudged_queries
            hint = "" if judgements is None else "; do the query ids match?"
            text = f"run {name}: none of its {queries} queries has a judged item{hint}"
            yield Note("nothing_judged", text, {"queries": queries})
        elif scored.unjudged_items.sum() == items:
            text = f"run {name}: none of its {items} items is judged; do the item ids match?"
            yield Note("nothing_judged", text, {"items": items})
    if judgements is None:
        yield from _different_judgements(aligned)


def _different_judgements(aligned: Aligned) -> Iterator[Note]:
    """Runs that carry their own relevance may disagree on what is relevant."""
    for (a, left), (b, right) in combinations(aligned.runs.items(), 2):
        both = left.present & right.present
        different = int(np.count_nonzero(both & (left.relevant != right.relevant)))
        if different:
            text = (
                f"runs {a} and {b} hold different numbers of relevant items for {different} queries; "
                "a judgements file gives both the same ideal"
            )
            yield Note("different_judgements", text, {"queries": different})


def _of_policies(aligned: Aligned, metrics: Sequence[Metric], policies: Policies) -> Iterator[Note]:
    """Where a metric has no value and a policy sets one that may surprise."""
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
        undefined = _most(aligned, lambda run, c=column: run.undefined[:, c] & run.present & ~aligned.empty)
        if undefined:
            text = (
                f"{metric.name}: {undefined} queries that have relevant items have nothing to order "
                f"and {_COUNTED[policies.empty]}"
            )
            yield Note("undefined_queries", text, {"queries": undefined})


def _most(aligned: Aligned, mask: Any) -> int:
    """The largest number of queries that a mask holds for any run."""
    return max(int(np.count_nonzero(mask(run))) for run in aligned.runs.values())
