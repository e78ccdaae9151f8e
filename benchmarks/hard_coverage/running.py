"""Running rows in parallel, chunk after chunk; what is done is kept in a file and not done again."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from benchmarks.hard_coverage.catalogue import ROWS
from benchmarks.hard_coverage.outcomes import Tally, tally

CHUNK = 20  # worlds


def run(
    rows: Sequence[str], methods: Sequence[str], worlds: int, jobs: int, folder: Path
) -> dict[str, Tally]:
    """Row -> its counts over worlds 0 to ``worlds``.

    World i of a row draws from the generator seeded by the row's name and i. A file in ``folder`` for each
    row and its methods keeps the counts of each chunk of worlds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kept = {row: _kept(_file(folder, row, methods)) for row in rows}
    missing = [
        (row, start) for row in rows for start in range(0, worlds, CHUNK) if (start, CHUNK) not in kept[row]
    ]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for (row, start), counts in zip(
            missing, pool.map(partial(chunk, methods=methods), missing), strict=True
        ):
            with _file(folder, row, methods).open("a") as lines:
                lines.write(json.dumps([start, CHUNK, _listed(counts)]) + "\n")
            kept[row][start, CHUNK] = counts
            print(f"{row}: worlds {start} to {start + CHUNK} of {worlds}", flush=True)
    return {row: _added(found for (start, _), found in kept[row].items() if start < worlds) for row in rows}


def chunk(place: tuple[str, int], methods: Sequence[str]) -> Tally:
    """The counts of one chunk of worlds of a row."""
    row, start = place
    found: Tally = Counter()
    for world in range(start, start + CHUNK):
        rng = np.random.default_rng([crc32(row.encode()), world])
        found += tally(ROWS[row](rng, methods))
    return found


def _added(counts: Iterable[Tally]) -> Tally:
    total: Tally = Counter()
    for found in counts:
        total += found
    return total


def _file(folder: Path, row: str, methods: Iterable[str]) -> Path:
    name = "".join(c if c.isalnum() else "-" for c in row)
    return folder / f"{name}-{crc32(','.join(methods).encode()):08x}.jsonl"


def _kept(path: Path) -> dict[tuple[int, int], Tally]:
    if not path.exists():
        return {}
    records: list[list[Any]] = [json.loads(line) for line in path.read_text().splitlines()]
    return {
        (start, size): Counter({(cell, side, doubt): n for cell, side, doubt, n in counts})
        for start, size, counts in records
    }


def _listed(counts: Tally) -> list[tuple[str, str, bool, int]]:
    return [(*key, n) for key, n in counts.items()]
