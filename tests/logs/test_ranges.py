"""Which numbers columns may hold."""

from __future__ import annotations

import numpy as np
import pytest

from rankeval.logs.ranges import RANGES, SMALLEST, largest, out_of_range


@pytest.mark.parametrize("role", sorted(RANGES))
def test_both_ends_belong_to_the_range(role: str) -> None:
    low, high, _ = RANGES[role]
    values = np.array([low, 0.5, high])
    assert out_of_range(role, values) is None
    assert out_of_range(f"{role}@new", np.append(values, -0.1)) == 3
    assert out_of_range(role, np.array([])) is None


def test_other_columns_may_hold_anything() -> None:
    assert out_of_range("reward", np.array([-1e300, 1e300])) is None


def test_largest_is_what_makes_a_term_large() -> None:
    columns = {"reward": np.array([1.0, -50.0]), "propensity": np.array([0.5, 0.1])}
    assert largest(columns) == ("reward", 1)
    assert largest({**columns, "propensity": np.array([SMALLEST, 0.1])}) == ("propensity", 0)
