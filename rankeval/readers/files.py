"""The files that can be opened for a location: a file, a folder, a glob or a URL."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

import pyarrow as pa
from pyarrow import fs

from rankeval.errors import DataError
from rankeval.readers.compression import compression_of, open_decompressed
from rankeval.readers.messages import first_line, guard

_URL = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+://")


@dataclass(frozen=True)
class File:
    """A file on a local or remote file system.

    Attributes:
        name: the name as the user gave it; for a part of a folder or glob, with the rest appended.
        path: the path inside ``filesystem``.
        filesystem: the Arrow file system that opens the file.
    """

    name: str
    path: str
    filesystem: fs.FileSystem

    @property
    def local(self) -> bool:
        """Whether the file is on this machine."""
        return isinstance(self.filesystem, fs.LocalFileSystem)

    @cached_property
    def compression(self) -> str | None:
        """The kind of compression of the content, regardless of the name; None if there is none."""
        return compression_of(self.head(8))

    def head(self, size: int) -> bytes:
        """The first ``size`` bytes as stored, not decompressed."""
        with guard(self.name), self.open() as file:
            return bytes(file.read(size))

    def open(self) -> pa.NativeFile:
        """Open the file for random access."""
        return self.filesystem.open_input_file(self.path)

    def stream(self) -> pa.NativeFile:
        """Open the file for one read from the start, decompressed."""
        return open_decompressed(self.filesystem, self.path, self.compression)


def find_files(location: str | os.PathLike[str]) -> list[File]:
    """The files of a path, folder, glob or URL, sorted by path; at least one.

    The files of a folder do not include those in its subfolders. In folders and globs, names that start with
    "_" or "." (``_SUCCESS``, ``.crc``) and JSON files (``world.json`` beside a simulated log) are skipped:
    they are not data.

    Raises:
        DataError: there is no such file, or the location cannot be opened.
    """
    given = os.fspath(location)
    with guard(given):
        if not given:
            raise DataError("'': no such file")
        place = _Place.of(given)
        return place.matches() if place.pattern else place.files()


@dataclass(frozen=True)
class _Place:
    """A path in a file system, and the glob pattern below it ("" if there is none)."""

    given: str
    filesystem: Any
    root: str
    root_name: str
    pattern: str = ""

    @classmethod
    def of(cls, given: str) -> _Place:
        if _URL.match(given):
            return cls._of_url(given)
        if fs.LocalFileSystem().get_file_info(given).type == fs.FileType.NotFound:
            fixed, pattern = _split_pattern(given, "*?[")
            if pattern:
                return cls(given, fs.LocalFileSystem(), fixed or ".", fixed, pattern)
        root = given if given == "/" else given.rstrip("/")
        return cls(given, fs.LocalFileSystem(), root, root)

    @classmethod
    def _of_url(cls, given: str) -> _Place:
        address, mark, query = given.partition("?")
        fixed, pattern = _split_pattern(address, "*[")
        filesystem, root = _filesystem(fixed + mark + query)
        return cls(given, filesystem, root.rstrip("/"), fixed.rstrip("/"), pattern)

    def files(self) -> list[File]:
        info = self.filesystem.get_file_info(self.root)
        if info.type == fs.FileType.NotFound:
            raise DataError(
                f"{self.given}: no such file; wanted a file, a folder of part files, a glob or a URL"
            )
        if info.type != fs.FileType.Directory:
            return [File(self.given, self.root, self.filesystem)]
        return self._named(self._parts(self.root)) or self._nothing("a folder without data files")

    def matches(self) -> list[File]:
        found = list(_glob(self.filesystem, self.root, self.pattern.split("/")))
        paths = [info.path for info in found if info.is_file]
        if not paths:
            paths = [path for info in found for path in self._parts(info.path)]
        return self._named(paths) or self._nothing("no file matches")

    def _parts(self, folder: str) -> list[str]:
        return [info.path for info in _children(self.filesystem, folder) if info.is_file]

    def _named(self, paths: list[str]) -> list[File]:
        return [File(self._name(path), path, self.filesystem) for path in sorted(set(paths))]

    def _name(self, path: str) -> str:
        below = path[len(self.root) :].lstrip("/")
        return f"{self.root_name.rstrip('/')}/{below}" if self.root_name else below

    def _nothing(self, found: str) -> list[File]:
        raise DataError(f"{self.given}: {found}; wanted at least one (_*, .* and *.json do not count)")


def _split_pattern(given: str, wildcards: str) -> tuple[str, str]:
    """The folders before the first wildcard, and the pattern from there; without wildcard, all and ""."""
    parts = given.split("/")
    for index, part in enumerate(parts):
        if any(character in part for character in wildcards):
            folder = "/".join(parts[:index])
            return ("/" if index == 1 and not parts[0] else folder), "/".join(parts[index:])
    return given, ""


def _children(filesystem: Any, folder: str) -> list[Any]:
    infos = filesystem.get_file_info(fs.FileSelector(folder, allow_not_found=True))
    data = [info for info in infos if info.base_name[0] not in "_." and info.extension != "json"]
    return sorted(data, key=lambda info: str(info.path))


def _glob(filesystem: Any, folder: str, patterns: list[str]) -> Iterator[Any]:
    """The matching files and folders below ``folder``: one pattern per level, ``**`` for any levels."""
    first, rest = patterns[0], patterns[1:]
    if first == "**":
        yield from _glob(filesystem, folder, rest or ["*"])
    for info in _children(filesystem, folder):
        if first == "**":
            if not info.is_file:
                yield from _glob(filesystem, info.path, patterns)
        elif fnmatchcase(info.base_name, first):
            if not rest:
                yield info
            elif not info.is_file:
                yield from _glob(filesystem, info.path, rest)


def _filesystem(url: str) -> tuple[Any, str]:
    """The file system and the path of ``url``: pyarrow's file system, or fsspec's if pyarrow has none."""
    try:
        filesystem, path = fs.FileSystem.from_uri(url)
        return filesystem, path
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        try:
            from fsspec.core import url_to_fs  # type: ignore[import-not-found, unused-ignore]
        except ImportError:
            raise DataError(
                f"{url}: cannot be opened: {first_line(error)}; fsspec is not installed"
            ) from error
    try:
        filesystem, path = url_to_fs(url)
    except (ValueError, ImportError) as error:
        raise DataError(f"{url}: cannot be opened: {first_line(error)}") from error
    return fs.PyFileSystem(fs.FSSpecHandler(filesystem)), path
