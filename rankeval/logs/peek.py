"""The first rows of a log, for checks that must not cost a pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rankeval.logs.log import Log
from rankeval.logs.sessions import Sessions


def peek(log: Log, roles: Sequence[str], most: int) -> Sessions | None:
    """Up to ``most`` of the first rows of a bandit log that the filter keeps; None if there are none.

    Args:
        log: the log. In a long ranking log, the last session would be cut.
        roles: roles of the columns to read; every file must have them.
        most: largest number of rows. A source that can, reads and decodes no more.
    """
    for leaf in log.leaves()[:1]:
        first = leaf if leaf.rows is None else replace(leaf, rows=min(leaf.rows, most))
        for stretch in log.batches(first, roles):
            return log.sessions_of(stretch.slice(0, min(most, len(stretch))))
    return None
