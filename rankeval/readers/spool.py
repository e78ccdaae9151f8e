"""Temporary copies of what can be read only once, since every command passes over its data several times."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import weakref
from collections.abc import Callable
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

from pyarrow import fs

from rankeval.errors import DataError
from rankeval.readers.files import File
from rankeval.readers.messages import guard
from rankeval.temporary_files import temporary_file

_STANDARD_INPUT = "-"
_BLOCK = 2**20


def filled_file(name: str, write: Callable[[Path], object]) -> File:
    """A temporary file that ``write`` fills and messages call ``name``.

    It is removed when the object dies, at exit, or at once if ``write`` fails.
    """
    with ExitStack() as in_use:
        path = in_use.enter_context(temporary_file())
        with guard(name):
            write(path)
        kept = in_use.pop_all()
    file = File(name, str(path), fs.LocalFileSystem(), temporary=True)
    weakref.finalize(file, kept.close)
    return file


def spooled(location: str | os.PathLike[str]) -> File | None:
    """A temporary copy of standard input (``-``), a pipe or a device; None if ``location`` is none of these.

    Standard input is copied once, so that it may be named again. A pipe is empty when it is read again.

    Raises:
        DataError: it cannot be read or copied.
    """
    given = os.fspath(location)
    if given == _STANDARD_INPUT:
        return _standard_input(sys.stdin)
    if not _is_stream(given):
        return None
    with guard(given), open(given, "rb") as stream:
        return _copy(given, stream)


@lru_cache(maxsize=1)
def _standard_input(stream: Any) -> File:
    if stream is None:
        raise DataError("standard input: is closed, wanted one to read from, or the name of a file")
    with guard("standard input"):
        return _copy("standard input", stream.buffer)


def _copy(name: str, stream: BinaryIO) -> File:
    def write(path: Path) -> None:
        with path.open("wb") as copy:
            shutil.copyfileobj(stream, copy, _BLOCK)

    return filled_file(name, write)


def _is_stream(path: str) -> bool:
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode) or stat.S_ISSOCK(mode)
