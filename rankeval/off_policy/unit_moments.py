"""Moments of the terms of some units, made one small block after another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from rankeval.array_types import Floats, Hashes, Ints
from rankeval.estimators import SampleBlock, write_terms
from rankeval.inference import Moments, MomentsAccumulator
from rankeval.logs import Sessions
from rankeval.off_policy.click_checks import ClickChecks
from rankeval.off_policy.plan import Plan

T = TypeVar("T", bound=np.generic)


@dataclass(frozen=True)
class UnitWeights:
    """The keys of some units, how many times each counts, and their sampling weights; None: none is read.

    Only the whole log has ``users``, the keys of a column that nobody named as cluster.
    """

    keys: Hashes | None
    counts: Floats | None
    sampling: Floats | None
    users: Hashes | None = None

    @property
    def each(self) -> Floats | None:
        """The weight of each unit in a mean; None if every unit counts once."""
        if self.counts is None or self.sampling is None:
            return self.sampling if self.counts is None else self.counts
        return self.counts * self.sampling

    def taken(self, rows: slice | Ints) -> UnitWeights:
        """Those of some of the units."""
        counts, sampling = part_of(self.counts, rows), part_of(self.sampling, rows)
        return UnitWeights(part_of(self.keys, rows), counts, sampling, part_of(self.users, rows))


def moments_of(
    block: SampleBlock, plan: Plan, weights: UnitWeights, rows: slice | Ints, users: str | None = None
) -> Moments:
    """Moments of the plan's terms over some of the units, one small block after another."""
    chosen, terms, mine = block.taken(rows), plan.terms.terms, weights.taken(rows)
    sampled = weights.sampling is not None
    tails = plan.tails if isinstance(rows, slice) else ()  # of the whole log alone, which bounds their memory
    accumulator = MomentsAccumulator(
        len(terms), plan.pairs, weights.keys is not None, sampled, users, tails, plan.sized
    )
    values = np.empty((len(terms), block.AT_A_TIME))
    for part in _parts(len(chosen), block.AT_A_TIME):
        out, own = values[:, : part.stop - part.start], mine.taken(part)
        with np.errstate(all="ignore"):  # the totals show what is not finite
            write_terms(terms, chosen.taken(part), out)
        accumulator.add(out, own.keys, own.counts, own.sampling, own.users)
    return accumulator.moments()


def click_moments(
    clicks: ClickChecks, sessions: Sessions, block: SampleBlock, weights: UnitWeights, users: str | None
) -> Moments:
    """Moments of the terms that test the user model."""
    terms = clicks.terms(sessions, block)
    accumulator = MomentsAccumulator(
        clicks.p, clicks.pairs, weights.keys is not None, weights.sampling is not None, users
    )
    for part in _parts(len(block), block.AT_A_TIME):
        own = weights.taken(part)
        accumulator.add(terms[:, part], own.keys, own.counts, own.sampling, own.users)
    return accumulator.moments()


def part_of(values: NDArray[T] | None, rows: slice | Ints) -> NDArray[T] | None:
    """The values of some of the units; None for None."""
    return None if values is None else values[rows]


def _parts(n: int, at_a_time: int) -> Iterator[slice]:
    for start in range(0, n, at_a_time):
        yield slice(start, min(start + at_a_time, n))
