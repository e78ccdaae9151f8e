"""A log that is read from other sources than those it was opened with, or by another engine."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

from rankeval.logs.log import Log
from rankeval.parallel import Engine
from rankeval.readers import Source


def read_from(log: Log, sources: Sequence[Source]) -> Log:
    """The same log, read from other sources that have its columns; the filter stays."""
    other = copy(log)
    object.__setattr__(other, "sources", tuple(sources))
    return other


def run_by(log: Log, engine: Engine) -> Log:
    """The same log, on whose leaves an engine works."""
    other = copy(log)
    object.__setattr__(other, "engine", engine)
    return other
