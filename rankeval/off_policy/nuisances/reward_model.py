"""Cross-fitted reward models for bandit logs with candidate lists: ``q(x, a)`` of every candidate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pyarrow as pa

from rankeval.array_types import Floats, Ints
from rankeval.arrays import offsets_of, places_of
from rankeval.errors import DataError, UsageError
from rankeval.logs import Log, Sessions, counting, list_parts, unit_counts, weight_roles
from rankeval.models import (
    CrossFitted,
    Encoding,
    FoldModel,
    Folds,
    Sample,
    crossfitted,
    learn,
    notes_of,
    parts_of,
    require_features,
    require_options,
    require_outcomes,
    sampled,
    taken,
)
from rankeval.off_policy.samples import CandidateLists, ColumnSources, Rounds, given_by, logged_actions

Weighting = Literal["uniform", "mrdr"]

#: What is known of a round only once its action is.
KNOWN_AFTER = ("reward", "click", "action", "propensity", "target_propensity", "q_logged")
#: Lists that say how many candidates a round has.
LISTS = ("candidate_target_propensities", "candidate_propensities")


@dataclass(frozen=True)
class RewardModel(CrossFitted):
    """``q(x, a)`` by models that have not seen the fold of the round.

    Attributes:
        by_candidate: features that hold a list with one value a candidate; others have one value a round.
    """

    by_candidate: frozenset[str]

    def candidate_q(self, rounds: Sessions, offsets: Ints) -> Floats:
        """(offsets[-1],) float64: ``q`` of each candidate; those of round ``i`` from ``offsets[i]`` on.

        Raises:
            DataError: a list of another length than the round has candidates; a null key of a fold.
        """
        q = np.empty(int(offsets[-1]))
        folds = self.folds.of(rounds)
        values = {name: _values(rounds, name, offsets) for name in self.features}
        for index, model in enumerate(self.models):
            for part in parts_of(folds, index, offsets):
                places = places_of(offsets, part)
                lengths = offsets[part + 1] - offsets[part]
                if self.by_candidate:
                    owners = np.repeat(part, lengths)
                    columns = {
                        name: taken(column, places if name in self.by_candidate else owners)
                        for name, column in values.items()
                    }
                    q[places] = model.predict(columns, counting(len(places)), None)
                else:
                    columns = {name: taken(column, part) for name, column in values.items()}
                    actions = places - np.repeat(offsets[part], lengths)
                    q[places] = model.predict(columns, np.repeat(counting(len(part)), lengths), actions)
        return q


@dataclass(frozen=True)
class RewardModels:
    """The model of each target policy; several may share one."""

    of_target: Mapping[str, RewardModel]

    @property
    def roles(self) -> Sequence[str]:
        """The columns of the log that the models read."""
        return list(dict.fromkeys(role for model in self.of_target.values() for role in model.roles))

    def columns(self, lists: CandidateLists, targets: Sequence[str]) -> Mapping[tuple[str, str], Floats]:
        """``q_logged``, the prediction for the logged action, and ``q_target = sum_a pi(a) q(a)``."""
        found: dict[tuple[str, str], Floats] = {}
        predictions: dict[int, Floats] = {}
        for target in targets:
            model = self.of_target[target]
            if id(model) not in predictions:
                predictions[id(model)] = model.candidate_q(lists.rounds, lists.offsets)
            q = predictions[id(model)]
            found["q_logged", target] = q[lists.logged]
            found["q_target", target] = lists.expected(target, q)
        return found


def fit_reward_model(
    log: Log,
    kind: str,
    features: Sequence[str],
    *,
    folds: int = 5,
    weighting: Weighting = "uniform",
    sample: int = 100_000,
    seed: int = 0,
    cluster: str | None = None,
    threads: int | None = None,
) -> RewardModel:
    """Learn ``E[r | x, a]`` from the logged actions of a bandit log, once for each fold without that fold.

    A feature is a number (null, NaN and infinities: unknown, which trees take as it is and linear models as
    the mean) or text (its 100 most frequent categories). With one value a round for every feature, the index
    of the action is a feature too: categorical to trees, a bias and (while actions times features are at
    most 2,000) slopes of its own to linear models. Where a feature holds a list with a value for each
    candidate, the index is not used: sets of candidates may then differ, and it means nothing.

    ``weighting="mrdr"`` makes the variance of ``dr`` small rather than the error of ``q`` (Farajtabar et al.
    2018). With ``e = E[r|x,a] - q(x,a)``, the part of that variance which depends on ``q`` is

        Var_{a ~ pi_0} [w e] = sum_a pi_a^2 e_a^2 / p_a - (sum_a pi_a e_a)^2
                             = sum_a pi_a^2 (1 - p_a) / p_a e_a^2 - sum_{a != b} pi_a pi_b e_a e_b.

    The first sum, estimated from the logged action by one more ``1 / p``, is least squares by weights
    ``pi^2 (1 - p) / p^2`` with ``r`` for ``E[r|x,a]``. The second is dropped: it is 0 for deterministic
    targets, for which the weights are those of the paper; for others, errors of one sign at all actions of
    a context cost less than the weights say.

    Args:
        log: with ``reward``, ``action`` (an index from 0) and ``candidate_target_propensities`` or
            ``candidate_propensities``; a column ``weight`` multiplies weights.
        kind: ``lightgbm``, ``logistic`` (rewards 0 and 1) or ``ridge``: see :mod:`rankeval.models.learners`.
        features: columns known before the action is.
        folds: how many; a round's is the hash of its cluster, else of ``round_id``, else of its row.
        weighting: ``uniform`` or ``mrdr``.
        sample: learn from at most so many rounds of weight above 0, those whose hashed id (or row) is
            smallest: a simple random sample that the order of the log has no part in.
        seed: of folds and sample.
        cluster: a column whose values stay together in a fold.
        threads: number of threads that read; the result does not depend on it.

    Raises:
        DataError: a column is missing or cannot be what it is asked to be; rewards other than 0 and 1 for
            ``logistic``; all weights 0; all rounds in one fold.
        UsageError: an unknown kind or weighting, a number out of range, a feature known only afterwards.
    """
    require_options(kind, sample)
    if weighting not in get_args(Weighting):
        raise UsageError(f"weighting: found {weighting!r}, wanted {' or '.join(get_args(Weighting))}")
    log = log.with_lists(features)
    rounds = _TrainingRounds(log, kind, features, Folds.over(log, cluster, folds, seed), weighting)
    drawn = sampled(log, rounds.roles, rounds.of, sample, threads)

    def fitted(part: Sample) -> FoldModel:
        actions = None if rounds.by_candidate else part.numbers["action"].astype(np.int64)
        encoding = Encoding.of(part.features, actions)
        design = encoding.design(part.features, counting(len(part)), actions)
        return FoldModel(encoding, learn(kind, design, part.numbers["reward"], part.numbers["weight"]))

    models = crossfitted(log, drawn, folds, fitted)
    return RewardModel(tuple(rounds.features), rounds.folds, models, notes_of(models), rounds.by_candidate)


class _TrainingRounds:
    """How a bandit log gives rounds to learn from: features and reward of the logged action."""

    def __init__(
        self, log: Log, kind: str, features: Sequence[str], folds: Folds, weighting: Weighting
    ) -> None:
        if log.session is not None:
            raise DataError(
                f"{log.origin}: has a column {log.name('session_id')!r} and so is a ranking log; "
                "wanted a bandit log, one row a round, for a reward model"
            )
        self.features = require_features(log, features, KNOWN_AFTER)
        self.by_candidate = frozenset(
            name for name in self.features if pa.types.is_list(log.schema.field(log.name(name)).type)
        )
        self.folds = folds
        self.list = _list_of(log)
        self.logistic = kind == "logistic"
        ratio = ["propensity", "target_propensity"] if weighting == "mrdr" else []
        self.ratio = Rounds(ColumnSources.of(log), ratio) if ratio else None
        own = ["reward", "action", self.list, *weight_roles(log)]
        others = [*(self.ratio.roles if self.ratio else []), *self.features, *folds.sample_roles]
        self.roles = list(dict.fromkeys([*own, *others]))

    def of(self, rounds: Sessions) -> Sample:
        """The rounds whose weight is above 0."""
        lengths, _ = list_parts(rounds.column(self.list), rounds.names[self.list], rounds.locate)
        offsets = offsets_of(lengths)
        actions = logged_actions(rounds, lengths)
        weights = self._weights(rounds)
        kept = np.flatnonzero(weights > 0.0)
        logged = offsets[kept] + actions[kept]
        return Sample(
            order=self.folds.order(rounds)[kept],
            folds=self.folds.of(rounds)[kept],
            offsets=counting(len(kept) + 1),
            features={
                name: taken(_values(rounds, name, offsets), logged if name in self.by_candidate else kept)
                for name in self.features
            },
            numbers={
                "reward": self._rewards(rounds)[kept],
                "weight": weights[kept],
                "action": actions[kept].astype(np.float64),
            },
        )

    def _rewards(self, rounds: Sessions) -> Floats:
        rewards = rounds.numbers("reward")
        require_outcomes(rounds, "reward", rewards, binary=self.logistic)
        return rewards

    def _weights(self, rounds: Sessions) -> Floats:
        counts = unit_counts(rounds)
        if self.ratio is None:
            return counts
        columns = self.ratio.columns(rounds)
        p, pi = columns["propensity"], columns["target_propensity"]
        with np.errstate(over="ignore", invalid="ignore"):
            weights = np.asarray((pi / p) ** 2 * (1.0 - p) * counts)
        if not np.isfinite(weights).all():
            row = int(np.argmin(np.isfinite(weights)))
            role = given_by(rounds, "propensity")
            raise rounds.error(role, row, p[row], "propensities whose weight for mrdr is finite")
        return weights


def _list_of(log: Log) -> str:
    for role in LISTS:
        if log.has(role):
            return role
    names = " nor ".join(repr(log.name(role)) for role in LISTS)
    raise DataError(f"{log.origin}: no column {names}, wanted lists of candidates for a reward model")


def _values(rounds: Sessions, name: str, offsets: Ints) -> pa.Array:
    """A feature with one value a round, or one a candidate, flat."""
    column = rounds.column(name)
    if not pa.types.is_list(column.type):
        return column
    lengths, flat = list_parts(column, rounds.names[name], rounds.locate)
    wanted = np.diff(offsets)
    if not np.array_equal(lengths, wanted):
        row = int(np.argmax(lengths != wanted))
        raise DataError(
            f"{rounds.locate(row)}: the list in column {rounds.names[name]!r} has {lengths[row]} values, "
            f"wanted {wanted[row]}, one for each candidate"
        )
    return flat
