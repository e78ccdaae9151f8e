"""A log that is read from other sources than those it was opened with."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

from rankeval.logs.log import Log
from rankeval.readers import Source


def read_from(log: Log, sources: Sequence[Source]) -> Log:
    """The same log, read from other sources that have its columns; the filter stays."""
    other = copy(log)
    object.__setattr__(other, "sources", tuple(sources))
    return other
