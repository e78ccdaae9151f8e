"""Tables as files. The extension of the name decides the format, and a file appears only when it is whole."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from rankeval.atomic_files import replacing
from rankeval.errors import DataError, UsageError

if TYPE_CHECKING:
    import pyarrow as pa


#: Rows of a row group of a table that is written at once.
_GROUP_ROWS = 1 << 20


class _Writer(Protocol):
    """What appends tables to a file."""

    def write_table(self, table: pa.Table) -> None: ...

    def close(self) -> None: ...


def require_table_name(option: str, path: Path | None) -> None:
    """Check that the name of an output file says the format of a table.

    A ``path`` of None is ignored. A name without an extension says nothing, and gets Parquet.

    Raises:
        DataError: the path is a folder.
        UsageError: the extension is none of those that can be written.
    """
    if path is None:
        return
    if path.is_dir():
        raise DataError(f"{path}: cannot be written (it is a folder), wanted a file")
    if path.suffix.lower() in _WRITERS:
        return
    *most, last = [name for name in _WRITERS if name]
    raise UsageError(f"{option}: found {str(path)!r}, wanted a name that ends in {', '.join(most)} or {last}")


def write_table(table: pa.Table, path: Path) -> None:
    """Write a table in the format that the extension of ``path`` says.

    Raises:
        DataError: the file cannot be written, or a column holds what the format cannot hold.
    """
    with table_file(path, table.schema) as write:
        for start in range(0, max(table.num_rows, 1), _GROUP_ROWS):
            write(table.slice(start, _GROUP_ROWS))


@contextmanager
def table_file(path: Path, schema: pa.Schema, **parquet: Any) -> Iterator[Callable[[pa.Table], None]]:
    """A function that appends tables to the file ``path``. If the block fails, there is no file.

    Each table becomes a row group of Parquet, or record batches of Arrow. JSON is a list of objects, and JSON
    lines has an object a line; both write null for a number that is not finite.

    Args:
        path: the file, whose name :func:`require_table_name` has checked.
        schema: the columns of all tables.
        parquet: options of ``pyarrow.parquet.ParquetWriter``, for this format only.

    Raises:
        DataError: the file cannot be written, or a column holds what the format cannot hold.
    """
    suffix = path.suffix.lower()
    if suffix == ".csv":
        _require_flat(path, schema)
    with replacing(path) as beside, closing(_WRITERS[suffix](beside, schema, parquet)) as writer:
        yield writer.write_table


class _Parquet:
    def __init__(self, path: Path, schema: pa.Schema, options: Mapping[str, Any]) -> None:
        from pyarrow.parquet import ParquetWriter

        self._writer = ParquetWriter(path, schema, write_page_checksum=True, **options)
        self.close = self._writer.close

    def write_table(self, table: pa.Table) -> None:
        self._writer.write_table(table, row_group_size=max(table.num_rows, 1))


def _require_flat(path: Path, schema: pa.Schema) -> None:
    import pyarrow.types as pt

    for field in schema:
        if pt.is_nested(field.type):
            raise DataError(
                f"{path}: column {field.name!r} holds {field.type}, which CSV cannot hold; "
                "wanted a name with another extension"
            )


def _csv(path: Path, schema: pa.Schema, options: Mapping[str, Any]) -> _Writer:
    from pyarrow.csv import CSVWriter

    writer: _Writer = CSVWriter(path, schema)
    return writer


def _arrow(path: Path, schema: pa.Schema, options: Mapping[str, Any]) -> _Writer:
    import pyarrow as pa

    writer: _Writer = pa.ipc.new_file(path, schema)
    return writer


class _Json:
    """Objects of JSON with marks around them: before the first, between two, after the last."""

    def __init__(self, path: Path, marks: tuple[str, str, str], empty: str) -> None:
        self._file = path.open("w", encoding="utf-8")
        self._next, self._between, self._after = marks
        self._empty = empty

    def write_table(self, table: pa.Table) -> None:
        for record in table.to_pylist():
            text = json.dumps(_known(record), ensure_ascii=False, allow_nan=False, default=str)
            self._file.write(self._next + text)
            self._next, self._empty = self._between, self._after

    def close(self) -> None:
        with self._file as file:
            file.write(self._empty)


def _known(value: Any) -> Any:
    """The value with None for every number that is not finite, which JSON cannot hold."""
    match value:
        case float():
            return value if math.isfinite(value) else None
        case dict():
            return {name: _known(each) for name, each in value.items()}
        case list():
            return [_known(each) for each in value]
    return value


#: Extension -> the writer of its format: a function of the path, the schema and the options of Parquet.
_WRITERS: dict[str, Callable[[Path, pa.Schema, Mapping[str, Any]], _Writer]] = {
    "": _Parquet,
    ".parquet": _Parquet,
    ".csv": _csv,
    ".json": lambda path, schema, options: _Json(path, ("[\n", ",\n", "\n]\n"), "[]\n"),
    ".jsonl": lambda path, schema, options: _Json(path, ("", "\n", "\n"), ""),
    ".arrow": _arrow,
}
