"""The study of agreement: its clicks have their chances, and its gains are those of its worlds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.agreement_study import (
    METRICS,
    USERS,
    agreed,
    all_studied,
    calibration,
    chances,
    clicks,
    studied,
)


@pytest.mark.parametrize("users", USERS)
def test_clicks_have_their_chances(users: str) -> None:
    rng = np.random.default_rng(0)
    shown = np.repeat(rng.uniform(0.1, 0.9, (1, 8)), 40_000, axis=0)
    found, wanted = clicks(rng, shown, users).mean(axis=0), chances(shown[:1], users)[0]
    assert (np.abs(found - wanted) < 5 * np.sqrt(wanted * (1 - wanted) / len(shown))).all()


def test_a_run_goes_on_where_it_ended_and_its_gains_are_near_the_truth(tmp_path: Path) -> None:
    path = tmp_path / "worlds.jsonl"
    one = studied(0, "position_based")
    path.write_text(json.dumps(one) + "\n")
    done = all_studied(path, 5, "position_based", 1)
    assert [world["seed"] for world in done] == [0, 1, 2, 3, 4]
    assert done[0] == one
    assert len(path.read_text().splitlines()) == 5
    for world in done:
        for name in ("click_ips", "test"):
            assert abs(world[name] - world["truth"]) < 5 * world[f"{name}_error"]
        assert abs(world["naive"] - world["truth"]) > 5 * world["naive_error"]
    for metric in METRICS:
        assert len(list(calibration(done, metric, 2))) == 2
        assert metric in agreed(done)


def test_a_world_in_which_a_click_rate_falls_to_nothing_has_a_gain() -> None:
    """The click rate of irrelevant items at the last positions, under the trust-biased model of the log."""
    assert studied(25, "dbn")["click_ips_verdict"] == "do not trust"
