"""One pass over a bandit log: the moments of all terms that some estimators need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rankeval.arrow import as_float64, is_null
from rankeval.candidates import CANDIDATE_COLUMNS, from_candidates, given_by, require_lists, sources_of
from rankeval.diagnostics import share_clipped
from rankeval.errors import DataError, UsageError
from rankeval.estimate import Functional, Mean, pairs_needed
from rankeval.estimators import REDUCING, REWARD, WEIGHT, Block, Estimator, Term, needed_columns, write_terms
from rankeval.ids import hashes_of
from rankeval.log import Log
from rankeval.moments import Moments, MomentsAccumulator
from rankeval.scan import fold
from rankeval.segments import segments_of
from rankeval.sessions import Sessions, counting

Floats = NDArray[np.float64]

#: Rounds in a block: its terms stay in the second-level cache.
BLOCK = 1 << 14
#: Segments that a pass with bucket sums may hold: those of one take about half a megabyte.
MAX_BUCKETED_SEGMENTS = 1000
#: With it a weight, at most its inverse, is finite.
SMALLEST_PROPENSITY = float(np.finfo(np.float64).tiny)


@dataclass(frozen=True)
class Plan:
    """What one pass computes: the distinct terms of all estimators, and functionals over them.

    Attributes:
        terms: distinct terms, the reward first.
        values: a functional for each estimator.
    """

    terms: tuple[Term, ...]
    values: tuple[Functional, ...]

    @classmethod
    def of(cls, estimators: Sequence[Estimator]) -> Plan:
        """The plan of some estimators; diagnostics need plain weights, and those that are reduced."""
        used = [term for estimator in estimators for term in estimator.terms if term is not None]
        used += [e.term("weight") for e in estimators if e.definition.transform in REDUCING]
        weighted = [WEIGHT] if any("propensity" in needed_columns([term]) for term in used) else []
        terms = tuple(dict.fromkeys([REWARD, *weighted, *used]))
        index = {term: i for i, term in enumerate(terms)}
        return cls(terms, tuple(_functional(estimator, index) for estimator in estimators))

    @property
    def logged(self) -> Functional:
        return Mean(0)

    @property
    def weight(self) -> int | None:
        """The term that holds the importance weight, None where no estimator uses weights."""
        return self.terms.index(WEIGHT) if WEIGHT in self.terms else None

    def share_clipped(self, estimator: Estimator, moments: Moments) -> float | None:
        """Share of the weight that an estimator takes away, None for one whose weights are not reduced."""
        if self.weight is None or estimator.definition.transform not in REDUCING:
            return None
        return share_clipped(moments, self.weight, self.terms.index(estimator.term("weight")))

    @cached_property
    def pairs(self) -> NDArray[np.int64]:
        """Co-moments of every estimator's own terms and the reward, and of the weight."""
        gains = [value - self.logged for value in self.values]
        weights = [] if self.weight is None else [Mean(self.weight)]
        return pairs_needed([self.logged, *gains, *weights])


def _functional(estimator: Estimator, index: Mapping[Term, int]) -> Functional:
    mean, numerator, denominator = (None if term is None else Mean(index[term]) for term in estimator.terms)
    if numerator is None or denominator is None:
        assert mean is not None
        return mean
    ratio = numerator / denominator
    return ratio if mean is None else mean + ratio


@dataclass(frozen=True)
class Pass:
    """Moments of a whole log, and of its segments by value."""

    whole: Moments
    segments: dict[Any, Moments]

    def merge(self, other: Pass) -> Pass:
        """Both parts; fold leaves in their order."""
        segments = dict(self.segments)
        for value, moments in other.segments.items():
            segments[value] = segments[value].merge(moments) if value in segments else moments
        return Pass(self.whole.merge(other.whole), segments)


def collect(
    log: Log, plan: Plan, *, bucketed: bool, by: str | None, cluster: str | None, threads: int | None
) -> Pass:
    """One pass over a bandit log: the moments of the plan's terms.

    Raises:
        DataError: a column missing or of the wrong type, a propensity outside (0, 1], a target propensity
            outside [0, 1], a null, NaN or infinity, an action outside its candidate list.
    """
    if log.session is not None:
        raise DataError(
            f"{log.origin}: has a column {log.name('session_id')!r} and so is a ranking log; "
            "wanted a bandit log, one row a round"
        )
    columns = needed_columns(plan.terms)
    roles = sources_of(log, columns)
    key = cluster or ("round_id" if bucketed and log.has("round_id") else None)
    roles = list(dict.fromkeys([*roles, *(name for name in (key, by) if name is not None)]))
    log.require(roles)
    require_lists(log, roles)
    first_rows = log.first_rows() if bucketed and key is None else []

    def work(rounds: Sessions) -> Pass:
        values = _columns(rounds, columns)
        keys = _keys(rounds, key, first_rows) if bucketed else None
        whole = _moments(values, plan, keys, slice(None))
        if not np.isfinite(whole.total).all():
            raise _not_finite(rounds, values)
        if by is None:
            return Pass(whole, {})
        parts = segments_of(rounds.column(by))
        if bucketed and len(parts) > MAX_BUCKETED_SEGMENTS:
            raise _many_segments(log, by)
        return Pass(whole, {value: _moments(values, plan, keys, rows) for value, rows in parts.items()})

    return fold(log, roles, work, Pass.merge, threads)


def _columns(rounds: Sessions, columns: Sequence[str]) -> dict[str, Floats]:
    """The columns that terms are computed from, one float64 per round, from rows or from candidate lists."""
    lists = from_candidates(rounds) if any(role in rounds for role in CANDIDATE_COLUMNS) else {}
    values = {name: as_float64(rounds.column(name)) if name in rounds else lists[name] for name in columns}
    for name, lowest in (("propensity", SMALLEST_PROPENSITY), ("target_propensity", 0.0)):
        if name in values:
            _require_probability(rounds, name, values[name], lowest)
    return values


def _not_finite(rounds: Sessions, values: Mapping[str, Floats]) -> DataError:
    """Name the number that is null, NaN or infinite: each poisons a total, so none needs to be looked for."""
    for name in values:
        if name in rounds:
            rounds.numbers(name)
    largest = max(values, key=lambda name: float(np.abs(values[name]).max()))
    row = int(np.argmax(np.abs(values[largest])))
    wanted = "numbers whose products and sums are finite"
    return rounds.error(given_by(rounds, largest), row, values[largest][row], wanted)


def _many_segments(log: Log, by: str) -> UsageError:
    return UsageError(
        f"by: column {log.name(by)!r} of {log.origin} has more than {MAX_BUCKETED_SEGMENTS} values, "
        "wanted fewer with a bootstrap or clusters"
    )


def _require_probability(rounds: Sessions, name: str, values: Floats, lowest: float) -> None:
    if values.min(initial=1.0) < lowest or values.max(initial=0.0) > 1.0:
        row = int(np.argmax((values < lowest) | (values > 1.0)))
        raise rounds.error(
            given_by(rounds, name), row, values[row], f"a probability in {'(' if lowest else '['}0, 1]"
        )


def _keys(rounds: Sessions, key: str | None, first_rows: Sequence[int]) -> NDArray[np.uint64]:
    """What units are resampled by: the cluster, the round's id, or else its row."""
    if key is None:
        return (first_rows[rounds.source] + rounds.first_row + counting(len(rounds))).view(np.uint64)
    ids = rounds.column(key)
    if ids.null_count:
        raise rounds.error(key, int(np.argmax(is_null(ids))), None, "an id")
    return hashes_of(ids)


def _moments(
    values: Mapping[str, Floats], plan: Plan, keys: NDArray[np.uint64] | None, rows: slice | NDArray[np.int64]
) -> Moments:
    """Moments of the plan's terms over some rounds, a block at a time."""
    chosen = {name: column[rows] for name, column in values.items()}
    chosen_keys = None if keys is None else keys[rows]
    accumulator = MomentsAccumulator(len(plan.terms), plan.pairs, keys is not None)
    terms = np.empty((len(plan.terms), BLOCK))
    for block in _blocks(len(next(iter(chosen.values())))):
        out = terms[:, : block.stop - block.start]
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite shows in the totals
            write_terms(plan.terms, Block({name: column[block] for name, column in chosen.items()}), out)
        accumulator.add(out, None if chosen_keys is None else chosen_keys[block])
    return accumulator.moments()


def _blocks(n: int) -> Iterator[slice]:
    for start in range(0, n, BLOCK):
        yield slice(start, min(start + BLOCK, n))
