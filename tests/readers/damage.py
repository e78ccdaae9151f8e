"""Reads damaged copies of files and counts what comes of it. A process of its own, for Arrow may end it.

``python -m tests.readers.damage FOLDER`` prints a line of JSON: file -> outcome -> count.
"""

from __future__ import annotations

import json
import random
import resource
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from rankeval.errors import DataError
from rankeval.readers import open_sources, parse_where
from tests.readers.helpers import drain

COUNT = 60
#: Numbers that no length has, and their limits.
LENGTHS = (-(2**63), -1, 2**31 - 1, 2**31, 2**33, 2**40, 2**60, 2**63 - 1)
#: Bytes of address space that reading may add to those of the process.
MEMORY = 2 << 30


def table(rows: int) -> pa.Table:
    """Rows with numbers, texts, lists, a dictionary and nulls."""
    numbers = np.arange(rows)
    return pa.table(
        {
            "i": numbers,
            "x": np.sqrt(numbers),
            "s": [f"q{k // 3}" for k in range(rows)],
            "c": pa.array(["a", "b"] * (rows // 2)).dictionary_encode(),
            "l": pa.array([list(range(k % 4)) for k in range(rows)], pa.list_(pa.int64())),
            "n": pa.array([None if k % 5 == 0 else k for k in range(rows)]),
        }
    )


def main(folder: Path) -> None:
    """Write good files to ``folder``, and count the outcomes of damaged copies of them."""
    limit_memory()
    rows, counts = table(120), {}
    pq.write_table(rows, folder / "x.parquet", row_group_size=60, write_page_checksum=True)
    with pa.ipc.new_file(str(folder / "x.arrow"), rows.schema) as writer:
        writer.write_table(rows, max_chunksize=60)
    with pa.ipc.new_stream(str(folder / "x.arrows"), rows.schema) as writer:
        writer.write_table(rows, max_chunksize=60)
    for path in sorted(folder.iterdir()):
        counts[path.name] = Counter(outcome(damaged, rows) for damaged in copies(path))
    for path in (folder / "x.arrow", folder / "x.arrows"):
        counts[f"lengths of {path.name}"] = Counter(outcome(each, rows) for each in copies_with_lengths(path))
    footer = folder / "x.parquet"
    counts["lengths of the footer"] = Counter(
        outcome(each, rows) for each in copies_with_footer_lengths(footer)
    )
    counts["footer"] = Counter(outcome(damaged, rows) for damaged in copies_with_damaged_footer(footer))
    print(json.dumps(counts))


def limit_memory() -> None:
    """Let a length that is believed end in an error, where the system tells the size of a process."""
    size = Path("/proc/self/statm")
    if size.exists():
        most = int(size.read_text().split()[0]) * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def copies(path: Path) -> Iterator[Path]:
    """Copies with one to eight flipped bits, before the footer of a Parquet file."""
    draw, content = random.Random(path.name), path.read_bytes()
    end = len(content) if path.suffix != ".parquet" else len(content) - 8 - footer_size(content)
    for _ in range(COUNT):
        yield flipped(path, content, [draw.randrange(end * 8) for _ in range(draw.choice([1, 1, 2, 8]))])


def copies_with_damaged_footer(path: Path) -> Iterator[Path]:
    """Copies with one flipped bit in every ninth byte of the footer."""
    draw, content = random.Random(0), path.read_bytes()
    for byte in range(len(content) - 8 - footer_size(content), len(content), 9):
        yield flipped(path, content, [byte * 8 + draw.randrange(8)])


def copies_with_lengths(path: Path) -> Iterator[Path]:
    """Copies of an Arrow file with an absurd number in place of 8 bytes, where a length may stand."""
    draw, content = random.Random(1), path.read_bytes()
    for _ in range(COUNT):
        at = draw.randrange(len(content) // 8) * 8
        length = draw.choice(LENGTHS).to_bytes(8, "little", signed=True)
        yield written(path, content[:at] + length + content[at + 8 :])


def copies_with_footer_lengths(path: Path) -> Iterator[Path]:
    """Copies of a Parquet file with an absurd number in place of a byte of its footer, now longer."""
    draw, content = random.Random(1), path.read_bytes()
    start = len(content) - 8 - footer_size(content)
    for _ in range(COUNT):
        at = draw.randrange(start, len(content) - 8)
        footer = content[start:at] + varint(draw.choice(LENGTHS)) + content[at + 1 : -8]
        yield written(path, content[:start] + footer + len(footer).to_bytes(4, "little") + b"PAR1")


def varint(value: int) -> bytes:
    """A number as footers hold it: zigzag, in groups of seven bits."""
    rest, groups = (value << 1 ^ value >> 63) & (2**64 - 1), []
    while rest >> 7:
        groups.append(rest & 127 | 128)
        rest >>= 7
    return bytes([*groups, rest])


def footer_size(content: bytes) -> int:
    """The size of the footer of a Parquet file, in bytes."""
    return int.from_bytes(content[-8:-4], "little")


def flipped(path: Path, content: bytes, bits: list[int]) -> Path:
    """A copy of a file with some bits flipped."""
    copy = bytearray(content)
    for bit in bits:
        copy[bit // 8] ^= 1 << bit % 8
    return written(path, bytes(copy))


def written(path: Path, content: bytes) -> Path:
    """The damaged copy of a file, with this content."""
    damaged = path.with_name(f"damaged{path.suffix}")
    damaged.write_bytes(content)
    return damaged


def outcome(path: Path, rows: pa.Table) -> str:
    """``error`` for a line that says what is wrong, ``right`` for the right rows, ``wrong`` for others."""
    try:
        sources = open_sources(path, role="log")
        names = rows.schema.names
        found = drain(sources, names, dictionary=["s"])
        drain(sources, names, parse_where("i > 70 and s != 'q1'"))
        wanted = drain(open_sources(rows, role="log"), names, dictionary=["s"])
        return "right" if found.to_pydict() == wanted.to_pydict() else "wrong"
    except DataError as error:
        return "error" if "\n" not in str(error) else "many lines"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
