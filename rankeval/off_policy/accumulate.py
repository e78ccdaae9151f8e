"""One pass over a log of any kind: the moments of all terms that some estimators need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from rankeval.arrays.segments import segments_of
from rankeval.errors import DataError, UsageError
from rankeval.estimators import Units, write_terms
from rankeval.inference.moments import Moments, MomentsAccumulator
from rankeval.logs.log import Log
from rankeval.logs.scan import fold
from rankeval.logs.sessions import Sessions
from rankeval.logs.units import nothing_counts, unit_counts, unit_keys, weight_roles
from rankeval.off_policy.plan import Plan
from rankeval.off_policy.samples.rankings import Rankings
from rankeval.off_policy.samples.reward_range import RangeCheck
from rankeval.off_policy.samples.rounds import Rounds
from rankeval.off_policy.samples.setting import Given

T = TypeVar("T", bound=np.generic)

#: Segments that a pass with bucket sums may hold: those of one take about half a megabyte.
MAX_BUCKETED_SEGMENTS = 1000


class LogKind(Protocol):
    """How a kind of log gives the columns that terms are computed from."""

    @property
    def roles(self) -> Sequence[str]:
        """Columns to read."""

    @property
    def id(self) -> str:
        """The role that names a unit."""

    def units(self, sessions: Sessions) -> Units:
        """The checked columns of some units."""

    def not_finite(self, sessions: Sessions) -> DataError:
        """The error for units some term of which is not finite."""


@dataclass(frozen=True)
class Pass:
    """Moments of a whole log, and of its segments by value; the plan says of which terms.

    ``checked`` is what a stated range of rewards has found.
    """

    whole: Moments
    segments: dict[Any, Moments]
    plan: Plan
    checked: RangeCheck = field(default_factory=RangeCheck)

    def merge(self, other: Pass) -> Pass:
        """Both parts; fold leaves in their order."""
        plan = max(self.plan, other.plan, key=lambda plan: plan.positions)
        left, right = self._under(plan), other._under(plan)
        segments = dict(left.segments)
        for value, moments in right.segments.items():
            segments[value] = segments[value].merge(moments) if value in segments else moments
        checked = self.checked.merge(other.checked)
        return Pass(left.whole.merge(right.whole), segments, plan, checked)

    def _under(self, plan: Plan) -> Pass:
        """The same under a plan for longer lists, which these units do not reach."""
        if plan.positions == self.plan.positions:
            return self
        terms = np.array([plan.index[term] for term in self.plan.terms])

        def spread(moments: Moments) -> Moments:
            return moments.spread(terms, len(plan.terms), plan.pairs)

        return Pass(
            spread(self.whole), {value: spread(moments) for value, moments in self.segments.items()}, plan
        )


def collect(
    log: Log,
    plan: Plan,
    given: Given = Given(),  # noqa: B008
    *,
    bucketed: bool,
    by: str | None,
    cluster: str | None,
    threads: int | None,
) -> Pass:
    """One pass over a log: the moments of the plan's terms.

    Raises:
        DataError: as the kind of log (:class:`~rankeval.off_policy.samples.rounds.Rounds`,
            :class:`~rankeval.off_policy.samples.rankings.Rankings`) says; a reward outside the stated range;
            units that all count 0 times.
        UsageError: more than 1,000 segments where each would keep bucket sums.
    """
    of_log = Rounds if log.session is None else Rankings
    kind: LogKind = of_log(log, plan.columns, given)
    key = cluster if cluster is not None else (kind.id if bucketed and log.has(kind.id) else None)
    counted = weight_roles(log)
    named = [name for name in (key, by) if name is not None]
    roles = list(dict.fromkeys([*kind.roles, *named, *counted]))
    log.require(roles)
    first_rows = log.first_rows() if bucketed and key is None else []
    plan_at = cache(plan.at)

    def work(sessions: Sessions) -> Pass:
        units = kind.units(sessions)
        checked = given.reward_range.check(sessions) if given.reward_range else RangeCheck()
        keys = unit_keys(sessions, key, first_rows) if bucketed else None
        counts = unit_counts(sessions) if counted else None
        own = plan_at(units.positions)
        whole = _moments(units, own, keys, counts, slice(None))
        if not (np.isfinite(whole.total).all() and np.isfinite(whole.comoment).all()):
            raise kind.not_finite(sessions)
        if by is None:
            return Pass(whole, {}, own, checked)
        parts = segments_of(sessions.per_session(by))
        if bucketed and len(parts) > MAX_BUCKETED_SEGMENTS:
            raise _many_segments(log, by)
        of_parts = {value: _moments(units, own, keys, counts, rows) for value, rows in parts.items()}
        return Pass(whole, of_parts, own, checked)

    found = fold(log, roles, work, Pass.merge, threads)
    if not found.whole.n:
        raise nothing_counts(log)
    # What counts 0 times is as if it were not there.
    return replace(found, segments={value: part for value, part in found.segments.items() if part.n})


def _many_segments(log: Log, by: str) -> UsageError:
    return UsageError(
        f"by: column {log.name(by)!r} of {log.origin} has more than {MAX_BUCKETED_SEGMENTS} values, "
        "wanted fewer with a bootstrap or clusters"
    )


def _moments(
    units: Units,
    plan: Plan,
    keys: NDArray[np.uint64] | None,
    counts: NDArray[np.float64] | None,
    rows: slice | NDArray[np.int64],
) -> Moments:
    """Moments of the plan's terms over some units, a block at a time."""
    chosen = units.taken(rows)
    chosen_keys, chosen_counts = _part(keys, rows), _part(counts, rows)
    accumulator = MomentsAccumulator(len(plan.terms), plan.pairs, keys is not None)
    terms = np.empty((len(plan.terms), units.AT_A_TIME))
    for block in _blocks(len(chosen), units.AT_A_TIME):
        out = terms[:, : block.stop - block.start]
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite shows in the totals
            write_terms(plan.terms, chosen.taken(block), out)
        accumulator.add(out, _part(chosen_keys, block), _part(chosen_counts, block))
    return accumulator.moments()


def _part(values: NDArray[T] | None, rows: slice | NDArray[np.int64]) -> NDArray[T] | None:
    return None if values is None else values[rows]


def _blocks(n: int, at_a_time: int) -> Iterator[slice]:
    for start in range(0, n, at_a_time):
        yield slice(start, min(start + at_a_time, n))
