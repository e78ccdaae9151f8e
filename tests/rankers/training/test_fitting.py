from __future__ import annotations

import numpy as np

from rankeval.rankers.training.fitting import better, mean_trees


def test_a_later_setting_must_be_better_by_a_standard_error() -> None:
    """Differences 0.1, 0.3: mean 0.2, standard error 0.1. Differences -0.1, 0.3: mean 0.1, error 0.2."""
    base = np.array([0.5, 0.5])
    assert better([base, base + np.array([0.1, 0.3])]) == 1
    assert better([base, base + np.array([-0.1, 0.3])]) == 0
    assert better([base, base - 0.1, base + 0.1]) == 2
    assert better([base, base]) == 0
    assert better([base[:1], base[:1] + 0.1]) == 1


def test_the_mean_of_trees_is_at_least_one() -> None:
    assert mean_trees([1, 2, 6]) == 3
    assert mean_trees([0, 0]) == 1
