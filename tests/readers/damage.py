"""Reads damaged copies of files and counts what comes of it. A process of its own, for Arrow may end it.

``python -m tests.readers.damage FOLDER`` prints a line of JSON: file -> outcome -> count.
"""

from __future__ import annotations

import json
import random
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
    rows, counts = table(120), {}
    pq.write_table(rows, folder / "x.parquet", row_group_size=60, write_page_checksum=True)
    with pa.ipc.new_file(str(folder / "x.arrow"), rows.schema) as writer:
        writer.write_table(rows, max_chunksize=60)
    with pa.ipc.new_stream(str(folder / "x.arrows"), rows.schema) as writer:
        writer.write_table(rows, max_chunksize=60)
    for path in sorted(folder.iterdir()):
        counts[path.name] = Counter(outcome(damaged, rows) for damaged in copies(path))
    footer = folder / "x.parquet"
    counts["footer"] = Counter(outcome(damaged, rows) for damaged in copies_with_damaged_footer(footer))
    print(json.dumps(counts))


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


def footer_size(content: bytes) -> int:
    """The size of the footer of a Parquet file, in bytes."""
    return int.from_bytes(content[-8:-4], "little")


def flipped(path: Path, content: bytes, bits: list[int]) -> Path:
    """A copy of a file with some bits flipped."""
    copy = bytearray(content)
    for bit in bits:
        copy[bit // 8] ^= 1 << bit % 8
    damaged = path.with_name(f"damaged{path.suffix}")
    damaged.write_bytes(copy)
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
