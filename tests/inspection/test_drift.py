from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from rankeval.inspection.drift import drift_of, psi


def test_psi_by_hand() -> None:
    """Shares (0.25, 0.75) and (0.75, 0.25) once one half is added to every count."""
    found = psi(np.array([0.5, 2.5]), np.array([2.5, 0.5]))
    assert found == pytest.approx(2 * 0.5 * math.log(3))
    assert psi(np.array([3.0, 4.0]), np.array([3.0, 4.0])) == 0.0


def test_numbers() -> None:
    rng = np.random.default_rng(1)
    one, two = rng.normal(size=2000), rng.normal(0.5, 1.0, 1500)
    (found,) = drift_of([("x", pa.array(one), pa.array(two))])
    assert (found.test, found.kind, found.n_first, found.n_second) == ("ks", "numbers", 2000, 1500)
    assert found.statistic == pytest.approx(stats.ks_2samp(one, two).statistic)
    assert found.psi == pytest.approx(0.25, abs=0.08)  # of two normals that are d apart it is d^2
    assert found.drifted


def test_categories() -> None:
    one = pa.array(["a"] * 60 + ["b"] * 40 + [None] * 20)
    two = pa.array(["a"] * 50 + ["b"] * 50 + [None] * 20)
    (found,) = drift_of([("x", one, two)])
    wanted = stats.chi2_contingency([[60, 40, 20], [50, 50, 20]])
    assert (found.test, found.p_value) == ("chi_square", pytest.approx(wanted.pvalue))
    assert not found.drifted


def test_rare_categories_count_as_one() -> None:
    one = pa.array([*["a"] * 500, *map(str, range(100))])
    two = pa.array([*["a"] * 500, *map(str, range(100, 200))])
    (found,) = drift_of([("id", one, two)])
    assert found.p_value == pytest.approx(1.0)


def test_what_cannot_be_compared_is_left_out() -> None:
    numbers, texts = pa.array([1.0, 2.0]), pa.array(["a", "b"])
    constant = pa.array([1, 1])
    nothing = pa.array([None, None], pa.float64())
    assert drift_of([("x", numbers, texts), ("c", constant, constant), ("n", nothing, nothing)]) == []


def test_p_values_are_adjusted_for_all_columns() -> None:
    rng = np.random.default_rng(2)
    columns = [(str(i), pa.array(rng.normal(size=300)), pa.array(rng.normal(size=300))) for i in range(20)]
    found = drift_of(columns)
    least = min(found, key=lambda each: each.p_value)
    assert least.p_adjusted == pytest.approx(min(20 * least.p_value, 1.0))
