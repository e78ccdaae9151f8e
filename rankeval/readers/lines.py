"""Lines of text as Arrow strings, a few megabytes at a time, and the numbers in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rankeval.array_types import Ints
from rankeval.arrays import take, to_numpy
from rankeval.errors import DataError
from rankeval.readers.files import File
from rankeval.readers.messages import short
from rankeval.readers.source import ArrowSource

_BLOCK = 2**22
_BOM = b"\xef\xbb\xbf"


class MalformedValue(Exception):
    """The value at ``index`` is not what it should be."""

    def __init__(self, index: int) -> None:
        super().__init__(index)
        self.index = index


class Lines:
    """Some lines of a file, neither blank nor comments, without blanks at either end.

    Attributes:
        texts: the lines, an Arrow string array.
        numbers: their line numbers in the file, from 1.
    """

    def __init__(self, name: str, texts: Any, numbers: Ints) -> None:
        self.name = name
        self.texts = texts
        self.numbers = numbers

    def __len__(self) -> int:
        return len(self.numbers)

    def pieces(self, rows: int) -> Iterator[Lines]:
        """The same lines, at most ``rows`` at a time."""
        for start in range(0, len(self), rows):
            yield Lines(self.name, self.texts.slice(start, rows), self.numbers[start : start + rows])

    def malformed(self, index: int, wanted: str) -> DataError:
        """The error that names the ``index``-th of these lines and the form ``wanted``."""
        text = short(self.texts[index].as_py())
        return DataError(f"{self.name}, line {self.numbers[index]}: found {text}, wanted {wanted}")


def data_lines(file: File) -> Iterator[Lines]:
    """The lines of ``file`` that hold data: not blank, and not starting with ``#``."""
    first = 1
    for block in _blocks(file):
        ends = np.flatnonzero(np.frombuffer(block, np.uint8) == ord("\n")) + 1
        offsets = np.concatenate([[0], ends]).astype(np.int32)
        _check_utf8(file.name, block, first)
        texts = pa.StringArray.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(block))
        yield _without_comments(file.name, pc.ascii_trim_whitespace(texts), first)
        first += len(ends)


def parse_floats(texts: Any) -> Any:
    """``texts`` as float64, each as Python's ``float`` reads it; raises MalformedValue."""
    return _parsed(texts, pa.float64(), float)


def parse_integers(texts: Any) -> Any:
    """``texts`` as int64, each as Python's ``int`` reads it; raises MalformedValue."""
    # Arrow would take 0x1f for 31.
    if pc.any(pc.match_substring(texts, "x", ignore_case=True)).as_py():
        return _parsed_slowly(texts, pa.int64(), int)
    return _parsed(texts, pa.int64(), int)


def _blocks(file: File) -> Iterator[bytes]:
    """The content in blocks that end with a line's end; a line longer than a block makes a longer one."""
    with file.stream() as stream:
        rest = bytes(stream.read(len(_BOM))).removeprefix(_BOM)
        while data := bytes(stream.read(_BLOCK)):
            data = rest + data
            cut = data.rfind(b"\n") + 1
            rest = data[cut:]
            if cut:
                yield data[:cut]
    if rest:
        yield rest + b"\n"


def _check_utf8(name: str, block: bytes, first: int) -> None:
    try:
        block.decode()
    except UnicodeDecodeError as error:
        line = first + block.count(b"\n", 0, error.start)
        found = block[error.start : error.start + 1]
        raise DataError(f"{name}, line {line}: found the byte {found!r}, wanted UTF-8 text") from error


def _without_comments(name: str, texts: Any, first: int) -> Lines:
    skipped = (to_numpy(pc.binary_length(texts)) == 0) | to_numpy(pc.starts_with(texts, "#"))
    kept = np.flatnonzero(~skipped)
    return Lines(name, texts if len(kept) == len(texts) else take(texts, kept), kept + first)


def _parsed(texts: Any, kind: pa.DataType, convert: Callable[[str], Any]) -> Any:
    try:
        return texts.cast(kind)
    except pa.ArrowInvalid:
        return _parsed_slowly(texts, kind, convert)


def _parsed_slowly(texts: Any, kind: pa.DataType, convert: Callable[[str], Any]) -> Any:
    """What Arrow does not read but Python does, such as +1; only blocks that hold such a value come here."""
    values = []
    for index, text in enumerate(texts.to_pylist()):
        try:
            values.append(pa.scalar(convert(text), kind))
        except (ValueError, OverflowError):
            raise MalformedValue(index) from None
    return pa.array([value.as_py() for value in values], kind)


class LineSource(ArrowSource):
    """A file of one row a line, in the order of its lines."""

    text_lines = True

    def __init__(self, file: File, schema: pa.Schema) -> None:
        self._file = file
        super().__init__(file.name, schema)

    @property
    def has_rows(self) -> bool:
        """Always: a file without a line of data has no kind."""
        return True

    def _position(self, row: int) -> str:
        return f"line {line_of(self._file, row)}"


def line_of(file: File, row: int) -> int:
    """The number, from 1, of the line that holds row ``row`` (from 0)."""
    for lines in data_lines(file):
        if row < len(lines):
            return int(lines.numbers[row])
        row -= len(lines)
    raise IndexError(f"{file.name}: fewer rows")
