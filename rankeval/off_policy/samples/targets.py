"""Target policies: their names, and the columns of a log that they are read from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pyarrow as pa

from rankeval.errors import DataError, UsageError
from rankeval.estimators import RATIO_COLUMNS, Definition, Estimator
from rankeval.logs import Log, own
from rankeval.off_policy.samples.setting import LOGGED
from rankeval.readers import check_same_columns

_NAME = re.compile(r"[\w.+-]+")


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
