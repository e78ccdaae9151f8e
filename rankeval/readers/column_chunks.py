"""What the footer of a Parquet file says of the columns of its row groups, asked without harm."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from rankeval.errors import DataError


class ColumnChunks:
    """The columns of each row group, according to the footer.

    pyarrow ends the process when asked about a column whose metadata is damaged, by name or by a filter. Its
    reader refuses such a column with an error, and so it is asked first, once for each.

    Args:
        name: name of the file.
        metadata: the ``pyarrow.parquet.FileMetaData`` of its footer.
    """

    def __init__(self, name: str, metadata: Any) -> None:
        self._name, self._metadata = name, metadata
        self._stored = [metadata.schema.column(j) for j in range(metadata.num_columns)]
        self._values: dict[tuple[int, int], int] = {}

    def of(self, columns: Collection[str], *, lists: bool = False) -> list[int]:
        """Indices of the stored columns that make up ``columns``; with ``lists``, only those with lists."""
        return [
            j
            for j, column in enumerate(self._stored)
            if (column.path in columns or column.path.split(".")[0] in columns)
            and (column.max_repetition_level or not lists)
        ]

    def values(self, parquet: Any, groups: Sequence[int], columns: Collection[str]) -> int:
        """Number of stored values of ``columns`` in ``groups``; each element of a list counts.

        Args:
            parquet: the ``pyarrow.parquet.ParquetFile``, open.
            groups: indices of row groups.
            columns: names of columns.

        Raises:
            DataError: the metadata of a column is damaged. So does an error of pyarrow.
        """
        lists = self.of(columns, lists=True)
        self.require_sound(parquet, groups, lists)
        flat = len(self.of(columns)) - len(lists)
        rows: int = sum(self._metadata.row_group(group).num_rows for group in groups)
        return flat * rows + sum(self._values[group, j] for group in groups for j in lists)

    def require_sound(self, parquet: Any, groups: Sequence[int], indices: Sequence[int]) -> None:
        """Check the metadata of the columns at ``indices`` in ``groups``.

        Raises:
            DataError: the metadata of a column is damaged. So does an error of pyarrow.
        """
        for group in groups:
            unknown = [j for j in indices if (group, j) not in self._values]
            if unknown:
                # For no rows the reader prepares each column, but does not read a byte of it.
                next(parquet.reader.iter_batches(0, [group], unknown, use_threads=False), None)
            for j in unknown:
                self._values[group, j] = self._sound_values(group, j)

    def _sound_values(self, group: int, j: int) -> int:
        chunk = self._metadata.row_group(group).column(j)
        if chunk.physical_type != self._stored[j].physical_type:
            raise DataError(
                f"{self._name}: cannot be read: column {self._stored[j].path!r} holds {chunk.physical_type} "
                f"in row group {group}, wanted {self._stored[j].physical_type} as in its schema"
            )
        return int(chunk.num_values)
