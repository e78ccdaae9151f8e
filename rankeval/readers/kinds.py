"""The kind of a file, determined from its content. The name counts only where the content shows no kind."""

from __future__ import annotations

import io
import re
from typing import Literal

from rankeval.errors import DataError
from rankeval.readers.files import File
from rankeval.readers.messages import guard, short
from rankeval.readers.text_forms import Role, Text, text_kind
from rankeval.readers.trec import HASHED

Kind = Literal["Parquet", "an Arrow file", "an Arrow stream"] | Text

_MAGIC: dict[bytes, Kind] = {
    b"PAR1": "Parquet",
    b"ARROW1": "an Arrow file",
    b"\xff\xff\xff\xff": "an Arrow stream",
}
_FOREIGN = {
    b"PARE": "encrypted Parquet",
    b"FEA1": "Feather version 1",
    b"ORC": "ORC",
    b"Obj\x01": "Avro",
    b"PK\x03\x04": "a zip archive (.zip, .xlsx, .npz)",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"\xd0\xcf\x11\xe0": "an Excel workbook",
    b"\x1f\x8b": "data compressed twice",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
    b"\x89HDF": "HDF5",
    b"SQLite": "a SQLite database",
    b"\x93NUMPY": "a NumPy array",
    b"%PDF": "PDF",
    **{bytes([0x80, version]): "a Python pickle" for version in range(2, 6)},
}
_TAR, _TAR_AT = b"ustar", 257
_MARKUP = re.compile(r"<([!?]|[A-Za-z][^<>]*>)")
_WANTED = (
    "Parquet, Arrow IPC, CSV, JSON (lines, an array, or by query), dsjson, TREC qrels (4 fields) or run "
    "(6, or 5 without a tag), three columns without a header, or LETOR"
)
_HEAD = 2**16


def kind_of(file: File, role: Role = "log") -> Kind:
    """The kind of ``file``, which is to be read as ``role``.

    Raises:
        DataError: the file is empty, of no kind that can be read, or compressed and no text.
    """
    stored = file.head(512)
    if not stored:
        raise DataError(f"{file.name}: empty file (0 bytes); wanted {_WANTED}")
    with guard(file.name), file.stream() as stream:
        head = bytes(stream.read(_HEAD)) if file.compression else stored
    kind = _binary_kind(file, head)
    if kind is None:
        return _text_kind(file, role)
    if file.compression:
        raise DataError(
            f"{file.name}: found {kind} compressed by {file.compression}, wanted it unpacked; "
            "only text may be compressed"
        )
    return kind


def _binary_kind(file: File, head: bytes) -> Kind | None:
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            return kind
    foreign = next((kind for magic, kind in _FOREIGN.items() if head.startswith(magic)), "")
    if head[_TAR_AT:].startswith(_TAR):
        foreign = "a tar archive"
    elif not foreign and b"\0" in head:
        foreign = "binary data of an unknown kind"
    if foreign:
        raise DataError(f"{file.name}: found {foreign}, wanted {_WANTED}")
    return None


def _text_kind(file: File, role: Role) -> Text:
    line, head = _first_data_line(file)
    kind = text_kind(line, head, role)
    if _MARKUP.match(line) and kind in (None, "CSV"):
        raise DataError(f"{file.name}: found HTML or XML, wanted {_WANTED}")
    if kind is not None:
        return kind
    # One column has no separator that would show a table.
    if re.search(r"\.(csv|tsv)(\.\w+)?$", file.name, re.IGNORECASE):
        return "CSV"
    raise DataError(f"{file.name}: found {short(line) if line else 'no line of data'}, wanted {_WANTED}")


def _first_data_line(file: File) -> tuple[str, str]:
    """The first line that is neither blank nor a comment, stripped, and the text from there, "" if none is.

    Lines that begin with ``#`` show the kind only where there is no other line.
    """
    marked = ""
    with guard(file.name), file.stream() as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace")
        while line := text.readline(_HEAD):
            data = line.strip()
            if data and not data.startswith("#"):
                return data, line + text.read(_HEAD)
            if not marked and any(re.search(form, data) for form in HASHED.values()):
                marked = data
    return marked, marked
