from __future__ import annotations

import numpy as np
import pytest

from rankeval.array_types import Floats
from rankeval.simulators.click_models.fitting.em import Ascent
from rankeval.simulators.click_models.fitting.points import NONE, Expectation, Point

# Two hidden coins: what is seen is whether both came up, in 6 of 10 throws, and the first alone in 7 of 8.
SEEN, THROWS = (6.0, 7.0), (10.0, 8.0)


def expect(values: Floats) -> Expectation:
    p, q = values
    both = 1.0 - p * q
    first = SEEN[0] + (THROWS[0] - SEEN[0]) * p * (1 - q) / both + SEEN[1]
    second = SEEN[0] + (THROWS[0] - SEEN[0]) * q * (1 - p) / both
    likelihood = SEEN[0] * np.log(p * q) + (THROWS[0] - SEEN[0]) * np.log(both)
    likelihood += SEEN[1] * np.log(p) + (THROWS[1] - SEEN[1]) * np.log(1.0 - p)
    successes, trials = np.array([first, second]), np.array([sum(THROWS), THROWS[0]])
    return Expectation(Point(successes, NONE, NONE), Point(trials, NONE, NONE), float(likelihood))


def test_it_ends_at_the_maximum() -> None:
    """``p`` is 7/8, as ``q`` is free to make ``p q`` 6/10."""
    found = Ascent(expect, 2, np.zeros(2), 1e-10, 1000).from_(np.array([0.3, 0.9]))
    assert found.converged
    assert found.values == pytest.approx([7 / 8, 0.6 / (7 / 8)], abs=1e-6)
    wanted = 6 * np.log(0.6) + 4 * np.log(0.4) + 7 * np.log(7 / 8) + np.log(1 / 8)
    assert found.objective == pytest.approx(wanted, abs=1e-9)


def test_acceleration_needs_fewer_steps() -> None:
    """Plain steps of the same data, counted until they are as near."""
    values, steps = np.array([0.3, 0.9]), 0
    while abs(values[0] - 7 / 8) > 1e-6:
        found = expect(values)
        values, steps = found.successes.shared / found.trials.shared, steps + 1
    accelerated = Ascent(expect, 2, np.zeros(2), 1e-7, 1000).from_(np.array([0.3, 0.9]))
    assert accelerated.values[0] == pytest.approx(7 / 8, abs=1e-6)
    assert accelerated.iterations < steps


def test_pseudo_counts_are_the_mode_of_a_beta_density() -> None:
    """One coin, 3 of 10, with 2 heads and 2 tails more."""

    def coin(values: Floats) -> Expectation:
        likelihood = 3 * np.log(values[0]) + 7 * np.log(1 - values[0])
        return Expectation(
            Point(np.array([3.0]), NONE, NONE), Point(np.array([10.0]), NONE, NONE), float(likelihood)
        )

    found = Ascent(coin, 1, np.array([2.0]), 1e-9, 100).from_(np.array([0.5]))
    assert found.values[0] == pytest.approx(5 / 14, abs=1e-12)
    assert found.expectation.log_likelihood == pytest.approx(3 * np.log(5 / 14) + 7 * np.log(9 / 14))
    assert found.objective == pytest.approx(5 * np.log(5 / 14) + 9 * np.log(9 / 14))


def test_what_is_not_tried_stays() -> None:
    def nothing(values: Floats) -> Expectation:
        return Expectation(Point(np.zeros(1), NONE, NONE), Point(np.zeros(1), NONE, NONE), 0.0)

    assert Ascent(nothing, 1, np.zeros(1), 1e-9, 100).from_(np.array([0.37])).values[0] == 0.37


def test_a_few_iterations_do_not_converge() -> None:
    found = Ascent(expect, 2, np.zeros(2), 1e-12, 4).from_(np.array([0.3, 0.9]))
    assert not found.converged
    assert 4 <= found.iterations <= 7
