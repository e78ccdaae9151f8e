"""Results of earlier runs, from their JSON files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rankeval.errors import DataError
from rankeval.reports.page import page

_SCHEMA = 1
_NEEDED = ("schema", "command", "inputs")
#: What a document that lacks entries, or has others in their place, ends in.
_NOT_WHOLE = (AttributeError, IndexError, KeyError, StopIteration, TypeError, ValueError)


def saved_result(path: Path) -> dict[str, Any]:
    """A result that was written with ``--format json``.

    Raises:
        DataError: the file cannot be read, or is no whole result in the form of this version.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from None
    except (ValueError, RecursionError):
        raise DataError(f"{path}: is no JSON, wanted a result that was written with --format json") from None
    if not isinstance(found, dict) or any(name not in found for name in _NEEDED):
        raise DataError(f"{path}: is no result of rankeval, wanted one that was written with --format json")
    if found["schema"] != _SCHEMA:
        raise DataError(f"{path}: found schema {found['schema']!r}, wanted {_SCHEMA}")
    try:
        page([found])
    except _NOT_WHOLE as error:
        text = f"{path}: is no whole result of rankeval {found['command']}, wanted one of this version"
        raise DataError(f"{text} ({type(error).__name__}: {error})") from None
    return found
