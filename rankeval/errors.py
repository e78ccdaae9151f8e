"""The errors that rankeval raises on purpose. Each message is one line that tells the user what to change."""

from __future__ import annotations


class RankevalError(ValueError):
    """Base class of these errors; ``exit_code`` is the exit status of the command line."""

    exit_code = 1

    def __init__(self, message: str) -> None:
        # A message may contain a file name or a cell value that has line breaks.
        super().__init__(" ".join(message.splitlines()))


class DataError(RankevalError):
    """An error in the data; the message names file, column, row or id, the value found and the one wanted."""

    exit_code = 1


class UsageError(RankevalError):
    """An error in the call: an unknown name, a parameter out of range, or options that exclude each other."""

    exit_code = 2
