"""The files that can be opened for a location: a file, a folder, a glob or a URL."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa
from pyarrow import fs

from rankeval.errors import DataError
from rankeval.readers.compression import compression_of, open_decompressed
from rankeval.readers.folders import all_below, matching, require_outside_of_tables, version_of
from rankeval.readers.messages import first_line, guard

_URL = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+://")


@dataclass(frozen=True)
class File:
    """A file on a local or remote file system.

    Attributes:
        name: the name as the user gave it; for a part of a folder or glob, with the rest appended.
        path: the path inside ``filesystem``.
        filesystem: the Arrow file system that opens the file.
        folders: the names of the folders between the folder or glob that the user gave and the file.
        temporary: whether it is a copy that goes when this process ends.
    """

    name: str
    path: str
    filesystem: fs.FileSystem
    folders: tuple[str, ...] = ()
    temporary: bool = False

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

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """A context for reading, in which the file must stay what it was when it was first opened.

        Raises:
            DataError: the file has been replaced or written to.
        """
        self._require_unchanged()
        try:
            yield
        except Exception:
            self._require_unchanged()  # what was read may make no sense for this reason
            raise
        self._require_unchanged()

    def _require_unchanged(self) -> None:
        if self._first_version != version_of(self.filesystem, self.path):
            raise DataError(
                f"{self.name}: the file has changed since it was first opened; wanted the same to the end"
            )

    @cached_property
    def _first_version(self) -> object:
        return version_of(self.filesystem, self.path)

    def open(self) -> pa.NativeFile:
        """Open the file for random access."""
        self._require_unchanged()
        return self.filesystem.open_input_file(self.path)

    def stream(self) -> pa.NativeFile:
        """Open the file for one read from the start, decompressed."""
        self._require_unchanged()
        return open_decompressed(self.filesystem, self.path, self.compression)


def find_files(location: str | os.PathLike[str]) -> list[File]:
    """The files of a path, folder, glob or URL, sorted by path; at least one.

    The files of a folder include those in its subfolders. In folders and globs, names that start with "_" or
    "." (``_SUCCESS``, ``.crc``) and JSON files (``world.json`` beside a simulated log) are skipped: they are
    not data.

    Raises:
        DataError: there is no such file, the location cannot be opened, or a folder holds a table of a kind
            that lists its files elsewhere, such as Delta Lake.
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
        require_outside_of_tables(self.filesystem, self.root)
        return self._named(self._parts(self.root)) or self._nothing("a folder without data files")

    def matches(self) -> list[File]:
        require_outside_of_tables(self.filesystem, self.root)
        found = list(matching(self.filesystem, self.root, self.pattern.split("/")))
        paths = [info.path for info in found if info.is_file]
        if not paths:
            paths = [path for info in found for path in self._parts(info.path)]
        return self._named(paths) or self._nothing("no file matches")

    def _parts(self, folder: str) -> list[str]:
        return [info.path for info in all_below(self.filesystem, folder)]

    def _named(self, paths: list[str]) -> list[File]:
        return [self._file(path) for path in sorted(set(paths))]

    def _file(self, path: str) -> File:
        below = path[len(self.root) :].lstrip("/")
        name = f"{self.root_name.rstrip('/')}/{below}" if self.root_name else below
        return File(name, path, self.filesystem, tuple(below.split("/")[:-1]))

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


def filesystem_of(location: str) -> tuple[Any, str]:
    """The file system and the path in it of a path or URL without wildcards.

    Raises:
        DataError: no file system opens the URL.
    """
    return _filesystem(location) if _URL.match(location) else (fs.LocalFileSystem(), location)


def _filesystem(url: str) -> tuple[Any, str]:
    """The file system and the path of ``url``: pyarrow's file system, or fsspec's if pyarrow has none."""
    try:
        filesystem, path = fs.FileSystem.from_uri(url)
        return filesystem, path
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        try:
            from fsspec.core import url_to_fs
        except ImportError:
            raise DataError(
                f"{url}: cannot be opened: {first_line(error)}; fsspec is not installed"
            ) from error
    try:
        filesystem, path = url_to_fs(url)
    except (ValueError, ImportError) as error:
        raise DataError(f"{url}: cannot be opened: {first_line(error)}") from error
    return fs.PyFileSystem(fs.FSSpecHandler(filesystem)), path
