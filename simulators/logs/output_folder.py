"""An output folder that gets all its files at once: an interrupt or a full disk leaves no partial result."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rankeval.errors import DataError, UsageError
from rankeval.temporary_files import existing_folder, is_temporary, temporary_folder, uninterrupted


def require_free(out: Path, overwrite: bool, ours: Callable[[str], bool]) -> None:
    """Raise an error unless the folder may be written to: it is new, empty, or may be overwritten.

    Args:
        out: the folder.
        overwrite: whether results of an earlier call may be replaced.
        ours: whether a file of this name is a result of an earlier call.

    Raises:
        DataError: ``out`` is a file.
        UsageError: the folder is not empty; with ``overwrite``, it holds a file that is not a result.
    """
    if out.exists() and not out.is_dir():
        raise DataError(f"{out}: is a file, wanted a folder to write to")
    there = sorted(path.name for path in out.iterdir() if not is_temporary(path.name)) if out.exists() else []
    if there and not overwrite:
        raise UsageError(f"{out}: holds {there[0]} already, wanted an empty folder or --overwrite")
    strange = [name for name in there if not ours(name)]
    if strange:
        raise UsageError(f"{out}: holds {strange[0]}, wanted a folder with nothing but an earlier simulation")


@contextmanager
def filled(out: Path, ours: Callable[[str], bool], last: str) -> Iterator[Path]:
    """Yield a temporary folder to write to. If nothing fails, its files then move to ``out``.

    The temporary folder is inside ``out``, so that files move within one disk. Results of an earlier call
    are removed only when the new files move.

    Args:
        out: the folder; it is made if it does not exist.
        ours: whether a file of this name is a result of an earlier call.
        last: the file that is removed first and comes last: where it is, all files belong together.

    Raises:
        DataError: the operating system reports that something cannot be written.
    """
    try:
        with existing_folder(out), temporary_folder(out) as staging:
            yield staging
            with uninterrupted():
                _move(staging, out, ours, last)
    except (
        OSError,
        UnicodeError,
    ) as error:  # Arrow writes to no path, and no file has a text, that is not UTF-8
        raise DataError(f"{out}: cannot be written ({getattr(error, 'strerror', None) or error})") from None


def _move(staging: Path, out: Path, ours: Callable[[str], bool], last: str) -> None:
    """Move the new files to ``out``, and remove results of an earlier call."""
    new = sorted((path.name for path in staging.iterdir()), key=lambda name: (name == last, name))
    (out / last).unlink(missing_ok=True)
    for path in list(out.iterdir()):
        if ours(path.name) and path.name not in new:
            path.unlink()
    for name in new:
        os.replace(staging / name, out / name)
