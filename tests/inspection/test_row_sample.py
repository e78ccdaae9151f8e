from __future__ import annotations

import importlib

import numpy as np
import pyarrow as pa
import pytest

from rankeval.arrays import mix64
from rankeval.inspection.row_sample import RowSample, clock_of, seconds_of

module = importlib.import_module("rankeval.inspection.row_sample")


def sample(start: int, stop: int, each: int = 4) -> RowSample:
    numbers = np.arange(start, stop)
    keys = mix64((numbers // each).astype(np.uint64))
    return RowSample.of(keys, 0, numbers, pa.table({"x": numbers}))


def test_one_row_of_each_session() -> None:
    found = sample(0, 4000).in_order(None)
    assert found.complete
    assert (np.asarray(found.column("x")) // 4).tolist() == list(range(1000))
    within = np.asarray(found.column("x")) % 4
    assert np.bincount(within).min() > 200


def test_parts_give_the_same_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SAMPLED", 100)
    whole = sample(0, 4000)
    parts = sample(0, 1001).merge(sample(1001, 2500)).merge(sample(2500, 4000))
    assert len(whole) == len(parts) == 100
    assert not whole.complete
    assert parts.keys.tolist() == whole.keys.tolist()
    assert parts.column("x").to_pylist() == whole.column("x").to_pylist()
    assert np.asarray(whole.column("x")).mean() == pytest.approx(2000, abs=500)


def test_times() -> None:
    wanted = [1_714_521_600.0, 1_714_521_601.0]
    stamps = pa.array(np.array(["2024-05-01T00:00:00", "2024-05-01T00:00:01"], "datetime64[ms]"))
    for column in (stamps, stamps.cast(pa.string())):
        found = clock_of(column)
        assert found is not None
        assert found.tolist() == wanted
    assert clock_of(pa.array(["monday"])) is None
    for scale in (1, 10**3, 10**6, 10**9):
        seconds = seconds_of(np.array(wanted) * scale, True)
        assert seconds is not None
        assert seconds.tolist() == pytest.approx(wanted)
    assert seconds_of(np.array([1.0, 2.0]), True) is None
