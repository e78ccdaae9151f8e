"""Which numbers columns may hold."""

from __future__ import annotations

import numpy as np
import pytest

from rankeval.logs.ranges import RANGES, SMALLEST, largest, within_range


@pytest.mark.parametrize("role", sorted(RANGES))
def test_both_ends_belong_to_the_range(role: str) -> None:
    low, high, _ = RANGES[role]
    values = np.array([low, 0.5, high])
    assert within_range(role, values)[0] is values
    assert within_range(role, values)[1] is None
    below = low - 0.1 if low > -1.0 else -np.inf
    assert within_range(f"{role}@new", np.append(values, below))[1] == 3
    assert within_range(role, np.array([]))[1] is None


def test_other_columns_may_hold_anything() -> None:
    assert within_range("reward", np.array([-1e300, 1e300]))[1] is None


def test_largest_is_what_makes_a_term_large() -> None:
    columns = {"reward": np.array([1.0, -50.0]), "propensity": np.array([0.5, 0.1])}
    assert largest(columns) == ("reward", 1)
    assert largest({**columns, "propensity": np.array([SMALLEST, 0.1])}) == ("propensity", 0)


@pytest.mark.parametrize("role", ["propensity", "target_propensity_prefix", "mixture_propensity"])
def test_rounding_puts_a_probability_at_most_a_millionth_above_1(role: str) -> None:
    values, bad = within_range(role, np.array([0.5, 1.0 + 9e-7]))
    assert (values.tolist(), bad) == ([0.5, 1.0], None)
    assert within_range(role, np.array([0.5, 1.0 + 2e-6]))[1] == 1
    assert within_range(role, np.array([-1e-9, 1.0 + 9e-7]))[1] == 0
