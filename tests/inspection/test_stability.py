from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from rankeval.inspection.found import wilson
from rankeval.inspection.stability import days_of, halves, mean_reward, same_mean_p


def test_means() -> None:
    values = np.array([1.0, 2.0, 4.0])
    found = mean_reward("x", 3, values.sum(), (values**2).sum())
    assert (found.mean, found.std_error) == pytest.approx((values.mean(), values.std(ddof=1) / 3**0.5))


def test_halves_in_order() -> None:
    rng = np.random.default_rng(1)
    values = np.concatenate([rng.normal(0.0, 1.0, 500), rng.normal(0.3, 1.0, 500)])
    parts, p = halves(values)
    assert parts[1].mean == pytest.approx(values[500:].mean())
    assert p == pytest.approx(stats.ttest_ind(values[:500], values[500:]).pvalue, rel=1e-2)
    assert halves(np.array([1.0, np.nan])) == ([], None)


def test_days_without_many_units_are_left_out() -> None:
    days = days_of({19_844: (100.0, 20.0, 20.0), 19_845: (29.0, 9.0, 9.0)})
    assert [(day.part, day.mean) for day in days] == [("2024-05-01", 0.2)]
    assert same_mean_p(days) is None


def test_equal_means() -> None:
    """Two means 0.2 and 0.3 with errors of about 0.04: chi-square is z squared."""
    days = days_of({1: (100.0, 20.0, 20.0), 2: (100.0, 30.0, 30.0)})
    z = 0.1 / (days[0].std_error ** 2 + days[1].std_error ** 2) ** 0.5
    assert same_mean_p(days) == pytest.approx(2 * stats.norm.sf(z))
    assert same_mean_p(days, 4.0) == pytest.approx(2 * stats.norm.sf(z / 2))
    assert same_mean_p(days, 0.5) == same_mean_p(days)


@pytest.mark.parametrize(("clicks", "n"), [(0, 10), (3, 20), (20, 20)])
def test_wilson(clicks: int, n: int) -> None:
    wanted = stats.binomtest(clicks, n).proportion_ci(method="wilson")
    assert wilson(clicks, n) == pytest.approx([wanted.low, wanted.high])
