"""Agreement of offline and online gains: lines, correlations, and what is told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from rankeval import DataError, UsageError, agreement
from rankeval.ab_tests.correlations import compared_correlations
from rankeval.ab_tests.errors_in_both import deming, york

#: Pearson's data with York's weights (York 1966).
X = np.array([0.0, 0.9, 1.8, 2.6, 3.3, 4.4, 5.2, 6.1, 6.5, 7.4])
Y = np.array([5.9, 5.4, 4.4, 4.6, 3.5, 3.7, 2.8, 2.8, 2.4, 1.5])
X_ERROR = 1.0 / np.sqrt([1000.0, 1000, 500, 800, 200, 80, 60, 20, 1.8, 1])
Y_ERROR = 1.0 / np.sqrt([1.0, 1.8, 4, 8, 20, 20, 70, 70, 100, 500])


def experiments(n: int = 30, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    true = rng.normal(0.0, 1.0, n)
    return pd.DataFrame(
        {
            "name": [f"e{i}" for i in range(n)],
            "offline": true + rng.normal(0.0, 0.3, n),
            "online": 0.8 * true + rng.normal(0.0, 0.2, n),
            "offline_error": 0.3,
            "online_error": 0.2,
        }
    )


def found(data: Any, **options: Any) -> dict[str, Any]:
    return {row.name: row for row in agreement(data, **options).results}


def test_yorks_line_is_the_published_one() -> None:
    """York et al. (2004): a = 5.47991022, b = -0.480533407, S / (n - 2) = 1.4833."""
    line = york(X, Y, X_ERROR, Y_ERROR)
    assert line is not None
    assert line.intercept == pytest.approx(5.47991022403, rel=1e-9)
    assert line.slope == pytest.approx(-0.48053340745, rel=1e-9)
    assert line.scatter == pytest.approx(1.4832941, rel=1e-6)
    assert line.scatter is not None
    plain = line.slope_error / line.scatter**0.5 if line.slope_error else None
    assert plain == pytest.approx(0.0579850090, rel=1e-6)


def test_yorks_line_has_the_greatest_likelihood() -> None:
    data = experiments()
    x, y, x_error, y_error = (data[name] for name in ("offline", "online", "offline_error", "online_error"))
    line = york(*(values.to_numpy() for values in (x, y, x_error, y_error)))
    assert line is not None

    def distance(at: Any) -> float:
        return float(np.sum((y - at[0] * x - at[1]) ** 2 / (y_error**2 + at[0] ** 2 * x_error**2)))

    best = optimize.minimize(
        distance, [1.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12}
    )
    assert (line.slope, line.intercept) == pytest.approx(tuple(best.x), rel=1e-5)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.01, 100.0))
def test_lines_turn_with_their_axes(seed: int, scale: float) -> None:
    """Exchanging the axes inverts the slope; scaling y scales it (York; Deming only if both are scaled)."""
    data = experiments(12, seed)
    x, y = data.offline.to_numpy(), data.online.to_numpy()
    errors = data.offline_error.to_numpy(), data.online_error.to_numpy()
    one, turned = york(x, y, *errors), york(y, x, *errors[::-1])
    scaled = york(x, scale * y, errors[0], scale * errors[1])
    if one is not None and turned is not None and scaled is not None and abs(one.slope) > 1e-3:
        assert turned.slope == pytest.approx(1.0 / one.slope, rel=1e-6)
        assert scaled.slope == pytest.approx(scale * one.slope, rel=1e-6)
    left, right = deming(x, y), deming(y, x)
    if left is not None and right is not None:
        assert left.slope == pytest.approx(1.0 / right.slope, rel=1e-6)


def test_equal_errors_make_york_demings_line() -> None:
    data = experiments()
    x, y, same = data.offline.to_numpy(), data.online.to_numpy(), np.full(30, 0.3)
    left, right = york(x, y, same, same), deming(x, y)
    assert left is not None
    assert right is not None
    assert left.slope == pytest.approx(right.slope, rel=1e-9)


def test_statistics_are_those_of_scipy() -> None:
    data = experiments()
    rows = found(data)
    of_scipy = stats.pearsonr(data.offline, data.online)
    interval = of_scipy.confidence_interval(0.95)
    assert rows["pearson"].value == pytest.approx(of_scipy.statistic, rel=1e-12)
    assert (rows["pearson"].interval.low, rows["pearson"].interval.high) == pytest.approx(tuple(interval))
    assert rows["spearman"].value == pytest.approx(stats.spearmanr(data.offline, data.online).statistic)
    same = int(np.sum(data.offline * data.online > 0))
    exact = stats.binomtest(same, 30).proportion_ci(0.95)
    sign = rows["sign_agreement"]
    assert (sign.value, sign.interval.low, sign.interval.high) == pytest.approx(
        (same / 30, exact.low, exact.high)
    )


def test_the_slope_covers_and_ordinary_least_squares_would_not() -> None:
    """400 sets of 20 experiments with true slope 0.8."""
    covered = plain = 0
    for seed in range(400):
        data = experiments(20, seed)
        line = york(
            *(data[name].to_numpy() for name in ("offline", "online", "offline_error", "online_error"))
        )
        assert line is not None
        assert line.slope_error is not None
        covered += abs(line.slope - 0.8) <= stats.t.ppf(0.975, 18) * line.slope_error
        fitted = stats.linregress(data.offline, data.online)
        plain += abs(fitted.slope - 0.8) <= stats.t.ppf(0.975, 18) * fitted.stderr
    assert covered / 400 >= 0.93
    assert plain / 400 < 0.93


def test_the_best_metric_is_chosen_over_common_experiments() -> None:
    data = experiments()
    noise = np.random.default_rng(9).normal(0.0, 1.5, 30)
    both = pd.concat(
        [data.assign(metric="good"), data.assign(metric="poor", offline=data.offline + noise)[:28]]
    )
    result = agreement(both)
    assert result.best is not None
    assert (result.best.metric, result.best.second, result.best.n) == ("good", "poor", 28)
    assert result.best.correlation == pytest.approx(np.corrcoef(data.offline[:28], data.online[:28])[0, 1])
    assert result.best.p_value is not None
    assert result.best.p_value < 0.05
    assert any("chosen for its correlation" in text for text in result.warnings)


def test_the_comparison_of_correlations_is_the_published_one() -> None:
    """Meng, Rosenthal & Rubin (1992), their example: with their h and f written out."""
    p = compared_correlations(0.63, 0.50, 0.45, 103)
    f = min((1 - 0.45) / (2 * (1 - (0.63**2 + 0.5**2) / 2)), 1.0)
    square = (0.63**2 + 0.5**2) / 2
    h = 1 + square / (1 - square) * (1 - f)
    z = (np.arctanh(0.63) - np.arctanh(0.5)) * np.sqrt(100 / (2 * (1 - 0.45) * h))
    assert p == pytest.approx(2 * stats.norm.sf(z), rel=1e-9)


def test_compared_correlations_err_as_often_as_they_may() -> None:
    rng = np.random.default_rng(4)
    rejected = 0
    for _ in range(1000):
        true = rng.normal(size=40)
        a, b, c = (true + rng.normal(size=40) for _ in range(3))
        r = np.corrcoef([a, b, c])
        rejected += (compared_correlations(r[0, 2], r[1, 2], r[0, 1], 40) or 1.0) < 0.05
    assert 0.03 < rejected / 1000 < 0.07


def test_what_is_not_known_is_told() -> None:
    data = experiments(6)
    assert any("only 6 experiments" in text for text in agreement(data).warnings)
    without = data.drop(columns=["offline_error", "online_error"])
    rows = found(without)
    assert rows["calibration_slope"].interval.method == "deming"
    assert any("no errors are known" in text for text in agreement(without).warnings)
    half = agreement(data.drop(columns="offline_error"))
    assert any("free of error" in text for text in half.warnings)
    line = pd.DataFrame({"offline": [1.0, 2, 3, 4, 5], "online": [2.0, 4, 6, 8, 10]})
    for row in agreement(line).results:
        assert row.name == "sign_agreement" or row.interval.low is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"online": np.nan}, "wanted a finite number"),
        ({"online": "x"}, "number"),
        ({"offline_error": -1.0}, "at least 0"),
        ({"name": "same"}, "experiment 'same' occurs twice"),
    ],
)
def test_wrong_data_are_told_in_one_line(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message) as told:
        agreement(experiments().assign(**changes))
    assert "\n" not in str(told.value)


def test_wrong_calls_are_told() -> None:
    with pytest.raises(DataError, match="online"):
        agreement(experiments().drop(columns="online"))
    with pytest.raises(UsageError, match="no such role"):
        agreement(experiments(), columns={"click": "online"})
    with pytest.raises(UsageError, match="level"):
        agreement(experiments(), level=2.0)
    renamed = experiments().rename(columns={"offline": "uplift"})
    assert (
        found(renamed, columns={"offline": "uplift"})["pearson"].value
        == found(experiments())["pearson"].value
    )
