"""Bandit logs: one row per round, with columns of numbers or lists over the candidate set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rankeval.array_types import Floats
from rankeval.arrays import as_float64
from rankeval.errors import DataError
from rankeval.estimators import RATIO_COLUMNS, Ratio, RoundBlock, SampleBlock, TargetViews, Term
from rankeval.logs import FINITE_TERMS, RANGES, Sessions, base, largest, own, within_range
from rankeval.off_policy.samples.candidate_lists import CandidateLists, given_by
from rankeval.off_policy.samples.column_sources import ColumnSources
from rankeval.off_policy.samples.continuous_actions import ACTION_VALUES, DENSITY
from rankeval.off_policy.samples.nuisance_protocols import RoundModel
from rankeval.off_policy.samples.ready_weights import WEIGHT, checked_weights, require_same_weights
from rankeval.off_policy.samples.redundancy import redundant, require_all
from rankeval.off_policy.samples.weight_range import WeightRange

#: The kinds of weights to which a stated range applies.
_RANGED: tuple[Ratio, ...] = ("action", "ready")


class Rounds:
    """Reads the checked columns, from which terms are computed, out of a bandit log.

    Args:
        sources: the columns to read from the log.
        columns: the columns from which terms are computed.
        models: the nuisance models, which compute columns that the log lacks.

    Raises:
        DataError: a column is missing or of the wrong type; from :meth:`units`, a propensity outside (0, 1],
            a target propensity outside [0, 1], a null, NaN or infinity in a list, an action outside its
            candidate list, or a number that its list contradicts. Other numbers that are not finite: see
            :meth:`not_finite`.
    """

    id = "round_id"

    def __init__(
        self, sources: ColumnSources, columns: Sequence[str], models: Sequence[RoundModel] = ()
    ) -> None:
        self._targets = sources.targets
        self._columns = columns
        self._models = models
        self._weight_range = sources.setting.weight_range
        self._weighed = checked_weights(sources.log, sources.targets, columns)
        read = [*sources.roles(columns), *(own(WEIGHT, target) for target in self._weighed)]
        self.roles = list(dict.fromkeys([*read, *(role for model in models for role in model.roles)]))
        # Columns that are read anyway; others are compared in the first rows (`require_agreement`).
        self._twice = [pair for pair in redundant(sources, read) if set(pair.roles) <= set(read)]

    def units(self, rounds: Sessions) -> SampleBlock:
        """The columns of each target policy, one float64 per round."""
        return self.read(rounds)[0]

    def read(self, rounds: Sessions) -> tuple[SampleBlock, CandidateLists]:
        """The columns as :meth:`units` returns them, and the candidate lists from which they come."""
        found = _Found(rounds, self._targets, self._models)
        require_all(self._twice, rounds)
        for target in self._weighed:
            ratio = found.checked("target_propensity", target) / found.checked("propensity", target)
            require_same_weights(rounds, target, ratio)
        blocks = {
            target: RoundBlock({column: found.checked(column, target) for column in self._columns})
            for target in self._targets
        }
        if self._weight_range is not None:
            self._require_weights(rounds, blocks, self._weight_range)
        block = blocks[""] if len(blocks) == 1 and "" in blocks else TargetViews(blocks)
        return block, found.lists

    def _require_weights(
        self, rounds: Sessions, blocks: Mapping[str, RoundBlock], within: WeightRange
    ) -> None:
        """Check the weights of the logged actions against the stated range."""
        for ratio in _RANGED:
            names = RATIO_COLUMNS[ratio]
            if set(names) <= set(self._columns):
                for target, block in blocks.items():
                    role = given_by(rounds, own(names[-1], target))
                    within.check(rounds, role, block.weights(Term("weight", ratio=ratio)))

    def columns(self, rounds: Sessions) -> dict[str, Floats]:
        """Role -> (n,) column, for all target policies; within its range, but perhaps not finite."""
        found = _Found(rounds, self._targets, self._models)
        for target in self._targets:
            for column in self._columns:
                found.checked(column, target)
        return found.by_role

    def not_finite(self, rounds: Sessions) -> DataError:
        """The error for a term that is not finite; it names the null, NaN, infinite or largest number.

        The number is searched only after a total is found not to be finite.
        """
        columns = self.columns(rounds)
        for role in columns:
            if role in rounds and role != "logger":
                rounds.numbers(role)
        role, row = largest(columns)
        return rounds.error(given_by(rounds, role), row, columns[role][row], FINITE_TERMS)


class _Found:
    """The columns of ``n`` rounds, each from a nuisance model, from the log or from candidate lists."""

    def __init__(self, rounds: Sessions, targets: Sequence[str], models: Sequence[RoundModel]) -> None:
        self._rounds = rounds
        self.lists = CandidateLists(rounds)
        self._modelled: dict[tuple[str, str], Floats] = {}
        for model in models:
            self._modelled.update(model.columns(self.lists, targets))
        #: Role -> (n,) the columns read so far.
        self.by_role: dict[str, Floats] = {}

    def checked(self, column: str, target: str) -> Floats:
        """(n,) float64, a column of a target policy, with every value within its range."""
        # Predictions may differ between target policies even if the column of the log does not.
        modelled = target and (column, target) in self._modelled
        role = f"{column}@{target}" if modelled else own(column, target)
        if role not in self.by_role:
            self.by_role[role] = _in_range(self._rounds, role, self._column(column, target))
        return self.by_role[role]

    def _column(self, column: str, target: str) -> Floats:
        if (column, target) in self._modelled:
            return self._modelled[column, target]
        if column == DENSITY:
            return self._rounds.numbers("propensity")
        if column in ACTION_VALUES:  # an infinite one would be infinitely far from all others
            return self._rounds.numbers(own(column, target))
        if own(column, target) in self._rounds:
            return as_float64(self._rounds.column(own(column, target)))
        return self.lists.column(column, target)


def _in_range(rounds: Sessions, role: str, values: Floats) -> Floats:
    fitting, row = within_range(role, values)
    if row is not None:
        raise rounds.error(given_by(rounds, role), row, values[row], RANGES[base(role)].wanted)
    return fitting


def same_for_all(columns: Mapping[str, Floats], targets: Sequence[str]) -> dict[tuple[str, str], Floats]:
    """Columns that are the same for all target policies, in the form that :class:`RoundModel` returns."""
    return {(column, target): values for column, values in columns.items() for target in targets}
