"""The largest values of terms, and the index of their tail."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import genpareto

from rankeval.inference.tails import KEPT, Tails, pareto_k


def test_parts_hold_the_largest_values_of_the_whole() -> None:
    draw = np.random.default_rng(0)
    x = draw.pareto(2.0, (2, 10_000))
    parts = [Tails.empty((0, 1)).added(part) for part in np.array_split(x, 7, axis=1)]
    merged = parts[0]
    for part in parts[1:]:
        merged = merged.merge(part)
    whole = Tails.empty((0, 1)).added(x)
    for term in (0, 1):
        assert np.array_equal(np.sort(merged.largest[term]), np.sort(x[term])[-KEPT:])
        assert merged.index(term) == whole.index(term)


@pytest.mark.parametrize("k", [0.2, 0.5, 0.8])
def test_the_shape_of_a_pareto_tail(k: float) -> None:
    """The mean over samples is within four standard errors, after the pull to 1/2 by 10 observations."""
    n, found = 4_000, []
    for seed in range(60):
        x = genpareto.rvs(k, size=n, random_state=seed)
        found.append(pareto_k(np.sort(x)[-KEPT:], n))
    m = 3.0 * n**0.5
    wanted = (m * k + 10 * 0.5) / (m + 10)
    assert np.mean(found) == pytest.approx(wanted, abs=4 * np.std(found) / 60**0.5 + 0.02)


def test_discrete_and_short_tails_have_no_index() -> None:
    assert pareto_k(np.tile([1.0, 2.0, 4.0], 500), 1_500) is None
    assert pareto_k(np.random.default_rng(1).random(100), 100) is None
