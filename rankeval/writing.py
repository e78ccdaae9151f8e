"""Files written whole or not at all: beside the target first, then renamed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from rankeval.errors import DataError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path beside ``path`` to write to; it takes the place of ``path`` once all went well.

    Raises:
        DataError: the folder does not exist or cannot be written.
    """
    if not path.name:
        raise DataError(f"{path}: cannot be written, it is a folder; wanted a file")
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield beside
        os.replace(beside, path)
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror or error})") from None
    finally:
        beside.unlink(missing_ok=True)


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write a table as Parquet."""
    import pyarrow.parquet as pq

    with replacing(path) as beside:
        pq.write_table(table, beside)


def write_text(text: str, path: Path) -> None:
    """Write text as UTF-8."""
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8")
