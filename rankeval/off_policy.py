"""Off-policy estimates from a bandit log: one streaming pass, any number of estimators."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rankeval.candidates import CANDIDATE_COLUMNS, from_candidates, sources_of
from rankeval.errors import DataError, UsageError
from rankeval.estimate import Functional, Mean, Relative, pairs_needed
from rankeval.estimators import REWARD, WEIGHT, Block, Estimator, Term, needed_columns, parse, write_terms
from rankeval.ids import hashes_of
from rankeval.intervals import BUCKETED, INTERVALS, Inference
from rankeval.log import Log
from rankeval.moments import Moments, MomentsAccumulator
from rankeval.off_policy_result import EstimateRow, OffPolicyEvaluation
from rankeval.scan import scan
from rankeval.segments import SMALL_SEGMENT, in_order, segments_of
from rankeval.sessions import Sessions, as_float64

Floats = NDArray[np.float64]

#: Effective sample size under which a warning says that the log can hardly tell.
FEW_EFFECTIVE = 100
#: Rounds in a block: its terms stay in the second-level cache.
BLOCK = 1 << 14


def ope(
    log: Any,
    estimators: str | Sequence[str] | None = None,
    *,
    ci: str | Sequence[str] = ("normal",),
    level: float = 0.95,
    replicates: int = 1000,
    by: str | None = None,
    cluster: str | None = None,
    seed: int = 0,
    columns: Mapping[str, str] | None = None,
    where: str | None = None,
    threads: int | None = None,
) -> OffPolicyEvaluation:
    """Value of a target policy from a bandit log, its gain over the log, and what the weights look like.

    Args:
        log: a bandit log (path, folder, glob, URL, Arrow table, pandas or polars frame, dict of arrays) with
            ``reward, propensity, target_propensity``, for some estimators ``q_logged, q_target``; or with
            candidate sets as lists: ``action`` (an index from 0), ``candidate_propensities``,
            ``candidate_target_propensities``, ``candidate_q``.
        estimators: names such as ``snips`` or ``cips:max_weight=5`` (:func:`rankeval.estimators.parse`); by
            default ``ips`` and ``snips``, and ``dr`` where the log has a reward model's predictions.
        ci: interval methods: ``normal`` (delta method), ``bootstrap`` (percentile), ``bootstrap_t``.
        level: confidence level.
        replicates: of the bootstrap, which resamples buckets of hashed ``round_id``, else of row numbers.
        by: a column that splits the rounds into segments.
        cluster: a column whose values are the independent units, such as the user.
        seed: of the bootstrap.
        columns: role -> column name.
        where: row filter, such as ``position <= 3``.
        threads: number of threads; the result does not depend on it.

    Returns:
        :class:`OffPolicyEvaluation`, with ``to_dict()``, ``to_pandas()`` and a readable repr.

    Raises:
        DataError: the data is wrong; the message names file, column, row and what is wanted.
        UsageError: the call is wrong.
    """
    source = log if isinstance(log, Log) else Log(log, "log", columns or {}, where)
    chosen = [parse(name) for name in _estimator_names(source, estimators)]
    plan = Plan.of(chosen)
    methods = (ci,) if isinstance(ci, str) else tuple(ci)
    infer = Inferring(methods, level, replicates, seed, cluster is not None)
    found = collect(source, plan, bucketed=infer.bucketed, by=by, cluster=cluster, threads=threads)
    parts = {None: found.whole} | {v: found.segments[v] for v in in_order(found.segments) if v is not None}
    rows = [row for value, moments in parts.items() for row in _rows(value, moments, plan, chosen, infer)]
    return OffPolicyEvaluation(
        inputs={
            "log": source.origin,
            "estimators": [estimator.label for estimator in chosen],
            "where": where,
            "by": by,
            "cluster": cluster,
            "seed": seed,
        },
        estimates=tuple(rows),
        logged=rows[0].logged,
        notes=tuple(_notes(parts, rows)),
    )


def _estimator_names(log: Log, estimators: str | Sequence[str] | None) -> Sequence[str]:
    if isinstance(estimators, str):
        return [estimators]
    if estimators:
        return estimators
    model = (log.has("q_logged") and log.has("q_target")) or log.has("candidate_q")
    return ["ips", "snips", *(["dr"] if model else [])]


@dataclass(frozen=True)
class Inferring:
    """How errors and intervals are computed.

    Raises:
        UsageError: an unknown method, a level or number of replicates out of range.
    """

    methods: tuple[str, ...]
    level: float
    replicates: int
    seed: int
    clustered: bool

    def __post_init__(self) -> None:
        """Find out now, rather than after the log was read."""
        empty = MomentsAccumulator(1, pairs_needed([Mean(0)]), bucketed=True).moments()
        self.of(empty)

    @property
    def bucketed(self) -> bool:
        """Whether moments need bucket sums."""
        return self.clustered or bool(BUCKETED & set(self.methods))

    def of(self, moments: Moments) -> Inference:
        return Inference(moments, self.methods, self.level, self.clustered, self.replicates, self.seed)


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
        """The plan of some estimators; weights are kept too wherever an estimator uses them, for diagnostics."""
        used = [term for estimator in estimators for term in estimator.terms if term is not None]
        used += [estimator.term("weight") for estimator in estimators if estimator.definition.transform != "plain"]
        weighted = [WEIGHT] if any("propensity" in needed_columns([term]) for term in used) else []
        terms = tuple(dict.fromkeys([REWARD, *weighted, *used]))
        index = {term: i for i, term in enumerate(terms)}
        return cls(terms, tuple(_functional(estimator, index) for estimator in estimators))

    @property
    def logged(self) -> Functional:
        return Mean(0)

    @property
    def weight(self) -> Functional | None:
        """Mean importance weight, None where no estimator uses weights."""
        return Mean(self.terms.index(WEIGHT)) if WEIGHT in self.terms else None

    @cached_property
    def pairs(self) -> NDArray[np.int64]:
        """Co-moments of every estimator's own terms and the reward, and of the weight."""
        gains = [value - self.logged for value in self.values]
        return pairs_needed([self.logged, *gains, *([self.weight] if self.weight else [])])


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
            f"{log.origin}: has a column {log.name('session_id')!r} and so is a ranking log; wanted a bandit log, "
            "one row a round"
        )
    columns = needed_columns(plan.terms)
    roles = sources_of(log, columns)
    key = cluster or ("round_id" if bucketed and log.has("round_id") else None)
    extra = [name for name in (key, by) if name is not None]
    log.require([*roles, *extra])
    first_rows = log.first_rows() if bucketed and key is None else []

    def work(rounds: Sessions) -> Pass:
        values = _columns(rounds, columns)
        keys = _keys(rounds, key, first_rows) if bucketed else None
        whole = _moments(values, plan, keys, slice(None))
        if not np.isfinite(whole.mean).all():
            _require_finite(rounds, columns)
        if by is None:
            return Pass(whole, {})
        parts = segments_of(rounds.column(by))
        return Pass(whole, {value: _moments(values, plan, keys, rows) for value, rows in parts.items()})

    return reduce(Pass.merge, scan(log, [*roles, *dict.fromkeys(extra)], work, threads))


def _columns(rounds: Sessions, columns: Sequence[str]) -> dict[str, Floats]:
    """The columns that terms are computed from, one float64 per round, from rows or from candidate lists."""
    lists = from_candidates(rounds) if any(role in rounds for role in CANDIDATE_COLUMNS) else {}
    values = {name: as_float64(rounds.column(name)) if name in rounds else lists[name] for name in columns}
    for name, low_open in (("propensity", True), ("target_propensity", False)):
        if name in values:
            _require_probability(rounds, name, values[name], low_open)
    return values


def _require_finite(rounds: Sessions, columns: Sequence[str]) -> None:
    """Name the number that is null, NaN or infinite: each poisons a mean, so none needs to be looked for."""
    for name in columns:
        if name in rounds:
            rounds.numbers(name)


def _require_probability(rounds: Sessions, name: str, values: Floats, low_open: bool) -> None:
    low, high = values.min(initial=1.0), values.max(initial=0.0)
    if high > 1.0 or low < 0.0 or (low_open and low == 0.0):
        bad = (values > 1.0) | (values < 0.0) | (low_open & (values == 0.0))
        row = int(np.argmax(bad))
        raise rounds.error(name, row, values[row], f"a probability in {'(' if low_open else '['}0, 1]")


def _keys(rounds: Sessions, key: str | None, first_rows: Sequence[int]) -> NDArray[np.uint64]:
    """What units are resampled by: the cluster, the round's id, or else its row."""
    if key is None:
        return (first_rows[rounds.source] + rounds.first_row + rounds.rows).view(np.uint64)
    ids = rounds.column(key)
    if ids.null_count:
        raise rounds.error(key, int(np.argmax(np.asarray(ids.is_null()))), None, "an id")
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
        write_terms(plan.terms, Block({name: column[block] for name, column in chosen.items()}), out)
        accumulator.add(out, None if chosen_keys is None else chosen_keys[block])
    return accumulator.moments()


def _blocks(n: int) -> Iterator[slice]:
    for start in range(0, n, BLOCK):
        yield slice(start, min(start + BLOCK, n))


def _rows(
    segment: Any, moments: Moments, plan: Plan, estimators: Sequence[Estimator], inferring: Inferring
) -> Iterator[EstimateRow]:
    inference = inferring.of(moments)
    logged = inference.estimate(plan.logged)
    diagnostics = _diagnostics(inference, plan)
    for estimator, value in zip(estimators, plan.values, strict=True):
        yield EstimateRow(
            estimator=estimator,
            segment=segment,
            value=inference.estimate(value),
            gain=inference.estimate(value - plan.logged),
            relative=inference.estimate(Relative(value, plan.logged)),
            logged=logged,
            diagnostics=diagnostics | {"share_clipped": _share_clipped(estimator, moments, plan)},
        )


def _diagnostics(inference: Inference, plan: Plan) -> dict[str, float | None]:
    """Effective sample size ``(sum w)^2 / sum w^2``, largest and mean weight, z of the mean against 1."""
    names = ("ess", "max_weight", "mean_weight", "mean_weight_z")
    if plan.weight is None:
        return dict.fromkeys(names)
    moments, j = inference.moments, plan.terms.index(WEIGHT)
    mean = float(moments.mean[j])
    squares = float(moments.comoment[moments.pair_index[j, j]]) + moments.n * mean**2
    estimate = inference.estimate(plan.weight)
    z = (mean - 1.0) / estimate.std_error if estimate.std_error else None
    ess = (moments.n * mean) ** 2 / squares if squares > 0 else 0.0
    return dict(zip(names, (ess, float(moments.high[j]), mean, z), strict=True))


def _share_clipped(estimator: Estimator, moments: Moments, plan: Plan) -> float | None:
    """Share of the weight that clipping takes away, None where nothing is clipped."""
    if estimator.definition.transform != "clipped":
        return None
    mean = float(moments.mean[plan.terms.index(WEIGHT)])
    return 1.0 - float(moments.mean[plan.terms.index(estimator.term("weight"))]) / mean if mean > 0 else None


def _notes(segments: Mapping[Any, Moments], rows: Sequence[EstimateRow]) -> Iterator[str]:
    """What a reader must know before trusting the numbers."""
    whole = rows[0].diagnostics
    ess, mean, z = whole["ess"], whole["mean_weight"], whole["mean_weight_z"]
    if ess is not None and ess < FEW_EFFECTIVE:
        yield f"effective sample size {ess:.0f}: under {FEW_EFFECTIVE} this log can hardly tell"
    if mean is not None and z is not None and abs(mean - 1.0) > 0.05 and abs(z) > 4.0:
        yield f"the mean weight is {mean:.4g}, {abs(z):.1f} standard errors off 1: the propensities look wrong"
    for value, moments in segments.items():
        if value is not None and moments.n < SMALL_SEGMENT:
            yield f"segment {value}: only {moments.n} rounds, intervals are rough under {SMALL_SEGMENT}"
    yield from dict.fromkeys(warning for row in rows for warning in (*row.value.warnings, *row.relative.warnings))
