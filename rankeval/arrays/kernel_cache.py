"""Compiled kernels on disk: Numba's cache, with a digest in each file and no demand for a place to write.

Numba loads machine code from its cache unchecked: a damaged file ends the process. Here, a file whose digest
does not fit is one that is not there, and is written anew. A disk that is full or read-only costs the time to
compile again, and nothing else.
"""

from __future__ import annotations

import hashlib
import pickle
from typing import Any

import numba
from numba.core.caching import FunctionCache, IndexDataCacheFile

from rankeval.progress import notice

_DIGEST = 32
_told = False


class KernelCache(FunctionCache):  # type: ignore[misc]
    """The compiled forms of one kernel.

    Raises:
        RuntimeError: there is no folder that can be written.
    """

    def __init__(self, function: Any) -> None:
        super().__init__(function)
        stamp = self._impl.locator.get_source_stamp()
        self._cache_file = _DigestedFile(self._cache_path, self._impl.filename_base, stamp)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled form for a signature; None if there is none that can be used."""
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # whatever a cache of another machine or version raises
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep a compiled form, if the disk takes it."""
        try:
            super().save_overload(sig, data)
        except OSError as error:
            tell_not_kept(error.strerror or str(error))


def tell_not_kept(reason: str) -> None:
    """Print one notice per process that compiled kernels are not kept."""
    global _told
    if not _told:
        _told = True
        notice(f"compiled kernels cannot be kept ({reason}); NUMBA_CACHE_DIR names another folder for them")


class _DigestedFile(IndexDataCacheFile):  # type: ignore[misc]
    """The index and the data of a kernel. Each file is a digest, and then a pickle."""

    def _save_index(self, overloads: Any) -> None:
        self._write(self._index_path, (self._source_stamp, overloads))

    def _load_index(self) -> Any:
        try:
            stamp, overloads = self._read(self._index_path)
        except OSError:
            return {}
        return overloads if stamp == self._source_stamp else {}

    def _save_data(self, name: str, data: Any) -> None:
        self._write(self._data_path(name), data)

    def _load_data(self, name: str) -> Any:
        return self._read(self._data_path(name))

    def _write(self, path: str, content: Any) -> None:
        data = self._dump(content)
        with self._open_for_write(path) as file:
            file.write(_digest(data) + data)

    def _read(self, path: str) -> Any:
        """The content of a file.

        Raises:
            OSError: it is not there, damaged, or of another version of Numba.
        """
        with open(path, "rb") as file:
            data = file.read()
        if data[:_DIGEST] != _digest(data[_DIGEST:]):
            raise OSError(f"{path}: damaged")
        return pickle.loads(data[_DIGEST:])


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(numba.__version__.encode() + data).digest()
