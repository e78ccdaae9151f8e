"""Roles of columns: their names, the types that they may hold, and the roles that each target policy has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import pyarrow as pa

from rankeval.errors import UsageError
from rankeval.readers import is_number

Role = Literal["run", "judgements", "log"]
IDS = frozenset({"query_id", "item_id", "session_id", "round_id", "action", "logger", "candidates"})

#: Known roles of each kind of input. Any other role is the column of the same name: a segment, cluster or
#: feature.
ROLES: dict[Role, tuple[str, ...]] = {
    "run": ("query_id", "item_id", "score", "rank", "relevance", "weight"),
    "judgements": ("query_id", "item_id", "relevance", "subtopic"),
    "log": (
        "session_id", "query_id", "item_id", "position", "click", "reward", "session_reward", "propensity",
        "target_propensity", "action_value", "target_action_value",
        "propensity_prefix", "target_propensity_prefix", "propensity_list", "target_propensity_list",
        "exposure", "target_exposure", "slate_weight", "subset_weight", "importance_weight",
        "behaviour", "q_logged", "q_target",
        "examination", "alpha", "beta", "score", "weight", "sampling_weight", "shuffled", "swap_low",
        "swap_high", "ranker", "timestamp", "round_id",
        "action", "candidates", "candidate_propensities", "candidate_target_propensities", "candidate_q",
        "embedding",
        "marginal_propensity", "target_marginal_propensity", "logger", "logger_propensities",
        "mixture_propensity", "team", "rank_a", "rank_b", "length_a", "length_b",
    ),
}  # fmt: skip
#: Prefixes of bandit log columns that hold one list per round: a value for each candidate, or for each
#: logging policy.
CANDIDATES, OF_LOGGERS = "candidate_", "logger_"
#: Prefixes of columns that may hold one list per round.
LISTS = (CANDIDATES, OF_LOGGERS, "candidates", "embedding")
#: Columns of a ranking log with one value per item.
OF_ITEMS = frozenset(
    {
        *("item_id", "position", "click", "reward", "propensity", "target_propensity"),
        *("propensity_prefix", "target_propensity_prefix", "exposure", "target_exposure"),
        *("q_logged", "q_target", "subset_weight", "examination", "alpha", "beta", "score"),
        *("team", "rank_a", "rank_b"),
    }
)
#: Columns whose values may have any type that is not nested.
ANY_TYPE = frozenset({"subtopic", "ranker", "timestamp", "embedding", "behaviour", "team"})
#: Numeric columns that a CSV file may hold as integers; they are not forced to float64.
MAYBE_WHOLE = frozenset(
    {
        *("relevance", "position", "click", "shuffled", "swap_low", "swap_high", "rank"),
        *("rank_a", "rank_b", "length_a", "length_b"),
    }
)
#: Role of the column that groups the rows of each kind of input; None: rows are not grouped.
SESSION: dict[Role, str | None] = {"run": "query_id", "judgements": None, "log": "session_id"}
#: Columns that differ between target policies: with several targets, each has its own column.
OF_TARGETS = frozenset(
    {
        "target_propensity",
        "target_action_value",
        "target_propensity_list",
        "target_propensity_prefix",
        "target_exposure",
        "target_marginal_propensity",
        "slate_weight",
        "subset_weight",
        "importance_weight",
        "near_support_3",
        "near_support_4",
        "near_support_5",
        "q_target",
        "candidate_target_propensities",
        "score",
        "support_gap",
    }
)


def role_names() -> frozenset[str]:
    """The names of all roles of logs and judgements."""
    return frozenset([*ROLES["log"], *ROLES["judgements"]])


def check_roles(of: Role, columns: Mapping[str, str], reward: str | None) -> None:
    """Check a map from roles to columns, and the expression for rewards beside it.

    Raises:
        UsageError: a role is not known, ranks are to be scores, or the reward has no place or two.
    """
    unknown = sorted(set(columns) - set(ROLES[of]))
    if unknown:
        raise UsageError(f"--column {unknown[0]}=...: no such role; there are {', '.join(ROLES[of])}")
    require_scores("--column score=", columns.get("score", ""), of)
    if reward is not None and of != "log":
        raise UsageError(f"reward: found a Log of role {of!r}, wanted 'log'")
    if reward is not None and "reward" in columns:
        raise UsageError(f"reward: found an expression and column {columns['reward']!r}, wanted one")


def require_scores(option: str, column: str, of: Role) -> None:
    """Check that a column that is to give scores does not hold ranks, which would reverse every list.

    Args:
        option: what names the column, for the message; the name follows it.
        column: name of the column.
        of: the kind of input.

    Raises:
        UsageError: the column is called ``rank`` or ``position``.
    """
    if column.lower() in ("rank", "position"):
        instead = f"--column rank={column}, or scores" if of == "run" else "scores"
        raise UsageError(
            f"{option}{column}: found ranks, of which the lowest is best; wanted {instead}, "
            "of which the highest is best"
        )


def own(column: str, target: str) -> str:
    """The role of a column for a target policy: ``column@target``.

    It is ``column`` itself if all target policies share the column, or if ``target`` is empty.
    """
    return f"{column}@{target}" if target and column in OF_TARGETS else column


def base(role: str) -> str:
    """The column of a role, without the target policy: ``q_target`` for ``q_target@NAME``."""
    return role.partition("@")[0]


def wanted_type(role: str, value: pa.DataType, of: Role) -> str | None:
    """The expected content of a column, in words; None if values of this type fit its role.

    Args:
        role: the role of the column.
        value: the Arrow type of the values, of the list elements for a column of lists.
        of: the kind of input.
    """
    column = base(role)
    wanted, fits = "one value a row", not pa.types.is_nested(value)
    if column in IDS:
        wanted, fits = "integers or strings", pa.types.is_integer(value) or pa.types.is_string(value)
        if pa.types.is_floating(value):
            wanted += " (a missing id turns integers into floats: drop such rows, and cast the column)"
    elif column in ROLES[of] and column not in ANY_TYPE:
        wanted, fits = "numbers", is_number(value)
    return None if fits else wanted
