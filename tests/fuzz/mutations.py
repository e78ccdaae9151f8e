"""Seeded changes of bytes, of tables and of words."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

import pyarrow as pa

_NUMBERS = (
    b"0", b"-0", b"-1", b"1e308", b"-1e308", b"1e999", b"1e-320", b"nan", b"-inf", b"inf",
    b"9223372036854775807", b"9223372036854775808", b"18446744073709551616", b"1" * 400,
    b"0x10", b"1_000", b"1,5", b"+3", b"007", b".5",
)  # fmt: skip
_PIECES = (
    b"\0", b"\xef\xbb\xbf", b"\r\n", b"\r", b"\n", b"\n\n", b'"', b"'", b",", b"\t", b" ", b"#", b"\xff\xfe",
    b"\xc3", b"\xed\xa0\x80", b"\x1b[31m", "\u2028".encode(), "\u202e".encode(), "\uff11".encode(),
    "\u0663".encode(), b"=", b":", b"{", b"}", b"[", b"]", b"(", b")", b"`", b"\\", b"%",
    b"null", b"true", b"1" * 70_000,
)  # fmt: skip
#: What stands in a changed cell; Arrow takes those that fit the column, or the column becomes text.
_VALUES: tuple[Any, ...] = (
    None, 0, 1, -1, 2, 0.5, -0.0, 1e308, 5e-324, float("nan"), float("inf"), 2**31, 2**53 + 1, 2**63 - 1,
    -(2**63), "", "x", "nan", "\x1b[31m", "a\nb", "\ufeff", "q" * 3000, True, b"\xff", [], [None], [1, 2],
    [0.5] * 3,
)  # fmt: skip
_TYPES = (
    pa.int8(), pa.int64(), pa.uint64(), pa.float16(), pa.float32(), pa.float64(), pa.string(),
    pa.large_string(), pa.binary(), pa.bool_(), pa.decimal128(38, 5), pa.timestamp("ns"),
    pa.date32(), pa.null(),
    pa.dictionary(pa.int8(), pa.string()), pa.list_(pa.float64()), pa.list_(pa.int64(), 2),
    pa.struct([("a", pa.int8())]),
)  # fmt: skip


def mutated_bytes(data: bytes, rng: random.Random) -> bytes:
    """The bytes with one to four changes."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        data = rng.choice(_BYTE_CHANGES)(data, rng)
    return data


def mutated_text(text: str, rng: random.Random) -> str:
    """The text with such changes, as a command line can hold it: any bytes but the zero byte."""
    data = mutated_bytes(text.encode("utf-8", "surrogateescape"), rng).replace(b"\0", b"")
    return data.decode("utf-8", "surrogateescape")


def mutated_table(table: pa.Table, rng: random.Random) -> pa.Table:
    """The table with one to three changes of cells, rows, types, names or columns."""
    for _ in range(rng.choice((1, 1, 2, 3))):
        change = rng.choice(_TABLE_CHANGES)
        if table.num_rows and table.num_columns:
            table = change(table, rng)
    return table


def _span(data: bytes, rng: random.Random) -> tuple[int, int]:
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + rng.choice((1, 1, 2, 4, 8, 50, 500)))


def _flipped(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 8)) if data else 0):
        changed[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _cut_off(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _removed(data: bytes, rng: random.Random) -> bytes:
    start, stop = _span(data, rng)
    return data[:start] + data[stop:]


def _repeated(data: bytes, rng: random.Random) -> bytes:
    start, stop = _span(data, rng)
    return data[:stop] + data[start:stop] * rng.choice((1, 2, 100)) + data[stop:]


def _spliced(data: bytes, rng: random.Random) -> bytes:
    (start, stop), at = _span(data, rng), rng.randrange(len(data) + 1)
    return data[:at] + data[start:stop] + data[at + stop - start :]


def _filled(data: bytes, rng: random.Random) -> bytes:
    start, stop = _span(data, rng)
    return data[:start] + rng.choice((b"\0", b"\xff", b"\x7f")) * (stop - start) + data[stop:]


def _other_length(data: bytes, rng: random.Random) -> bytes:
    """An absurd number where binary formats may keep a length."""
    size = rng.choice((4, 8))
    at = rng.randrange(len(data) // size + 1) * size
    length = rng.choice((-1, 2**31 - 1, -(2**31), 2**31, 2**33, 2**40, 2**60, 2**63 - 1))
    return data[:at] + (length % 2 ** (8 * size)).to_bytes(size, "little") + data[at + size :]


def _inserted(data: bytes, rng: random.Random) -> bytes:
    at = rng.choice((0, len(data), rng.randrange(len(data) + 1)))
    return data[:at] + rng.choice((*_PIECES, rng.randbytes(4))) + data[at:]


def _other_number(data: bytes, rng: random.Random) -> bytes:
    places = list(re.finditer(rb"-?\d+(\.\d+)?", data[:100_000]))
    if not places:
        return data
    place = rng.choice(places)
    return data[: place.start()] + rng.choice(_NUMBERS) + data[place.end() :]


def _other_word(data: bytes, rng: random.Random) -> bytes:
    places = list(re.finditer(rb"[\w.]+", data[:100_000]))
    if not places:
        return data
    place, other = rng.choice(places), rng.choice(places)
    return data[: place.start()] + rng.choice((other.group(), b"", *_PIECES)) + data[place.end() :]


def _other_lines(data: bytes, rng: random.Random) -> bytes:
    lines = data.split(b"\n")
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return rng.choice((b"\n", b"\n", b"\n", b"\r\n", b"\r")).join(lines)


_BYTE_CHANGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _flipped, _cut_off, _removed, _repeated, _spliced, _filled, _inserted, _other_length, _other_number,
    _other_word, _other_lines,
)  # fmt: skip


def _with_cells(table: pa.Table, rng: random.Random) -> pa.Table:
    at = rng.randrange(table.num_columns)
    cells = table.column(at).to_pylist()
    value = rng.choice(_VALUES)
    if isinstance(cells[0], list) and rng.random() < 0.5:
        value = [*cells[0][1:], value]
    for row in rng.choices(range(len(cells)), k=rng.choice((1, 1, 3, len(cells)))):
        cells[row] = value
    try:
        changed = pa.array(cells)
    except (pa.ArrowException, OverflowError, ValueError):
        changed = pa.array([None if cell is None else str(cell) for cell in cells])
    return table.set_column(at, table.schema.names[at], changed)


def _with_type(table: pa.Table, rng: random.Random) -> pa.Table:
    at = rng.randrange(table.num_columns)
    try:
        changed = table.column(at).cast(rng.choice(_TYPES), safe=False)
    except pa.ArrowException:
        return table
    return table.set_column(at, table.schema.names[at], changed)


def _with_rows(table: pa.Table, rng: random.Random) -> pa.Table:
    n = table.num_rows
    rows = rng.choice(([], [0], rng.sample(range(n), n), rng.choices(range(n), k=n), [*range(n), *range(n)]))
    return table.take(pa.array(rows, pa.int64()))


def _with_names(table: pa.Table, rng: random.Random) -> pa.Table:
    names = list(table.schema.names)
    names[rng.randrange(len(names))] = rng.choice((*names, "", "\x1b[31m", "a\nb", "weight", "x" * 3000))
    return table.rename_columns(names)


def _without_column(table: pa.Table, rng: random.Random) -> pa.Table:
    return table.remove_column(rng.randrange(table.num_columns))


_TABLE_CHANGES: tuple[Callable[[pa.Table, random.Random], pa.Table], ...] = (
    _with_cells, _with_cells, _with_cells, _with_type, _with_rows, _with_names, _without_column,
)  # fmt: skip
