from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import uplift_coverage as study
from rankeval import uplift


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> study.Lists:
    """Twenty queries of random relevance, and logs of 3,000 sessions."""
    rng = np.random.default_rng(0)
    attractive = rng.uniform(0.1, 0.9, (20, study.POSITIONS))
    world = study.Lists(attractive, {"good": attractive, "bad": -attractive}, attractive)
    monkeypatch.setattr(study, "lists", lambda: world)
    cells = {name: study.Cell(cell.users, 0.3, 2, 3000) for name, cell in study.CELLS.items()}
    monkeypatch.setattr(study, "CELLS", cells)
    study.truth.cache_clear()
    yield world
    study.truth.cache_clear()


def test_the_truth_is_that_of_sorted_lists(small: study.Lists):
    exact = study.truth("pbm")
    best = -np.sort(-small.attractiveness, axis=1)
    theta = 1.0 / np.arange(1, study.POSITIONS + 1)
    logged = (small.attractiveness @ theta).mean()
    assert exact["logged"] == pytest.approx(logged)
    assert exact["good"] == pytest.approx((best @ theta).mean() - logged)
    assert exact["bad"] == pytest.approx((best[:, ::-1] @ theta).mean() - logged)
    assert study.truth("cascade")["good"] == pytest.approx(0.0, abs=1e-12)


def test_a_repeat_is_what_uplift_says(small: study.Lists):
    found = study.repeat("pbm", 1)
    wanted = uplift(
        study.log_of("pbm", 1), ["good=column:good", "bad=column:bad"], estimators=study.ESTIMATORS
    )
    assert [row["gain"] for row in found["rows"]] == [row.gain.value for row in wanted.estimates]
    assert {row["level"] for row in found["rows"]} <= {"trust", "caution", "do not trust"}
    assert study.log_of("pbm", 1)["click"].sum() != study.log_of("pbm", 2)["click"].sum()


def test_a_table_of_what_was_done(small: study.Lists, tmp_path: Path):
    path = tmp_path / "found.jsonl"
    lines = [json.dumps(study.repeat("pbm", seed)) for seed in range(2)]
    path.write_text("\n".join(lines) + '\n{"cell": "pb')  # the last line was cut
    found = study.read(path)
    assert len(found) == 2
    table = list(study.table(found))
    assert len(table) == 2 + 2 * len(study.ESTIMATORS)
    assert table[2].startswith("| pbm | good | click_ips | +")
    assert study._held([[0.0, 1.0], [2.0, 3.0], [None, None]], 0.5) == "50.0 %"
    assert study._excludes_zero([0.1, 0.2])
    assert not study._excludes_zero([-0.1, 0.2])
