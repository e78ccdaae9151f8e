"""Atomic writes: data goes to a temporary file next to the target, which then replaces the target."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping
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

    An input may be a path, a folder, a glob, a ``file://`` URL, a list or dict of them, or an object with
    such ``data``. Others are ignored, and so is a ``path`` of None.

    Raises:
        UsageError: ``path`` is the same file as one of ``inputs``, or a file in a folder among them.
    """
    if path is None:
        return
    for file in _files(inputs):
        inside = file.is_dir() and path.exists() and file.resolve() in path.resolve().parents
        same = path.exists() and file.exists() and path.samefile(file)
        if inside or same or path.resolve() == file.resolve():
            raise UsageError(f"{path}: is an input, wanted another file to write to")


def _files(data: object) -> Iterator[Path]:
    """The paths that an input names."""
    if isinstance(data, Mapping):
        yield from _files(list(data.values()))
    elif isinstance(data, list | tuple):
        for each in data:
            yield from _files(each)
    elif isinstance(data, str | os.PathLike):
        text = os.fspath(data)
        for prefix in ("delta:", "iceberg:", "file://"):
            text = str(text).removeprefix(prefix)
        yield Path(text)
        if glob.has_magic(text):
            yield from map(Path, glob.iglob(text, recursive=True))
    elif (inner := getattr(data, "data", None)) is not None and isinstance(inner, str | os.PathLike | list):
        yield from _files(inner)


def require_folder(path: Path) -> None:
    """Check, before long work, that a file can be written to ``path``.

    Raises:
        DataError: its folder does not exist or cannot be written, or it is a folder itself.
    """
    if path.is_dir():
        raise DataError(f"{path}: cannot be written, it is a folder; wanted a file")
    if not path.parent.is_dir():
        raise DataError(f"{path}: cannot be written, there is no folder {path.parent}")
    if not os.access(path.parent, os.W_OK):
        raise DataError(f"{path}: cannot be written, the folder {path.parent} is read-only")


def write_text(text: str, path: Path) -> None:
    """Write text as a UTF-8 file, atomically."""
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8")
