"""The users or clusters that sessions belong to."""

from __future__ import annotations

from typing import NamedTuple

from rankeval.array_types import Hashes
from rankeval.inference import NamedKeys
from rankeval.logs import Log, Sessions, unit_keys, user_column, user_keys


class Owners(NamedTuple):
    """The column of the users or clusters that sessions belong to.

    Attributes:
        role: the column; None: there is none.
        named: whether the caller named it as cluster, so that a cluster is held out as a whole.
    """

    role: str | None = None
    named: bool = False

    @classmethod
    def of(cls, cluster: str | None, *logs: Log | None) -> Owners:
        """The clusters that the caller named, else the users that the logs have."""
        return cls(user_column(*logs)) if cluster is None else cls(cluster, True)

    @property
    def roles(self) -> list[str]:
        """The columns to read."""
        return [] if self.role is None else [self.role]

    def keys(self, sessions: Sessions) -> Hashes | None:
        """(n,) uint64, the hashed owner of each session; None without the column.

        Raises:
            DataError: a cluster is null, or changes within a session.
        """
        if self.role is None:
            return None
        return unit_keys(sessions, self.role, ()) if self.named else user_keys(sessions, self.role)

    def unnamed(self, keys: Hashes | None) -> NamedKeys | None:
        """The keys of sessions as those of a column that the caller did not name; None if it is named."""
        return None if self.role is None or self.named or keys is None else NamedKeys(self.role, keys)
