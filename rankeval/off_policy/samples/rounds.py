"""Bandit logs: one round a row, in columns of numbers or with candidate lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rankeval.arrays.arrow import as_float64
from rankeval.errors import DataError
from rankeval.estimators import Block, Units, Views
from rankeval.logs.log import Log
from rankeval.logs.ranges import FINITE_TERMS, RANGES, largest, out_of_range
from rankeval.logs.roles import base, own
from rankeval.logs.sessions import Sessions
from rankeval.off_policy.samples.candidate_lists import FOLLOWS_FROM, CandidateLists, given_by, require_lists
from rankeval.off_policy.samples.column_sources import Feed
from rankeval.off_policy.samples.setting import Given

Floats = NDArray[np.float64]


def bandit_feed(log: Log, given: Given) -> Feed:
    """Where the columns of a bandit log come from, with what is given beside it."""
    follows_from = dict(FOLLOWS_FROM)
    if given.embedding is not None:
        for column in ("marginal_propensity", "target_marginal_propensity"):
            action, _, policy = FOLLOWS_FROM[column]
            follows_from[column] = (action, *given.embedding.columns, policy)
    predicted: dict[str, tuple[str, ...]] = {}
    if given.reward_models is not None:
        roles = [role for model in given.reward_models.values() for role in model.roles]
        predicted["q_logged"] = ("action", "candidate_target_propensities", *roles)
        predicted["q_target"] = ("candidate_target_propensities", *roles)
    return Feed(log, follows_from, given.targets, predicted)


class Rounds:
    """How a bandit log gives the columns that terms are computed from.

    Raises:
        DataError: a column missing or of the wrong type; from :meth:`units`, a propensity outside (0, 1], a
            target propensity outside [0, 1], a null, NaN or infinity, an action outside its candidate list.
    """

    id = "round_id"

    def __init__(self, log: Log, columns: Sequence[str], given: Given = Given()) -> None:  # noqa: B008
        self._columns = columns
        self._given = given
        self.roles = bandit_feed(log, given).roles(columns)
        log.require(self.roles)
        require_lists(log, self.roles)

    def units(self, rounds: Sessions) -> Units:
        """The columns, one float64 per round, from rows or from candidate lists."""
        columns = self.columns(rounds)
        blocks = {
            target: Block({column: columns[own(column, target)] for column in self._columns})
            for target in self._given.targets
        }
        return blocks[""] if len(blocks) == 1 and "" in blocks else Views(blocks)

    def columns(self, rounds: Sessions) -> dict[str, Floats]:
        """Each column of each target by its role, checked but for numbers that are not finite."""
        found = _Found(rounds, self._given)
        columns: dict[str, Floats] = {}
        for target in self._given.targets:
            for column in self._columns:
                role = own(column, target)
                if role not in columns:
                    columns[role] = found.column(column, target)
                    _require_in_range(rounds, role, columns[role])
        return columns

    def not_finite(self, rounds: Sessions) -> DataError:
        """Name the number that is null, NaN or infinite, looked for only when it has poisoned a total."""
        columns = self.columns(rounds)
        for role in columns:
            if role in rounds and role != "logger":
                rounds.numbers(role)
        role, row = largest(columns)
        return rounds.error(given_by(rounds, role), row, columns[role][row], FINITE_TERMS)


class _Found:
    """Columns of some rounds, each from where it is: a row, lists, or what is given beside the log."""

    def __init__(self, rounds: Sessions, given: Given) -> None:
        self._rounds = rounds
        self._given = given
        self._lists = CandidateLists(rounds)
        self._predictions: dict[int, Floats] = {}

    def column(self, column: str, target: str) -> Floats:
        """(n,) one column of one target policy."""
        from_beside = self._beside.get(column)
        if from_beside is not None:
            return from_beside(target)
        if own(column, target) in self._rounds:
            return as_float64(self._rounds.column(own(column, target)))
        return self._lists.column(column, target)

    @cached_property
    def _beside(self) -> dict[str, Callable[[str], Floats]]:
        """What each column that is not simply read is computed by, given the target."""
        rounds, given, loggers = self._rounds, self._given, self._given.loggers
        found: dict[str, Callable[[str], Floats]] = {}
        if loggers is not None:
            found["logger"] = lambda _: loggers.numbers(rounds)
            if "mixture_propensity" not in rounds:
                found["mixture_propensity"] = lambda _: loggers.mixture(rounds)
        if given.embedding is not None and given.embedding.columns[0] in rounds:
            found["marginal_propensity"] = lambda _: self._marginals["candidate_propensities"]
            found["target_marginal_propensity"] = lambda target: self._marginals[
                own("candidate_target_propensities", target)
            ]
        if given.reward_models is not None:
            found["q_logged"] = lambda target: self._predicted(target)[self._lists.logged]
            found["q_target"] = lambda target: self._lists.expected(target, self._predicted(target))
        return found

    @cached_property
    def _marginals(self) -> dict[str, Floats]:
        """List role -> probability of the embedding of the logged action."""
        targets = [own("candidate_target_propensities", target) for target in self._given.targets]
        assert self._given.embedding is not None
        return self._given.embedding.marginals(self._rounds, ["candidate_propensities", *targets])

    def _predicted(self, target: str) -> Floats:
        """The prediction for every candidate of the model for this target; several may share one."""
        assert self._given.reward_models is not None
        model = self._given.reward_models[target]
        if id(model) not in self._predictions:
            self._predictions[id(model)] = model.candidate_q(self._rounds, self._lists.offsets)
        return self._predictions[id(model)]


def _require_in_range(rounds: Sessions, role: str, values: Floats) -> None:
    row = out_of_range(role, values)
    if row is not None:
        raise rounds.error(given_by(rounds, role), row, values[row], RANGES[base(role)].wanted)
