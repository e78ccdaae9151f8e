"""Lines of text as Arrow string arrays, a few megabytes at a time, and parsing of their numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rankeval.array_types import Ints
from rankeval.arrays import take, to_numpy
from rankeval.errors import DataError
from rankeval.notes import Note
from rankeval.readers.files import File
from rankeval.readers.messages import short
from rankeval.readers.source import ArrowSource

_BLOCK = 2**22
LONGEST_LINE = 2**26
BOM = b"\xef\xbb\xbf"


class MalformedValue(Exception):
    """The value at ``index`` cannot be parsed."""

    def __init__(self, index: int) -> None:
        super().__init__(index)
        self.index = index


class Lines:
    """Consecutive data lines of a file: no blank lines, no comments, no white space at either end.

    Attributes:
        name: name of the file.
        texts: (n,) the lines, an Arrow string array.
        numbers: (n,) int64, their line numbers in the file, from 1.
        comments: number of comments between them.
        hashed: number of these lines that begin with ``#``.
    """

    def __init__(self, name: str, texts: Any, numbers: Ints, comments: int = 0, hashed: int = 0) -> None:
        self.name = name
        self.texts = texts
        self.numbers = numbers
        self.comments = comments
        self.hashed = hashed

    def __len__(self) -> int:
        return len(self.numbers)

    def pieces(self, rows: int) -> Iterator[Lines]:
        """The same lines, at most ``rows`` at a time."""
        for start in range(0, len(self), rows):
            yield Lines(self.name, self.texts.slice(start, rows), self.numbers[start : start + rows])

    def malformed(self, index: int, wanted: str, found: str = "") -> DataError:
        """The error for the line at ``index`` (from 0) of these lines.

        ``wanted`` is the expected form, and ``found`` what else there is to say of the line.
        """
        text = short(self.texts[index].as_py())
        return DataError(f"{self.name}, line {self.numbers[index]}: found {text}{found}, wanted {wanted}")


def data_lines(file: File, hashed: str = "") -> Iterator[Lines]:
    """The data lines of ``file``: not blank, and no comment. A comment begins with ``#``.

    Args:
        file: the file.
        hashed: regular expression of the lines that begin with ``#`` and are no comments; empty for none.

    Raises:
        DataError: the text is not UTF-8, or a line is longer than 64 MiB.
    """
    first = 1
    for block in _blocks(file):
        if not block.endswith(b"\n"):
            raise DataError(
                f"{file.name}, line {first}: found a line of more than {LONGEST_LINE >> 20} MiB, "
                "wanted text in lines"
            )
        ends = np.flatnonzero(np.frombuffer(block, np.uint8) == ord("\n")) + 1
        offsets = np.concatenate([[0], ends]).astype(np.int32)
        _check_utf8(file.name, block, first)
        texts = pa.StringArray.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(block))
        yield _without_comments(file.name, pc.ascii_trim_whitespace(texts), first, hashed)
        first += len(ends)


def parse_floats(texts: Any) -> Any:
    """(n,) float64, ``texts`` (n,) parsed as Python's ``float`` parses them.

    Raises:
        MalformedValue: a text is not a number.
    """
    return _parsed(texts, pa.float64(), float)


def parse_integers(texts: Any) -> Any:
    """(n,) int64, ``texts`` (n,) parsed as Python's ``int`` parses them.

    Raises:
        MalformedValue: a text is not an integer, or does not fit 64 bits.
    """
    # Arrow alone would parse 0x1f as 31.
    if pc.any(pc.match_substring(texts, "x", ignore_case=True)).as_py():
        return _parsed_slowly(texts, pa.int64(), int)
    return _parsed(texts, pa.int64(), int)


def _blocks(file: File) -> Iterator[bytes]:
    """The content in blocks that end at the end of a line; a long line makes a longer block.

    The last block does not end a line where that line is longer than ``LONGEST_LINE``.
    """
    with file.stream() as stream:
        parts = [bytes(stream.read(len(BOM))).removeprefix(BOM)]
        length = len(parts[0])
        while data := bytes(stream.read(_BLOCK)):
            cut = data.rfind(b"\n") + 1
            if cut:
                yield b"".join([*parts, data[:cut]])
                parts, length = [], 0
            parts.append(data[cut:])
            length += len(data) - cut
            if length > LONGEST_LINE:
                yield b"".join(parts)
                return
    if length:
        yield b"".join([*parts, b"\n"])


def _check_utf8(name: str, block: bytes, first: int) -> None:
    try:
        block.decode()
    except UnicodeDecodeError as error:
        line = first + block.count(b"\n", 0, error.start)
        found = block[error.start : error.start + 1]
        raise DataError(f"{name}, line {line}: found the byte {found!r}, wanted UTF-8 text") from error


def _without_comments(name: str, texts: Any, first: int, hashed: str) -> Lines:
    marked = comments = to_numpy(pc.starts_with(texts, "#"))
    if hashed and marked.any():
        comments = marked & ~to_numpy(pc.match_substring_regex(texts, hashed))
    kept = np.flatnonzero(~comments & (to_numpy(pc.binary_length(texts)) > 0))
    skipped = int(np.count_nonzero(comments))
    return Lines(
        name,
        texts if len(kept) == len(texts) else take(texts, kept),
        kept + first,
        skipped,
        int(np.count_nonzero(marked)) - skipped,
    )


def _parsed(texts: Any, kind: pa.DataType, convert: Callable[[str], Any]) -> Any:
    try:
        return texts.cast(kind)
    except pa.ArrowInvalid:
        return _parsed_slowly(texts, kind, convert)


def _parsed_slowly(texts: Any, kind: pa.DataType, convert: Callable[[str], Any]) -> Any:
    """Parse one text at a time in Python, for blocks with a text that only Python parses, such as +1."""
    values = []
    for index, text in enumerate(texts.to_pylist()):
        try:
            values.append(pa.scalar(convert(text), kind))
        except (ValueError, OverflowError):
            raise MalformedValue(index) from None
    return pa.array([value.as_py() for value in values], kind)


class LineSource(ArrowSource):
    """A text file with one row per data line, in the order of the lines.

    Args:
        file: the file, gzipped or not.
        schema: names and types of the columns.
        hashed: as in :func:`data_lines`.
    """

    def __init__(self, file: File, schema: pa.Schema, hashed: str = "") -> None:
        self._file, self._hashed = file, hashed
        self._notes: tuple[Note, ...] = ()
        super().__init__(file.name, schema)

    @property
    def notes(self) -> Sequence[Note]:
        """See ``Source.notes``: the number of lines that are skipped as comments."""
        return self._notes

    @property
    def has_rows(self) -> bool:
        """Always true: a file without a data line has no kind and is refused earlier."""
        return True

    def _lines(self) -> Iterator[Lines]:
        """All data lines. Their reader makes the notes, once it has seen the last of them."""
        comments = hashed = others = 0
        for lines in data_lines(self._file, self._hashed):
            comments += lines.comments
            hashed += lines.hashed
            others += len(lines) - lines.hashed
            yield lines
        self._notes = tuple(_notes(self.name, comments, hashed if others else 0))

    def _position(self, row: int) -> str:
        for lines in data_lines(self._file, self._hashed):
            if row < len(lines):
                return f"line {lines.numbers[row]}"
            row -= len(lines)
        raise IndexError(f"{self.name}: fewer rows")


def _notes(name: str, comments: int, hashed: int) -> Iterator[Note]:
    if comments:
        skipped = "1 line that begins with # is a comment and is skipped"
        if comments > 1:
            skipped = f"{comments:,} lines that begin with # are comments and are skipped"
        yield Note("skipped_lines", f"{name}: {skipped}", {"lines": comments})
    if hashed:
        read = "1 line that begins with # has the form of data and is read"
        if hashed > 1:
            read = f"{hashed:,} lines that begin with # have the form of data and are read"
        yield Note("hashed_lines", f"{name}: {read}", {"lines": hashed})
