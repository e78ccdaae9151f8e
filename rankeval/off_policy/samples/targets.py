"""Named target policies, and the columns of a log that contain them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pyarrow as pa

from rankeval.errors import DataError, UsageError
from rankeval.estimators import RATIO_COLUMNS, Definition, Estimator
from rankeval.logs import Computed, Log, own, require_scores
from rankeval.off_policy.samples.named_actions import chosen_roles, with_action_indices
from rankeval.off_policy.samples.ready_weights import WEIGHT
from rankeval.off_policy.samples.setting import LOGGED
from rankeval.readers import check_same_columns

_NAME = re.compile(r"[\w.+-]+")
#: What a column says of a target policy, if the caller writes it before the column: ``action:COLUMN``.
FORMS = ("propensity", "action", "weight", "score")
#: Before the column of scores by which a target policy ranks the items of a ranking log.
BY_SCORE = "score"


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


def given_by_scores(log: Log, targets: Mapping[str, str]) -> bool:
    """Whether the target policies of a ranking log are given as ``score:COLUMN``, all of them.

    Raises:
        UsageError: some are, and others are not.
    """
    forms = {_form_and_column(log, name, text)[0] == BY_SCORE for name, text in targets.items()}
    if len(forms) > 1:
        raise UsageError("target: found some score:COLUMN and some columns alone, wanted one form")
    return forms == {True}


def _split(text: str) -> tuple[str, str]:
    name, equals, column = text.partition("=")
    if not (name and equals and column):
        raise UsageError(f"target: found {text!r}, wanted NAME=COLUMN")
    return name, column


def with_targets(log: Log, targets: Mapping[str, str], estimators: Sequence[Estimator]) -> Log:
    """The log with a role for the column of each target policy, such as ``target_propensity@NAME``.

    In a bandit log the column holds lists, the policy's propensities of all candidates, numbers, its
    propensities of the logged actions, or texts, the actions that it chooses. Integers may be actions or
    propensities, and so ``action:COLUMN`` or ``propensity:COLUMN`` says which, if the log has actions.
    ``weight:COLUMN`` holds ready-made importance weights. For continuous actions it holds the actions. In a
    ranking log it is the ``target_`` column of the estimators' weights, or for estimators from clicks the
    candidate's score. With ``score:COLUMN`` it is the score for all of them
    (:mod:`~rankeval.off_policy.samples.ranked_targets`). A single target policy also gets the column
    ``q_target`` of the log, unless its propensities are lists.

    Raises:
        DataError: the column does not exist or does not fit.
        UsageError: the weights of the estimators need different columns of a target policy, ranks are given
            as scores, or integers may be actions or propensities.
    """
    roles: dict[str, str] = {}
    computed: dict[str, Computed] = {}
    for name, text in targets.items():
        form, column = _form_and_column(log, name, text)
        check_same_columns(log.sources, [column])
        by_kernel = any(each.definition.by_kernel for each in estimators)
        if by_kernel and form not in (None, "action"):
            raise UsageError(f"target {name}={text}: found {form}:, wanted the column of its actions")
        chosen = {} if by_kernel else _chosen_roles(log, name, form, column)
        role = (
            _role_in_ranking(estimators, form)
            if log.session is not None
            else ("target_action_value" if by_kernel else _role_in_bandit(log, form, column))
        )
        if role == "score":
            require_scores(f"target {name}=", column, "log")
        if chosen:
            computed.update({own(role, name): values for role, values in chosen.items()})
        else:
            roles[own(role, name)] = column
        by_candidate = log.has("candidate_q") if chosen else role == "candidate_target_propensities"
        if len(targets) == 1 and log.has("q_target") and not by_candidate:
            roles[own("q_target", name)] = log.name("q_target")
    return with_action_indices(log).with_roles(roles).with_computed(computed)


def _form_and_column(log: Log, name: str, text: str) -> tuple[str | None, str]:
    """What the column of a target policy says, if the caller wrote it, and the column."""
    form, colon, column = text.partition(":")
    if text in log.schema.names or not colon or form not in FORMS:
        form, column = "", text
    if column not in log.schema.names:
        known = ", ".join(log.schema.names[:20])
        raise DataError(f"{log.origin}: no column {column!r} for target {name!r}; it has {known}")
    if form and (form == BY_SCORE) != (log.session is not None):
        kind = "ranking" if form == BY_SCORE else "bandit"
        raise UsageError(f"target {name}={text}: {form}: is for {kind} logs, wanted a column alone")
    return form or None, column


def _chosen_roles(log: Log, name: str, form: str | None, column: str) -> dict[str, Computed]:
    """The propensities of a target policy, if the column holds the actions that it chooses; else none.

    Raises:
        UsageError: integers that may be actions or propensities.
    """
    kind = log.schema.field(column).type
    if log.session is not None or form in ("propensity", "weight"):
        return {}
    if form is None and pa.types.is_integer(kind) and log.has("action"):
        raise UsageError(
            f"target {name}={column}: found {kind}, actions or propensities; "
            f"wanted {name}=action:{column} or {name}=propensity:{column}"
        )
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    return chosen_roles(log, column) if form == "action" or text else {}


def _role_in_bandit(log: Log, form: str | None, column: str) -> str:
    """The column of a bandit log that a target policy's column replaces."""
    if form == "weight":
        return WEIGHT
    lists = pa.types.is_nested(log.schema.field(column).type)
    return "candidate_target_propensities" if lists else "target_propensity"


def _role_in_ranking(estimators: Sequence[Estimator], form: str | None) -> str:
    """The column of a ranking log that a target policy's column replaces, the same for all estimators."""
    if form == BY_SCORE:
        return "score"
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
