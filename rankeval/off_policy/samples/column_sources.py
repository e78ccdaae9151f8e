"""The columns of a log from which terms are computed, and the estimators for which a log is sufficient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rankeval.errors import DataError
from rankeval.estimators import ESTIMATORS, Definition, Estimator
from rankeval.logs import Log, own
from rankeval.off_policy.samples.candidate_lists import FROM_LISTS, PROPENSITIES, SUPPORT
from rankeval.off_policy.samples.continuous_actions import DENSITY
from rankeval.off_policy.samples.ranked_targets import FROM_SCORES
from rankeval.off_policy.samples.setting import Setting
from rankeval.off_policy.samples.support import GAP_MODEL
from rankeval.off_policy.samples.term_list import TermList
from rankeval.position_bias import FIELDS

#: Columns that a reward model predicts.
PREDICTIONS = frozenset({"q_logged", "q_target"})
#: Column of a ranking log -> the columns from which it is computed if the log does not have it.
FROM_CLICKS_AND_ITEMS: dict[str, tuple[str, ...]] = {
    "reward": ("click",),
    "slate_weight": ("propensity", "target_propensity"),
    "subset_weight": ("propensity", "target_propensity"),
}


@dataclass(frozen=True)
class ColumnSources:
    """The columns to read from a log for each column from which terms are computed.

    Attributes:
        log: the log.
        setting: the facts that the caller states about it.
        follows_from: column -> the columns from which it is computed if the log does not have it.
        derived: column -> the columns from which it is always computed, even if the log has a column of this
            name.
    """

    log: Log
    setting: Setting
    follows_from: Mapping[str, tuple[str, ...]]
    derived: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, log: Log, setting: Setting = Setting()) -> ColumnSources:  # noqa: B008
        """The sources for a bandit log, or for a ranking log if the log has sessions."""
        return _of_rounds(log, setting) if log.session is None else _of_rankings(log, setting)

    @classmethod
    def as_kind(cls, log: Log, setting: Setting, *, rankings: bool) -> ColumnSources:
        """The sources as if the log were a ranking log (``rankings``) or a bandit log."""
        return _of_rankings(log, setting) if rankings else _of_rounds(log, setting)

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of the target policies."""
        return self.setting.targets

    def sources(self, column: str, target: str) -> tuple[str, ...]:
        """The roles to read for a column of a target policy: itself if logged, else its source columns."""
        role = own(column, target)
        if column in self.derived:
            return tuple(own(other, target) for other in self.derived[column])
        if self.log.has(role):
            return (role,)
        return tuple(own(other, target) for other in self.follows_from.get(column, (column,)))

    def roles(self, columns: Sequence[str]) -> list[str]:
        """The roles to read for all of these columns and all target policies, each once."""
        every = (self.sources(column, target) for target in self.targets for column in columns)
        return list(dict.fromkeys(role for sources in every for role in sources))

    def fed(self) -> list[str]:
        """Names of the estimators whose columns the log has."""
        kind = [d for d in ESTIMATORS.values() if d.of_rankings == (self.log.session is not None)]
        return [
            definition.form
            for definition in kind
            if not self._missing(self.setting.form_of(Estimator(definition)))
        ]

    def lacking(self, estimator: Estimator) -> list[str]:
        """The names of the columns that an estimator needs and the log lacks."""
        return [self.log.name(own(column, target)) for column, target in self._missing(estimator)]

    def require(self, estimators: Sequence[Estimator]) -> None:
        """Check that the log is of the kind that the estimators need, and has their columns.

        Raises:
            DataError: the log is of the other kind or lacks a column; the message names the first such
                estimator, the missing columns, and the estimators whose columns the log has.
        """
        log = self.log
        for estimator in estimators:
            if estimator.definition.of_rankings != (log.session is not None):
                raise DataError(f"{log.origin}: {_of_the_other_kind(log, estimator.definition)}; {self._can}")
            missing = self._missing(estimator)
            if missing:
                have = ", ".join(log.schema.names[:20])
                lacks = " and ".join(self._lacks(estimator, column, target) for column, target in missing)
                needs = f"{estimator.label} needs{self._with_model}"
                raise DataError(f"{log.origin}: {lacks}, which {needs}; {self._can}; it has {have}")

    @property
    def _with_model(self) -> str:
        return " with a reward model" if self.derived.keys() >= PREDICTIONS else ""

    @property
    def _can(self) -> str:
        return f"it can feed {', '.join(self.fed()) or 'no estimator'}"

    def _missing(self, estimator: Estimator) -> list[tuple[str, str]]:
        """The columns that an estimator needs and the log lacks, each with its target policy."""
        columns = TermList.of([estimator]).columns
        if estimator.definition.of_lists and self.log.session_reward:
            columns.remove("reward")
        raw = [other for column in columns for other in self.derived.get(column, (column,))]
        wanted = {own(column, target): (column, target) for target in self.targets for column in raw}
        return [
            (column, target)
            for column, target in wanted.values()
            if not all(self.log.has(role) for role in self.sources(column, target))
        ]

    def _lacks(self, estimator: Estimator, column: str, target: str) -> str:
        """The text that a column is missing, with the alternatives to it in brackets."""
        of = f" of target {target!r}" if own(column, target) != column else ""
        instead = []
        if column in self.follows_from:
            others = " and ".join(repr(self.log.name(role)) for role in self.follows_from[column])
            instead.append(f"{others} that it follows from")
        if column in FIELDS:
            instead.append("a position-bias curve that has it")
        definition = estimator.definition
        if column in PREDICTIONS and (definition.of_clicks or not definition.of_rankings):
            instead.append("a reward model")
        nor = f" (nor {', nor '.join(instead)})" if instead else ""
        return f"no column {self.log.name(column)!r}{of}{nor}"


def _of_the_other_kind(log: Log, definition: Definition) -> str:
    """The text that the log is not of the kind that an estimator needs."""
    session = repr(log.name("session_id"))
    if definition.of_rankings:
        return f"no column {session} and so a bandit log; wanted a ranking log for {definition.name}"
    return (
        f"has a column {session} and so is a ranking log; "
        f"wanted a bandit log, one row a round, for {definition.name}"
    )


def _of_rounds(log: Log, setting: Setting) -> ColumnSources:
    """The sources for a bandit log.

    Columns with one number per round may be computed from lists. A fitted model replaces logged predictions.
    """
    follows_from = dict(FROM_LISTS)
    if setting.embedding:
        for column in ("marginal_propensity", "target_marginal_propensity"):
            action, _, policy = FROM_LISTS[column]
            follows_from[column] = (action, *setting.embedding, policy)
    predicted: dict[str, tuple[str, ...]] = {}
    if setting.modelled:
        predicted["q_logged"] = ("action", "candidate_target_propensities")
        predicted["q_target"] = ("candidate_target_propensities",)
    predicted[DENSITY] = ("propensity",)
    predicted |= dict.fromkeys(SUPPORT, PROPENSITIES) | {GAP_MODEL: (*PROPENSITIES, "candidate_q")}
    return ColumnSources(log, setting, follows_from, predicted)


def _of_rankings(log: Log, setting: Setting) -> ColumnSources:
    """The sources for a ranking log, with the columns of estimators from clicks."""
    derived = click_columns(log, setting)
    predicted: dict[str, tuple[str, ...]] = {"q_logged": ()} if setting.modelled else {}
    if setting.session_reward:
        predicted["reward"] = ("session_reward",)
    scores = FROM_SCORES if setting.scored else {}
    return ColumnSources(log, setting, {**FROM_CLICKS_AND_ITEMS, **scores}, derived | predicted)


def click_columns(log: Log, setting: Setting) -> dict[str, tuple[str, ...]]:
    """Column of estimators from clicks -> the columns of the log from which it is computed.

    ``examination`` (``theta_k``), ``alpha`` and ``beta`` are values at the logged position, from the given
    curve, else from the log. ``rho`` is ``exposure`` if the log has it, else ``examination``. ``rank`` is the
    logged position ``k`` and ``target_rank`` the candidate's position ``k'``. The other ``target_`` columns
    are values at ``k'`` in the same session; they are 0 beyond its last position. ``overlap`` is the overlap
    of the logged and the candidate's ranking.
    """
    curve = setting.position_bias or ()
    at_k = {name: () if name in curve else (name,) for name in FIELDS}
    return {
        **at_k,
        **{f"target_{name}": ("score", *columns) for name, columns in at_k.items()},
        "rho": ("exposure",) if log.has("exposure") else at_k["examination"],
        "rank": (),
        "target_rank": ("score",),
        "overlap": ("score",),
    }
