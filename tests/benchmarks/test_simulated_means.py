from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.simulated_means import LIMIT, deviations, simulated_counts, worlds
from rankeval.simulators.click_models.models import PositionBased
from rankeval.simulators.world import World

WORLDS = dict(worlds())


@pytest.mark.parametrize("label", [label for label in WORLDS if ", noisy" not in label])
def test_simulated_clicks_agree_with_the_truth(label: str) -> None:
    assert np.abs(deviations(WORLDS[label], 20_000)).max(initial=0.0) <= LIMIT


def test_another_model_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    world = WORLDS["pbm, fixed"]
    other = replace(world, click_model=PositionBased(tuple(0.9 * 1.0 / k for k in range(1, 7))))
    counts = simulated_counts(other, 20_000, 0, 1)
    monkeypatch.setattr("benchmarks.simulated_means.simulated_counts", lambda *_: counts)
    assert np.abs(deviations(world, 20_000)).max() > 10.0


def test_every_model_meets_every_policy() -> None:
    pairs = {tuple(label.split(", ")[:2]) for label in WORLDS}
    assert len(pairs) == len(WORLDS) == 54
    assert all(isinstance(world, World) for world in WORLDS.values())
