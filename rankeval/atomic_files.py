"""Atomic writes: data goes to a temporary file next to the target, which then replaces the target."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rankeval.errors import DataError, UsageError
from rankeval.temporary_files import temporary_file, uninterrupted

#: What may stand before a path: a scheme, or the kind of a table.
_LOCATION = re.compile(r"^(file://|delta:|iceberg:|run:)")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path in the folder of ``path``; on success it replaces ``path``.

    A file that is replaced keeps its permissions. A symbolic link stays a link: the file that it points to is
    replaced. A path that exists and is neither a file nor a folder, such as a device or a pipe, is written to
    directly.

    Raises:
        DataError: ``path`` has no file name, or its folder does not exist or cannot be written.
    """
    if not path.name:
        raise DataError(f"{path}: cannot be written, it is a folder; wanted a file")
    try:
        # Before links are followed: /dev/stdout leads to a pipe, which has no path.
        if path.exists() and not (path.is_file() or path.is_dir()):
            yield path
            return
        target = resolved(path) if path.is_symlink() else path
        with temporary_file(target.parent) as beside:
            if target.is_file():
                beside.chmod(target.stat().st_mode)
            yield beside
            with uninterrupted():
                os.replace(beside, target)
    except (
        OSError,
        UnicodeError,
    ) as error:  # Arrow writes to no path, and no file has a text, that is not UTF-8
        raise DataError(f"{path}: cannot be written ({getattr(error, 'strerror', None) or error})") from None


def resolved(path: Path) -> Path:
    """The absolute path without links.

    Raises:
        DataError: it is no path: links form a loop, or its name has a zero byte.
    """
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise DataError(f"{path}: cannot be written ({error})".replace("\0", "\\0")) from None


def require_separate(outputs: Mapping[str, str | os.PathLike[str] | None], *inputs: object) -> None:
    """Check, before any work, that no output is an input or another output.

    Args:
        outputs: name of the option -> the path to write to, None if there is none.
        inputs: a path, a folder, a glob, a ``file://`` URL, a list or dict of them, or an object with such
            ``data``; others are ignored.

    Raises:
        UsageError: an output is the same file as an input or another output, or a file in a folder that is an
            input.
    """
    written = [(name, Path(path)) for name, path in outputs.items() if path is not None]
    read = list(_files(inputs)) if written else []
    for index, (name, path) in enumerate(written):
        for file in read:
            if _same(path, file) or (
                path.exists() and file.is_dir() and resolved(file) in resolved(path).parents
            ):
                raise UsageError(f"{name} {path}: is an input, wanted another file to write to")
        for other, another in written[:index]:
            if _same(path, another):
                raise UsageError(f"{name} {path}: {other} writes it too, wanted another file")


def _same(path: Path, other: Path) -> bool:
    """Whether two paths are the same file, whose content writing would replace; devices have none."""
    if path.exists() and other.exists():
        return path.samefile(other) and (path.is_file() or path.is_dir())
    return resolved(path) == resolved(other)


def _files(data: object) -> Iterator[Path]:
    """The paths that an input names."""
    if isinstance(data, Mapping):
        yield from _files(list(data.values()))
    elif isinstance(data, list | tuple):
        for each in data:
            yield from _files(each)
    elif isinstance(data, str | os.PathLike):
        text = os.fspath(data)
        text = _LOCATION.sub("", str(text))
        if text == "-":  # standard input, which may come from a file
            yield Path("/dev/stdin")
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
