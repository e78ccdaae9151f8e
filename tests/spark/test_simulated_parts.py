"""Part files of a simulated log that workers write have the bytes of those that threads write."""

from __future__ import annotations

from pathlib import Path

import pytest

from rankeval import UsageError, simulate
from rankeval.simulators.logs import log_maker, simulation
from tests.spark.copied import Copied


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix == ".parquet"}


@pytest.mark.parametrize("part_sessions", [70, 160, 1000])
def test_workers_write_the_same_bytes(part_sessions: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(log_maker, "BLOCK_ROWS", 500)  # blocks of 100 sessions, which parts cut
    options = {
        "queries": 5,
        "items": 5,
        "positions": 5,
        "part_sessions": part_sessions,
        "shuffle": "full:share=0.3",
    }
    here = simulate(tmp_path / "here", 430, 3, **options)
    engine = Copied()
    monkeypatch.setattr(simulation, "engine_of", lambda name: engine)
    there = simulate(tmp_path / "there", 430, 3, engine="spark", **options)
    assert bytes_of(tmp_path / "there") == bytes_of(tmp_path / "here")
    assert engine.items == len(bytes_of(tmp_path / "here")) == -(-430 // part_sessions)
    assert {**there.to_dict(), "inputs": None} == {**here.to_dict(), "inputs": None}


def test_a_lost_worker_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    class Lost(Copied):
        """A worker that is killed while it writes, and another that takes its place."""

        def in_order(self, run, items, threads, what):
            folder = run.args[0]
            (folder / ".rankeval-lost.tmp").mkdir()
            (folder / ".rankeval-lost.tmp" / "log-00000.parquet").write_bytes(b"PAR1")
            yield from super().in_order(run, items, threads, what)

    monkeypatch.setattr(simulation, "engine_of", lambda name: Lost())
    simulate(tmp_path / "out", 20, 3, engine="spark", queries=2, items=2, part_sessions=10)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "log-00000.parquet",
        "log-00001.parquet",
        "truth.json",
        "world.json",
    ]


def test_workers_need_part_files(tmp_path: Path):
    with pytest.raises(UsageError, match="engine: found no part_sessions beside it"):
        simulate(tmp_path / "out", 20, engine="spark")
