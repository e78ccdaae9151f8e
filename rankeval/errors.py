"""The errors that rankeval raises on purpose; each message is one line that a user can act on."""

from __future__ import annotations


class RankevalError(ValueError):
    """Base of all errors raised on purpose; ``exit_code`` is what the command line returns."""

    exit_code = 1

    def __init__(self, message: str) -> None:
        # Names of files and values of cells may hold line breaks.
        super().__init__(" ".join(message.splitlines()))


class DataError(RankevalError):
    """The data is wrong: names the file, the column, the row or id, the value found and the one wanted."""

    exit_code = 1


class UsageError(RankevalError):
    """The call is wrong: an unknown name, a parameter out of range, options that exclude each other."""

    exit_code = 2
