"""Plans of A/B tests, against SciPy's noncentral t, exact sums and simulated tests."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from rankeval import DataError, UsageError, ab, plan_ab
from rankeval.ab_tests.power import Design, Spread, effect_for, power_at, sessions_for

HALVES = Design.of(2, None, 0.95, 0.8)


def log(seed: int = 0, users: int = 5000) -> dict[str, Any]:
    """Sessions of users who differ, with a value of before."""
    rng = np.random.default_rng(seed)
    user = np.repeat(np.arange(users), rng.poisson(3.0, users) + 1)
    level = rng.gamma(4.0, 0.25, users)[user]
    n = len(user)
    shown = rng.poisson(4.0, n) + 1.0
    return {
        "user": user,
        "before": level,
        "clicks": rng.poisson(2.0 * level).astype(float),
        "shown": shown,
        "hits": rng.binomial(shown.astype(int), 0.3).astype(float),
        "bought": (rng.random(n) < 0.1).astype(float),
        "session": np.arange(n),
    }


def test_power_is_that_of_noncentral_t() -> None:
    for n in (20, 100, 3000):
        limit, apart = stats.t.ppf(0.975, n - 2), 0.3 / math.sqrt(1.0 * 4.0 / n)
        exact = stats.nct.sf(limit, n - 2, apart) + stats.nct.cdf(-limit, n - 2, apart)
        assert power_at(n, 0.3, Spread(1.0, 1.0), HALVES) == pytest.approx(exact, rel=1e-9)
    # 64 units an arm find half a standard deviation with 80 % power (Cohen 1988).
    assert sessions_for(0.5, Spread(1.0, 1.0), HALVES) == pytest.approx(127, abs=1)


def test_power_of_chi_square_is_that_of_all_outcomes() -> None:
    n, low, high = 400, 0.1, 0.17
    spread = Spread(low, low * (1 - low), proportion=True, tested_as_proportion=True)
    x = np.arange(n + 1)
    hits = np.outer(stats.binom.pmf(x, n, high), stats.binom.pmf(x, n, low))
    pooled = (x[:, None] + x[None, :]) / (2 * n)
    with np.errstate(all="ignore"):
        z = (x[:, None] - x[None, :]) / n / np.sqrt(pooled * (1 - pooled) * 2 / n)
    exact = hits[np.abs(np.nan_to_num(z)) > stats.norm.ppf(0.975)].sum()
    assert power_at(2 * n, high - low, spread, HALVES) == pytest.approx(exact, abs=0.01)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.01, 3.0), st.floats(0.01, 100.0), st.integers(2, 6), st.floats(0.3, 0.95))
def test_the_plan_has_the_wanted_power(effect: float, variance: float, arms: int, power: float) -> None:
    design = Design.of(arms, None, 0.95, power)
    spread = Spread(1.0, variance)
    sessions = sessions_for(effect, spread, design)
    assert sessions is not None
    assert power_at(sessions, effect, spread, design) >= power - 1e-9
    if sessions > 4 * arms:
        assert power_at(0.98 * sessions - 1, effect, spread, design) < power
        found = effect_for(sessions, spread, design)
        assert found is not None
        assert found == pytest.approx(effect, rel=0.2)
        assert found <= effect * (1.0 + 1e-6)


def test_a_large_effect_in_many_arms_is_planned_whole() -> None:
    """The power leaps from 28 % with 10 sessions to 51 % with 11."""
    design, spread = Design.of(6, None, 0.95, 0.5), Spread(1.0, 0.0625)
    assert sessions_for(3.0, spread, design) == 11
    assert power_at(10, 3.0, spread, design) < 0.5 <= power_at(11, 3.0, spread, design)


def test_unequal_shares_need_more() -> None:
    few = Design.of(2, 0.1, 0.95, 0.8)
    spread = Spread(1.0, 1.0)
    ratio = (sessions_for(0.05, spread, few) or 0) / (sessions_for(0.05, spread, HALVES) or 1)
    assert ratio == pytest.approx(1.0 / (4 * 0.1 * 0.9), rel=1e-3)


@pytest.mark.parametrize(
    ("plan", "expected"),
    [({}, "plain"), ({"covariate": "clicks=before"}, "less"), ({"cluster": "user"}, "more")],
)
def test_covariates_need_less_and_clusters_more(plan: dict[str, Any], expected: str) -> None:
    row = plan_ab(log(), metric="clicks", effect=0.05, **plan).results[0]
    data = log()
    plain = (
        2 * np.var(data["clicks"], ddof=1) * (1.959964 + 0.841621) ** 2 / (0.05 * data["clicks"].mean()) ** 2
    )
    assert row.sessions_per_arm is not None
    ratio = row.sessions_per_arm / plain
    if expected == "plain":
        assert ratio == pytest.approx(1.0, rel=2e-3)
    elif expected == "less":
        assert ratio == pytest.approx(row.variance_kept, rel=3e-3)
        assert ratio < 0.75
    else:
        assert ratio == pytest.approx(row.design_effect, rel=3e-3)
        assert ratio > 1.5


@pytest.mark.parametrize("kind", ["clicks", "bought", "ratio", "cuped", "clustered"])
def test_simulated_tests_find_the_effect_as_often_as_planned(kind: str) -> None:
    """200 tests each; 2,000 are in the documentation."""
    asked: dict[str, Any] = {
        "clicks": {"metric": "clicks"},
        "bought": {"metric": "bought"},
        "ratio": {"ratio": "rate=hits:shown"},
        "cuped": {"metric": "clicks", "covariate": "clicks=before"},
        "clustered": {"metric": "clicks", "cluster": "user"},
    }[kind]
    share = {"bought": 0.5, "ratio": 0.2}.get(kind, 0.2)
    row = plan_ab(log(1, 20_000), effect=share, **asked).results[0]
    assert row.sessions is not None
    rng = np.random.default_rng(7)
    found = 0
    for seed in range(200):
        users = row.sessions // 4 + 2
        data = log(1000 + seed, users)
        arm = (
            np.arange(users)[data["user"]] % 2
            if kind == "clustered"
            else rng.permutation(data["session"]) % 2
        )
        keep = slice(0, None if kind == "clustered" else row.sessions)
        name = {"ratio": "hits", "bought": "bought"}.get(kind, "clicks")
        if kind == "bought":
            data[name] = np.where(arm == 1, (rng.random(len(arm)) < 0.1 * (1 + share)) * 1.0, data[name])
        else:
            data[name] = data[name] + arm * (row.effect or 0.0) * (data["shown"] if kind == "ratio" else 1.0)
        rows = {key: values[keep] for key, values in data.items()} | {"arm": np.array(["a", "b"])[arm][keep]}
        found += (ab(rows, "arm", threads=1, **asked).results[0].p_value or 1.0) < 0.05
    assert found / 200 == pytest.approx(0.8, abs=4 * (0.16 / 200) ** 0.5)


def test_days_and_the_smallest_effect_of_days() -> None:
    result = plan_ab(log(), metric="clicks", effect="0.02,0.1", sessions_per_day=1000, days=10)
    small, large, seen = result.results
    assert small.sessions is not None
    assert small.days == math.ceil(small.sessions / 1000)
    assert (large.sessions or 0) < (small.sessions or 0)
    assert (seen.sessions, seen.days, seen.label) == (10_000, 10, "in 10 days")
    again = plan_ab(log(), metric="clicks", effect=seen.relative_effect).results[0]
    assert again.sessions == pytest.approx(10_000, abs=4)


def test_the_gain_of_ope_and_its_low_end_are_planned(tmp_path: Path) -> None:
    gain = {"value": 0.1, "relative": 0.05, "relative_ci": {"low": 0.01, "high": 0.09}}
    lost = {"value": -0.1, "relative": 0.02, "relative_ci": {"low": -0.04, "high": 0.08}}
    results = [
        {"name": "click_ips", "target": "new", "segment": None, "gain": gain},
        {"name": "click_ips", "target": "other", "segment": None, "gain": lost},
        {"name": "click_ips", "target": "new", "segment": "de", "gain": gain},
        {
            "name": "click_arp",  # a mean rank, no reward
            "target": "new",
            "segment": None,
            "gain": gain,
            "verdict": {"level": "caution", "reasons": [{"code": "estimator_caution"}]},
        },
    ]
    path = tmp_path / "uplift.json"
    path.write_text(json.dumps({"command": "ope", "results": results}))
    result = plan_ab(log(), metric="clicks", gain=str(path))
    assert [(row.label, row.relative_effect) for row in result.results] == [
        ("gain click_ips new", pytest.approx(0.05)),
        ("low end click_ips new", pytest.approx(0.01)),
        ("gain click_ips other", pytest.approx(0.02)),
        ("low end click_ips other", pytest.approx(-0.04)),
    ]
    assert result.results[3].sessions is None
    assert any("no number of sessions is enough" in text for text in result.warnings)
    json.dumps(result.to_dict(), allow_nan=False)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("nothing", "is no JSON"),
        ("[]", "holds no gain"),
        ('{"results": [{"gain": {"relative": "x"}}]}', "wanted a num"),
        ('{"results": [{"gain": {"relative": "x"}, "verdict": {"reasons": 3}}]}', "wanted a num"),
    ],
)
def test_a_wrong_gain_file_is_told(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "gain.json"
    path.write_text(content)
    with pytest.raises(DataError, match=message):
        plan_ab(log(), metric="clicks", gain=str(path))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metric": "clicks"}, "wanted an effect, a gain, or days"),
        ({"effect": 0.1}, "metric: found none"),
        ({"metric": "clicks", "effect": 0.0}, "other than 0"),
        ({"metric": "clicks", "effect": "x"}, "other than 0"),
        ({"metric": "bought", "effect": 20.0}, "between 0 and 1"),
        ({"metric": "clicks", "days": 3}, "sessions_per_day"),
        ({"metric": "clicks", "effect": 0.1, "arms": 1}, "arms"),
        ({"metric": "clicks", "effect": 0.1, "share": 1.0}, "share"),
        ({"metric": "clicks", "effect": 0.1, "power": 0.01}, "power"),
        ({"metric": "clicks", "effect": 0.1, "level": 0.0}, "level"),
        ({"metric": "clicks", "effect": 0.1, "sessions_per_day": -1.0}, "sessions_per_day"),
    ],
)
def test_wrong_options_are_told_in_one_line(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message) as told:
        plan_ab(log(users=100), **options)
    assert "\n" not in str(told.value)


def test_a_metric_without_variation_is_told() -> None:
    data = log(users=100) | {"zero": np.zeros(len(log(users=100)["user"]))}
    with pytest.raises(DataError, match="wanted one that varies"):
        plan_ab(data, metric="zero", effect=0.1)


def test_other_experiments_are_shown_beside(tmp_path: Path) -> None:
    power = {"command": "interleave power", "results": [{"name": "team_draft", "sessions_needed": 53}]}
    shuffle = {
        "command": "plan shuffle",
        "designs": [{"design": "full", "sessions": 2500}, {"design": "swap"}],
    }
    paths = []
    for name, content in (("a", power), ("b", shuffle), ("c", {"command": "ope"})):
        paths.append(str(tmp_path / f"{name}.json"))
        Path(paths[-1]).write_text(json.dumps(content))
    result = plan_ab(log(), metric="clicks", effect=0.1, beside=paths[:2], sessions_per_day=1000)
    assert [(other.design, other.sessions, other.days) for other in result.others] == [
        ("team_draft", 53, 1),
        ("full", 2500, 3),
        ("swap", None, None),
    ]
    with pytest.raises(DataError, match="holds 'ope', wanted the JSON of interleave power"):
        plan_ab(log(), metric="clicks", effect=0.1, beside=paths)
