"""Fewer simulated experiments than the benchmark has, held to what so many can tell."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.shuffle_spread import spread
from rankeval.simulators.world import DESIGNS


@pytest.mark.parametrize("design", DESIGNS)
def test_the_spread_is_as_planned(design):
    experiments = 200
    found = spread(design, experiments)
    # A standard deviation from n values has a relative error of 1 / sqrt(2 n).
    np.testing.assert_allclose(found.found, found.planned, rtol=4.0 / np.sqrt(2.0 * experiments) + 0.01)
