"""The benchmark of the best of many: its samples have the truth that they say, and its table all cells."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.best_of_many import CELLS, Cell, table


def test_a_clear_winner_is_left_alone() -> None:
    held, corrected, naive_error, error = Cell(2, 100, 0.0, 30.0).sample(np.random.default_rng(0))
    assert held
    assert corrected
    assert error == pytest.approx(naive_error, abs=1e-6)


def test_equal_candidates_are_too_high_as_they_are() -> None:
    """The largest of 10 standard normal errors has mean 1.54 and standard deviation 0.59."""
    errors = [Cell(10, 400, 0.0).sample(np.random.default_rng(i))[2] for i in range(40)]
    assert np.mean(errors) == pytest.approx(1.54, abs=4 * 0.59 / np.sqrt(40))


def test_a_line_for_each_cell() -> None:
    lines = list(table(1))
    assert len(lines) == 2 + len(CELLS)
    assert lines[4].startswith("| 10 | 50 | 0 | spread over 5 std errors |")
