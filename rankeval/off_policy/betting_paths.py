"""Confidence sequences by betting for the estimates of a bandit log, in two further passes over it.

The first pass sums the terms of each batch of rounds, the second plays each batch knowing the sums of all
batches before it. The batches and their order follow from the files alone, so that no bit depends on threads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate as running
from itertools import combinations

import numpy as np
import pyarrow as pa

from rankeval.array_types import Floats
from rankeval.estimators import write_terms
from rankeval.inference import (
    Candidates,
    Facts,
    Functional,
    InferenceOptions,
    Played,
    TermSums,
    betting_path,
    path_times,
    play,
)
from rankeval.logs import Sessions, fold, sampling_roles, scan
from rankeval.notes import Note
from rankeval.off_policy.accumulate import Sums, sample_of
from rankeval.off_policy.known_ranges import KnownRanges
from rankeval.off_policy.nuisances import Nuisances
from rankeval.off_policy.plan import Plan
from rankeval.off_policy.samples import LOGGED, ColumnSources

Ends = tuple[float, float] | None


@dataclass(frozen=True)
class Quantity:
    """An estimate that is the mean of a bounded term.

    Attributes:
        estimator: label of the estimator.
        target, against: the policy, and the one whose value is taken off; None: none is.
        functional: the estimate.
        range: least and largest possible term of a round.
    """

    estimator: str
    target: str
    against: str | None
    functional: Functional
    range: tuple[float, float]

    def scaled(self, terms: Mapping[int, Floats], mean: Floats) -> Floats:
        """(n,) the terms of some rounds on a scale on which the range is [0, 1]."""
        low, high = self.range
        gradient = self.functional.gradient(mean)
        total = sum(float(by) * terms[term] for term, by in sorted(gradient.items()))
        return np.clip((np.asarray(total) - low) / (high - low), 0.0, 1.0)

    def unscaled(self, ends: Ends) -> tuple[float | None, float | None]:
        """The ends of an interval on the scale of the estimate; None for an empty one."""
        low, high = self.range
        return (None, None) if ends is None else (low + (high - low) * ends[0], low + (high - low) * ends[1])


@dataclass(frozen=True)
class BettingPaths:
    """Running intervals of the quantities of a log.

    Attributes:
        quantities: the estimates that have them.
        paths: for each of them, numbers of rounds and the interval after so many; None if it is empty.
    """

    quantities: tuple[Quantity, ...] = ()
    paths: tuple[tuple[tuple[int, Ends], ...], ...] = ()

    @property
    def intervals(self) -> dict[Functional, Ends]:
        """The interval of each estimate after the whole log."""
        every = zip(self.quantities, self.paths, strict=True)
        return {quantity.functional: found[-1][1] for quantity, found in every}

    def notes(self) -> Iterator[Note]:
        """What the sequences assume."""
        if self.quantities:
            text = (
                "betting: rounds are taken in the order of the rows, which rewards must not have decided, as "
                "in a log sorted by reward"
            )
            yield Note("order_assumed", text)

    def table(self) -> pa.Table:
        """One row for each quantity and number of rounds: ``estimator, target, against, n, low, high``."""
        rows = [
            (quantity.estimator, quantity.target, quantity.against, n, *quantity.unscaled(ends))
            for quantity, found in zip(self.quantities, self.paths, strict=True)
            for n, ends in found
        ]
        names = ("estimator", "target", "against", "n", "low", "high")
        types = (pa.string(), pa.string(), pa.string(), pa.int64(), pa.float64(), pa.float64())
        columns = zip(*rows, strict=True) if rows else ((),) * len(names)
        return pa.table(
            {name: pa.array(column, type) for name, column, type in zip(names, columns, types, strict=True)}
        )


def betting_paths(
    sources: ColumnSources, sums: Sums, nuisances: Nuisances, infer: InferenceOptions, threads: int | None
) -> BettingPaths:
    """Play the sequence of rounds for every estimate that is a mean of a bounded term.

    Empty if rows have weights, or units are clusters: these are no sequence of independent rounds.

    Args:
        sources, nuisances: as for :func:`rankeval.off_policy.accumulate.accumulate`.
        sums: its result.
        infer: the options of intervals.
        threads: number of threads; the result does not depend on it.
    """
    quantities = tuple(dict.fromkeys(_quantities(sums.plan, KnownRanges.of(sums))))
    if not quantities or infer.clustered or sampling_roles(sources.log):
        return BettingPaths()
    passes = _Passes(sources, sums, nuisances, quantities, threads)
    batches = passes.batches()
    tail = (1.0 - infer.of(sums.moments.whole).central) / 2.0
    totals = [sum(column, TermSums()) for column in zip(*batches.values(), strict=True)]
    candidates = [Candidates.around(total) for total in totals]
    played = passes.play(batches, candidates, tail)
    found = [tuple(betting_path(each, own, tail)) for each, own in zip(played, candidates, strict=True)]
    return BettingPaths(quantities, tuple(found))


def _quantities(plan: Plan, ranges: KnownRanges) -> Iterator[Quantity]:
    """The values, gains and differences that are means of bounded terms."""
    for estimator in (each for each in plan.asked if each.choice is None):
        values = {target: plan.value(estimator, target) for target in plan.targets}
        logged = plan.logged(estimator)

        def known(
            facts: Facts,
            functional: Functional,
            target: str,
            against: str | None,
            label: str = estimator.label,
        ) -> Iterator[Quantity]:
            if facts.bounds is not None and facts.bounds[0] < facts.bounds[1]:
                yield Quantity(label, target, against, functional, facts.bounds)

        for target, value in values.items():
            yield from known(ranges.value(estimator, target), value, target, None)
            yield from known(ranges.gain(estimator, target), value - logged, target, LOGGED)
        for a, b in combinations(plan.targets, 2):
            yield from known(ranges.difference(estimator, a, b), values[a] - values[b], a, b)


#: The file and the first row of a batch, which identify it.
Batch = tuple[int, int]


@dataclass(frozen=True)
class _Passes:
    """The two passes over the rounds of a log."""

    sources: ColumnSources
    sums: Sums
    nuisances: Nuisances
    quantities: tuple[Quantity, ...]
    threads: int | None

    def batches(self) -> dict[Batch, list[TermSums]]:
        """The sums of the terms of each quantity over the rounds of each batch, in the order of the log."""
        found = scan(
            self.sources.log,
            self._roles,
            lambda rounds: (_batch(rounds), [TermSums.of(z) for z in self._terms(rounds)]),
            self.threads,
        )
        return dict(found)

    def play(
        self, batches: Mapping[Batch, list[TermSums]], candidates: Sequence[Candidates], tail: float
    ) -> list[Played]:
        """Play all rounds for each quantity."""
        nothing = [TermSums()] * len(self.quantities)
        befores = running(batches.values(), _added, initial=nothing)
        before = dict(zip(batches, befores, strict=False))
        times = path_times(sum(each[0].n for each in batches.values()))

        def work(rounds: Sessions) -> list[Played]:
            every = zip(self._terms(rounds), before[_batch(rounds)], candidates, strict=True)
            return [play(z, earlier, own, tail, times) for z, earlier, own in every]

        def merged(left: list[Played], right: list[Played]) -> list[Played]:
            return [a.then(b) for a, b in zip(left, right, strict=True)]

        return fold(self.sources.log, self._roles, work, merged, self.threads)

    @property
    def _roles(self) -> list[str]:
        return sample_of(self.sources, self.sums.plan, self.nuisances).roles

    def _terms(self, rounds: Sessions) -> Iterator[Floats]:
        """For each quantity, (n,) the scaled terms of some rounds."""
        plan = self.sums.plan
        needed = sorted(frozenset().union(*(each.functional.terms for each in self.quantities)))
        block, _ = sample_of(self.sources, plan, self.nuisances).read(rounds)
        values = np.empty((len(needed), len(block)))
        write_terms([plan.terms.terms[term] for term in needed], block, values)
        terms = dict(zip(needed, values, strict=True))
        mean = self.sums.moments.whole.mean
        return (quantity.scaled(terms, mean) for quantity in self.quantities)


def _batch(rounds: Sessions) -> Batch:
    return int(rounds.source), int(rounds.first_row)


def _added(left: list[TermSums], right: list[TermSums]) -> list[TermSums]:
    return [a + b for a, b in zip(left, right, strict=True)]
