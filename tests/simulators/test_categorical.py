from __future__ import annotations

import numpy as np
import pytest

from rankeval.simulators.categorical import Categorical


@pytest.mark.parametrize(
    "odds",
    [[1.0], [0.2, 0.8], [0.0, 3.0, 0.0, 1.0, 0.0], [1e-7, 1.0, 1e-7, 1e-7], list(range(1, 50))],
    ids=["one", "two", "zeros", "skewed", "many"],
)
def test_frequencies_match_probabilities(odds: list[float]) -> None:
    probabilities = np.array(odds) / np.sum(odds)
    n = 200_000
    counts = np.bincount(Categorical(np.array(odds)).draw(np.random.default_rng(7), n), minlength=len(odds))
    assert len(counts) == len(odds)
    assert (counts[probabilities == 0] == 0).all()
    errors = np.sqrt(n * probabilities * (1 - probabilities))
    assert (np.abs(counts - n * probabilities) <= 4.5 * errors + 1e-9).all()


def test_draws_are_the_inverse_of_the_cumulative_distribution() -> None:
    odds = np.random.default_rng(1).dirichlet(np.full(300, 0.1))
    uniform = np.random.default_rng(2).random(5_000)
    naive = [int(np.argmax(np.cumsum(odds) / np.sum(odds) > u)) for u in uniform]
    assert Categorical(odds).draw(np.random.default_rng(2), 5_000).tolist() == naive
