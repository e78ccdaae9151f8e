"""Tables of three columns without a header: a query, an item, and a relevance, rank or score."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rankeval.array_types import Floats
from rankeval.arrays import to_numpy
from rankeval.errors import DataError
from rankeval.notes import Note
from rankeval.readers.files import File
from rankeval.readers.lines import Lines, LineSource, MalformedValue, data_lines, parse_floats, parse_integers
from rankeval.readers.messages import guard
from rankeval.readers.source import Leaf
from rankeval.readers.text_forms import SEPARATORS, Role, separator_of
from rankeval.readers.where import Where


class ThreeColumnsSource(LineSource):
    """Lines of a query, an item and a number. Tabs, commas, semicolons or blanks separate them.

    The number of judgements is the relevance. That of a run is the rank if the numbers of every query are 1,
    2, 3 and so on (or 0, 1, 2) in the order of the lines of the whole file, else the score. A note says so.

    Columns: query_id, item_id (strings), and relevance (int64 if all are integers, else float64), rank or
    score (float64).
    """

    def __init__(self, file: File, role: Role) -> None:
        with guard(file.name):
            self._separator = _separator(file)
            self._pattern = _pattern(self._separator)
            self._number, kind = self._surveyed(file, role)
        names = [("query_id", pa.string()), ("item_id", pa.string()), (self._number, kind)]
        super().__init__(file, pa.schema(names))

    @property
    def notes(self) -> Sequence[Note]:
        """See ``Source.notes``: also what the number is taken for."""
        taken = {
            "relevance": "the relevance",
            "rank": "the rank, as it counts up from the first line of every query",
            "score": "the score, as it does not count up from the first line of every query "
            "(--column rank=score makes it the rank)",
        }[self._number]
        text = f"{self.name}: three columns without a header; the third is taken for {taken}"
        return (*super().notes, Note("headerless", text, {"columns": 3}))

    def _read(
        self, leaf: Leaf, columns: list[str], encoded: list[str], where: Where | None
    ) -> Iterator[pa.RecordBatch]:
        for lines in self._lines():
            arrays = self._fields(lines)
            parse = parse_integers if self.schema.field(self._number).type == pa.int64() else parse_floats
            arrays[self._number] = _numbers(lines, arrays.pop("number"), parse)
            yield pa.RecordBatch.from_arrays([arrays[name] for name in columns], names=columns)

    def _surveyed(self, file: File, role: Role) -> tuple[str, pa.DataType]:
        """The column of the numbers and its type."""
        if role != "run":
            whole = all(_all_integers(self._fields(lines)["number"]) for lines in data_lines(file))
            return "relevance", pa.int64() if whole else pa.float64()
        counts = _Counts()
        for lines in data_lines(file):
            fields = self._fields(lines)
            numbers = to_numpy(_numbers(lines, fields["number"], parse_floats))
            if len(lines) and not counts.continued(fields["query_id"], numbers):
                return "score", pa.float64()
        return "rank", pa.float64()

    def _fields(self, lines: Lines) -> dict[str, pa.Array]:
        fields = pc.extract_regex(lines.texts, self._pattern)
        if fields.null_count:
            raise _malformed(lines, pc.index(fields.is_null(), True).as_py())
        arrays = [pc.ascii_trim_whitespace(array) for array in fields.flatten()]
        return dict(zip((field.name for field in fields.type), arrays, strict=True))


class _Counts:
    """Whether numbers count up within each query. Memory grows with the queries only."""

    def __init__(self) -> None:
        self._next: dict[str, float] = {}
        self._first: float | None = None

    def continued(self, queries: pa.Array, numbers: Floats) -> bool:
        """Whether the numbers of the next lines count on."""
        encoded = queries.dictionary_encode()
        codes = to_numpy(encoded.indices)
        order = np.argsort(codes, kind="stable")
        codes, numbers = codes[order], numbers[order]
        starts = np.flatnonzero(np.diff(codes, prepend=-1))
        steps = np.diff(numbers)
        steps[starts[1:] - 1] = 1
        if self._first is None:
            self._first = float(numbers[0])
        if self._first not in (0, 1) or not (steps == 1).all():
            return False
        ends = np.append(starts[1:], len(numbers)) - 1
        return self._linked(encoded.dictionary.to_pylist(), numbers[starts], numbers[ends])

    def _linked(self, queries: list[str], firsts: Floats, lasts: Floats) -> bool:
        wanted = [self._next.get(query, self._first) for query in queries]
        self._next.update(zip(queries, (lasts + 1).tolist(), strict=True))
        return bool(wanted == firsts.tolist())


def _separator(file: File) -> str:
    for lines in data_lines(file):
        if len(lines):
            return separator_of(lines.texts[0].as_py()) or r"\s+"
    raise DataError(f"{file.name}: found no line of data, wanted three columns")


def _pattern(separator: str) -> str:
    field = SEPARATORS[separator]
    return separator.join((f"^(?P<query_id>{field})", f"(?P<item_id>{field})", f"(?P<number>{field})$"))


def _numbers(lines: Lines, texts: pa.Array, parse: Any) -> pa.Array:
    try:
        return parse(texts)
    except MalformedValue as error:
        raise _malformed(lines, error.index) from None


def _all_integers(texts: pa.Array) -> bool:
    try:
        parse_integers(texts)
    except MalformedValue:
        return False
    return True


def _malformed(lines: Lines, index: int) -> DataError:
    wanted = "'query_id item_id number', three fields without quotes as in the first line"
    return lines.malformed(index, wanted)
