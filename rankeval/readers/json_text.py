"""JSON text as blocks of columns: one record a line, an array of records, or numbers by query and item."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from rankeval.array_types import Ints
from rankeval.errors import DataError
from rankeval.readers.files import File
from rankeval.readers.lines import LONGEST_LINE, data_lines
from rankeval.readers.messages import short
from rankeval.readers.records import Columns, by_query_columns, columns_of

_BLOCK = 2**22
_RECORDS = 2**13
_BLANKS = re.compile(r"\s*")


RecordOf = Callable[[Mapping[str, Any]], Mapping[str, Any] | None]


class Block(NamedTuple):
    """Some rows: for each the number of its line, from 1, and the columns."""

    lines: Ints
    columns: Columns


def json_lines(file: File, record_of: RecordOf = lambda record: record) -> Iterator[Block]:
    """The rows of a file with one JSON object a line.

    Args:
        file: the file.
        record_of: makes a record of each object, or None if the object is no data. It raises ValueError,
            whose text says what is wrong.

    Raises:
        DataError: a line is no JSON object, or ``record_of`` refuses it.
    """
    for lines in data_lines(file):
        for piece in lines.pieces(_RECORDS):
            records, numbers = [], []
            for number, text in zip(piece.numbers.tolist(), piece.texts.to_pylist(), strict=True):
                record = _record(file.name, number, text, record_of)
                if record is not None:
                    records.append(record)
                    numbers.append(number)
            yield Block(np.array(numbers, np.int64), _columns(file.name, records))


def json_array(file: File) -> Iterator[Block]:
    """The rows of a file that is one JSON array of objects.

    Raises:
        DataError: the text is no such array, or a record is longer than 64 MiB.
    """
    text = _Text(file)
    text.take("[")
    records, numbers = [], []
    while text.peek() != "]":
        numbers.append(text.line)
        record = text.value()
        if not isinstance(record, dict):
            raise text.error(f"found {short(json.dumps(record))}, wanted an object")
        records.append(record)
        if text.peek() != "]":
            text.take(",")
        if len(records) == _RECORDS:
            yield Block(np.array(numbers), _columns(file.name, records))
            records, numbers = [], []
    text.take("]")
    text.require_end()
    yield Block(np.array(numbers, np.int64), _columns(file.name, records))


def json_by_query(file: File, number: str) -> Iterator[Block]:
    """The rows of a file that is a JSON object ``{query: {item: number}}``.

    Raises:
        DataError: the text is no such object, or that of a query is longer than 64 MiB.
    """
    text = _Text(file)
    text.take("{")
    queries, lines = [], []
    while text.peek() != "}":
        line = text.line
        query = text.value()
        text.take(":")
        items = text.value()
        if not isinstance(items, dict):
            raise text.error(f"query {query!r}: found {short(json.dumps(items))}, wanted {{item: number}}")
        queries.append((query, items.items()))
        lines += [line] * len(items)
        if text.peek() != "}":
            text.take(",")
        if len(lines) >= _RECORDS:
            yield Block(np.array(lines), by_query_columns(queries, number, file.name))
            queries, lines = [], []
    text.take("}")
    text.require_end()
    yield Block(np.array(lines, np.int64), by_query_columns(queries, number, file.name))


def _record(name: str, number: int, text: str, record_of: RecordOf) -> Mapping[str, Any] | None:
    try:
        found = _DECODER.decode(text)
        if not isinstance(found, dict):
            raise ValueError("no object")
        return record_of(found)
    except (ValueError, OverflowError, RecursionError) as error:
        told = f"no JSON ({error.msg})" if isinstance(error, json.JSONDecodeError) else str(error)
        raise DataError(
            f"{name}, line {number}: found {short(text)}, {told}; wanted a JSON object in one line"
        ) from None


def _columns(name: str, records: Sequence[Mapping[str, Any]]) -> Columns:
    try:
        return columns_of(records)
    except DataError as error:
        raise DataError(f"{name}: {error}") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of ``pairs`` of a key and a value."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(key for key in keys if keys.count(key) > 1)!r} twice in one object")
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_once)


class _Text:
    """JSON text that is read a few megabytes at a time.

    Attributes:
        line: the number of the line that is read next, from 1.
    """

    def __init__(self, file: File) -> None:
        self._name = file.name
        self._stream = io.TextIOWrapper(file.stream(), encoding="utf-8-sig")
        self._text, self._at, self.line = "", 0, 1

    def peek(self) -> str:
        """The next character that is not blank; "" at the end."""
        while True:
            end = _BLANKS.match(self._text, self._at).end()  # type: ignore[union-attr]
            self._move(end)
            if end < len(self._text) or not self._more():
                return self._text[end : end + 1] if end < len(self._text) else ""

    def take(self, mark: str) -> None:
        """Move past ``mark``, which must come next."""
        if self.peek() != mark:
            raise self.error(f"found {short(self._text[self._at : self._at + 20])}, wanted {mark!r}")
        self._move(self._at + 1)

    def value(self) -> Any:
        """The next value."""
        self.peek()
        while True:
            try:
                found, end = _DECODER.raw_decode(self._text, self._at)
                self._move(end)
                return found
            except json.JSONDecodeError as error:
                if len(self._text) - self._at > LONGEST_LINE:
                    raise self.error(f"found a value of more than {LONGEST_LINE >> 20} MiB") from None
                if not self._more():
                    self._move(error.pos)
                    raise self.error(f"found no JSON ({error.msg}), wanted JSON") from None
            except (ValueError, RecursionError) as error:
                raise self.error(f"found {error}, wanted JSON") from None

    def require_end(self) -> None:
        """Check that nothing follows."""
        if self.peek():
            raise self.error(
                f"found {short(self._text[self._at : self._at + 20])}, wanted the end of the file"
            )

    def error(self, what: str) -> DataError:
        """An error at this place."""
        return DataError(f"{self._name}, line {self.line}: {what}")

    def _move(self, to: int) -> None:
        self.line += self._text.count("\n", self._at, to)
        self._at = to

    def _more(self) -> bool:
        """Read on; at least as much as is left, so that a long value is not read again too often."""
        rest = self._text[self._at :]
        data = self._stream.read(max(_BLOCK, len(rest)))
        self._text, self._at = rest + data, 0
        return bool(data)
