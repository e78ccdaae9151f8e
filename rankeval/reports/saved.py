"""Results of earlier runs, from their JSON files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rankeval.errors import DataError

_SCHEMA = 1
_NEEDED = ("schema", "command", "inputs")


def saved_result(path: Path) -> dict[str, Any]:
    """A result that was written with ``--format json``.

    Raises:
        DataError: the file cannot be read, or is no result of this version's form.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from None
    except ValueError:
        raise DataError(f"{path}: is no JSON, wanted a result that was written with --format json") from None
    if not isinstance(found, dict) or any(name not in found for name in _NEEDED):
        raise DataError(f"{path}: is no result of rankeval, wanted one that was written with --format json")
    if found["schema"] != _SCHEMA:
        raise DataError(f"{path}: found schema {found['schema']!r}, wanted {_SCHEMA}")
    return found
