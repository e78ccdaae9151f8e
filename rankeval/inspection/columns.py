"""The columns of a log: the role that each plays, and which of them can be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from rankeval.errors import DataError
from rankeval.inspection.problems import Problem
from rankeval.logs import Log, check_columns, role_names
from rankeval.readers import is_number

#: Roles that say something only in a ranking log.
OF_RANKINGS = frozenset(
    {
        *("position", "click", "shuffled", "swap_low", "swap_high", "team", "rank_a", "rank_b", "score"),
        *("item_id", "session_reward", "examination", "exposure", "target_exposure"),
    }
)
#: Usual names of users, who are found without being named, where the log has a single one of them.
USERS = ("user_id", "user", "userid", "uid", "visitor_id", "customer_id")
#: Roles of ids and of the clock, in which drift is no news.
KEYS = frozenset({"session_id", "query_id", "item_id", "round_id", "timestamp", "action", "candidates"})


@dataclass(frozen=True)
class Columns:
    """The columns of a log that can be read.

    Attributes:
        log: the log.
        roles: role (or the name, for a column without one) -> name of the column.
        problems: columns that cannot be read, with the reason.
        user: the column whose values are users; None if there is none.
    """

    log: Log
    roles: Mapping[str, str]
    problems: tuple[Problem, ...]
    user: str | None

    @classmethod
    def of(cls, log: Log, user: str | None) -> Columns:
        """The columns of a log, ``user`` being the one that the caller names."""
        problems: list[Problem] = []
        roles: dict[str, str] = {}
        checked = log.with_lists(["candidates"])
        for role, name in _named(log).items():
            try:
                check_columns(checked, [role])
            except DataError as error:
                problems.append(Problem("wrong_type", "error", str(error)))
            else:
                roles[role] = name
        if user is None:
            users = [
                name for name in roles if name.lower() in USERS and not pa.types.is_nested(log.kind(name))
            ]
            user = users[0] if len(users) == 1 else None
        return cls(log, roles, tuple(problems), user)

    def has(self, *roles: str) -> bool:
        """Whether the columns of all these roles can be read."""
        return all(role in self.roles for role in roles)

    def known(self, *roles: str | None) -> list[str]:
        """Those of the roles whose columns can be read, each once."""
        return list(dict.fromkeys(role for role in roles if role is not None and role in self.roles))

    @property
    def reward(self) -> str | None:
        """The role of the reward: ``reward``, ``click`` or ``session_reward``; None without one."""
        names = ("reward", "click", "session_reward") if self.log.session is not None else ("reward",)
        return next((role for role in names if role in self.roles), None)

    @property
    def compared(self) -> list[str]:
        """The roles of the columns whose drift is tested: all but ids, times and lists of bandit logs."""
        found = [role for role in self.roles if role not in KEYS and role != self.user]
        return [role for role in found if _comparable(self._value(role))]

    def _value(self, role: str) -> pa.DataType:
        kind = self.log.kind(role)
        return kind.value_type if self.log.nested and pa.types.is_list(kind) else kind

    def described(self) -> list[dict[str, Any]]:
        """Each column of the first file with its role and type, as JSON values."""
        role_of = {name: role for role, name in self.roles.items() if role in role_names()}
        usual = set(self.log.usual.values())
        return [
            {
                "name": field.name,
                "role": role_of.get(field.name),
                "usual": field.name in usual,
                "type": str(field.type),
            }
            for field in self.log.schema
        ]


def _comparable(kind: pa.DataType) -> bool:
    return is_number(kind) or pa.types.is_string(kind)


def _named(log: Log) -> dict[str, str]:
    """Role (or name, for a column without a role) -> name, of all columns and of computed rewards."""
    bandit = log.session is None
    roles = [role for role in sorted(role_names()) if log.has(role) and not (bandit and role in OF_RANKINGS)]
    named = {role: log.name(role) for role in roles}
    played = set(named.values())
    return named | {name: name for name in dict.fromkeys(log.schema.names) if name not in played}
