"""Means, differences and tests from values per query."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from rankeval.array_types import Floats, Hashes
from rankeval.evaluation.alignment import Aligned, AlignedRun
from rankeval.evaluation.measures import Terms, measures_of
from rankeval.evaluation.query_units import QueryUnits
from rankeval.evaluation.request import Request
from rankeval.evaluation.rows import Comparison, MetricRow
from rankeval.inference import (
    UNDEFINED,
    Estimate,
    Functional,
    benjamini_hochberg,
    holm,
    paired_t,
    randomisation_test,
    t_test,
)
from rankeval.notes import Note, distinct, listing

#: The largest number of places that a note lists.
LISTED = 3


@dataclass(frozen=True)
class Estimates:
    """The means of metrics, and the differences between runs.

    Attributes:
        rows: one mean for each run, metric and segment.
        comparisons: one comparison for each pair of runs, metric, segment and test.
    """

    rows: tuple[MetricRow, ...]
    comparisons: tuple[Comparison, ...]

    @classmethod
    def of(cls, aligned: Aligned, units: QueryUnits, request: Request) -> Estimates:
        """The estimates from the values per query of ``aligned``."""
        rows = [row for name, run in aligned.runs.items() for row in _rows(name, run, units, request)]
        pairs = combinations(aligned.runs, 2)
        comparisons = [one for pair in pairs for one in _compare(pair, aligned, units, request)]
        return cls(tuple(rows), _adjusted(comparisons))

    def notes(self) -> Iterator[Note]:
        """Warnings about numbers that cannot be computed, with the reason, and about unreliable numbers."""
        places = [(f"{row.metric} of {row.run}", row.segment, row.estimate) for row in self.rows]
        places += [(f"{c.metric} of {c.a} - {c.b}", c.segment, c.estimate) for c in self.comparisons]
        missing: dict[tuple[str, str], dict[str, None]] = {}
        for name, segment, estimate in places:
            place = name if segment is None else f"{name} in {segment}"
            for what, reason in _reasons(estimate):
                missing.setdefault((what, reason), {})[place] = None
        for (what, reason), where in missing.items():
            text = f"{what} of {listing(where, LISTED)}: {reason}"
            yield Note("not_computed", text, {"places": len(where)})
        sound = [row.estimate for row in self.rows if row.estimate.std_error is not None]
        yield from distinct(note for estimate in sound for note in estimate.notes)


def _reasons(estimate: Estimate) -> Iterator[tuple[str, str]]:
    """The numbers that an estimate lacks, each with the reason."""
    if estimate.std_error is None:
        why = estimate.notes[0]
        what = "standard error" if estimate.value is not None else "mean"
        yield "value" if why.code == UNDEFINED else what, why.text
        return
    for interval in estimate.intervals:
        if interval.reason is not None:
            yield f"{interval.method} interval", interval.reason


def _rows(name: str, run: AlignedRun, units: QueryUnits, request: Request) -> Iterator[MetricRow]:
    for measure in measures_of(request.rules):
        counted = measure.counted(run)
        for segment, queries in units.segments.items():
            rows = queries[counted[queries]]
            terms = measure.terms(run, rows)
            estimate = request.estimate(terms, units.keys[rows])
            if segment is None:  # one warning a run and metric is enough
                estimate = estimate.warned([note.under(f"{measure.name} of {name}") for note in terms.notes])
            yield MetricRow(name, measure.name, segment, estimate)


def _compare(
    pair: tuple[str, str],
    aligned: Aligned,
    units: QueryUnits,
    request: Request,
) -> Iterator[Comparison]:
    a, b = (aligned.runs[name] for name in pair)
    for measure in measures_of(request.rules):
        counted = measure.counted(a) & measure.counted(b)
        for segment, queries in units.segments.items():
            rows = queries[counted[queries]]
            terms = measure.difference(a, b, rows)
            estimate = request.estimate(terms, units.keys[rows])
            for test, p_value in _p_values(terms, units.keys[rows], estimate, request):
                yield Comparison(*pair, measure.name, segment, estimate, test, p_value)


def _influence(functional: Functional, terms: Floats) -> Floats:
    """(n,) float64: the contribution of each query to the difference, from terms (p, n).

    It is the difference of the query, or that of the functional linearised at the means of the terms.
    """
    means = terms.mean(axis=1)
    gradient = functional.gradient(means)
    centred = sum(g * (terms[j] - means[j]) for j, g in gradient.items())
    return np.asarray(centred + functional.value(means))


def _p_values(
    terms: Terms, keys: Hashes, estimate: Estimate, request: Request
) -> Iterator[tuple[str, float | None]]:
    """The p-values of the paired t-test and of the randomisation test, which flips signs by cluster."""
    if estimate.std_error is None or estimate.value is None:
        yield from (("t", None), ("randomisation", None))
        return
    differences = _influence(terms.functional, terms.values)
    if request.infer.clustered:
        yield "t", t_test(estimate.value, estimate.std_error, estimate.degrees)
    else:
        yield "t", paired_t(differences)
    yield "randomisation", randomisation_test(differences, keys, request.permutations, request.infer.seed)


def _adjusted(comparisons: Sequence[Comparison]) -> tuple[Comparison, ...]:
    """Adjust the p-values over the pairs of runs, separately for each metric, segment and test."""
    families: dict[tuple[str, Any, str], list[int]] = {}
    for i, comparison in enumerate(comparisons):
        families.setdefault((comparison.metric, comparison.segment, comparison.test), []).append(i)
    adjusted = list(comparisons)
    for family in families.values():
        p_values = [comparisons[i].p_value for i in family]
        for i, p_holm, p_bh in zip(family, holm(p_values), benjamini_hochberg(p_values), strict=True):
            adjusted[i] = comparisons[i].adjusted(p_holm, p_bh)
    return tuple(adjusted)
