"""Parts of one-line messages, and conversion of errors of pyarrow and the system to DataError."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from lzma import LZMAError

import pyarrow as pa

from rankeval.errors import DataError, UsageError

_SHOWN = 60
_LISTED = 20


def short(value: str) -> str:
    """``value`` in quotes, shortened to at most 60 characters."""
    return repr(value if len(value) <= _SHOWN else value[: _SHOWN - 3] + "...")


def listed(names: Sequence[str]) -> str:
    """``names`` separated by commas: at most twenty, then the number of the others."""
    rest = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {rest} more" if rest > 0 else "")


def first_line(error: BaseException) -> str:
    """The first line of the message of ``error``; the name of its type if the message is empty."""
    lines = str(error).strip().splitlines()
    return lines[0].strip() if lines else type(error).__name__


@contextmanager
def guard(name: str) -> Iterator[None]:
    """Turn errors of pyarrow and the operating system while reading ``name`` into a one-line DataError."""
    try:
        yield
    except DataError:
        raise
    except (pa.ArrowException, OSError, EOFError, LZMAError, UnicodeError) as error:
        raise DataError(f"{name}: cannot be read: {first_line(error)}") from error


@contextmanager
def guard_all(name: str) -> Iterator[None]:
    """As :func:`guard`, for libraries whose errors have no class in common: all become a DataError."""
    try:
        yield
    except (DataError, UsageError):
        raise
    except Exception as error:
        raise DataError(f"{name}: cannot be read: {first_line(error)}") from error
