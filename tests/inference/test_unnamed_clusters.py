"""Design effects of clusters that nobody named, against clustered errors and by hand."""

from __future__ import annotations

import numpy as np
import pytest

from rankeval.array_types import Floats, Hashes
from rankeval.inference import DesignEffects, Inference, Mean, Moments, NamedKeys, pairs_needed

PAIRS = pairs_needed([Mean(0)])


def inference_of(values: Floats, users: Hashes, clustered: bool = False) -> Inference:
    named = NamedKeys("user_id", users)
    moments = Moments.of(values[np.newaxis], PAIRS, users if clustered else None, unnamed=named)
    return Inference(moments, clustered=clustered)


def effects_of(values: Floats, users: Hashes) -> DesignEffects:
    found = DesignEffects.from_(inference_of(values, users), {"the mean": Mean(0)})
    assert found is not None
    return found


def users_of(number: int, each: int) -> Hashes:
    return np.repeat(np.arange(number, dtype=np.uint64), each)


def test_effect_by_hand() -> None:
    """Two users with totals 2 and -2 about the mean 0: variance 2 (4 + 4) / 16, against (4 / 3) / 4."""
    assert effects_of(np.array([1.0, 1.0, -1.0, -1.0]), users_of(2, 2)).of["the mean"] == pytest.approx(3.0)


def test_effect_is_the_ratio_of_variances() -> None:
    rng = np.random.default_rng(1)
    users = users_of(80, 5)
    values = rng.normal(size=400) + np.repeat(rng.normal(size=80), 5)
    with_clusters = inference_of(values, users, clustered=True).std_error(Mean(0))
    without = inference_of(values, users).std_error(Mean(0))
    assert effects_of(values, users).of["the mean"] == pytest.approx(
        (with_clusters / without) ** 2, rel=1e-12
    )
    assert DesignEffects.from_(inference_of(values, users, clustered=True), {"the mean": Mean(0)}) is None


def test_merged_parts_are_as_one() -> None:
    rng = np.random.default_rng(2)
    values, users = rng.normal(size=3000), rng.integers(0, 900, 3000).astype(np.uint64)
    parts = [
        Moments.of(values[np.newaxis, rows], PAIRS, unnamed=NamedKeys("user_id", users[rows]))
        for rows in (slice(0, 1000), slice(1000, 3000))
    ]
    merged = DesignEffects.from_(Inference(parts[0].merge(parts[1])), {"the mean": Mean(0)})
    assert merged is not None
    whole = effects_of(values, users)
    assert merged.of["the mean"] == pytest.approx(whole.of["the mean"], rel=1e-9)
    assert merged.clusters.distinct == whole.clusters.distinct


@pytest.mark.parametrize("number", [1, 7, 60, 1000, 20_000, 300_000])
def test_about_how_many_users(number: int) -> None:
    """Linear counting while they are few; the error of HyperLogLog is 1.04 / 64 = 1.6 %."""
    found = effects_of(np.zeros(number), users_of(number, 1)).clusters.distinct
    assert found == pytest.approx(number, rel=0.03 if number < 100 else 0.06)


@pytest.mark.parametrize(("number", "each"), [(60, 20), (500, 10), (20_000, 3)])
def test_warns_of_users_alike_and_seldom_of_others(number: int, each: int) -> None:
    alike = alone = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        noise = rng.normal(size=number * each)
        own = np.repeat(rng.normal(scale=0.6, size=number), each)
        alike += any(effects_of(noise + own, users_of(number, each)).notes("sessions"))
        alone += any(effects_of(noise, users_of(number, each)).notes("sessions"))
    assert alike == 40
    assert alone <= 4  # expected 0.4 at most


def test_warning_says_by_how_much() -> None:
    users = users_of(60, 4)
    values = np.repeat(np.tile([1.0, -1.0], 30), 4)
    (note,) = effects_of(values, users).notes("sessions")
    assert note.numbers["design_effect"] == pytest.approx(4 * 239 / 240 * 60 / 59, rel=1e-9)
    assert note.text.startswith("sessions of one 'user_id' are alike (about 60 values with 4.0 sessions each")
    assert (
        "of the mean by a factor of 2.01 (design effect 4.05); --cluster user_id allows for it" in note.text
    )


def test_uneven_users_are_too_few_to_tell() -> None:
    users = np.concatenate([users_of(1, 300), users_of(60, 5) + np.uint64(1)])
    (note,) = effects_of(np.random.default_rng(0).normal(size=600), users).notes("rounds")
    assert "too few or too uneven values to tell" in note.text


def test_users_who_do_not_return_give_no_warning() -> None:
    assert not list(effects_of(np.random.default_rng(0).normal(size=30), users_of(30, 1)).notes("rounds"))
    assert not list(effects_of(np.zeros(100), users_of(60, 2)[:100]).notes("rounds"))


def test_what_has_no_error_has_no_effect() -> None:
    """A ratio over a mean of 0, and a constant."""
    values = np.stack([np.arange(40.0), np.zeros(40), np.ones(40)])
    estimates = {"ratio": Mean(0) / Mean(1), "constant": Mean(2), "mean": Mean(0)}
    moments = Moments.of(values, pairs_needed(estimates.values()), unnamed=NamedKeys("uid", users_of(4, 10)))
    found = DesignEffects.from_(Inference(moments), estimates)
    assert found is not None
    assert set(found.of) == {"mean"}
