"""Files written whole or not at all: beside the target first, then renamed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rankeval.errors import DataError, UsageError

if TYPE_CHECKING:
    import pyarrow as pa


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path beside ``path`` to write to; it takes the place of ``path`` once all went well.

    Links are followed, so that they stay; what is no ordinary file, such as a device or a pipe, is never
    replaced but written to.

    Raises:
        DataError: the folder does not exist or cannot be written.
    """
    if not path.name:
        raise DataError(f"{path}: cannot be written, it is a folder; wanted a file")
    special = path.exists() and not (path.is_file() or path.is_dir())
    target = path.resolve() if path.is_symlink() else path
    beside = path if special else target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        yield beside
        if not special:
            os.replace(beside, target)
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror or error})") from None
    finally:
        if not special:
            beside.unlink(missing_ok=True)


def require_no_input(path: Path | None, *inputs: object) -> None:
    """Refuse to write over a file that is read.

    Raises:
        UsageError: ``path`` is one of the ``inputs`` that are paths.
    """
    files = [Path(data) for data in inputs if isinstance(data, str | Path)]
    if path is not None and path.resolve() in {file.resolve() for file in files}:
        raise UsageError(f"{path}: is an input, wanted another file to write to")


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write a table as Parquet."""
    import pyarrow.parquet as pq

    with replacing(path) as beside:
        pq.write_table(table, beside)


def write_text(text: str, path: Path) -> None:
    """Write text as UTF-8."""
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8")
