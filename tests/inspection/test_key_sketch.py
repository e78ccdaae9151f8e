from __future__ import annotations

import importlib

import numpy as np
import pytest

from rankeval.arrays import mix64
from rankeval.inspection.key_sketch import KeySketch

module = importlib.import_module("rankeval.inspection.key_sketch")


def sketch(ids: list[int], first: int = 1) -> KeySketch:
    keys = mix64(np.array(ids, np.uint64))
    return KeySketch.of(keys, np.ones((len(ids), 1)), 0, np.arange(first, first + len(ids)))


def test_repeats_are_counted_and_placed() -> None:
    found = sketch([5, 6, 5, 7, 5])
    assert (found.distinct, found.repeats.count, found.repeats.first) == (3, 2, ((0, 3), (0, 5)))
    assert sorted(found.sums[:, 0].tolist()) == [1.0, 1.0, 3.0]


def test_parts_merge() -> None:
    ids = [5, 6, 5, 7, 5, 8, 7]
    for cut in range(1, 7):
        merged, whole = sketch(ids[:cut]).merge(sketch(ids[cut:], cut + 1)), sketch(ids)
        assert merged.repeats == whole.repeats
        assert merged.sums.tolist() == whole.sums.tolist()


def test_too_many_ids_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_KEYS", 1000)
    ids = [*range(20_000), *range(20_000)]
    whole, parts = sketch(ids), sketch(ids[:15_000]).merge(sketch(ids[15_000:], 15_001))
    for found in (whole, parts):
        assert len(found.keys) <= 1000
        assert found.distinct == pytest.approx(20_000, rel=0.15)
        assert found.share == pytest.approx(0.05, rel=0.15)
        assert set(found.sums[:, 0].tolist()) == {2.0}
    assert parts.keys.tolist() == whole.keys.tolist()
