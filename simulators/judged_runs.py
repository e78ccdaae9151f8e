"""Simulated relevance judgements, and runs that score the judged items by their true grade plus noise.

Every run has its own noise. A run with noise 0 is an ideal ranking (up to ties); the larger the noise, the
worse the run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from rankeval.array_types import Bools, Floats, Ints
from rankeval.errors import UsageError
from rankeval.simulators.checks import distribution, real, whole
from rankeval.simulators.writer import block_bounds, random_stream, write_blocks

BLOCK_ROWS = 1 << 17
# A prime, so that (start + j * step) % CATALOGUE gives distinct items for every positive step below it.
CATALOGUE = 9_999_991
UNJUDGED = -1.0


@dataclass(frozen=True)
class RankingWorld:
    """Queries with candidate items from a catalogue of almost ten million, and their relevance grades.

    The grades of items are independent.

    Attributes:
        queries: number of queries.
        items: number of candidate items of each query, less than 9,999,991.
        seed: of all random numbers.
        grades: probabilities of grade 0, 1, 2, ... of an item; they sum to 1.
        judged: expected share of the items of grade 0 that have a judgement. Items of a higher grade always
            have one.
        decimals: number of decimals that scores are rounded to. Rounding makes ties; 0 makes the most. None
            means no rounding.

    Raises:
        UsageError: a parameter is of a wrong type or out of range.
    """

    queries: int
    items: int
    seed: int
    grades: Sequence[float] = (0.90, 0.05, 0.03, 0.015, 0.005)
    judged: float = 1.0
    decimals: int | None = None

    def __post_init__(self) -> None:
        whole("queries", self.queries, 1)
        whole("seed", self.seed, 0)
        distribution("grades", self.grades, len(self.grades))
        real("judged", self.judged, 0.0, 1.0)
        if whole("items", self.items, 1) >= CATALOGUE:
            raise UsageError(f"items: found {self.items}, wanted less than {CATALOGUE}")
        if self.decimals is not None:
            whole("decimals", self.decimals, 0)


@dataclass(frozen=True)
class _Block:
    """The candidates of consecutive queries in flat arrays, query by query."""

    query_id: pa.Array
    item_id: pa.Array
    grade: Floats
    judged: Bools


def _ids(letter: str, numbers: Ints, digits: int) -> pa.Array:
    """Strings such as ``q000001``: ``letter`` and ``digits`` digits, without a Python object for each."""
    characters = np.empty((len(numbers), digits + 1), dtype=np.uint8)
    characters[:, 0] = ord(letter)
    rest = numbers.astype(np.uint32)
    for column in range(digits, 0, -1):
        rest, digit = np.divmod(rest, np.uint32(10))
        characters[:, column] = digit + ord("0")
    offsets = np.arange(len(numbers) + 1, dtype=np.int32) * np.int32(digits + 1)
    return pa.StringArray.from_buffers(len(numbers), pa.py_buffer(offsets), pa.py_buffer(characters))


def _block(world: RankingWorld, rng: np.random.Generator, start: int, stop: int) -> _Block:
    """The candidates and grades of queries ``start..stop``, ``stop`` excluded."""
    count, rows = stop - start, (stop - start) * world.items
    numbers = np.repeat(np.arange(start + 1, stop + 1), world.items)
    first, step = rng.integers(0, CATALOGUE, count), rng.integers(1, CATALOGUE, count)
    items = (first[:, None] + step[:, None] * np.arange(world.items)) % CATALOGUE
    # Without the last bound a rounding error in the sum cannot give a grade above the highest.
    bounds = np.cumsum(world.grades)[:-1]
    grade = np.searchsorted(bounds, rng.random(rows), side="right").astype(np.float64)
    judged = (grade > 0) | (rng.random(rows) < world.judged)
    digits = max(6, len(str(world.queries)))
    return _Block(_ids("q", numbers, digits), _ids("d", items.ravel(), 7), grade, judged)


def _blocks(world: RankingWorld) -> Iterator[tuple[int, _Block]]:
    size = max(1, BLOCK_ROWS // world.items)
    for index, (start, stop) in enumerate(block_bounds(world.queries, size)):
        yield index, _block(world, random_stream(world.seed, index, 0), start, stop)


def judgement_blocks(world: RankingWorld) -> Iterator[pa.Table]:
    """The judged items of all queries, block by block.

    Columns: ``query_id, item_id, relevance``.
    """
    for _, block in _blocks(world):
        columns = {"query_id": block.query_id, "item_id": block.item_id, "relevance": block.grade}
        yield pa.table(columns).filter(pa.array(block.judged))


def run_blocks(
    world: RankingWorld, noise: float, number: int, *, relevance: bool = False
) -> Iterator[pa.Table]:
    """The run ``number``, block by block: ``score = grade + noise * z``, ``z`` standard normal.

    Columns: ``query_id, item_id, score``, and ``relevance`` if asked for. Rows come query by query; the items
    of a query have no particular order.

    Args:
        world: the queries and their items.
        noise: standard deviation of the noise, at least 0.
        number: of the run, from 0; runs of different numbers have independent noise.
        relevance: whether to add the column ``relevance``, which is -1 for unjudged items.

    Raises:
        UsageError: ``noise`` or ``number`` is out of range.
    """
    real("noise", noise, 0.0)
    for index, block in _blocks(world):
        rng = random_stream(world.seed, index, whole("number", number, 0) + 1)
        score = block.grade + noise * rng.standard_normal(len(block.grade))
        if world.decimals is not None:
            score = np.round(score, world.decimals)
        columns = {"query_id": block.query_id, "item_id": block.item_id, "score": score}
        if relevance:
            columns["relevance"] = np.where(block.judged, block.grade, UNJUDGED)
        yield pa.table(columns)


@dataclass(frozen=True)
class JudgedRuns:
    """The files that :func:`write_judged_runs` wrote.

    Attributes:
        judgements: the file of judgements.
        runs: name of a run -> its file.
    """

    judgements: Path
    runs: dict[str, Path]


def write_judged_runs(
    folder: str | Path,
    world: RankingWorld,
    runs: Mapping[str, float],
    *,
    relevance: bool = False,
    rows_per_group: int = 1 << 20,
) -> JudgedRuns:
    """Write ``judgements.parquet``, and ``NAME.parquet`` for every run ``NAME``.

    The content of a run depends on the world, its noise and its place in ``runs``, but not on the other runs.

    Args:
        folder: where the files go.
        world: the queries and their items.
        runs: name -> noise, the standard deviation that :func:`run_blocks` adds to grades.
        relevance: whether the run files have a column ``relevance`` too, -1 for unjudged items.
        rows_per_group: number of rows of a Parquet row group.

    Raises:
        UsageError: a run is named ``judgements``; a noise or ``rows_per_group`` is out of range.
    """
    if "judgements" in runs:
        raise UsageError("runs: found the name 'judgements', wanted one that no other file has")
    judgements = Path(folder) / "judgements.parquet"
    write_blocks(judgements, judgement_blocks(world), rows_per_group)
    paths = {name: Path(folder) / f"{name}.parquet" for name in runs}
    for number, (name, noise) in enumerate(runs.items()):
        write_blocks(paths[name], run_blocks(world, noise, number, relevance=relevance), rows_per_group)
    return JudgedRuns(judgements, paths)
