"""Which columns of a log give those that estimators need, and which estimators it can feed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rankeval.errors import DataError
from rankeval.estimators import ESTIMATORS, Definition, Estimator
from rankeval.logs.log import Log
from rankeval.logs.roles import own
from rankeval.off_policy.plan import Plan
from rankeval.position_bias.known_curve import FIELDS

#: What a reward model predicts.
PREDICTIONS = frozenset({"q_logged", "q_target"})


@dataclass(frozen=True)
class Feed:
    """Where the columns that terms are computed from come from.

    Attributes:
        log: the log.
        follows_from: column -> the columns it follows from where the log does not have it.
        targets: names of the target policies.
        derived: column -> the columns that it is always derived from, whatever the log has by its name.
    """

    log: Log
    follows_from: Mapping[str, tuple[str, ...]]
    targets: tuple[str, ...] = ("",)
    derived: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def sources(self, column: str, target: str) -> tuple[str, ...]:
        """The columns to read for one: itself where the log has it, else those it follows from."""
        role = own(column, target)
        if column in self.derived:
            return tuple(own(other, target) for other in self.derived[column])
        if self.log.has(role):
            return (role,)
        return tuple(own(other, target) for other in self.follows_from.get(column, (column,)))

    def roles(self, columns: Sequence[str]) -> list[str]:
        """The columns to read for all of these."""
        every = (self.sources(column, target) for target in self.targets for column in columns)
        return list(dict.fromkeys(role for sources in every for role in sources))

    def fed(self) -> list[str]:
        """Names of the estimators that the log has the columns of."""
        kind = [d for d in ESTIMATORS.values() if d.of_rankings == (self.log.session is not None)]
        return [definition.form for definition in kind if not self._missing(Estimator(definition))]

    def require(self, estimators: Sequence[Estimator]) -> None:
        """Check that the log is of the estimators' kind and has their columns.

        Raises:
            DataError: naming the first estimator it cannot feed, what is missing, and the estimators it can.
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
        """The columns that it needs and the log lacks, each with the target that it is of."""
        columns = Plan.of([estimator]).columns
        raw = [other for column in columns for other in self.derived.get(column, (column,))]
        wanted = {own(column, target): (column, target) for target in self.targets for column in raw}
        return [
            (column, target)
            for column, target in wanted.values()
            if not all(self.log.has(role) for role in self.sources(column, target))
        ]

    def _lacks(self, estimator: Estimator, column: str, target: str) -> str:
        """That a column is missing, and in brackets what else would do."""
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
    session = repr(log.name("session_id"))
    if definition.of_rankings:
        return f"no column {session} and so a bandit log; wanted a ranking log for {definition.name}"
    return (
        f"has a column {session} and so is a ranking log; "
        f"wanted a bandit log, one row a round, for {definition.name}"
    )
