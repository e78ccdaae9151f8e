"""Rankers that are Python objects: ``module:object``, and installed entry points."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from rankeval.errors import UsageError
from rankeval.rankers import Ranker

#: The group of entry points under which packages install rankers.
GROUP = "rankeval.rankers"


def installed() -> dict[str, EntryPoint]:
    """The installed rankers by name.

    Raises:
        UsageError: two packages install different rankers of one name.
    """
    found: dict[str, EntryPoint] = {}
    for entry in entry_points(group=GROUP):
        other = found.setdefault(entry.name, entry)
        if other.value != entry.value:
            raise UsageError(
                f"{entry.name}: two packages install this ranker, {other.value} and {entry.value}; wanted one"
            )
    return found


def load_object(module: str, path: str, spec: str, hint: str = "") -> Ranker:
    """The ranker ``path`` (names between dots) of a module. Importing the module runs its code.

    ``hint`` is added to the message if the module cannot be imported.

    Raises:
        UsageError: the module cannot be imported, has no such object, or it is no ranker.
    """
    try:
        found: Any = import_module(module)
    except Exception as error:
        raise UsageError(
            f"{spec}: cannot import the module {module!r} ({_line(error)}){hint}, wanted a module that is "
            "installed or in PYTHONPATH"
        ) from error
    for name in path.split("."):
        if not hasattr(found, name):
            raise UsageError(f"{spec}: found no {name!r} in {module!r}, wanted a ranker")
        found = getattr(found, name)
    return made(found, spec)


def load_installed(entry: EntryPoint) -> Ranker:
    """The ranker of an entry point. Loading it runs its code.

    Raises:
        UsageError: it cannot be loaded, or is no ranker.
    """
    try:
        found = entry.load()
    except Exception as error:
        raise UsageError(
            f"{entry.name}: cannot load the installed ranker {entry.value} ({_line(error)})"
        ) from error
    return made(found, entry.name)


def made(found: Any, spec: str) -> Ranker:
    """The ranker itself: an object, or what a class or function without arguments makes.

    Raises:
        UsageError: the call fails, or the object does not keep the protocol ``Ranker``.
    """
    if isinstance(found, type) or (callable(found) and not isinstance(found, Ranker)):
        try:
            found = found()
        except Exception as error:
            raise UsageError(
                f"{spec}: cannot be called without arguments ({_line(error)}), wanted a ranker, or a class "
                "or function that makes one"
            ) from error
    return checked(found, spec)


def checked(found: Any, spec: str) -> Ranker:
    """The object, if it keeps the protocol ``Ranker``.

    Raises:
        UsageError: it does not; the message says what it lacks.
    """
    wanted = "wanted a ranker: an object with columns (names of columns) and score(rows)"
    if isinstance(found, type):
        raise UsageError(f"{spec}: is a class, {wanted}")
    if not isinstance(found, Ranker):
        raise UsageError(f"{spec}: is a {type(found).__name__}, {wanted}")
    columns = found.columns
    named = not isinstance(columns, str) and all(isinstance(name, str) for name in columns)
    if not named or not columns or len(set(columns)) < len(columns):
        raise UsageError(f"{spec}: has the columns {columns!r}, wanted names of columns, each once")
    return found


def _line(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
