from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import data, rank


def test_shares_of_a_small_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "FOLDER", tmp_path)
    monkeypatch.setattr(data, "FEATURE_ROWS", 4000)
    monkeypatch.setattr(data, "FEATURE_BLOCK", 2000)
    data.make_features()
    data.make_ranker(3, 4)
    _, busy, inside = rank.shares(3, 4)
    assert 0.0 < inside < busy
    assert sorted(path.name for path in tmp_path.iterdir()) == ["features-4000.parquet", "ranker-3-4.txt"]
    rank.predict_alone(3, 4)
