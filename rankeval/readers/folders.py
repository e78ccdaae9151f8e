"""The data files below a folder: all of them, or those that match a glob."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import PurePath
from typing import Any

from pyarrow import fs

from rankeval.errors import DataError


def all_below(filesystem: fs.FileSystem, folder: str) -> Iterator[Any]:
    """The data files in ``folder`` and its subfolders, as ``pyarrow.fs.FileInfo``.

    Raises:
        DataError: a folder holds a table of Delta Lake, Iceberg or Hudi, or a link leads back up.
    """
    for info in _children(filesystem, folder):
        if info.is_file:
            yield info
        elif info.type == fs.FileType.Directory:
            _require_no_loop(filesystem, info.path)
            yield from all_below(filesystem, info.path)


def matching(filesystem: fs.FileSystem, folder: str, patterns: Sequence[str]) -> Iterator[Any]:
    """The matching files and folders below ``folder``: one pattern per level, ``**`` for any levels.

    Raises:
        DataError: as in :func:`all_below`.
    """
    first, rest = patterns[0], patterns[1:]
    if first == "**":
        yield from matching(filesystem, folder, rest or ["*"])
    for info in _children(filesystem, folder):
        if first == "**":
            if info.type == fs.FileType.Directory:
                _require_no_loop(filesystem, info.path)
                yield from matching(filesystem, info.path, patterns)
        elif fnmatchcase(info.base_name, first):
            if not rest:
                yield info
            elif not info.is_file:
                yield from matching(filesystem, info.path, rest)


def version_of(filesystem: fs.FileSystem, path: str) -> object:
    """What differs once a file is replaced or written to, as far as the file system tells; None if gone.

    What is no plain file, such as a pipe, has no versions.
    """
    try:
        if isinstance(filesystem, fs.LocalFileSystem):
            status = os.stat(path)
            plain_file = stat.S_ISREG(status.st_mode)
            return (status.st_ino, status.st_size, status.st_mtime_ns) if plain_file else ()
        info = filesystem.get_file_info(path)
        return (info.size, info.mtime_ns)
    except (FileNotFoundError, ValueError):  # no file has a name with a null byte
        return None


def _children(filesystem: Any, folder: str) -> list[Any]:
    infos = filesystem.get_file_info(fs.FileSelector(folder, allow_not_found=True))
    _require_no_table(filesystem, folder, {info.base_name for info in infos})
    data = [info for info in infos if info.base_name[0] not in "_." and info.extension != "json"]
    return sorted(data, key=lambda info: str(info.path))


def require_outside_of_tables(filesystem: fs.FileSystem, folder: str) -> None:
    """Check that a folder on this machine is not a part of a table whose list of files stands elsewhere.

    Raises:
        DataError: a folder above it holds a table of Delta Lake, Iceberg or Hudi.
    """
    if not isinstance(filesystem, fs.LocalFileSystem):
        return
    for above in PurePath(os.path.abspath(folder)).parents:
        names = {name for name in ("_delta_log", "metadata", ".hoodie") if os.path.isdir(above / name)}
        _require_no_table(filesystem, str(above), names)


#: What shows that a folder is a table whose list of files stands elsewhere: its name, and how it is read.
_TABLES = {
    "_delta_log": ("a table of Delta Lake", "delta:{}"),
    "*.metadata.json": ("a table of Iceberg", "iceberg:{}"),
    ".hoodie": ("a table of Hudi", "a folder of plain files"),
}


def _require_no_table(filesystem: fs.FileSystem, folder: str, names: Collection[str]) -> None:
    """Refuse a folder that holds a table, as some of the names in it show."""
    if "metadata" in names and _has_iceberg_metadata(filesystem, folder):
        names = {*names, "*.metadata.json"}
    for mark, (table, wanted) in _TABLES.items():
        if mark in names:
            raise DataError(
                f"{folder}: found {table}, wanted {wanted.format(folder)}; "
                "a folder of such a table also holds files that are no longer in it"
            )


def _has_iceberg_metadata(filesystem: Any, folder: str) -> bool:
    inside = filesystem.get_file_info(fs.FileSelector(f"{folder}/metadata", allow_not_found=True))
    return any(info.base_name.endswith(".metadata.json") for info in inside)


def _require_no_loop(filesystem: Any, folder: str) -> None:
    """Refuse a link to a folder that it stands in, below which every file would be found again and again."""
    if isinstance(filesystem, fs.LocalFileSystem) and os.path.islink(folder):
        above = os.path.realpath(os.path.dirname(folder) or ".")
        if os.path.commonpath([above, os.path.realpath(folder)]) == os.path.realpath(folder):
            raise DataError(f"{folder}: found a link to a folder that it stands in, wanted none")
