"""``ab``: values against SciPy and least squares, what users can do wrong, and sameness."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from rankeval import DataError, UsageError, ab

N = 3000


def frame(seed: int = 0, n: int = N, arms: tuple[str, ...] = ("control", "b")) -> pd.DataFrame:
    """Units whose values vary between users; users are assigned."""
    rng = np.random.default_rng(seed)
    user = rng.integers(0, max(n // 4, 2), n)
    user[: len(arms)] = np.arange(len(arms))
    before = rng.gamma(2.0, 1.0, max(n // 4, 2))[user]
    return pd.DataFrame(
        {
            "arm": np.array(arms)[user % len(arms)],
            "user_id": user,
            "before": before,
            "clicks": rng.poisson(before).astype(float),
            "shown": rng.integers(1, 10, n).astype(float),
            "bought": (rng.random(n) < 0.1).astype(int),
            "ms": rng.lognormal(5.0, 1.0, n),
            "country": rng.choice(["de", "fr"], n),
            "session": np.arange(n),
        }
    )


def sides(data: pd.DataFrame, column: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    return tuple(data.loc[data.arm == arm, column].to_numpy() for arm in ("b", "control"))  # type: ignore[return-value]


def test_welch_and_its_interval_are_those_of_scipy() -> None:
    data = frame()
    treatment, control = sides(data, "clicks")
    row = ab(data, "arm", metric="clicks").results[0]
    found = stats.ttest_ind(treatment, control, equal_var=False)
    interval = found.confidence_interval(0.95)
    assert row.test == "welch"
    assert row.p_value == pytest.approx(found.pvalue, rel=1e-9)
    assert row.difference.value == pytest.approx(treatment.mean() - control.mean(), rel=1e-12)
    bounds = row.difference.intervals[0]
    assert (bounds.low, bounds.high) == pytest.approx((interval.low, interval.high), rel=1e-9)
    assert bounds.method == "student"


def test_proportions_are_tested_by_chi_square() -> None:
    data = frame()
    table = pd.crosstab(data.arm, data.bought).to_numpy()
    row = ab(data, "arm", metric="bought").results[0]
    assert row.test == "chi_square"
    assert row.p_value == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue, rel=1e-9)
    assert row.difference.intervals[0].method == "score"


def test_a_ratio_follows_the_delta_method() -> None:
    data = frame()
    row = ab(data, "arm", ratio="ctr=clicks:shown").results[0]
    values, variances = [], []
    for arm in ("b", "control"):
        y, d = (data.loc[data.arm == arm, name].to_numpy() for name in ("clicks", "shown"))
        values.append(y.sum() / d.sum())
        variances.append(np.var((y - values[-1] * d) / d.mean(), ddof=1) / len(y))
    assert row.difference.value == pytest.approx(values[0] - values[1], rel=1e-12)
    assert row.difference.std_error == pytest.approx(np.sqrt(sum(variances)), rel=1e-9)


def test_the_relative_interval_is_that_of_the_delta_method() -> None:
    data = frame()
    row = ab(data, "arm", metric="clicks", ci="normal").results[0]
    (t, c) = sides(data, "clicks")
    t_error, c_error = (np.std(x, ddof=1) / np.sqrt(len(x)) for x in (t, c))
    ratio = t.mean() / c.mean()
    error = np.sqrt(t_error**2 + (ratio * c_error) ** 2) / c.mean()
    bounds = row.relative.intervals[0]
    z = stats.norm.ppf(0.975)
    assert (bounds.low, bounds.high) == pytest.approx(
        (ratio - 1 - z * error, ratio - 1 + z * error), rel=1e-9
    )


def test_cuped_is_the_analysis_of_covariance() -> None:
    """The adjusted difference is the coefficient of the arm in least squares with one slope."""
    data = frame()
    row = ab(data, "arm", metric="clicks", covariate="clicks=before").results[0]
    treated = (data.arm == "b").to_numpy(float)
    design = np.column_stack([np.ones(len(data)), treated, data.before])
    coefficients = np.linalg.lstsq(design, data.clicks.to_numpy(), rcond=None)[0]
    assert row.difference.value == pytest.approx(coefficients[1], rel=1e-9)
    residual = data.clicks.to_numpy() - coefficients[2] * data.before.to_numpy()
    variance = sum(np.var(residual[treated == t], ddof=1) / (treated == t).sum() for t in (0.0, 1.0))
    assert row.difference.std_error == pytest.approx(np.sqrt(variance), rel=1e-9)
    assert row.kept is not None
    assert row.kept < 0.8


def test_cuped_of_a_ratio_adjusts_its_linearised_terms() -> None:
    data = frame()
    row = ab(data, "arm", ratio="ctr=clicks:shown", covariate="ctr=before").results[0]
    both = own = 0.0
    linear, values, centres = {}, {}, {}
    for arm in ("b", "control"):
        of = data[data.arm == arm]
        values[arm] = of.clicks.sum() / of.shown.sum()
        linear[arm] = ((of.clicks - values[arm] * of.shown) / of.shown.mean()).to_numpy()
        x = (of.before - of.before.mean()).to_numpy()
        both, own = both + np.sum(linear[arm] * x), own + np.sum(x * x)
        centres[arm] = of.before.mean()
    theta = both / own
    expected = values["b"] - values["control"] - theta * (centres["b"] - centres["control"])
    assert row.difference.value == pytest.approx(expected, rel=1e-9)


def test_clustered_errors_are_those_of_cluster_totals() -> None:
    data = frame()
    row = ab(data, "arm", metric="clicks", cluster="user_id").results[0]
    variance = 0.0
    for arm in ("b", "control"):
        of = data[data.arm == arm]
        totals = (of.clicks - of.clicks.mean()).groupby(of.user_id).sum().to_numpy()
        clusters = len(totals)
        variance += np.sum(totals**2) / len(of) ** 2 * clusters / (clusters - 1)
    # Some of the hashed buckets hold two clusters, whose product has mean 0.
    assert row.difference.std_error == pytest.approx(np.sqrt(variance), rel=0.05)
    plain = ab(data, "arm", metric="clicks").results[0]
    assert row.difference.std_error > 1.2 * (plain.difference.std_error or 0.0)


def test_few_clusters_have_exact_totals() -> None:
    data = frame(n=400)
    data["user_id"] = np.arange(400) % 20
    data["arm"] = np.where(data.user_id < 10, "control", "b")
    row = ab(data, "arm", metric="clicks", cluster="user_id").results[0]
    totals = data.groupby(["arm", "user_id"]).clicks.mean()
    expected = sum(np.var(totals[arm].to_numpy(), ddof=1) / 10 for arm in ("b", "control"))
    assert row.difference.std_error == pytest.approx(np.sqrt(expected), rel=1e-9)
    found = stats.ttest_ind(totals["b"], totals["control"], equal_var=False)
    assert row.p_value == pytest.approx(found.pvalue, rel=1e-6)


def test_the_bootstrap_is_close_to_welch() -> None:
    result = ab(frame(), "arm", metric=["clicks", "bought"], ci=["student", "bootstrap", "bootstrap_t"])
    for row in result.results:
        student, *others = row.difference.intervals
        width = (student.high or 0.0) - (student.low or 0.0)
        for other in others:
            assert other.low == pytest.approx(student.low, abs=0.1 * width)
            assert other.high == pytest.approx(student.high, abs=0.1 * width)


def test_several_arms_are_compared_with_the_control_and_adjusted() -> None:
    data = frame(arms=("control", "b", "c"))
    result = ab(data, "arm", metric=["clicks", "bought"])
    assert [(row.metric, row.arm) for row in result.results] == [
        ("clicks", "b"),
        ("clicks", "c"),
        ("bought", "b"),
        ("bought", "c"),
    ]
    found = stats.f_oneway(*(of.clicks for _, of in data.groupby("arm")), equal_var=False)
    assert result.omnibus[0].statistic == pytest.approx(found.statistic, rel=1e-9)
    assert result.omnibus[0].p_value == pytest.approx(found.pvalue, rel=1e-9)
    table = pd.crosstab(data.arm, data.bought).to_numpy()
    chi_square = stats.chi2_contingency(table, correction=False)
    assert result.omnibus[1].p_value == pytest.approx(chi_square.pvalue, rel=1e-9)
    p = sorted(row.p_value or 0.0 for row in result.results)
    adjusted = sorted(row.p_adjusted or 0.0 for row in result.results)
    assert adjusted[0] == pytest.approx(min(4 * p[0], 1.0))
    bh = ab(data, "arm", metric=["clicks", "bought"], adjust="bh")
    expected = stats.false_discovery_control([row.p_value for row in bh.results])
    assert [row.p_adjusted for row in bh.results] == pytest.approx(expected)


def test_segments_are_tests_of_their_own_units() -> None:
    data = frame()
    result = ab(data, "arm", metric="clicks", by="country")
    assert [row.segment for row in result.results] == [None, "de", "fr"]
    only = ab(data[data.country == "de"], "arm", metric="clicks").results[0]
    assert result.results[1].difference == only.difference


def test_the_sample_ratio_is_that_of_scipy() -> None:
    data = frame()
    counts = data.arm.value_counts()
    check = ab(data, "arm", metric="clicks", expected="control=2,b=1").sample_ratio
    expected = np.array([1.0, 2.0]) / 3.0 * N
    assert check.p_value == pytest.approx(
        stats.chisquare([counts["b"], counts["control"]], expected).pvalue, rel=1e-9
    )
    result = ab(data, "arm", metric="clicks", expected={"control": 2, "b": 1})
    assert any("sample" not in w and "expected shares" in w for w in result.warnings)
    assert result.failed("sample_ratio")


def test_the_sample_ratio_counts_clusters_where_these_are_assigned() -> None:
    """A few heavy users do not look like a broken assignment."""
    rng = np.random.default_rng(3)
    sizes = np.where(np.arange(400) == 0, 2000, 1)
    user = np.repeat(np.arange(400), sizes)
    data = pd.DataFrame(
        {"arm": np.array(["a", "b"])[user % 2], "user": user, "y": rng.normal(size=len(user))}
    )
    assert ab(data, "arm", metric="y").failed("sample_ratio")
    clustered = ab(data, "arm", metric="y", cluster="user").sample_ratio
    assert dict(clustered.counts) == {"a": 200.0, "b": 200.0}


def test_a_ranking_log_is_one_unit_per_session() -> None:
    rows = {
        "session_id": [1, 1, 2, 2, 2, 3, 4, 5, 6],
        "arm": ["a", "a", "b", "b", "b", "a", "b", "a", "b"],
        "click": [1, 0, 1, 1, 0, 0, 1, 1, 0],
        "age": [3, 3, 5, 5, 5, 2, 4, 1, 1],
    }
    result = ab(rows, "arm", metric="clicks=click", ratio="ctr=click:rows")
    assert result.n == 6
    clicks, ctr = result.results
    assert (clicks.control_value, clicks.value) == pytest.approx((2 / 3, 1.0))
    assert (ctr.control_value, ctr.value) == pytest.approx((2 / 4, 3 / 5))
    nested = pa.table(
        {
            "session_id": [1, 2, 3, 4, 5, 6],
            "arm": ["a", "b", "a", "b", "a", "b"],
            "click": [[1, 0], [1, 1, 0], [0], [1], [1], [0]],
        }
    )
    again = ab(nested, "arm", metric="clicks=click", ratio="ctr=click:rows")
    for left, right in zip(again.results, result.results, strict=True):
        assert left.difference.value == pytest.approx(right.difference.value)
        assert left.difference.std_error == pytest.approx(right.difference.std_error)


def test_a_weight_stands_for_equal_rows() -> None:
    data = frame(n=300)
    data["weight"] = np.arange(300) % 3
    repeated = data.loc[data.index.repeat(data.weight)].drop(columns="weight")
    one, two = (ab(x, "arm", metric=["clicks", "bought"]) for x in (data, repeated))
    for left, right in zip(one.results, two.results, strict=True):
        assert left.p_value == pytest.approx(right.p_value, rel=1e-9)
        assert left.difference.std_error == pytest.approx(right.difference.std_error, rel=1e-9)


@pytest.mark.parametrize(
    ("changes", "options", "message"),
    [
        ({"arm": "b"}, {}, "one arm only, 'b'"),
        ({}, {"control": "z"}, "wanted control 'z' among them"),
        ({}, {"expected": "control=1,b=1,c=1"}, "arm 'c' has no units"),
        ({}, {"metric": "x=nothing"}, "no column 'nothing'"),
        ({}, {"metric": "x=country"}, "wanted numbers"),
        ({}, {"covariate": "clicks=absent"}, "no column 'absent'"),
        ({"arm": None}, {}, "wanted an arm"),
        ({"before": np.nan}, {"covariate": "clicks=before"}, "wanted a finite number"),
        ({}, {"cluster": "country"}, "is in arms 'b' and 'control'"),
        ({}, {"covariate": "clicks=before", "covariate_time": "session"}, "no column 'timestamp'"),
    ],
)
def test_wrong_data_are_told_in_one_line(
    changes: dict[str, Any], options: dict[str, Any], message: str
) -> None:
    data = frame(n=200).assign(**changes)
    with pytest.raises(DataError, match=message) as told:
        ab(data, "arm", **{"metric": "clicks", **options})
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metric": "x="}, "wanted NAME=EXPR"),
        ({"metric": ["a=clicks", "a=shown"]}, "the name 'a' twice"),
        ({"ratio": "x=clicks"}, "NAME=NUMERATOR:DENOMINATOR"),
        ({"guardrail": "x=clicks"}, "MARGIN"),
        ({"guardrail": "x=clicks:0"}, "below or above 0"),
        ({"guardrail": "x=clicks:1%%"}, "below or above 0"),
        ({"covariate": "other=before"}, "covariate: found metric 'other'"),
        ({"quantile": "x=ms:95"}, "between 0 and 1"),
        ({"expected": "control=1"}, "no share of arm 'b'"),
        ({"expected": "control"}, "ARM=SHARE"),
        ({"ci": "best"}, "ci: found 'best'"),
        ({"adjust": "none"}, "adjust"),
        ({"looks": 3}, "look: found None"),
        ({"look": 3}, "wanted the number of planned looks"),
        ({"looks": 3, "look": 4}, "1 to 3"),
        ({"looks": 3, "look": 1, "ci": "sequence"}, "with looks, wanted auto"),
        ({"looks": 2, "look": 1, "information": [0.5, 0.4]}, "ascending shares"),
        ({"sequence_at": 0}, "sequence_at"),
        ({"covariate_time": "session"}, "found no covariate"),
        ({"level": 1.5}, "level"),
        ({"side": "left"}, "side: found 'left'"),
        ({"side": "lower", "ci": "sequence"}, "with several looks, wanted two"),
        ({"side": "upper", "looks": 3, "look": 1}, "with several looks, wanted two"),
        ({"side": "upper", "level": 0.4}, "level"),
    ],
)
def test_wrong_options_are_told_in_one_line(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message) as told:
        ab(frame(n=200), "arm", **{"metric": "clicks", **options})
    assert "\n" not in str(told.value)


def test_a_session_in_two_arms_is_an_error() -> None:
    rows = {"session_id": [1, 1, 2, 3], "arm": ["a", "b", "a", "b"], "click": [0, 1, 1, 0]}
    with pytest.raises(DataError, match="one value throughout a session"):
        ab(rows, "arm", metric="click")


def test_a_late_covariate_is_an_error_and_an_unbalanced_one_a_warning() -> None:
    data = frame()
    data["timestamp"], data["measured"] = 10, 9
    options = {"metric": "clicks", "covariate": "clicks=before", "covariate_time": "measured"}
    assert not any("covariate" in text for text in ab(data, "arm", **options).warnings)
    data.loc[7, "measured"] = 11
    with pytest.raises(DataError, match=r"column 'measured' is 11, wanted a time up to the unit's own, 10"):
        ab(data, "arm", **options)
    data["before"] += np.where(data.arm == "b", 0.5, 0.0)
    warned = ab(data, "arm", metric="clicks", covariate="clicks=before").warnings
    assert any("covariate before of clicks differs between b and control" in text for text in warned)


def test_an_arm_without_spread_has_no_interval_of_width_0() -> None:
    data = {"arm": ["a"] * 50 + ["b"] * 50, "y": [2.0] * 100, "z": [0] * 100}
    result = ab(data, "arm", metric=["y", "z"])
    same, none = result.results
    assert (same.difference.value, same.difference.std_error, same.p_value) == (0.0, None, None)
    assert same.difference.intervals[0].low is None
    # No success in 50 and 50 units: the score interval still has a width.
    bounds = none.difference.intervals[0]
    assert (bounds.low, bounds.high) == pytest.approx((-0.0713, 0.0713), abs=1e-3)
    assert none.relative.value is None
    json.dumps(result.to_dict(), allow_nan=False)


def test_rare_rewards_are_told() -> None:
    data = frame()
    data["revenue"] = np.where(np.arange(N) % 500 == 0, 30.0, 0.0)
    assert any("effectively" in text for text in ab(data, "arm", metric="revenue").warnings)
    data["rare"] = (np.arange(N) % 1000 == 0).astype(int)
    assert any("fewer than 5 successes" in text for text in ab(data, "arm", metric="rare").warnings)


def test_users_that_nobody_named_as_clusters_are_told() -> None:
    assert any("--cluster user_id" in text for text in ab(frame(), "arm", metric="clicks").warnings)
    clustered = ab(frame(), "arm", metric="clicks", cluster="user_id")
    assert not any("--cluster" in text for text in clustered.warnings)


def test_looks_widen_intervals_and_raise_p_values() -> None:
    data = frame()
    data["clicks"] += np.where(data.arm == "b", 0.15, 0.0)
    plain = ab(data, "arm", metric="clicks").results[0]
    look = ab(data, "arm", metric="clicks", looks=4, look=2).results[0]
    free = ab(data, "arm", metric="clicks", ci="sequence").results[0]
    assert (look.test, free.test) == ("group_sequential", "sequence")
    for row in (look, free):
        assert (row.p_value or 0.0) > (plain.p_value or 0.0)
        assert (row.difference.intervals[0].low or 0.0) < (plain.difference.intervals[0].low or 0.0)


def test_guardrails_hold_where_the_interval_excludes_the_margin() -> None:
    data = frame(n=8000)
    asked = ["up=clicks:-0.2", "strict=clicks:-0.001", "slow=ms:+20%", "harm=ms2:+5%", "p=bought:-0.05"]
    data["ms2"] = data.ms * np.where(data.arm == "b", 1.4, 1.0)
    result = ab(data, "arm", guardrail=asked)
    assert {row.metric: row.status for row in result.guardrails} == {
        "up": "holds",
        "strict": "unclear",
        "slow": "holds",
        "harm": "violated",
        "p": "holds",
    }
    assert result.failed("guardrail")
    assert not ab(data, "arm", guardrail=asked[:1]).failed("guardrail")
    up = result.guardrails[0]
    (t, c) = sides(data, "clicks")
    found = stats.ttest_ind(t + 0.2, c, equal_var=False, alternative="greater")
    assert up.p_value == pytest.approx(found.pvalue, rel=1e-6)
    slow = result.guardrails[2]
    (t, c) = sides(data, "ms")
    assert slow.p_value == pytest.approx(
        stats.ttest_ind(t, 1.2 * c, equal_var=False, alternative="less").pvalue, rel=1e-6
    )


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.floats(-1e3, 1e3), st.floats(1e-3, 1e3))
def test_a_difference_moves_with_its_units(seed: int, shift: float, scale: float) -> None:
    """Shifting all values keeps the difference, scaling scales it, and exchanging arms turns its sign."""
    data = frame(seed % 1000, n=120)
    data["moved"] = shift + scale * data.clicks
    turned = data.assign(arm=np.where(data.arm == "b", "control", "b"))
    one, two, three = (
        ab(x, "arm", metric=f"m={name}").results[0]
        for x, name in ((data, "clicks"), (data, "moved"), (turned, "clicks"))
    )
    assert two.difference.value == pytest.approx(
        scale * (one.difference.value or 0.0), abs=1e-9 * (1 + abs(shift))
    )
    assert three.difference.value == pytest.approx(-(one.difference.value or 0.0))
    assert three.p_value == pytest.approx(one.p_value)


def test_threads_change_no_bit_and_row_groups_only_rounding(tmp_path: Path) -> None:
    data = frame(n=20_000).sort_values("session").rename(columns={"session": "session_id"})
    options: dict[str, Any] = {
        "metric": ["clicks", "bought"],
        "covariate": "clicks=before",
        "quantile": "p=ms:0.9",
        "cluster": "user_id",
        "ci": ["auto", "bootstrap"],
    }
    found = []
    for size in (1000, 20_000):
        path = tmp_path / f"log-{size}.parquet"
        pq.write_table(pa.Table.from_pandas(data, preserve_index=False), path, row_group_size=size)
        one, four = (ab(str(path), "arm", threads=threads, **options).content() for threads in (1, 4))
        assert one == four
        found.append(one["results"])
    for left, right in zip(*found, strict=True):
        for name in ("value", "difference", "std_error", "p_value"):
            assert left[name] == pytest.approx(right[name], rel=1e-9)


@pytest.mark.parametrize("side", ["lower", "upper"])
def test_one_sided_tests_are_those_of_scipy(side: str) -> None:
    data = frame()
    (t, c), hypothesis = sides(data, "clicks"), {"lower": "greater", "upper": "less"}[side]
    row = ab(data, "arm", metric="clicks", side=side).results[0]
    found = stats.ttest_ind(t, c, equal_var=False, alternative=hypothesis)
    bounds = row.difference.intervals[0]
    assert row.p_value == pytest.approx(found.pvalue, rel=1e-9)
    interval = found.confidence_interval(0.95)
    known, open_end = (bounds.low, bounds.high) if side == "lower" else (bounds.high, bounds.low)
    assert known == pytest.approx(interval.low if side == "lower" else interval.high, rel=1e-9)
    assert open_end is None
    assert row.relative.intervals[0].side == side


@pytest.mark.parametrize("side", ["lower", "upper"])
def test_bounds_are_ends_of_the_central_interval_whose_p_values_agree(side: str) -> None:
    """For proportions, the bootstrap and quantiles; guardrails stay as they are."""
    data = frame(n=2000)
    asked: dict[str, Any] = {
        "metric": ["bought", "clicks"],
        "quantile": "p=ms:0.5",
        "guardrail": "g=clicks:-0.1",
        "ci": ["auto", "bootstrap"],
    }
    one, two = ab(data, "arm", side=side, **asked), ab(data, "arm", level=0.9, **asked)
    end = "low" if side == "lower" else "high"
    for row, central in zip(one.results, two.results, strict=True):
        for estimate, both in ((row.difference, central.difference), (row.relative, central.relative)):
            for bound, interval in zip(estimate.intervals, both.intervals, strict=True):
                assert getattr(bound, end) == pytest.approx(getattr(interval, end), rel=1e-9)
                assert getattr(bound, "high" if end == "low" else "low") is None
        zero = row.difference.intervals[0].holds(0.0)
        assert (row.p_value or 0.0) > 0.05 if zero else (row.p_value or 1.0) <= 0.05
    assert one.guardrails == ab(data, "arm", **asked).guardrails
    assert ("is higher" if side == "lower" else "is lower") in one.render("table", 80)
    json.dumps(one.to_dict(), allow_nan=False)
