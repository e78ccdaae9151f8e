from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankeval.simulators.log_maker import BLOCK_ROWS, block_sessions
from rankeval.simulators.simulation import simulate
from rankeval.simulators.world_file import parse_world

SMALL: dict[str, Any] = {"queries": 6, "items": 4, "positions": 4}
BUSY: dict[str, Any] = {
    **SMALL, "users": 30, "days": 3, "drift": 0.1, "context": ["a", "b:eta=2"],
    "shuffle": "adjacent:share=0.2", "arms": "logging,new", "logging": "mixture",
}  # fmt: skip


def test_the_number_of_threads_changes_nothing(tmp_path: Path):
    sessions = BLOCK_ROWS // 4 + 10_000
    for threads in (1, 3):
        simulate(tmp_path / str(threads), sessions, 3, threads=threads, propensities="item", **BUSY)
    for path in (tmp_path / "1").iterdir():
        assert path.read_bytes() == (tmp_path / "3" / path.name).read_bytes()


@pytest.mark.parametrize(
    ("positions", "items", "wanted"),
    [(4, 4, 131_072), (10, 100, 52_428), (10, 10_000, 838), (1, 10_000_000, 1)],
)
def test_blocks_are_bounded(positions: int, items: int, wanted: int):
    """By 2^19 rows, and 2^23 items to choose from."""
    query = {
        "query_id": 1,
        "items": list(range(min(items, 10_000))),
        "attractiveness": [0.5] * min(items, 10_000),
    }
    world = parse_world(
        {
            "click_model": {"name": "cascade"}, "positions": positions, "queries": [query],
            "logging": {"policy": "uniform"},
        }
    )  # fmt: skip
    many = replace(world, queries=replace(world.queries, offsets=np.array([0, items])))
    assert block_sessions(many) == wanted


@pytest.mark.parametrize("size", [700, 1000, 5000])
def test_part_files_hold_the_same_log(tmp_path: Path, size: int):
    simulate(tmp_path / "one", 2000, 3, **BUSY)
    simulate(tmp_path / "parts", 2000, 3, part_sessions=size, **BUSY)
    parts = sorted((tmp_path / "parts").glob("log-*.parquet"))
    assert len(parts) == -(-2000 // size)
    tables = [pq.read_table(part) for part in parts]
    assert pa.concat_tables(tables).equals(pq.read_table(tmp_path / "one" / "log.parquet"))
    assert all(len(set(table["session_id"].to_pylist())) <= size for table in tables)


def test_null_columns_are_a_warning(tmp_path: Path):
    result = simulate(tmp_path / "o", 100, 3, logging="noisy", candidate={"new": "fixed"}, **SMALL)
    assert result.warnings[-1].startswith("null columns: propensity_prefix, propensity_list: no exact value")
    log = pq.read_table(tmp_path / "o" / "log.parquet")
    assert log["propensity_prefix"].null_count == log["propensity_list"].null_count == 400
    assert log["propensity"].null_count == 0
