"""Means, differences and tests from values per query."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from rankeval.array_types import Hashes
from rankeval.evaluation.alignment import Aligned, AlignedRun
from rankeval.evaluation.many import best_runs, with_simultaneous
from rankeval.evaluation.measures import Terms, influence, measures_of
from rankeval.evaluation.query_units import QueryUnits
from rankeval.evaluation.request import Request
from rankeval.evaluation.rows import Comparison, MetricRow
from rankeval.inference import (
    UNDEFINED,
    Best,
    Estimate,
    adjust,
    family_key,
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
        best: the best run by each metric; empty for one run.
        request: what was asked.
    """

    rows: tuple[MetricRow, ...]
    comparisons: tuple[Comparison, ...]
    best: tuple[Best, ...]
    request: Request

    @classmethod
    def of(cls, aligned: Aligned, units: QueryUnits, request: Request) -> Estimates:
        """The estimates from the values per query of ``aligned``."""
        rows = [row for name, run in aligned.runs.items() for row in _rows(name, run, units, request)]
        pairs = combinations(aligned.runs, 2)
        comparisons = [one for pair in pairs for one in _compare(pair, aligned, units, request)]
        comparisons = _adjusted(comparisons, request)
        if request.simultaneous:
            comparisons = with_simultaneous(comparisons, aligned, units, request)
        return cls(tuple(rows), tuple(comparisons), best_runs(aligned, units, request), request)

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
        yield from _too_few(self.comparisons, self.request.permutations, self.request.infer.level)


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


def _p_values(
    terms: Terms, keys: Hashes, estimate: Estimate, request: Request
) -> Iterator[tuple[str, float | None]]:
    """The p-values of the paired t-test and of the randomisation test, which flips signs by cluster."""
    if estimate.std_error is None or estimate.value is None:
        yield from (("t", None), ("randomisation", None))
        return
    differences = influence(terms)
    if request.infer.clustered:
        yield "t", t_test(estimate.value, estimate.std_error, estimate.degrees)
    else:
        yield "t", paired_t(differences)
    yield "randomisation", randomisation_test(differences, keys, request.permutations, request.infer.seed)


def _adjusted(comparisons: Sequence[Comparison], request: Request) -> list[Comparison]:
    """Adjust the p-values over their families, separately for each test."""
    keys = [(c.test, family_key(request.family, c.metric, c.segment)) for c in comparisons]
    adjusted = adjust([c.p_value for c in comparisons], keys)
    return [replace(c, adjusted=one) for c, one in zip(comparisons, adjusted, strict=True)]


def _too_few(comparisons: Sequence[Comparison], permutations: int, level: float) -> Iterator[Note]:
    """A warning where no p-value of the randomisation test can be small enough for its family."""
    tests = max((c.adjusted.tests for c in comparisons if c.test == "randomisation"), default=0)
    wanted = math.ceil(tests / (1.0 - level)) if level < 1.0 else 0
    if tests and permutations + 1 < wanted:
        text = (
            f"{permutations:,} permutations: no p-value of the randomisation test that is adjusted over "
            f"{tests:,} tests can be under {1.0 - level:.3g}; wanted at least {wanted:,}"
        )
        yield Note("few_permutations", text, {"permutations": permutations, "threshold": wanted})
