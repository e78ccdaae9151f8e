"""The errors that rankeval raises on purpose. Each message is one line that tells the user what to change."""

from __future__ import annotations

import re

#: Characters that move the cursor, start an escape sequence, end a line, or turn the direction of the text.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_LONGEST = 2_000


def printable(text: str) -> str:
    """The text with control characters as escapes, such as ``\\x1b``; names in data may hold any of them."""
    return _CONTROLS.sub(lambda found: found.group().encode("unicode_escape").decode(), text)


def one_line(text: str) -> str:
    """The text as one printable line of at most 2,000 characters; the middle of a longer one is left out."""
    line = printable(" ".join(text.splitlines()))
    if len(line) > _LONGEST:
        line = f"{line[: _LONGEST // 2]} ... {line[-_LONGEST // 2 :]}"
    return line


class RankevalError(ValueError):
    """Base class of these errors; ``exit_code`` is the exit status of the command line."""

    exit_code = 1

    def __init__(self, message: str) -> None:
        # A message may contain a file name or a cell value that has line breaks, or is very long.
        super().__init__(one_line(message))


class DataError(RankevalError):
    """An error in the data; the message names file, column, row or id, the value found and the one wanted."""

    exit_code = 1


class UsageError(RankevalError):
    """An error in the call: an unknown name, a parameter out of range, or options that exclude each other."""

    exit_code = 2
