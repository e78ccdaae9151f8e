"""What is asked of ``rank``, checked before any row is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from rankeval.array_types import Floats
from rankeval.errors import DataError
from rankeval.logs import Log, require_own_ids, usual_columns
from rankeval.rankers import Ranker, feature_role, with_columns
from rankeval.rankers.ranking.policies import Policy


@dataclass(frozen=True)
class Request:
    """A ranker, the data that it scores, and what is made of the scores.

    Attributes:
        ranker: the ranker.
        name: the candidate, for messages.
        log: the data, in which the ranker finds its columns.
        ids: roles of the id columns that the run gets.
        policy: the policy that draws a ranking of each query; None: scores only.
        threads: number of threads.
        calibrate: function of the scores (n,) that gives the scores to write; None leaves them as they are.
    """

    ranker: Ranker
    name: str
    log: Log
    ids: tuple[str, ...]
    policy: Policy | None
    threads: int
    calibrate: Callable[[Floats], Floats] | None = None

    @property
    def roles(self) -> list[str]:
        """The roles of the columns to read."""
        return list(dict.fromkeys([*self.ids, *map(feature_role, self.ranker.columns)]))

    @property
    def group(self) -> str:
        """Role of the id whose items are ranked together: a session of a ranking log, else a query."""
        return "session_id" if "session_id" in self.ids else "query_id"


def open_data(data: Any, columns: Mapping[str, str] | None, where: str | None) -> Log:
    """The data to score: a ranking log if it has the column ``session_id``, else rows of queries and items.

    Raises:
        DataError: as in :class:`Log`.
        UsageError: as in :class:`Log`.
    """
    if isinstance(data, Log):
        return data
    columns = columns or {}
    if isinstance(data, pa.RecordBatchReader):
        data = data.read_all()  # it may be opened twice, and a reader can be read once
    if columns.keys() <= {"query_id", "item_id", "relevance"}:
        log = Log(data, "judgements", columns, where)
        if "session_id" not in log.schema.names and (log.has("query_id") or not _has_sessions(log)):
            return log
        columns = {role: name for role, name in columns.items() if role != "relevance"}
    return Log(data, "log", columns, where)


def _has_sessions(log: Log) -> bool:
    """Whether the data is a ranking log, whose ids of sessions have a usual name."""
    return "session_id" in usual_columns("log", log.sources, log.columns)


def prepared(log: Log, ranker: Ranker, name: str) -> tuple[Log, tuple[str, ...]]:
    """The data in which the ranker finds its columns, and the roles of the ids that the run gets.

    Raises:
        DataError: an id is missing, or a column that the ranker reads; or the ranker reads ids of items and
            the data has none.
    """
    needed = ["query_id", "item_id"] if log.session != "session_id" else ["session_id", "item_id"]
    for role in needed:
        if not log.has(role):
            raise DataError(
                f"{log.origin}: has no column {log.name(role)!r}, wanted the {role} of each row "
                f"(--column {role}=NAME if it has another name)"
            )
    ids = tuple(dict.fromkeys([*needed[:1], *(["query_id"] if log.has("query_id") else []), "item_id"]))
    log.require(ids)
    if "item_id" in ranker.columns:
        require_own_ids(log, name)
    return with_columns(log, list(ranker.columns), name), ids
