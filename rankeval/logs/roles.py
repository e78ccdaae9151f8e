"""Roles of columns: which there are, which each target policy has for itself, what they may hold."""

from __future__ import annotations

from typing import Literal

import pyarrow as pa

from rankeval.readers import is_number

Role = Literal["run", "judgements", "log"]
IDS = frozenset({"query_id", "item_id", "session_id", "round_id", "action", "logger"})

#: Columns of interface files by role; every other name stands for itself (segments, clusters, features).
ROLES: dict[Role, tuple[str, ...]] = {
    "run": ("query_id", "item_id", "score", "relevance", "weight"),
    "judgements": ("query_id", "item_id", "relevance"),
    "log": (
        "session_id", "query_id", "item_id", "position", "click", "reward", "propensity", "target_propensity",
        "propensity_prefix", "target_propensity_prefix", "propensity_list", "target_propensity_list",
        "exposure", "target_exposure", "slate_weight", "subset_weight", "behaviour", "q_logged", "q_target",
        "examination", "alpha", "beta", "score", "weight", "shuffled", "swap_low", "swap_high", "ranker",
        "timestamp", "round_id",
        "action", "candidate_propensities", "candidate_target_propensities", "candidate_q", "embedding",
        "marginal_propensity", "target_marginal_propensity", "logger", "logger_propensities",
        "mixture_propensity", "team", "rank_a", "rank_b", "length_a", "length_b",
    ),
}  # fmt: skip
#: What columns of a bandit log start with that hold a list a round, of all candidates or logging policies.
CANDIDATES, OF_LOGGERS = "candidate_", "logger_"
#: What columns start with that may hold a list a round.
LISTS = (CANDIDATES, OF_LOGGERS, "embedding")
#: Columns of a ranking log that each item has one value of.
OF_ITEMS = frozenset(
    {
        *("item_id", "position", "click", "reward", "propensity", "target_propensity"),
        *("propensity_prefix", "target_propensity_prefix", "exposure", "target_exposure"),
        *("q_logged", "q_target", "subset_weight", "examination", "alpha", "beta", "score"),
        *("team", "rank_a", "rank_b"),
    }
)
#: Columns that may hold anything.
ANY_TYPE = frozenset({"ranker", "timestamp", "embedding", "behaviour", "team"})
#: Numbers that CSV files may hold as integers.
MAYBE_WHOLE = frozenset(
    {
        *("relevance", "position", "click", "shuffled", "swap_low", "swap_high"),
        *("rank_a", "rank_b", "length_a", "length_b"),
    }
)
SESSION: dict[Role, str | None] = {"run": "query_id", "judgements": None, "log": "session_id"}
#: Columns that each of several target policies has for itself.
OF_TARGETS = frozenset(
    {
        "target_propensity",
        "target_propensity_list",
        "target_propensity_prefix",
        "target_exposure",
        "target_marginal_propensity",
        "slate_weight",
        "subset_weight",
        "q_target",
        "candidate_target_propensities",
        "score",
    }
)


def own(column: str, target: str) -> str:
    """The role in which a target has a column."""
    return f"{column}@{target}" if target and column in OF_TARGETS else column


def base(role: str) -> str:
    """The column that a role is of, whichever target has it."""
    return role.partition("@")[0]


def wanted_type(role: str, value: pa.DataType, of: Role) -> str | None:
    """What a column should hold instead of values of this type, in words; None where they fit its role."""
    column = base(role)
    wanted, fits = "one value a row", not pa.types.is_nested(value)
    if column in IDS:
        wanted, fits = "integers or strings", pa.types.is_integer(value) or pa.types.is_string(value)
    elif column in ROLES[of] and column not in ANY_TYPE:
        wanted, fits = "numbers", is_number(value)
    return None if fits else wanted
