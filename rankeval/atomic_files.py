"""Atomic writes: data goes to a temporary file next to the target, which then replaces the target."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rankeval.errors import DataError, UsageError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path in the folder of ``path``; on success it replaces ``path``.

    A symbolic link stays a link: the file that it points to is replaced. A path that exists and is neither
    a file nor a folder, such as a device or a pipe, is written to directly.

    Raises:
        DataError: ``path`` has no file name, or its folder does not exist or cannot be written.
    """
    if not path.name:
        raise DataError(f"{path}: cannot be written, it is a folder; wanted a file")
    special = path.exists() and not (path.is_file() or path.is_dir())
    target = path.resolve() if path.is_symlink() else path
    beside = path if special else target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        yield beside
        if not special:
            os.replace(beside, target)
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror or error})") from None
    finally:
        if not special:
            beside.unlink(missing_ok=True)


def require_no_input(path: Path | None, *inputs: object) -> None:
    """Check that the output file is not one of the input files.

    Inputs that are not paths (text or ``Path``) are ignored, and so is a ``path`` of None.

    Raises:
        UsageError: ``path`` is the same file as one of ``inputs``.
    """
    files = [Path(data) for data in inputs if isinstance(data, str | Path)]
    if path is not None and path.resolve() in {file.resolve() for file in files}:
        raise UsageError(f"{path}: is an input, wanted another file to write to")


def write_text(text: str, path: Path) -> None:
    """Write text as a UTF-8 file, atomically."""
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8")
