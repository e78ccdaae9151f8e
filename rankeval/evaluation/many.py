"""Several runs at once: simultaneous intervals of differences, and the best run, corrected for the choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from rankeval.array_types import Bools, Ints
from rankeval.evaluation.alignment import Aligned
from rankeval.evaluation.measures import Measure, influence, measures_of
from rankeval.evaluation.query_units import QueryUnits
from rankeval.evaluation.request import Request
from rankeval.evaluation.rows import Comparison
from rankeval.inference import (
    Best,
    Functional,
    Inference,
    Mean,
    Moments,
    Within,
    best_index,
    chosen,
    family_key,
    no_gain,
    pairs_needed,
    pairwise_root,
    simultaneous,
)


@dataclass(frozen=True)
class Joint:
    """The values of one metric of all runs over the queries that count for all of them.

    Attributes:
        inference: the inference from one term per run.
        values: the functional of each run's value.
    """

    inference: Inference
    values: list[Functional]

    @classmethod
    def of(
        cls, measure: Measure, aligned: Aligned, queries: Ints, units: QueryUnits, request: Request
    ) -> Joint | None:
        """The joint estimates over ``queries``; None where the metric is undefined."""
        rows = queries[_counted_by_all(measure, aligned)[queries]]
        terms = [measure.terms(run, rows) for run in aligned.runs.values()]
        if len(rows) < 2 or any(one.missing for one in terms):
            return None
        with np.errstate(all="ignore"):
            by_query = np.stack([influence(one) for one in terms])
        if not np.isfinite(by_query).all():
            return None
        values: list[Functional] = [Mean(i) for i in range(len(terms))]
        pairs = pairs_needed([a - b for a, b in combinations(values, 2)])
        keys = units.keys[rows] if request.infer.bucketed else None
        return cls(request.infer.of(Moments.of(by_query, pairs, keys)), values)


def _counted_by_all(measure: Measure, aligned: Aligned) -> Bools:
    return np.asarray(np.logical_and.reduce([measure.counted(run) for run in aligned.runs.values()]))


def with_simultaneous(
    comparisons: Sequence[Comparison], aligned: Aligned, units: QueryUnits, request: Request
) -> list[Comparison]:
    """The comparisons, each with the simultaneous interval of its family first.

    The correlation of the differences is that over the queries that count for all runs.
    """
    measures = {measure.name: measure for measure in measures_of(request.rules)}
    groups: dict[tuple[str, Any, str], list[int]] = {}
    for i, c in enumerate(comparisons):
        groups.setdefault((c.metric, c.segment, c.test), []).append(i)
    families = [(test, family_key(request.family, metric, segment)) for metric, segment, test in groups]
    index = {name: i for i, name in enumerate(aligned.runs)}
    found = list(comparisons)
    for (metric, segment, _), family, members in zip(groups, families, groups.values(), strict=True):
        joint = Joint.of(measures[metric], aligned, units.segments[segment], units, request)
        pairs = [(index[comparisons[i].a], index[comparisons[i].b]) for i in members]
        root = np.eye(len(pairs)) if joint is None else pairwise_root(joint.inference, joint.values, pairs)
        estimates = [comparisons[i].estimate for i in members]
        for i, estimate in zip(
            members,
            simultaneous(estimates, root, request.infer.level, families.count(family)),
            strict=True,
        ):
            found[i] = replace(comparisons[i], estimate=estimate)
    return found


def best_runs(aligned: Aligned, units: QueryUnits, request: Request) -> tuple[Best, ...]:
    """The best of several runs by each metric, over all queries that count for all runs."""
    if len(aligned.runs) < 2:
        return ()
    found = [_best(measure, aligned, units, request) for measure in measures_of(request.rules)]
    return tuple(best for best in found if best is not None)


def _best(measure: Measure, aligned: Aligned, units: QueryUnits, request: Request) -> Best | None:
    joint = Joint.of(measure, aligned, units.segments[None], units, request)
    if joint is None:
        return None
    definition, names = measure.metric.definition, list(aligned.runs)
    inference = joint.inference
    sign = -1.0 if definition.lower_is_better else 1.0
    index = best_index(inference, joint.values, sign)
    if index is None:
        return None
    low, high = definition.range
    values = [Within(value, low, high) for value in joint.values]
    gains = [Within(value - joint.values[0], low - high, high - low) for value in joint.values]
    if index == 0:
        gain = no_gain(inference, f"{names[0]} is the run that gains are counted from")
    else:
        gain = chosen(inference, joint.values, gains[1:], index, gains[index], sign)
    return Best(
        criterion=measure.name,
        name=names[index],
        kind="run",
        candidates=len(names),
        value=chosen(inference, joint.values, values, index, values[index], sign),
        gain=gain,
        over=names[0],
        labels={"metric": measure.name},
    )
