"""The kind of a file, determined from its content and checked against its name."""

from __future__ import annotations

import io
import re
from typing import Literal

from rankeval.errors import DataError
from rankeval.readers.files import File
from rankeval.readers.messages import guard, short
from rankeval.readers.trec import HASHED

Kind = Literal["Parquet", "an Arrow file", "an Arrow stream", "CSV", "TREC qrels", "a TREC run", "LETOR"]

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
    b"PK\x03\x04": "a zip archive",
    b"BZh": "bzip2",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\xfd7zXZ": "xz",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
    b"\x89HDF": "HDF5",
    b"SQLite": "a SQLite database",
    b"\x93NUMPY": "a NumPy array",
}
_WANTED = "Parquet, Arrow IPC, CSV, TREC qrels (4 fields) or run (6, or 5 without a tag), or LETOR"
_TEXT: frozenset[Kind] = frozenset({"CSV", "TREC qrels", "a TREC run", "LETOR"})
_BY_NAME: dict[str, tuple[str, frozenset[Kind]]] = {
    **dict.fromkeys(("parquet", "pq", "parq"), ("Parquet", frozenset[Kind]({"Parquet"}))),
    **dict.fromkeys(
        ("arrow", "arrows", "feather", "ipc"),
        ("Arrow IPC", frozenset[Kind]({"an Arrow file", "an Arrow stream"})),
    ),
    "csv": ("CSV", frozenset[Kind]({"CSV"})),
    "tsv": ("CSV with tabs", frozenset[Kind]({"CSV"})),
    **dict.fromkeys(("txt", "qrels", "qrel", "run", "trec", "letor", "svm", "libsvm"), ("text", _TEXT)),
}
_FORMS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("LETOR", re.compile(r"\S+\s+qid:\S")),
    ("TREC qrels", re.compile(r"(\S+\s+){3}[+-]?\d+\s*$")),
    ("a TREC run", re.compile(r"(\S+\s+){4}[+-]?(\d+\.?\d*|\.\d+|inf|nan)(e[+-]?\d+)?(\s|$)", re.IGNORECASE)),
)


def kind_of(file: File) -> Kind:
    """The kind of ``file``.

    Raises:
        DataError: the file is empty, of no known kind, or not of the kind that its name says.
    """
    head = file.head(64)
    if not head:
        raise DataError(f"{file.name}: empty file (0 bytes); wanted {_WANTED}")
    name = file.name.lower()
    if name.endswith(".gz") and not file.gzipped:
        raise DataError(f"{file.name}: found data that is not gzipped, wanted gzip as its name says")
    extension = name.removesuffix(".gz").rpartition(".")[2]
    says, allowed = _BY_NAME.get(extension, ("", frozenset[Kind]()))
    kind = _binary_kind(file, head, says) or _text_kind(file, extension in ("csv", "tsv"), says)
    if allowed and kind not in allowed:
        raise DataError(f"{file.name}: found {kind}, wanted {says} as its name says")
    if file.gzipped and kind not in _TEXT:
        raise DataError(f"{file.name}: found gzipped {kind}, wanted it unpacked; only text may be gzipped")
    return kind


def _binary_kind(file: File, head: bytes, says: str) -> Kind | None:
    if file.gzipped:
        with guard(file.name), file.stream() as stream:
            head = bytes(stream.read(64))
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            return kind
    wanted = f"{says} as its name says" if says else _WANTED
    for magic, foreign in _FOREIGN.items():
        if head.startswith(magic):
            raise DataError(f"{file.name}: found {foreign}, wanted {wanted}")
    if b"\0" in head:
        raise DataError(f"{file.name}: found binary data of an unknown kind, wanted {wanted}")
    return None


def _text_kind(file: File, csv: bool, says: str) -> Kind:
    line = _first_data_line(file)
    for kind, form in _FORMS:
        if form.match(line) and not (csv and "," in line):
            return kind
    wanted = f"{says} as its name says" if says not in ("", "text") else _WANTED
    if line.startswith(("{", "[")):
        raise DataError(f"{file.name}: found JSON, wanted {wanted}")
    fields = len(line.split())
    if csv or any(mark in line for mark in ",;\t"):
        return "CSV"
    # A first line that is nearly TREC counts as TREC: the reader's error then names the line and the form.
    if fields == 4 or fields >= 6:
        return "TREC qrels" if fields == 4 else "a TREC run"
    raise DataError(f"{file.name}: found {short(line) if line else 'no line of data'}, wanted {wanted}")


def _first_data_line(file: File) -> str:
    """The first line that is neither blank nor a comment, stripped; empty if there is none.

    Lines that begin with ``#`` show the kind only where there is no other line.
    """
    marked = ""
    with guard(file.name), file.stream() as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace")
        while line := text.readline(2**16):
            line = line.strip()
            if line and not line.startswith("#"):
                return line
            if not marked and any(re.search(form, line) for form in HASHED.values()):
                marked = line
    return marked
