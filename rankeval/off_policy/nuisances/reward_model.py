"""Cross-fitted reward models for bandit logs with candidate lists: ``q(x, a)`` for all candidates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pyarrow as pa

from rankeval.array_types import Floats, Ints
from rankeval.arrays import offsets_of, places_of
from rankeval.errors import DataError, UsageError
from rankeval.logs import Log, Sessions, counting, list_parts, sampling_roles, unit_weights
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

#: Columns that are known only after the action is taken, and so must not be features.
KNOWN_AFTER = ("reward", "click", "action", "propensity", "target_propensity", "q_logged")
#: Lists whose lengths are the numbers of candidates of the rounds.
LISTS = ("candidate_target_propensities", "candidate_propensities")


@dataclass(frozen=True)
class RewardModel(CrossFitted):
    """Predicts ``q(x, a)`` by a model that is not fitted to the fold of the round.

    Attributes:
        by_candidate: features with a list of one value per candidate; others have one value per round.
    """

    by_candidate: frozenset[str]

    def candidate_q(self, rounds: Sessions, offsets: Ints) -> Floats:
        """(candidates,) float64, ``q`` of each candidate; round ``i`` has ``offsets[i]:offsets[i + 1]``.

        Raises:
            DataError: a list whose length is not the number of candidates; a null in the column of folds.
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
    """The reward model of each target policy; several policies may share a model."""

    of_target: Mapping[str, RewardModel]

    @property
    def roles(self) -> Sequence[str]:
        """Roles of the columns of the log that the models read."""
        return list(dict.fromkeys(role for model in self.of_target.values() for role in model.roles))

    def columns(self, lists: CandidateLists, targets: Sequence[str]) -> Mapping[tuple[str, str], Floats]:
        """(n,) ``q_target = sum_a pi(a) q(a)``, and ``q_logged``, the prediction for the logged action.

        Without the column ``action``, which ``dm`` does not need, there is no ``q_logged``.
        """
        found: dict[tuple[str, str], Floats] = {}
        predictions: dict[int, Floats] = {}
        for target in targets:
            model = self.of_target[target]
            if id(model) not in predictions:
                predictions[id(model)] = model.candidate_q(lists.rounds, lists.offsets)
            q = predictions[id(model)]
            if "action" in lists.rounds:
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
    """Fit ``q(x, a) = E[r | x, a]`` to the logged actions of a bandit log, by cross-fitting.

    The model of each fold is fitted to all other folds.

    A feature is a number or text. Null, NaN and infinities are unknown numbers: trees handle them as unknown,
    and linear models replace them by the mean. A text feature distinguishes its 100 most frequent categories;
    null and all other categories share one level.
    If every feature has one value per round, the index of the action is a feature too. Trees use it as a
    category; linear models have an intercept per action and, if actions times features are at most 2,000,
    slopes per action. If a feature is a list with one value per candidate, candidate sets may differ between
    rounds. The index then has no meaning, and is not used.

    ``weighting="mrdr"`` minimises the variance of ``dr`` instead of the error of ``q`` (Farajtabar et al.
    2018). With ``e = E[r|x,a] - q(x,a)``, the part of that variance which depends on ``q`` is

        Var_{a ~ pi_0} [w e] = sum_a pi_a^2 e_a^2 / p_a - (sum_a pi_a e_a)^2
                             = sum_a pi_a^2 (1 - p_a) / p_a e_a^2 - sum_{a != b} pi_a pi_b e_a e_b.

    The first sum is estimated from the logged action with one more factor ``1 / p``. It is a least-squares
    criterion with weights ``pi^2 (1 - p) / p^2``, and ``r`` in place of ``E[r|x,a]``. The second sum is
    dropped. It is 0 for deterministic target policies, for which the weights are those of the paper. For
    other policies, the weights overstate the cost of errors that have the same sign for all actions of a
    context.

    Args:
        log: a bandit log with ``reward``, ``action`` (an index from 0) and
            ``candidate_target_propensities`` or ``candidate_propensities``; ``mrdr`` also needs the logging
            and target propensity of the logged action, or lists of both. A column ``weight`` multiplies the
            weights.
        kind: ``lightgbm``, ``logistic`` (rewards 0 and 1) or ``ridge``: see :mod:`rankeval.models.learners`.
        features: columns that are known before the action is taken.
        folds: number of folds. The hash of a round's cluster, else of ``round_id``, else of its row, decides
            its fold.
        weighting: ``uniform`` or ``mrdr``.
        sample: maximum number of rounds in the fit: those with weight above 0 whose hashed ids (or rows) are
            smallest. This is a simple random sample, independent of the order of the log.
        seed: seed of folds and sample.
        cluster: column; all rounds with the same value are in the same fold.
        threads: number of threads that read; the result does not depend on it.

    Raises:
        DataError: a column is missing or of the wrong type; rewards other than 0 and 1 for ``logistic``; all
            weights are 0; all rounds are in one fold.
        UsageError: an unknown kind or weighting; a number out of range; a feature that is known only after
            the action is taken.
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
    """Reads the rounds for the fit out of a bandit log: features and reward of the logged action."""

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
        own = ["reward", "action", self.list, *sampling_roles(log)]
        others = [*(self.ratio.roles if self.ratio else []), *self.features, *folds.sample_roles]
        self.roles = list(dict.fromkeys([*own, *others]))

    def of(self, rounds: Sessions) -> Sample:
        """The rounds with weight above 0."""
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
        """(n,) float64, weights of the fit: counts, with ``mrdr`` times ``pi^2 (1 - p) / p^2``."""
        counts = unit_weights(rounds)
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
    """The role of the list whose lengths are the numbers of candidates."""
    for role in LISTS:
        if log.has(role):
            return role
    names = " nor ".join(repr(log.name(role)) for role in LISTS)
    raise DataError(f"{log.origin}: no column {names}, wanted lists of candidates for a reward model")


def _values(rounds: Sessions, name: str, offsets: Ints) -> pa.Array:
    """The values of a feature: one per round, or one per candidate of all rounds."""
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
