from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from benchmarks import data, uplift_speed


def test_small_logs_and_the_share_of_lightgbm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (data, uplift_speed):
        monkeypatch.setattr(module, "FOLDER", tmp_path)
    monkeypatch.setattr(uplift_speed, "FEATURE_SESSIONS", 200)
    monkeypatch.setattr(uplift_speed, "RANKERS", ((3, 4),))
    monkeypatch.setattr(data, "RANKERS", ((3, 4),))
    uplift_speed.make_logs(300)
    data.make_ranker(3, 4)
    assert pq.read_metadata(uplift_speed.score_log(300)).num_rows == 3000
    uplift_speed.of_columns(300)
    busy, inside = uplift_speed.share()
    assert 0.0 < inside < busy
