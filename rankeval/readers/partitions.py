"""Columns that have one value over a whole file, because its folders are called ``dt=2024-01-01``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc

from rankeval.errors import DataError
from rankeval.readers.files import File
from rankeval.readers.plain import plain_type
from rankeval.readers.source import Leaf, Source, check_columns, filtered
from rankeval.readers.where import Where
from rankeval.readers.wrapped import WrappedSource

_NULL = "__HIVE_DEFAULT_PARTITION__"
_INTEGER = re.compile(r"0|-?[1-9]\d{0,18}")

Values = Mapping[str, pa.Scalar]


def folder_values(files: Sequence[File]) -> list[Values]:
    """For each of ``files``, the values of the columns that its folders name, as Hive writes them.

    A key has integers if all its values in ``files`` are integers as Python writes them, else strings.

    Raises:
        DataError: a path names a key twice with different values.
    """
    texts = [_texts(file) for file in files]
    types = {key: _type([each[key] for each in texts if key in each]) for each in texts for key in each}
    return [{key: _scalar(text, types[key]) for key, text in each.items()} for each in texts]


def _texts(file: File) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for folder in file.folders:
        key, equals, value = (unquote(part) for part in folder.partition("="))
        if not (key and equals):
            continue
        text = None if value == _NULL else value
        if found.setdefault(key, text) != text:
            raise DataError(f"{file.name}: found two folders {key}=..., wanted one value of {key!r}")
    return found


def _type(texts: Sequence[str | None]) -> pa.DataType:
    known = [text for text in texts if text is not None]
    whole = known and all(_INTEGER.fullmatch(text) and abs(int(text)) < 2**63 for text in known)
    return pa.int64() if whole else pa.string()


def _scalar(text: str | None, kind: pa.DataType) -> pa.Scalar:
    return pa.scalar(int(text) if text is not None and kind == pa.int64() else text, kind)


class PartitionedSource(WrappedSource):
    """A source with further columns, each with one value for all rows.

    A filter over such columns alone decides without reading a row. A column that also stands in the file must
    hold the same value there, and is then read from the file.

    Args:
        source: the file.
        values: column -> its value.

    Raises:
        DataError: a value cannot be one of the column of this name in the file.
    """

    def __init__(self, source: Source, values: Values) -> None:
        super().__init__(source)
        inside = set(source.schema.names)
        self._added = {name: _plain(value) for name, value in values.items() if name not in inside}
        self._repeated = {name: self._as_inside(name, values[name]) for name in values if name in inside}
        self._agreeing: set[tuple[Leaf, str]] = set()
        added = [pa.field(name, value.type) for name, value in self._added.items()]
        self.schema = pa.schema([*source.schema, *added])

    def batches(
        self,
        leaf: Leaf,
        columns: Sequence[str],
        *,
        where: Where | None = None,
        dictionary: Sequence[str] = (),
    ) -> Iterator[pa.RecordBatch]:
        """See ``Source.batches``."""
        needed = [*columns, *(where.columns if where else ())]
        check_columns(self, needed)
        if where is not None and not self._may_keep(where):
            return
        for name in self._repeated.keys() & set(needed):
            self._require_agreement(leaf, name)
        inside = [name for name in columns if name not in self._added] or self._any_column()
        for batch in self._source.batches(leaf, inside, where=self._left(where), dictionary=dictionary):
            arrays = [self._column(name, batch, name in dictionary) for name in columns]
            yield pa.RecordBatch.from_arrays(arrays, names=list(columns))

    def place(self, leaf: Leaf, index: int, where: Where | None = None) -> str:
        """See ``Source.place``."""
        return self._source.place(leaf, index, self._left(where))

    def _left(self, where: Where | None) -> Where | None:
        """What is left to decide for each row of the file, if :meth:`_may_keep` is true."""
        left = where and where.given(self._added)
        return left if left and left.columns else None

    def _may_keep(self, where: Where) -> bool:
        """Whether the values of the folders, and what they alone decide, let a row through."""
        known = [part for part in where.parts if set(part.columns) <= self._added.keys()]
        arrays = [pa.repeat(value, 1) for value in self._added.values()]
        row = pa.RecordBatch.from_arrays(arrays, names=list(self._added))
        return all(filtered(row, part.bind(row.schema, self.name)).num_rows for part in known)

    def _column(self, name: str, batch: pa.RecordBatch, encode: bool) -> Any:
        if name not in self._added:
            return batch.column(name)
        value = self._added[name]
        if encode and value.type == pa.string():
            indices = pa.repeat(pa.scalar(0 if value.is_valid else None, pa.int32()), batch.num_rows)
            return pa.DictionaryArray.from_arrays(indices, pa.array([value.as_py() or ""]), safe=False)
        return pa.repeat(value, batch.num_rows)

    def _any_column(self) -> list[str]:
        """A column to count rows by."""
        names = self._source.schema.names
        once = [name for name in names if names.count(name) == 1]
        if not once:
            raise DataError(f"{self.name}: found no column but those of its folders, wanted one")
        return once[:1]

    def _as_inside(self, name: str, value: pa.Scalar) -> pa.Scalar:
        kind = self._source.schema.field(self._source.schema.names.index(name)).type
        try:
            return value.cast(kind)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise DataError(
                f"{self.name}: column {name!r} holds {kind}, but a folder says {name}={value}; "
                "wanted the same in both"
            ) from error

    def _require_agreement(self, leaf: Leaf, name: str) -> None:
        if (leaf, name) in self._agreeing:
            return
        value, row = self._repeated[name], 0
        for batch in self._source.batches(leaf, [name]):
            found = batch.column(name)
            same = pc.fill_null(pc.equal(found, value), False) if value.is_valid else pc.is_null(found)
            at = pc.index(same, False).as_py()
            if at >= 0:
                raise DataError(
                    f"{self._source.place(leaf, row + at)}: column {name!r} is {found[at]}, "
                    f"but a folder says {name}={value}; wanted the same in both"
                )
            row += batch.num_rows
        self._agreeing.add((leaf, name))


def _plain(value: pa.Scalar) -> pa.Scalar:
    kind = plain_type(value.type)
    return value if value.type == kind else value.cast(kind)
