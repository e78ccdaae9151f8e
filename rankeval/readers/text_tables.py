"""CSV and similar text, read as a stream. Column types follow from the whole file, not its first block."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.types as pt

from rankeval.errors import DataError
from rankeval.readers.files import File
from rankeval.readers.messages import first_line, guard, short
from rankeval.readers.plain import type_class
from rankeval.readers.quotes import Watched
from rankeval.readers.source import ArrowSource, Leaf
from rankeval.readers.where import Where

_BLOCK = 2**22
FLOATS = re.compile(r"(target_)?(propensity|exposure)\w*|score|reward|q_logged|q_target|examination")
_INTEGER = r"^(0|-?[1-9]\d{0,18})$"
_FLOAT = r"(?i)^[+-]?(0|[1-9]\d{0,14}|(0|[1-9]\d*)?\.\d+|(0|[1-9]\d*)\.|inf|infinity|nan)(e[+-]?\d+)?$"
_CONVERSION = re.compile(r"In CSV column #(\d+): (?:Row #(\d+): )?CSV conversion error to [^:]+: (.*)")
_PARSE = re.compile(r"CSV parse error: (?:Row #(\d+): )?Expected (\d+) columns, got (\d+): (.*)")


class CsvSource(ArrowSource):
    """Text with a header line. Commas, tabs or semicolons separate the cells; the header shows which.

    An empty cell is a missing value. A column of numbers is integer if every cell of the file is an integer
    as Python writes it, float if every cell is a number, else string. So the id 007 stays "007", and an id
    that does not fit 64 bits keeps its digits.

    Args:
        file: the file, gzipped or not.
        floats: columns to read as float64 even if their cells look like integers or text, unless the cells
            are true and false. Columns named score, reward, propensity and so on are always float64.

    Raises:
        DataError: there is no header line, or the file cannot be parsed.
    """

    def __init__(self, file: File, floats: Collection[str] = ()) -> None:
        self._file = file
        self._header: list[str] = []
        with guard(file.name):
            self._delimiter = self._find_delimiter()
        with guard(file.name), self._explaining({}), file.stream() as stream:
            reader = self._reader(stream, {}, None)
            sniffed = reader.schema
            self._header = sniffed.names
            self._has_rows = any(batch.num_rows for batch in reader)
        asked = {name for name in floats if name in sniffed.names and not _is_boolean(sniffed, name)}
        types = {name: pa.float64() for name in sniffed.names if name in asked or FLOATS.fullmatch(name)}
        numeric = [field.name for field in sniffed if field.name not in types and _looks_numeric(field.type)]
        with guard(file.name):
            types.update(self._settled(numeric))
        super().__init__(
            file.name, pa.schema([(field.name, types.get(field.name, field.type)) for field in sniffed])
        )

    @property
    def has_rows(self) -> bool:
        """See ``ArrowSource``."""
        return self._has_rows

    def _position(self, row: int) -> str:
        return f"line {self._line(row + 1)}"

    def _line(self, record: int) -> int:
        """The line on which a record begins; record 0 is the header. Cells in quotes may hold line breaks."""
        with self._file.stream() as stream:
            text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
            records = csv.reader(text, delimiter=self._delimiter)
            before, seen = 0, -1
            try:
                for cells in records:
                    seen += bool(cells)  # a blank line is no record
                    if seen == record:
                        break
                    before = records.line_num
            except csv.Error:  # a cell that is too long for this reader
                return record + 1
            return before + 1

    def _read(
        self, leaf: Leaf, columns: list[str], encoded: list[str], where: Where | None
    ) -> Iterator[pa.RecordBatch]:
        types = {name: self.schema.field(name).type for name in columns}
        yield from self._stream(types)

    def _stream(self, types: dict[str, pa.DataType]) -> Iterator[pa.RecordBatch]:
        with self._explaining(types), self._file.stream() as stream:
            yield from self._reader(stream, types, list(types))

    def _reader(self, stream: Any, types: dict[str, pa.DataType], columns: list[str] | None) -> Any:
        return pcsv.open_csv(
            stream,
            read_options=pcsv.ReadOptions(use_threads=False, block_size=_BLOCK),
            parse_options=pcsv.ParseOptions(delimiter=self._delimiter, newlines_in_values=True),
            convert_options=pcsv.ConvertOptions(
                column_types=types,
                include_columns=columns,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )

    def _find_delimiter(self) -> str:
        """The separator that is most frequent in the header; the comma if there is none."""
        with self._file.stream() as stream:
            header = bytes(stream.read(2**16)).partition(b"\n")[0]
        if not header.strip():
            raise DataError(f"{self._file.name}: found no header line, wanted CSV with column names")
        return max(",\t;", key=lambda mark: header.count(mark.encode()))

    def _settled(self, names: list[str]) -> dict[str, pa.DataType]:
        """For each of ``names``, the first of int64, float64 and string that fits every cell of the file."""
        types = dict.fromkeys(names, pa.int64())
        texts = dict.fromkeys(names, pa.string())
        with self._explaining(texts), self._file.stream() as stream:
            watched = Watched(stream, self._delimiter)
            for batch in self._reader(watched, texts, list(texts)) if texts else ():
                types = {name: _widened(types[name], batch.column(name)) for name in texts}
            self._require_closed(watched)
        return types

    def _require_closed(self, watched: Watched) -> None:
        """Check that each quote that opens a cell is closed in the rest of the file."""
        while watched.read(_BLOCK):
            pass
        if watched.inside:
            with self._file.stream() as stream:
                line = 1 + sum(part.count(b"\n") for part in _parts(stream, watched.opened))
            raise DataError(
                f"{self._file.name}, line {line}: found a quote that opens a cell and is never closed, "
                "wanted one at the end of the cell"
            )

    @contextmanager
    def _explaining(self, types: dict[str, pa.DataType]) -> Iterator[None]:
        """Turn an error of pyarrow's parser into a DataError with the line, the column and its type."""
        try:
            yield
        except pa.ArrowInvalid as error:
            with self._file.stream() as stream:
                self._require_closed(Watched(stream, self._delimiter))
            message = first_line(error)
            if match := _CONVERSION.match(message):
                column, row, found = match.groups()
                name = self._header[int(column)] if int(column) < len(self._header) else column
                wanted = type_class(types[name]) if name in types else "UTF-8 text"
                raise DataError(
                    f"{self._at(row)}, column {name!r}: found {_shown(found)}, wanted {wanted}"
                ) from error
            if match := _PARSE.match(message):
                row, wanted, found, text = match.groups()
                raise DataError(
                    f"{self._at(row)}: found {found} cells in {short(text)}, wanted {wanted}"
                ) from error
            if "straddling" in message:
                found = f"a line of more than {_BLOCK >> 20} MiB"
                raise DataError(f"{self._file.name}: found {found}, wanted CSV with shorter lines") from error
            raise

    def _at(self, row: str | None) -> str:
        """The place of what Arrow calls a row, which it counts from 1 at the header."""
        return f"{self._file.name}, line {self._line(int(row) - 1)}" if row else self._file.name


def _parts(stream: Any, size: int) -> Iterator[bytes]:
    """The first ``size`` bytes of a stream."""
    while size and (part := bytes(stream.read(min(size, _BLOCK)))):
        size -= len(part)
        yield part


def _shown(found: str) -> str:
    prefix = "invalid value "
    return short(found[len(prefix) :].strip("'")) if found.startswith(prefix) else found


def _is_boolean(schema: pa.Schema, name: str) -> bool:
    """Whether a column is boolean; a name may stand for several, which is an error later on."""
    return any(pt.is_boolean(schema.field(place).type) for place in schema.get_all_field_indices(name))


def _looks_numeric(kind: pa.DataType) -> bool:
    return bool(pt.is_integer(kind) or pt.is_floating(kind) or pt.is_null(kind))


def _widened(kind: pa.DataType, cells: pa.Array) -> pa.DataType:
    if kind == pa.int64() and _all_match(cells, _INTEGER) and _fits_int64(cells):
        return kind
    if kind != pa.string() and _all_match(cells, _FLOAT):
        return pa.float64()
    return pa.string()


def _all_match(cells: pa.Array, pattern: str) -> bool:
    return pc.all(pc.match_substring_regex(cells, pattern)).as_py() is not False


def _fits_int64(cells: pa.Array) -> bool:
    try:
        cells.cast(pa.int64())
    except pa.ArrowInvalid:
        return False
    return True
