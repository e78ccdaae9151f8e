"""Calls over all commands, and a digest of everything that each prints and writes."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

#: Name -> what follows ``rankeval`` on the command line. Paths are relative to a folder of the data; later
#: calls read what earlier ones wrote.
CALLS: dict[str, str] = dict(
    line.split(": ", 1) for line in Path(__file__).with_name("calls.txt").read_text().splitlines()
)


def arguments(name: str) -> list[str]:
    """The words of a call that prints JSON."""
    return [*shlex.split(CALLS[name]), "--format", "json"]


def written(folder: Path, before: set[Path]) -> Iterator[Path]:
    """The files that are new, in the order of their names."""
    yield from sorted({path for path in folder.rglob("*") if path.is_file()} - before)


#: A share at its bound is 0 with the linear algebra of one processor, and 1e-17 or 1e-11 with another's.
_NOTHING = 1e-9


def digests(data: bytes, suffix: str) -> dict[str, str]:
    """Of the bytes as they are, and of the values they hold with numbers to six digits."""
    values: Any
    if suffix == ".parquet":
        table = pq.read_table(pa.BufferReader(data))
        values = {"schema": str(table.schema), "columns": table.to_pydict()}
    else:
        values = json.loads(data)
    text = json.dumps(rounded(values), default=str, sort_keys=True)
    return {"bytes": _digest(data), "values": _digest(text.encode())}


def rounded(value: Any) -> Any:
    """The same with every float to six significant digits; what is rounding or nothing by processor is 0."""
    if isinstance(value, float):
        return f"{value + 0.0:.6g}" if abs(value) >= _NOTHING else "0"
    if isinstance(value, dict):
        return {str(key): rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return value


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
