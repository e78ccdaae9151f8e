"""Quantiles in bounded memory, against NumPy's of all values and of resampled values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from rankeval import ab
from rankeval.ab_tests.quantile_sums import _codes, _edge


def frame(values: Any, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"arm": rng.choice(["a", "b"], len(values)), "x": values})


def row(data: pd.DataFrame, share: float = 0.9, **options: Any) -> Any:
    return ab(data, "arm", quantile=f"q=x:{share}", **options).results[0]


@settings(max_examples=100, deadline=None)
@given(
    arrays.arrays(np.float64, st.integers(1, 50), elements=st.floats(allow_nan=False, allow_infinity=False))
)
def test_bins_ascend_with_values(values: np.ndarray[Any, Any]) -> None:
    codes = _codes(np.sort(values))
    assert np.all(np.diff(codes) >= 0)
    for value, code in zip(np.sort(values), codes, strict=True):
        assert _edge(int(code)) <= value
        assert value < _edge(int(code) + 1) or value == np.finfo(float).max


@pytest.mark.parametrize("share", [0.01, 0.5, 0.95])
@pytest.mark.parametrize("kind", ["lognormal", "normal", "whole"])
def test_the_quantile_is_that_of_all_values(share: float, kind: str) -> None:
    rng = np.random.default_rng(1)
    n = 30_000
    draws = {
        "lognormal": lambda: rng.lognormal(5.0, 2.0, n),
        "normal": lambda: rng.normal(size=n),
        "whole": lambda: rng.poisson(4.0, n).astype(float),
    }
    data = frame(draws[kind]())
    found = row(data, share)
    for arm, value in (("a", found.control_value), ("b", found.value)):
        of = np.sort(data.x[data.arm == arm].to_numpy())
        exact = np.quantile(of, share, method="inverted_cdf")
        place = np.searchsorted(of, exact)
        near = of[max(place - 8, 0)], of[min(place + 8, len(of) - 1)]
        assert near[0] <= value <= near[1]
        if kind == "whole":
            assert value == exact


def test_the_error_is_that_of_the_bootstrap_of_units() -> None:
    data = frame(np.random.default_rng(2).lognormal(5.0, 1.0, 4000))
    found = row(data, replicates=2000)
    rng = np.random.default_rng(3)
    sides = [data.x[data.arm == arm].to_numpy() for arm in ("b", "a")]
    naive = np.std(
        [
            np.quantile(rng.choice(sides[0], len(sides[0])), 0.9)
            - np.quantile(rng.choice(sides[1], len(sides[1])), 0.9)
            for _ in range(1000)
        ]
    )
    assert found.difference.std_error == pytest.approx(naive, rel=0.1)
    assert found.difference.intervals[0].method == found.test == "bootstrap"


def test_clusters_make_the_error_larger() -> None:
    rng = np.random.default_rng(4)
    user = np.repeat(np.arange(1000), 10)
    data = pd.DataFrame({"arm": np.array(["a", "b"])[user % 2], "user": user})
    data["x"] = rng.normal(size=1000)[user] + 0.3 * rng.normal(size=10_000)
    clustered, plain = row(data, 0.5, cluster="user"), row(data, 0.5)
    assert clustered.difference.std_error > 1.8 * plain.difference.std_error
    medians = [np.median(data.x[data.arm == arm]) for arm in ("b", "a")]
    assert clustered.difference.value == pytest.approx(medians[0] - medians[1], abs=2e-3)


def test_what_has_no_interval_says_why() -> None:
    constant = ab(frame([3.0] * 400), "arm", quantile="q=x:0.5")
    assert constant.results[0].difference.intervals[0].low is None
    assert any("the values are discrete" in text for text in constant.warnings)
    few = ab(frame(np.arange(100.0)), "arm", quantile="q=x:0.95")
    assert any("fewer than 10 units are beyond" in text for text in few.warnings)
    looks = ab(frame(np.arange(1000.0)), "arm", quantile="q=x:0.5", looks=2, look=1)
    assert looks.results[0].p_value is None
    assert any("several looks" in text for text in looks.warnings)


def test_a_shift_is_found() -> None:
    data = frame(np.random.default_rng(5).normal(size=5000))
    data["x"] += np.where(data.arm == "b", 0.5, 0.0)
    found = row(data, 0.5)
    assert found.p_value == pytest.approx(2 / 1001)
    assert found.difference.intervals[0].low > 0.3


@pytest.mark.parametrize("extreme", [1e300, -1e300])
def test_extreme_values_are_no_problem(extreme: float) -> None:
    values = np.random.default_rng(6).normal(size=2000)
    values[:40] = extreme
    assert abs(row(frame(values), 0.5).value) < 0.2
