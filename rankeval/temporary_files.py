"""Temporary files and folders: locked while in use, and removed at the end, however the process ends.

A process that is killed cannot remove its own. The operating system frees their locks then, by which the next
process that works in the same folder knows that they are dead, and removes them. Process ids would not tell:
containers that share a disk have the same ones.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rankeval.progress import notice

try:
    import fcntl
except ImportError:  # on Windows: nothing is locked, and nothing that is dead is removed
    fcntl = None  # type: ignore[assignment]

_PREFIX, _SUFFIX = ".rankeval-", ".tmp"
#: Seconds to wait for an uninterrupted block; it is shorter, unless the disk hangs.
_PATIENCE = 1.5
_told = False
_in_use: dict[Path, int] = {}
_made: list[Path] = []
_changing = threading.RLock()


def is_temporary(name: str) -> bool:
    """Whether a file or folder of this name is a temporary one, of this process or another."""
    return name.startswith(_PREFIX) and name.endswith(_SUFFIX)


@contextmanager
def temporary_file(folder: Path | None = None, mode: int = 0o666) -> Iterator[Path]:
    """Yield the path of a new, empty file in ``folder`` (None: that of the system for temporary files).

    It is removed at the end, unless the block has renamed it. ``mode`` are its permissions, to which the
    process's mask applies.

    Raises:
        OSError: the file cannot be made.
    """
    with _locked_path(folder, lambda path: os.close(os.open(path, os.O_CREAT | os.O_EXCL, mode))) as path:
        yield path


@contextmanager
def temporary_folder(folder: Path | None = None) -> Iterator[Path]:
    """Yield the path of a new folder, likewise; it is removed with all that it holds.

    Raises:
        OSError: the folder cannot be made.
    """
    with _locked_path(folder, lambda path: path.mkdir(0o700 if folder is None else 0o777)) as path:
        yield path


@contextmanager
def existing_folder(folder: Path) -> Iterator[None]:
    """Make ``folder`` and those above it. Those that did not exist and stay empty are removed at the end.

    Raises:
        OSError: a folder cannot be made.
    """
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    with _changing:
        folder.mkdir(parents=True, exist_ok=True)
        _made.extend(made)
    try:
        yield
    finally:
        for each in made:
            _made.remove(each)
            _remove_if_empty(each)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """A block, such as several renames that belong together, that a signal to end does not break."""
    with _changing:
        yield


def remove_all() -> None:
    """Remove everything temporary of this process, which must end after this call.

    Until then, no other thread can make a temporary file, or begin a block of :func:`uninterrupted`.
    """
    _changing.acquire(timeout=_PATIENCE)
    for path in list(_in_use):
        for _ in range(10):  # another thread may still write into a folder
            if not path.exists():
                break
            _remove(path)
    for folder in _made:
        _remove_if_empty(folder)


@contextmanager
def _locked_path(folder: Path | None, make: Callable[[Path], None]) -> Iterator[Path]:
    with _changing:
        # Here, since Python writes a file of its own to find out whether the folder can be written.
        folder = _system_folder() if folder is None else folder
        _remove_dead(folder)
        path, lock = _new(folder, make)
        _in_use[path] = lock
    try:
        yield path
    finally:
        with _changing:
            _remove(path)
            del _in_use[path]
            os.close(lock)


def _system_folder() -> Path:
    """The system's folder for temporary files. A notice tells where it is not the one that was asked for."""
    global _told
    found, wanted = tempfile.gettempdir(), os.environ.get("TMPDIR")
    if not found.isprintable():  # neither Arrow nor DuckDB writes to a folder whose name is no text
        raise OSError(f"TMPDIR {found!r} is no text in UTF-8, wanted another folder")
    if wanted and os.path.abspath(wanted) != found and not _told:
        _told = True
        notice(f"TMPDIR {wanted} cannot be written: temporary files go to {found}")
    return Path(found)


def _new(folder: Path, make: Callable[[Path], None]) -> tuple[Path, int]:
    """A path that ``make`` has made, and the descriptor that locks it."""
    while True:
        path = folder / f"{_PREFIX}{secrets.token_hex(6)}{_SUFFIX}"
        make(path)
        with suppress(FileNotFoundError):  # another process has removed it, before it was locked
            lock = os.open(path, os.O_RDONLY)
            _locked(lock, wait=True)
            if path.exists() and os.path.samestat(os.fstat(lock), path.stat()):
                return path, lock
            os.close(lock)


def _locked(descriptor: int, *, wait: bool) -> bool:
    """Whether the lock could be taken. A file system without locks lets nobody have them."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except (OSError, AttributeError):
        return False
    return True


def _remove_dead(folder: Path) -> None:
    """Remove what killed processes of this user have left in ``folder``."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in [entry for entry in entries if is_temporary(entry.name)]:
            with suppress(OSError):
                _remove_if_dead(Path(entry.path))


def _remove_if_dead(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    try:
        ours = os.fstat(descriptor).st_uid == os.geteuid() if hasattr(os, "geteuid") else False
        if ours and _locked(descriptor, wait=False):
            _remove(path)
    finally:
        os.close(descriptor)


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)
