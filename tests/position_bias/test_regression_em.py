from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rankeval import propensity
from rankeval.position_bias import regression_em
from rankeval.position_bias.regression_em import NO_ERROR, most_likely

THETA = np.array([1.0, 0.5, 0.25])


def feature_log(sessions: int, seed: int) -> dict[str, Any]:
    """Items of three kinds, sorted by a noisy score of their relevance."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, 3, (sessions, 3))
    kind = np.take_along_axis(kind, np.argsort(-kind - rng.normal(size=kind.shape), axis=1), axis=1)
    clicks = rng.random((sessions, 3)) < THETA * np.array([0.1, 0.4, 0.8])[kind]
    return {
        "session_id": np.repeat(np.arange(sessions), 3),
        "position": np.tile([1, 2, 3], sessions),
        "click": clicks.ravel().astype(int),
        "kind": np.array(["poor", "fair", "good"])[kind.ravel()],
        "noise": rng.random(3 * sessions),
    }


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    from rankeval.models import learners

    monkeypatch.setattr(learners, "TREES", 15)


def test_it_finds_the_curve(quick: None) -> None:
    """Clicks alone fall faster than examination, for the better items are on top."""
    log = feature_log(6000, seed=1)
    result = propensity(log, "em", features="kind,noise")
    found = result.curves[None]
    naive = [np.mean(log["click"][log["position"] == k]) for k in (1, 2, 3)]
    assert naive[1] / naive[0] < THETA[1] - 0.05
    assert naive[2] / naive[0] < THETA[2] - 0.05
    # Standard errors of log theta are about sqrt(1 / 500 clicks).
    assert found.log_theta == pytest.approx(np.log(THETA), abs=4.0 * np.sqrt(1 / 500))
    assert found.log_likelihood is not None
    assert found.log_likelihood > propensity(log, "em", features="noise").curves[None].log_likelihood  # type: ignore[operator]


def test_it_has_no_errors(quick: None) -> None:
    result = propensity(feature_log(800, seed=2), "em", features=["kind"], ci="normal,bootstrap")
    found = result.to_dict()
    assert found["std_error"] == [0.0, None, None]
    assert found["ci"] == [[1.0, 1.0], [None, None], [None, None]]
    assert found["covariance"] is None
    assert f"no standard error at positions 2, 3: {NO_ERROR}" in result.warnings
    assert all(interval.reason == NO_ERROR for interval in result.curves[None].intervals[1][1:])


def test_threads_and_samples(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    log = feature_log(900, seed=3)
    one, other = (propensity(log, "em", features="kind", threads=n).curves[None] for n in (1, 3))
    assert one.log_theta.tolist() == other.log_theta.tolist()
    monkeypatch.setattr(regression_em, "SAMPLE", 300)
    small = propensity(log, "em", features="kind").curves[None]
    assert (one.n, small.n, small.impressions.tolist()) == (900, 300, [300.0] * 3)


def test_curves_that_do_not_settle_are_told(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regression_em, "STEPS", 1)
    warnings = propensity(feature_log(300, seed=4), "em", features="kind").warnings
    assert "the curve still moves by more than 0.001 after 1 steps" in warnings


def test_most_likely_examination_by_hand() -> None:
    """One relevance a position: the click rate over it, at most 1; 0 without clicks."""
    places = np.repeat([0, 1, 2], 10)
    clicks = np.concatenate([np.arange(10) < 4, np.arange(10) < 6, np.zeros(10)]).astype(float)
    found = most_likely(places, clicks, np.full(30, 0.5), 3)
    assert found == pytest.approx([0.4 / 0.5, 1.0, 0.0])


def test_most_likely_examination_has_no_slope() -> None:
    rng = np.random.default_rng(1)
    relevance, places = rng.uniform(0.1, 0.9, 300), np.zeros(300, np.int64)
    clicks = (rng.random(300) < 0.5 * relevance).astype(float)
    theta = most_likely(places, clicks, relevance, 1)[0]
    x = theta * relevance
    assert np.sum(clicks - (1.0 - clicks) * x / (1.0 - x)) == pytest.approx(0.0, abs=1e-6)
