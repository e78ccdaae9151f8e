"""What is known beside the log: target policies, position bias, what was fitted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import pyarrow as pa

from rankeval.errors import DataError, UsageError
from rankeval.estimators import RATIO_COLUMNS, Definition, Estimator
from rankeval.logs.log import Log
from rankeval.logs.roles import own
from rankeval.off_policy.nuisances.logging_policies import Loggers
from rankeval.off_policy.samples.reward_range import RewardRange
from rankeval.position_bias.known_curve import PositionBias
from rankeval.readers import check_same_columns

if TYPE_CHECKING:
    from rankeval.off_policy.nuisances.embeddings import Embedding
    from rankeval.off_policy.nuisances.relevance_model import RelevanceModel
    from rankeval.off_policy.nuisances.reward_model import RewardModel
    from rankeval.off_policy.user_behaviour.tree import BehaviourTree

Estimand = Literal["rerank", "full"]
#: What estimators from clicks estimate, where a candidate ranker orders ...
ESTIMANDS: dict[Estimand, str] = {
    "rerank": "the items that were shown",
    "full": "all candidates that were logged, those without a position too",
}
#: The logged policy's name among the policies that are compared.
LOGGED = "logged"


def under_moved(target: str, direction: int) -> str:
    """The name of a policy seen under the curve that is moved in one of its directions, from 0."""
    return f"{target}~{direction}"


_NAME = re.compile(r"[\w.+-]+")


@dataclass(frozen=True)
class Given:
    """What a log is read with.

    Attributes:
        targets: names of the target policies; one without a name is the log's own.
        position_bias: the curve that stands for the log's columns ``examination``, ``alpha``, ``beta``.
        estimand: of estimators from clicks.
        exposed: whether the log says how likely each item was to be examined, whatever its place.
        loggers: the policies that wrote the log, where estimators tell them apart.
        reward_range: the rewards that there can be.
        embedding: what the log says of the embedding of actions.
        behaviours: target policy -> the tree that says which behaviour a session's user has.
        relevance_model: its predictions stand for the column ``q_logged`` of ``click_dr``; with ``modelled``
            alone it is not fitted yet.
        reward_models: target policy -> the model whose predictions stand for those of the log; None: there
            is none, empty: it is not fitted yet.
    """

    targets: tuple[str, ...] = ("",)
    position_bias: PositionBias | None = None
    estimand: Estimand = "rerank"
    exposed: bool = False
    loggers: Loggers | None = None
    reward_range: RewardRange | None = None
    embedding: Embedding | None = None
    reward_models: Mapping[str, RewardModel] | None = None
    behaviours: Mapping[str, BehaviourTree] = field(default_factory=dict)
    modelled: bool = False
    relevance_model: RelevanceModel | None = None

    @cached_property
    def moved_curves(self) -> tuple[PositionBias, ...]:
        """The curve that is given, moved in each of the directions in which it is uncertain."""
        return () if self.position_bias is None else self.position_bias.moved

    def notes(self, name: Callable[[str], str]) -> Iterator[str]:
        """What a reader should know of all this; ``name`` gives the column of a role."""
        if self.embedding is not None and self.embedding.frequencies is not None:
            frequencies = self.embedding.frequencies
            yield from frequencies.notes({role: name(role) for role in frequencies.unseen})
        models: list[RewardModel | RelevanceModel] = [*(self.reward_models or {}).values()]
        models += [self.relevance_model] if self.relevance_model is not None else []
        yield from dict.fromkeys(note for model in models for note in model.notes)
        for target, tree in self.behaviours.items():
            of = f" for target {target!r}" if target else ""
            yield f"aips{of}, learned behaviours: {'; '.join(tree.describe())}"
            yield from [tree.note] * (target == self.targets[0])


def parse_estimand(text: str) -> Estimand:
    """Read the name of an estimand.

    Raises:
        UsageError: there is none of this name.
    """
    for name in ESTIMANDS:
        if text == name:
            return name
    raise UsageError(f"estimand: found {text!r}, wanted {' or '.join(ESTIMANDS)}")


def parse_targets(targets: Mapping[str, str] | Sequence[str] | None) -> dict[str, str]:
    """Name of each target policy -> its column, from a mapping or from ``NAME=COLUMN`` texts.

    Raises:
        UsageError: a text of another form, a name that is taken or has other characters than letters, digits
            and ``_.+-``.
    """
    if isinstance(targets, str):
        targets = [targets]
    named = list(targets.items()) if isinstance(targets, Mapping) else [_split(t) for t in targets or ()]
    for name, _ in named:
        if not _NAME.fullmatch(name):
            raise UsageError(f"target: found the name {name!r}, wanted letters, digits and _ . + -")
        if name == LOGGED or [other for other, _ in named].count(name) > 1:
            raise UsageError(f"target: the name {name!r} is taken, wanted another")
    return dict(named)


def _split(text: str) -> tuple[str, str]:
    name, equals, column = text.partition("=")
    if not (name and equals and column):
        raise UsageError(f"target: found {text!r}, wanted NAME=COLUMN")
    return name, column


def with_targets(log: Log, targets: Mapping[str, str], estimators: Sequence[Estimator]) -> Log:
    """The log with the column of each target in its role, such as ``target_propensity@NAME``.

    In a bandit log a list is the target's propensities of all candidates, a number that of the logged action;
    with a single target the log's ``q_target`` is taken to be its own. In a ranking log it is what the
    estimators' weights compare with the logging policy; for those from clicks the candidate's score.

    Raises:
        DataError: no such column, or two of them.
        UsageError: estimators whose weights need different columns of a target.
    """
    roles: dict[str, str] = {}
    for name, column in targets.items():
        if column not in log.schema.names:
            known = ", ".join(log.schema.names[:20])
            raise DataError(f"{log.origin}: no column {column!r} for target {name!r}; it has {known}")
        check_same_columns(log.sources, [column])
        role = _role_in_ranking(estimators) if log.session is not None else _role_in_bandit(log, column)
        roles[own(role, name)] = column
        if len(targets) == 1 and log.has("q_target") and role != "candidate_target_propensities":
            roles[own("q_target", name)] = log.name("q_target")
    return log.with_roles(roles)


def _role_in_bandit(log: Log, column: str) -> str:
    lists = pa.types.is_nested(log.schema.field(column).type)
    return "candidate_target_propensities" if lists else "target_propensity"


def _role_in_ranking(estimators: Sequence[Estimator]) -> str:
    roles = {estimator.label: _twin(estimator.definition) for estimator in estimators}
    first, *others = roles
    for other in others:
        if roles[other] != roles[first]:
            raise UsageError(
                f"target: {first} wants the {roles[first]} of each target, {other} the {roles[other]}; "
                "wanted estimators that share a column, or one call for each kind"
            )
    return roles[first]


def _twin(definition: Definition) -> str:
    """What a ranking estimator reads of a target: its score, or the twin of a logged propensity."""
    if definition.of_clicks:
        return "score"
    # Of these the weights follow from the propensities of product policies.
    if definition.ratio in ("slate", "subset"):
        return "target_propensity"
    return RATIO_COLUMNS[definition.ratio][-1]
