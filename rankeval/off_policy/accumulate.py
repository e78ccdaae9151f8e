"""One pass over a bandit log or a ranking log: the moments of the terms that the estimators need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from rankeval.arrays import Segmented
from rankeval.errors import DataError
from rankeval.estimators import SampleBlock
from rankeval.inference import Moments
from rankeval.logs import (
    Grouping,
    RepeatedRounds,
    Sessions,
    Units,
    fold,
    nothing_counts,
    sampling_roles,
    sampling_weights,
)
from rankeval.notes import Note
from rankeval.off_policy.click_checks import ClickChecks
from rankeval.off_policy.count_range import CountRange
from rankeval.off_policy.nuisances import Nuisances
from rankeval.off_policy.plan import Plan
from rankeval.off_policy.propensity_checks import PropensityChecks
from rankeval.off_policy.samples import (
    CandidateLists,
    ColumnSources,
    ListSums,
    RangeCheck,
    Rankings,
    RepeatedRewards,
    Rounds,
)
from rankeval.off_policy.sensitivity_sums import SensitivitySums
from rankeval.off_policy.unit_moments import UnitWeights, click_moments, moments_of, part_of
from rankeval.off_policy.unshown_top import UnshownTop
from rankeval.position_bias import SessionSample
from rankeval.propensity_tests import SlicedSums

#: The largest number of positions of an estimator whose terms are by position: it keeps a covariance of all.
MOST_POSITIONS = 1000
#: The role of the ids of rounds.
ROUND = "round_id"


class Sample(Protocol):
    """Reads the checked columns, from which terms are computed, out of a log of one kind."""

    @property
    def roles(self) -> list[str]:
        """Roles of the columns to read."""

    @property
    def id(self) -> str:
        """The role of the column that identifies a unit."""

    def read(self, sessions: Sessions) -> tuple[SampleBlock, CandidateLists | None]:
        """The checked columns of some rounds or sessions, and the candidate lists of rounds."""

    def not_finite(self, sessions: Sessions) -> DataError:
        """The error for units with a term that is not finite; it names the column."""


@dataclass(frozen=True)
class Sums:
    """Moments of a whole log and of its segments.

    Attributes:
        moments: of all units, and of each segment.
        plan: the plan that lists the terms of the moments.
        checked: predictions outside the stated range of rewards.
        rewards: whether all rows of each session have the same reward.
        counts: the least and the largest count of a unit.
        lists: the sums of lists of propensities.
        repeated: the rounds of a bandit log whose id is that of another.
        clicks: moments of the terms that test the user model of estimators from clicks; None without them.
        sensitivity: the sums that say how wrong weights must be for a gain to change its sign.
        propensities: the sums that test the propensities; None where there is nothing to test.
        sample: sessions for tests of the user model; None without such tests.
        unshown: how much of a candidate's top was not shown.
    """

    moments: Segmented[Moments]
    plan: Plan
    checked: RangeCheck = field(default_factory=RangeCheck)
    rewards: RepeatedRewards = field(default_factory=RepeatedRewards)
    counts: CountRange = field(default_factory=CountRange)
    lists: ListSums = field(default_factory=ListSums)
    repeated: RepeatedRounds = field(default_factory=RepeatedRounds)
    clicks: Moments | None = None
    sensitivity: Segmented[SensitivitySums] | None = None
    propensities: SlicedSums | None = None
    sample: SessionSample | None = None
    unshown: UnshownTop = UnshownTop()  # noqa: RUF009

    def merge(self, other: Sums) -> Sums:
        """The sums over both parts; ``other`` must follow ``self`` in the order of the log."""
        plan = max(self.plan, other.plan, key=lambda plan: plan.terms.positions)
        left, right = self._under(plan), other._under(plan)
        checked, rewards = self.checked.merge(other.checked), self.rewards.merge(other.rewards)
        counts, lists = self.counts.merge(other.counts), self.lists.merge(other.lists)
        repeated = self.repeated.merge(other.repeated)
        clicks = sensitivity = propensities = sample = None
        if self.clicks is not None and other.clicks is not None:
            clicks = self.clicks.merge(other.clicks)
        if self.sensitivity is not None and other.sensitivity is not None:
            sensitivity = self.sensitivity.merge(other.sensitivity, SensitivitySums.merge)
        if self.propensities is not None and other.propensities is not None:
            propensities = self.propensities.merge(other.propensities)
        if self.sample is not None and other.sample is not None:
            sample = self.sample.merge(other.sample)
        moments = left.merge(right, Moments.merge)
        return Sums(
            moments,
            plan,
            checked,
            rewards,
            counts,
            lists,
            repeated,
            clicks,
            sensitivity,
            propensities,
            sample,
            self.unshown.merge(other.unshown),
        )

    def _under(self, plan: Plan) -> Segmented[Moments]:
        """The moments in the terms of a plan for longer lists; the terms of the added positions are 0."""
        mine = self.plan.terms
        if plan.terms.positions == mine.positions:
            return self.moments
        terms = np.array([plan.terms.index[term] for term in mine.terms])
        return self.moments.mapped(lambda part: part.spread(terms, len(plan.terms.terms), plan.pairs))

    def notes(self, sources: ColumnSources, by: str | None, cluster: str | None) -> Iterator[Note]:
        """Notes on units in no segment, on predictions outside the range, and on repeated rewards."""
        yield from self.rewards.notes(sources.log)
        yield from self.counts.notes(sources.log, self.moments.whole.whole)
        yield from self.lists.notes(sources.log)
        yield from self.unshown.notes(sources.log)
        yield from self.repeated.notes(sources.log, ROUND, cluster)
        left_out = self.moments.segments.get(None)
        if left_out is not None:
            units = self.plan.asked[0].definition.units
            text = f"{left_out.n} {units} have no value in column {by!r} and are in no segment"
            yield Note("no_segment", text, {"units": left_out.n})
        if sources.setting.reward_range is not None:
            yield from sources.setting.reward_range.notes(self.checked, sources.log)


def sample_of(sources: ColumnSources, plan: Plan, nuisances: Nuisances = Nuisances()) -> Sample:  # noqa: B008
    """The reader of the columns that a plan's terms need: rounds, or sessions of a ranking log."""
    columns = plan.terms.columns
    if sources.log.session is None:
        return Rounds(sources, columns, nuisances.of_rounds)
    return Rankings(sources, columns, nuisances.relevance, nuisances.behaviours)


def accumulate(
    sources: ColumnSources,
    plan: Plan,
    nuisances: Nuisances = Nuisances(),  # noqa: B008
    grouping: Grouping = Grouping(),  # noqa: B008
    threads: int | None = None,
) -> Sums:
    """Compute the moments of the plan's terms in one pass over a log.

    Args:
        sources: the log and the columns to read from it.
        plan: the terms, and the pairs of terms whose co-moments are needed.
        nuisances: the counted or fitted nuisance models.
        grouping: the column of segments, and whether sums are kept by bucket.
        threads: number of threads; the result does not depend on it.

    Raises:
        DataError: invalid data (see :class:`~rankeval.off_policy.samples.Rounds` and
            :class:`~rankeval.off_policy.samples.Rankings`); a reward outside the stated range; a term that
            is not finite; all units count 0 times.
        UsageError: more than 10,000 segments, or 1,000 if each keeps sums by bucket.
    """
    log, reward_range = sources.log, sources.setting.reward_range
    sample = sample_of(sources, plan, nuisances)
    units = Units.of(log, sample.id, grouping)
    plans = _Plans(plan)
    by_position = any(estimator.definition.by_position for estimator in plan.asked)

    def work(sessions: Sessions) -> Sums:
        block, candidates = sample.read(sessions)
        if by_position and block.positions > MOST_POSITIONS:
            raise _too_long(sessions, block.positions)
        checked = reward_range.check(sessions) if reward_range else RangeCheck()
        weights = UnitWeights(units.keys(sessions), units.counts(sessions), sampling_weights(sessions))
        own, users = plans.at(block.positions), units.users_of(sessions)
        whole = moments_of(block, own, replace(weights, users=users), slice(None), units.users)
        if not (np.isfinite(whole.total).all() and np.isfinite(whole.comoment).all()):
            raise sample.not_finite(sessions)
        parts = units.segments(sessions)
        segments = {value: moments_of(block, own, weights, rows) for value, rows in parts.items()}
        sensitivity = Segmented(
            SensitivitySums.of(plan, block, weights.each),
            {
                value: SensitivitySums.of(plan, block.taken(rows), part_of(weights.each, rows))
                for value, rows in parts.items()
            },
            units.most_segments,
        )
        return Sums(
            Segmented(whole, segments, units.most_segments),
            own,
            checked,
            RepeatedRewards.of(sessions),
            CountRange.of(weights.counts),
            ListSums() if candidates is None else candidates.list_sums,
            RepeatedRounds.of(sessions, ROUND, weights.counts) if rounds else RepeatedRounds(),
            None
            if clicks is None
            else click_moments(clicks, sessions, block, replace(weights, users=users), units.users),
            sensitivity,
            None
            if tests is None
            else tests.sums(
                sessions, (block, candidates), parts, weights.keys if grouping.cluster else users
            ),
            None if clicks is None else clicks.sample(sessions),
            UnshownTop.of(plan, sessions, weights.each),
        )

    clicks, tests = ClickChecks.of(log, plan), PropensityChecks.of(log, sample.roles)
    rounds = [ROUND] if log.session is None and log.has(ROUND) else []
    roles = list(dict.fromkeys([*sample.roles, *units.roles, *sampling_roles(log), *rounds]))
    roles = list(dict.fromkeys([*roles, *(clicks.roles if clicks else ())]))
    roles = list(dict.fromkeys([*roles, *(tests.roles if tests else ())]))
    found = fold(log.with_lists(tests.lists if tests else ()), roles, work, Sums.merge, threads)
    if not found.moments.whole.n:
        raise nothing_counts(log)
    # A segment whose units all count 0 times is not part of the result.
    return replace(found, moments=found.moments.where(lambda part: part.n > 0))


@dataclass(frozen=True)
class _Plans:
    """A plan for lists of each length, made once, also in each process to which this goes."""

    plan: Plan
    made: dict[int, Plan] = field(default_factory=dict)

    def at(self, positions: int) -> Plan:
        if positions not in self.made:
            self.made[positions] = self.plan.at(positions)
        return self.made[positions]


def _too_long(sessions: Sessions, positions: int) -> DataError:
    place = sessions.place(int(sessions.offsets[np.argmax(sessions.lengths)]))
    wanted = f"at most {MOST_POSITIONS:,} for estimators that normalise the weights of each position"
    return DataError(f"{place}: found {positions:,} positions, wanted {wanted}")
