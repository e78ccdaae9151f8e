"""What orders the items of a run: scores, of which the highest is best, or ranks, of which the lowest is."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pyarrow as pa

from rankeval.array_types import Bools, Floats, Ints
from rankeval.arrays import as_float64, read_only
from rankeval.errors import UsageError
from rankeval.logs.log import Log
from rankeval.logs.sessions import Sessions
from rankeval.notes import Note
from rankeval.readers import is_number, type_class

OrderRole = Literal["score", "rank"]


def order_role(log: Log) -> OrderRole:
    """The role that orders the items of a run: ``rank`` if it is asked for, or if the run has no score.

    Raises:
        UsageError: both roles are asked for.
    """
    if "rank" in log.columns and "score" in log.columns:
        raise UsageError(
            f"--column: found score={log.columns['score']} and rank={log.columns['rank']}, wanted one of them"
        )
    return "rank" if "rank" in log.columns or (log.has("rank") and not log.has("score")) else "score"


def scores_of(sessions: Sessions, role: OrderRole) -> Floats:
    """(n,) float64, a number for each item that is higher for a better one: the score, or the rank negated.

    Raises:
        DataError: a value is null, NaN or infinite.
    """
    numbers = sessions.numbers(role)
    return numbers if role == "score" else read_only(-numbers)


def has_ranks_too(log: Log) -> bool:
    """Whether a run that is ordered by scores also has a column ``rank`` of numbers, in all of its files."""
    if order_role(log) == "rank":
        return False
    name = log.name("rank")
    kinds = [source.schema.field(name).type for source in log.sources if name in source.schema.names]
    kinds = [kind.value_type if pa.types.is_list(kind) else kind for kind in kinds]
    same = len(kinds) == len(log.sources) and len({type_class(kind) for kind in kinds}) == 1
    return same and all(is_number(kind) for kind in kinds)


def contradicted(sessions: Sessions, scores: Floats) -> int:
    """The number of sessions with an item that has a better ``rank`` and a lower score than another one.

    Args:
        sessions: sessions with the role ``rank``; items whose rank is null do not count.
        scores: (n,) float64, finite.
    """
    ranks = as_float64(sessions.column("rank"))
    owner = np.repeat(np.arange(len(sessions)), sessions.lengths)
    if not _risen(owner, ranks, scores).any() and not np.isnan(ranks).any():
        return 0  # ranks ascend and scores descend, as in most files
    known = np.flatnonzero(~np.isnan(ranks))
    known = known[np.lexsort((-scores[known], ranks[known], owner[known]))]
    # Items of equal rank now descend, so that a rise is always between two ranks.
    risen = _risen(owner[known], ranks[known], scores[known])
    return len(np.unique(owner[known][1:][risen]))


def contradicted_note(name: str, queries: int) -> Note:
    """The warning that ranks contradict the scores in some queries of the run ``name``."""
    where = "1 query" if queries == 1 else f"{queries} queries"
    text = (
        f"{name}: column 'rank' contradicts the scores in {where}; the scores give the order, as in trec_eval"
    )
    return Note("contradicted_ranks", text, {"queries": queries})


def _risen(owner: Ints, ranks: Floats, scores: Floats) -> Bools:
    """(n - 1,) bool, whether an item has a lower rank or a higher score than the item before it."""
    risen: Bools = (np.diff(owner) == 0) & ((np.diff(ranks) < 0.0) | (np.diff(scores) > 0.0))
    return risen
