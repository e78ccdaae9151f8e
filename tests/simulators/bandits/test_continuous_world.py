from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from rankeval.simulators.bandits import ContinuousWorld


def test_values() -> None:
    world = ContinuousWorld(shift=0.25, noise=0.5)
    assert world.value == 2 - 0.75**2 / 2

    def density(z: float) -> float:
        return float(np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi))

    assert quad(lambda z: density(z) * (2 - (z - 1) ** 2 / 2), -12, 12)[0] == pytest.approx(world.logged)


@pytest.mark.parametrize("robust", [False, True])
def test_smoothed_values(robust: bool) -> None:
    # By the kernel 3/4 (1 - u^2), whose second moment is 1/5, with the bandwidth 0.6.
    world = ContinuousWorld()

    def weighted(u: float) -> float:
        z = 0.5 + 0.6 * u
        reward, model = 2 - (z - 1) ** 2 / 2, 1.8 - 0.4 * (z - 1) ** 2
        return 0.75 * (1 - u**2) * (reward - model if robust else reward)

    predicted = 1.8 - 0.4 * 0.5**2 if robust else 0.0
    assert world.smoothed(0.6, 1 / 5, robust=robust) == pytest.approx(predicted + quad(weighted, -1, 1)[0])


def test_logs() -> None:
    world, n = ContinuousWorld(), 200_000
    log = world.log(n, np.random.default_rng(0))
    z = log["action_value"] - log["target_action_value"] + 0.5
    assert log["reward"].mean() == pytest.approx(world.logged, abs=0.01)
    assert np.std(log["reward"] - (2 - (z - 1) ** 2 / 2)) == pytest.approx(0.3, abs=0.005)
    # The inverse density averages the width of an interval.
    assert np.mean((np.abs(z) < 1) / log["propensity"]) == pytest.approx(2, abs=0.02)
