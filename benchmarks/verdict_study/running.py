"""Running worlds in parallel, chunk after chunk; what is done is kept in a file and not done again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from benchmarks.verdict_study.catalogue import case_of
from benchmarks.verdict_study.records import Record, records

CHUNK = 10  # worlds


def run(families: Sequence[str], worlds: range, jobs: int, folder: Path) -> list[Record]:
    """The records of some worlds of each family; a file of ``folder`` keeps those of each chunk."""
    folder.mkdir(parents=True, exist_ok=True)
    places = [(family, start) for start in range(worlds.start, worlds.stop, CHUNK) for family in families]
    missing = [place for place in places if not _file(folder, *place).exists()]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for place, found in zip(missing, pool.map(chunk, missing), strict=True):
            file = _file(folder, *place)
            partial = file.with_suffix(".partial")
            partial.write_text("".join(json.dumps(record) + "\n" for record in found))
            partial.rename(file)
            print(f"{place[0]}: worlds {place[1]} to {place[1] + CHUNK} of {worlds.stop}", flush=True)
    kept = (record for place in places for record in _kept(_file(folder, *place)))
    return [record for record in kept if record["world"] in worlds]


def chunk(place: tuple[str, int]) -> list[Record]:
    """The records of one chunk of worlds of a family."""
    family, start = place
    return [
        record
        for world in range(start, start + CHUNK)
        for record in records(family, world, case_of(family, world))
    ]


def _kept(file: Path) -> list[Record]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def _file(folder: Path, family: str, start: int) -> Path:
    return folder / f"{family.replace(' ', '-')}-{start:06d}.jsonl"
