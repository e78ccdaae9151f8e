"""Writes one table in many ways: row groups, part files, nested lists, id types."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq


def write_parts(
    folder: Path, table: pa.Table, row_group_size: int = 1_000_000, files: int = 1, empty: Sequence[int] = ()
) -> str:
    """The rows in order over part files of about equal length; files numbered ``empty`` hold no rows."""
    folder.mkdir(parents=True)
    holding = [i for i in range(files) if i not in empty]
    bounds = [round(i * table.num_rows / len(holding)) for i in range(len(holding) + 1)]
    for i in range(files):
        start, stop = (0, 0) if i in empty else bounds[holding.index(i) : holding.index(i) + 2]
        pq.write_table(
            table.slice(start, stop - start), folder / f"part-{i:03d}.parquet", row_group_size=row_group_size
        )
    return str(folder)


def nested(table: pa.Table, session: str, once: Sequence[str] = ()) -> pa.Table:
    """One row for each run of equal ``session``; columns in ``once`` hold one value, the others lists."""
    rows: list[dict[str, Any]] = []
    for key, group in groupby(table.to_pylist(), key=lambda row: row[session]):
        items = list(group)
        row = {
            name: items[0][name] if name in once else [item[name] for item in items]
            for name in table.schema.names
        }
        rows.append(row | {session: key})
    kinds = [
        pa.field(field.name, field.type if field.name in (session, *once) else pa.list_(field.type))
        for field in table.schema
    ]
    return pa.Table.from_pylist(rows, pa.schema(kinds))


def with_type(table: pa.Table, name: str, kind: pa.DataType) -> pa.Table:
    """The table with one column in another type."""
    index = table.schema.get_field_index(name)
    column = table[name].dictionary_encode() if pa.types.is_dictionary(kind) else table[name].cast(kind)
    return table.set_column(index, name, column)
