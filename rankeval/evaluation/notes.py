"""What a reader of an evaluation must know before trusting its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from rankeval.array_types import Ints
from rankeval.arrays import SMALL_SEGMENT
from rankeval.evaluation.alignment import Aligned, Policies
from rankeval.evaluation.judgements import Judgements
from rankeval.evaluation.result import Comparison, MetricRow
from rankeval.inference import Estimate
from rankeval.metrics import Metric
from rankeval.notes import Note, distinct, listing

#: A note names so many places at most.
LISTED = 3
_COUNTED = {"zero": "count as 0", "one": "count as 1", "skip": "are left out"}


def of_data(aligned: Aligned, judgements: Judgements | None) -> Iterator[Note]:
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


def of_policies(aligned: Aligned, metrics: Sequence[Metric], policies: Policies) -> Iterator[Note]:
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


def of_groups(
    aligned: Aligned, segments: Mapping[Any, Ints], by: str | None, cluster: str | None
) -> Iterator[Note]:
    """Queries in no segment or cluster, and segments that are small."""
    for role, column in (("segment", by), ("cluster", cluster)):
        unknown = 0 if column is None else aligned.fields[column].null_count
        if unknown:
            fate = "are in no segment" if role == "segment" else "are units of their own"
            text = f"{unknown} queries have no value in column {column!r} and {fate}"
            yield Note(f"no_{role}", text, {"queries": unknown})
    for value, queries in segments.items():
        if value is not None and len(queries) < SMALL_SEGMENT:
            n = len(queries)
            text = f"segment {value}: only {n} queries, intervals are rough under {SMALL_SEGMENT}"
            yield Note("small_segment", text, {"queries": n, "threshold": SMALL_SEGMENT})


def of_estimates(rows: Sequence[MetricRow], comparisons: Sequence[Comparison]) -> Iterator[Note]:
    """Which numbers are missing and why, and which stand on thin ground."""
    places = [(f"{row.metric} of {row.run}", row.segment, row.estimate) for row in rows]
    places += [(f"{c.metric} of {c.a} - {c.b}", c.segment, c.estimate) for c in comparisons]
    missing: dict[tuple[str, str], dict[str, None]] = {}
    for name, segment, estimate in places:
        place = name if segment is None else f"{name} in {segment}"
        for what, reason in _reasons(estimate):
            missing.setdefault((what, reason), {})[place] = None
    for (what, reason), where in missing.items():
        text = f"{what} of {listing(where, LISTED)}: {reason}"
        yield Note("not_computed", text, {"places": len(where)})
    sound = [row.estimate for row in rows if row.estimate.std_error is not None]
    yield from distinct(note for estimate in sound for note in estimate.notes)


def _reasons(estimate: Estimate) -> Iterator[tuple[str, str]]:
    """What an estimate lacks, and why."""
    if estimate.std_error is None:
        yield "mean" if estimate.value is None else "standard error", estimate.notes[0].text
        return
    for interval in estimate.intervals:
        if interval.reason is not None:
            yield f"{interval.method} interval", interval.reason
