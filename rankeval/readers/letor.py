"""LETOR (SVMLight with query ids) text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rankeval.array_types import Bools, Floats, Ints
from rankeval.arrays import take, to_arrow, to_numpy
from rankeval.errors import DataError
from rankeval.readers.files import File
from rankeval.readers.lines import Lines, LineSource, MalformedValue, data_lines, parse_floats, parse_integers
from rankeval.readers.messages import guard
from rankeval.readers.source import Leaf
from rankeval.readers.where import Where

MAX_FEATURES = 100_000
_BATCH_VALUES = 2**22
# No part can match the first character of the next part: RE2 then matches in one pass.
_LINE = r"^(?P<grade>[^\s#]+)\s+qid:(?P<query>[^\s#]+)(?:\s(?P<features>[^#]*))?(?:#(?P<comment>.*))?$"
_DOCID = r"docid\s*=\s*(?P<item>\S+)"
_WORD = r"^\s*(?P<item>\S+)"
_COMMENTED = r"#\s*\S"
#: A feature number that no file has; a number of many digits counts as it.
_BEYOND_ANY = 1e18
_LAST = r"(?P<last>\d+):[^\s#]+\s*(?:#.*)?$"
_WANTED = "'grade qid:ID 1:value 2:value ... # comment', each feature id from 0 once"


class LetorSource(LineSource):
    """Lines of ``grade qid:Q 1:0.5 7:0.1 ... #docid = X``; a feature that a line leaves out is 0.

    Columns: relevance (int64 if every grade of the file is an integer, else float64), query_id and
    item_id (strings; the item is the ``docid`` of the comment, else the first word of the comment, as
    ranking plug-ins of search engines write it, else the number of the row, from 1), f1 .. fN (float64), and
    f0 if a line has a feature 0. N is the largest feature id of the file. A quick first pass finds N when the
    source is opened: where feature ids ascend within the lines, it reads only the last id of each. It also
    finds lines without an item id, for ``made_up``.
    """

    def __init__(self, file: File) -> None:
        with guard(file.name):
            found = _survey(file)
        names = [("relevance", found.grade), ("query_id", pa.string()), ("item_id", pa.string())]
        features = range(0 if found.zero else 1, found.largest + 1)
        super().__init__(file, pa.schema([*names, *((f"f{k}", pa.float64()) for k in features)]))
        self._ids = features
        if found.without:
            self.made_up = {"item_id": f"line {found.without} has no item id ('# docid = ID' or '# ID ...')"}

    def _read(
        self, leaf: Leaf, columns: list[str], encoded: list[str], where: Where | None
    ) -> Iterator[pa.RecordBatch]:
        row = 0
        for block in self._lines():
            for lines in block.pieces(max(1, _BATCH_VALUES // len(columns))):
                yield self._parse(lines, columns, row)
                row += len(lines)

    def _parse(self, lines: Lines, columns: list[str], first_row: int) -> pa.RecordBatch:
        parts = pc.extract_regex(lines.texts, _LINE)
        if parts.null_count:
            raise lines.malformed(pc.index(parts.is_null(), True).as_py(), _WANTED)
        grade, query, features, comment = parts.flatten()
        try:
            arrays = {
                "relevance": _grades(grade, self.schema.field("relevance").type),
                "query_id": query,
                "item_id": _items(comment, first_row),
                **self._features(features, [name for name in columns if name[0] == "f"]),
            }
        except MalformedValue as error:
            raise lines.malformed(error.index, _WANTED) from None
        return pa.RecordBatch.from_arrays([arrays[name] for name in columns], names=columns)

    def _features(self, texts: pa.StringArray, columns: list[str]) -> dict[str, pa.Array]:
        """The feature ``columns`` (f1, f2, ...) of lines; all features are checked, also those left out."""
        rows, ids, values = _tokens(texts, self._ids)
        wanted = np.array([int(name[1:]) for name in columns], dtype=np.int64)
        slot = np.full(self._ids.stop, -1)
        slot[wanted] = np.arange(len(wanted))
        dense = np.zeros((len(wanted), len(texts)))
        kept = slot[ids] >= 0
        dense[slot[ids[kept]], rows[kept]] = values[kept]
        return {name: to_arrow(dense[place]) for place, name in enumerate(columns)}


def _tokens(texts: pa.StringArray, known: range) -> tuple[Ints, Ints, Floats]:
    """Row, feature id and value of every ``id:value``; the ids are among the ``known``.

    Raises:
        MalformedValue: a row is malformed; its ``index`` is the row.
    """
    words = pc.ascii_split_whitespace(pc.ascii_trim_whitespace(texts))
    flat = words.flatten()
    rows = np.repeat(np.arange(len(texts)), to_numpy(pc.list_value_length(words)))
    filled = np.flatnonzero(to_numpy(pc.binary_length(flat)) > 0)
    flat, rows = take(flat, filled), rows[filled]
    pairs = pc.split_pattern(flat, ":", max_splits=1)
    _refuse(to_numpy(pc.list_value_length(pairs)) != 2, rows)
    halves = pairs.flatten()
    places = np.arange(len(flat)) * 2
    try:
        ids = to_numpy(parse_integers(take(halves, places)))
        values = to_numpy(parse_floats(take(halves, places + 1)))
    except MalformedValue as error:
        raise MalformedValue(int(rows[error.index])) from None
    _refuse((ids < known.start) | (ids >= known.stop), rows)
    _refuse_repeated(rows, ids)
    return rows, ids, values


def _refuse_repeated(rows: Ints, ids: Ints) -> None:
    if ((np.diff(ids) <= 0) & (np.diff(rows) == 0)).any():
        order = np.lexsort((ids, rows))
        rows, ids = rows[order], ids[order]
        _refuse((np.diff(ids, prepend=-1) == 0) & (np.diff(rows, prepend=-1) == 0), rows)


def _refuse(bad: Bools, rows: Ints) -> None:
    if bad.any():
        raise MalformedValue(int(rows[np.argmax(bad)]))


def _grades(texts: pa.StringArray, kind: pa.DataType) -> pa.Array:
    return parse_integers(texts) if kind == pa.int64() else parse_floats(texts)


def _items(comments: pa.StringArray, first_row: int) -> pa.StringArray:
    named, words = pc.extract_regex(comments, _DOCID), pc.extract_regex(comments, _WORD)
    numbers = to_arrow(np.arange(first_row + 1, first_row + 1 + len(comments))).cast(pa.string())
    found = pc.if_else(words.is_valid(), words.field(0), numbers)
    return pc.if_else(named.is_valid(), named.field(0), found)


@dataclass
class _Found:
    """What the lines so far hold.

    Attributes:
        largest: the largest feature id.
        zero: whether a feature id is 0.
        grade: the type of the grades.
        without: the number of the first line without an item id, from 1; 0 if there is none.
    """

    largest: int = 0
    zero: bool = False
    grade: pa.DataType = field(default_factory=pa.int64)
    without: int = 0


def _survey(file: File) -> _Found:
    found = _Found()
    for lines in data_lines(file):
        if not found.without:
            bare = ~to_numpy(pc.match_substring_regex(lines.texts, _COMMENTED))
            found.without = int(lines.numbers[np.argmax(bare)]) if bare.any() else 0
        _find_features(found, lines)
        if found.largest > MAX_FEATURES:
            raise DataError(f"{file.name}: found feature id {found.largest}, wanted at most {MAX_FEATURES}")
        if found.grade == pa.int64() and not _all_integers(lines):
            found.grade = pa.float64()
    return found


def _find_features(found: _Found, lines: Lines) -> None:
    last = pc.extract_regex(lines.texts, _LAST).drop_null()
    if len(last):
        largest = min(pc.max(last.field(0).cast(pa.float64())).as_py(), _BEYOND_ANY)
        found.largest = max(found.largest, int(largest))
    zero = "" if found.zero else "0+|"
    unusual = pc.match_substring_regex(lines.texts, rf"\s({zero}0*{_above(found.largest)}):")
    for text in lines.texts.filter(unusual).to_pylist():
        ids = [
            int(min(float(number), _BEYOND_ANY)) for number in re.findall(r"\s(\d+):", text.partition("#")[0])
        ]
        found.largest = max([found.largest, *ids])
        found.zero |= 0 in ids


def _above(number: int) -> str:
    """A regular expression for the integers above ``number``, without leading zeros."""
    digits = str(number)
    longer = rf"[1-9]\d{{{len(digits)},}}"
    larger = [
        rf"{digits[:place]}[{int(digit) + 1}-9]\d{{{len(digits) - place - 1}}}"
        for place, digit in enumerate(digits)
        if digit != "9"
    ]
    return f"({'|'.join([longer, *larger])})"


def _all_integers(lines: Lines) -> bool:
    try:
        parse_integers(pc.extract_regex(lines.texts, r"^(?P<grade>\S+)").field(0))
    except MalformedValue:
        return False
    return True
