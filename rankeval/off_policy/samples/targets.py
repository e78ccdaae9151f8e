"""Named target policies, and the columns of a log that contain them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pyarrow as pa

from rankeval.errors import DataError, UsageError
from rankeval.estimators import RATIO_COLUMNS, Definition, Estimator
from rankeval.logs import Log, own, require_scores
from rankeval.off_policy.samples.setting import LOGGED
from rankeval.readers import check_same_columns

_NAME = re.compile(r"[\w.+-]+")


def parse_targets(targets: Mapping[str, str] | Sequence[str] | None) -> dict[str, str]:
    """Parse target policies, a mapping or ``NAME=COLUMN`` texts, into name -> column.

    Raises:
        UsageError: a text of another form; a name that is used twice, is ``logged``, or has characters other
            than letters, digits and ``_.+-``.
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
    """The log with a role for the column of each target policy, such as ``target_propensity@NAME``.

    In a bandit log the column holds lists, the policy's propensities of all candidates, or numbers, its
    propensities of the logged actions. In a ranking log it is the ``target_`` column of the estimators'
    weights, or for estimators from clicks the candidate's score. A single target policy also gets the column
    ``q_target`` of the log, unless its propensities are lists.

    Raises:
        DataError: the column does not exist or is ambiguous.
        UsageError: the weights of the estimators need different columns of a target policy, or ranks are
            given as scores.
    """
    roles: dict[str, str] = {}
    for name, column in targets.items():
        if column not in log.schema.names:
            known = ", ".join(log.schema.names[:20])
            raise DataError(f"{log.origin}: no column {column!r} for target {name!r}; it has {known}")
        check_same_columns(log.sources, [column])
        role = _role_in_ranking(estimators) if log.session is not None else _role_in_bandit(log, column)
        if role == "score":
            require_scores(f"target {name}=", column, "log")
        roles[own(role, name)] = column
        if len(targets) == 1 and log.has("q_target") and role != "candidate_target_propensities":
            roles[own("q_target", name)] = log.name("q_target")
    return log.with_roles(roles)


def _role_in_bandit(log: Log, column: str) -> str:
    """The column of a bandit log that a target policy's column replaces."""
    lists = pa.types.is_nested(log.schema.field(column).type)
    return "candidate_target_propensities" if lists else "target_propensity"


def _role_in_ranking(estimators: Sequence[Estimator]) -> str:
    """The column of a ranking log that a target policy's column replaces, the same for all estimators."""
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
    """The column of a target policy that a ranking estimator needs: its score, or a ``target_`` column."""
    if definition.of_clicks:
        return "score"
    # These weights are computed from the propensities of product policies.
    if definition.ratio in ("slate", "subset"):
        return "target_propensity"
    return RATIO_COLUMNS[definition.ratio][-1]
