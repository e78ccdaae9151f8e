"""``ab`` and ``plan_ab`` against tea-tasting, SciPy and statsmodels, to 1e-9."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import tea_tasting as tt
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.oneway import anova_oneway
from statsmodels.stats.power import TTestIndPower
from statsmodels.stats.proportion import test_proportions_2indep as check_proportions

from rankeval import ab
from rankeval.ab_tests.power import Design, Spread, power_at

N = 4_000


def units(seed: int = 0, arms: int = 2) -> pd.DataFrame:
    """Units whose covariate has the same values in every arm: its overall slope is that within arms."""
    rng = np.random.default_rng(seed)
    before = np.repeat(rng.gamma(2.0, 1.0, N // arms), arms)
    arm = np.tile(np.arange(arms), N // arms)
    shown = rng.integers(1, 10, len(before)).astype(float)
    return pd.DataFrame(
        {
            "variant": arm,
            "clicks": rng.poisson(before * (1.0 + 0.1 * arm)).astype(float),
            "before": before,
            "shown": shown,
            "hits": rng.binomial(shown.astype(int), 0.2 + 0.02 * arm).astype(float),
            "bought": (rng.random(len(before)) < 0.1).astype(float),
        }
    )


def row_of(data: pd.DataFrame, **asked: Any) -> Any:
    """The row of ``ab``."""
    return ab(data, "variant", control="0", **asked).results[0]


def found(row: Any) -> tuple[float, ...]:
    """Values, difference with its interval, and p-value."""
    bounds = row.difference.intervals[0]
    return row.control_value, row.value, row.difference.value, bounds.low, bounds.high, row.p_value


def wanted(result: Any) -> tuple[float, ...]:
    """The same of tea-tasting."""
    return (
        result.control,
        result.treatment,
        result.effect_size,
        result.effect_size_ci_lower,
        result.effect_size_ci_upper,
        result.pvalue,
    )


@pytest.mark.parametrize(
    ("metric", "asked", "tolerance"),
    [
        (tt.Mean("clicks"), {"metric": "clicks"}, 1e-9),
        (tt.Mean("clicks", "before"), {"metric": "clicks", "covariate": "clicks=before"}, 1e-9),
        (tt.RatioOfMeans("hits", "shown"), {"ratio": "rate=hits:shown"}, 1e-9),
        # tea-tasting linearises around the ratio of both arms; theta differs, and variance by its square.
        (
            tt.RatioOfMeans("hits", "shown", "before"),
            {"ratio": "rate=hits:shown", "covariate": "rate=before"},
            1e-7,
        ),
    ],
    ids=["mean", "CUPED", "ratio", "ratio, CUPED"],
)
def test_means_ratios_and_cuped_are_those_of_tea_tasting(
    metric: Any, asked: dict[str, str], tolerance: float
) -> None:
    data = units()
    result = tt.Experiment(m=metric).analyze(data)["m"]
    assert found(row_of(data, **asked)) == pytest.approx(wanted(result), rel=tolerance)


def test_clusters_are_the_ratio_of_totals_of_tea_tasting() -> None:
    """Errors of users are those of a ratio, the mean total over the mean number of sessions."""
    rng = np.random.default_rng(2)
    users = 60
    user = np.repeat(np.arange(users), 8)
    data = pd.DataFrame({"variant": user % 2, "user": user})
    data["clicks"] = rng.poisson(rng.gamma(4.0, 0.5, users)[user]).astype(float)
    totals = data.groupby(["variant", "user"], as_index=False).agg(
        clicks=("clicks", "sum"), sessions=("clicks", "size")
    )
    result = tt.Experiment(m=tt.RatioOfMeans("clicks", "sessions")).analyze(totals)["m"]
    assert found(row_of(data, metric="clicks", cluster="user")) == pytest.approx(wanted(result), rel=1e-9)


@pytest.mark.parametrize("expected", [None, {"0": 2.0, "1": 1.0}])
def test_the_sample_ratio_is_that_of_tea_tasting_and_scipy(expected: dict[str, float] | None) -> None:
    data = units().iloc[: N - 137]
    data = data[(data.variant == 0) | (data.index % 3 > 0)]
    check = ab(data, "variant", metric="clicks", expected=expected).sample_ratio
    counts = data.variant.value_counts()
    shares = np.array([0.5, 0.5]) if expected is None else np.array([2.0, 1.0]) / 3.0
    scipy = stats.chisquare([counts[0], counts[1]], len(data) * shares).pvalue
    ratio = float(shares[1] / shares[0])
    tea = tt.Experiment(m=tt.SampleRatio(ratio, method="norm", correction=False)).analyze(data)["m"]
    assert check.p_value == pytest.approx(scipy, rel=1e-9)
    assert check.p_value == pytest.approx(tea.pvalue, rel=1e-9)


def test_cuped_is_the_least_squares_of_statsmodels() -> None:
    """Also where the covariate differs between arms by chance."""
    data = units().sample(1_001, random_state=1)
    fit = sm.OLS(data.clicks, sm.add_constant(data[["variant", "before"]])).fit()
    row = row_of(data, metric="clicks", covariate="clicks=before")
    assert row.difference.value == pytest.approx(fit.params["variant"], rel=1e-9)
    # Least squares pools the variance of both arms; it differs by little.
    assert row.difference.std_error == pytest.approx(fit.HC3_se["variant"], rel=5e-3)


@pytest.mark.parametrize("hits", [(9, 25), (120, 150)])
def test_relative_score_intervals_end_where_the_test_of_statsmodels_has_p_of_5_percent(
    hits: tuple[int, int],
) -> None:
    """Not those of differences: its constrained rates are not the most likely ones (see test_proportions)."""
    n = 400
    y = np.concatenate([np.arange(n) < hits[0], np.arange(n) < hits[1]]).astype(float)
    bounds = row_of(pd.DataFrame({"variant": np.repeat([0, 1], n), "y": y}), metric="y").relative.intervals[0]
    options = {"compare": "ratio", "method": "score", "correction": False, "return_results": False}
    for bound in (bounds.low, bounds.high):
        _, p = check_proportions(hits[1], n, hits[0], n, value=1.0 + bound, **options)
        assert p == pytest.approx(0.05, rel=1e-9)


def test_several_arms_are_those_of_statsmodels() -> None:
    data = units(arms=4)
    result = ab(data, "variant", metric=["clicks", "bought"], control="0")
    welch = anova_oneway(data.clicks, data.variant, use_var="unequal", welch_correction=True)
    assert result.omnibus[0].p_value == pytest.approx(welch.pvalue, rel=1e-9)
    p = [row.p_value for row in result.results]
    for adjust, method in (("holm", "holm"), ("bh", "fdr_bh")):
        rows = ab(data, "variant", metric=["clicks", "bought"], control="0", adjust=adjust).results
        assert [row.p_adjusted for row in rows] == pytest.approx(multipletests(p, method=method)[1], rel=1e-9)


@pytest.mark.parametrize("sessions", [40, 300, 900])
@pytest.mark.parametrize("share", [0.5, 0.2])
def test_power_is_that_of_statsmodels(sessions: int, share: float) -> None:
    design = Design.of(2, share, 0.95, 0.8)
    found = power_at(sessions, 0.4, Spread(1.0, 2.25), design)
    exact = TTestIndPower().power(0.4 / 1.5, share * sessions, 0.05, ratio=(1 - share) / share)
    assert found == pytest.approx(exact, rel=1e-8)
