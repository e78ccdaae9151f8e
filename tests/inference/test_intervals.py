from __future__ import annotations

import math
import subprocess
import sys
from statistics import NormalDist

import numpy as np
import pytest
import scipy.stats
from numpy.typing import NDArray

from rankeval.arrays.hashes import BUCKETS, mix64
from rankeval.errors import UsageError
from rankeval.inference.estimate import Estimate
from rankeval.inference.functionals import Functional, Mean, Relative, pairs_needed
from rankeval.inference.inference import NO_SPREAD, Inference
from rankeval.inference.moments import Moments, MomentsAccumulator
from tests.paths import REPO

Z = NormalDist().inv_cdf(0.975)
SNIPS = Mean(0) / Mean(1)
GAIN = SNIPS - Mean(2)
RELATIVE = Relative(SNIPS, Mean(2))
FUNCTIONALS: list[Functional] = [Mean(0), SNIPS, Mean(2) + SNIPS, GAIN, RELATIVE]
ALL = ("normal", "bootstrap", "bootstrap_t")


def moments_of(terms: NDArray[np.float64], keys: NDArray[np.uint64] | None = None) -> Moments:
    """With the pairs of all functionals above that fit."""
    fitting = [f for f in FUNCTIONALS if max(f.terms) < len(terms)]
    return Moments.of(terms, pairs_needed(fitting), np.arange(terms.shape[1]) if keys is None else keys)


def logged(n: int, seed: int = 0, rate: float = 0.3) -> NDArray[np.float64]:
    """The terms w r, w, r of a log whose reward does not depend on the weight."""
    rng = np.random.default_rng(seed)
    weights, rewards = rng.lognormal(-0.125, 0.5, n), (rng.random(n) < rate).astype(float)
    return np.vstack([weights * rewards, weights, rewards])


def constant_reward(reward: float, n: int = 5000) -> NDArray[np.float64]:
    weights = np.random.default_rng(0).lognormal(0, 1, n)
    return np.vstack([reward * weights, weights, np.full(n, reward)])


def bounds(estimate: Estimate, index: int = 0) -> tuple[float, float]:
    interval = estimate.intervals[index]
    assert interval.low is not None
    assert interval.high is not None
    return interval.low, interval.high


def naive_std_error(
    functional: Functional, terms: NDArray[np.float64], clusters: NDArray[np.int64] | None
) -> float:
    """Delta method on the linearised residuals of the units, summed within clusters."""
    means = terms.mean(axis=1)
    residuals = sum(g * (terms[j] - means[j]) for j, g in functional.gradient(means).items())
    n = terms.shape[1]
    totals = np.bincount(np.arange(n) if clusters is None else clusters, weights=residuals)
    groups = n if clusters is None else len(np.unique(clusters))
    return float(np.sqrt(np.sum(totals**2) * groups / (groups - 1)) / n)


def test_mean_hand_worked() -> None:
    estimate = Inference(moments_of(np.array([[1.0, 2.0, 6.0]]))).estimate(Mean(0))
    assert estimate.value == 3.0
    assert estimate.std_error == pytest.approx((14 / 2 / 3) ** 0.5, rel=1e-15)
    assert bounds(estimate) == pytest.approx((3 - Z * (14 / 6) ** 0.5, 3 + Z * (14 / 6) ** 0.5), rel=1e-14)
    assert (estimate.n, estimate.notes) == (3, ())


def test_ratio_hand_worked() -> None:
    # Weights 1, 2, 3 with rewards 1, 0, 1: 4 / 6; residuals (w r - 2/3 w) / 2 = 1/6, -4/6, 3/6.
    estimate = Inference(moments_of(np.array([[1.0, 0.0, 3.0], [1.0, 2.0, 3.0]]))).estimate(SNIPS)
    assert estimate.value == pytest.approx(4 / 6, rel=1e-15)
    assert estimate.std_error == pytest.approx(((1 + 16 + 9) / 36 / 2 / 3) ** 0.5, rel=1e-14)


@pytest.mark.parametrize("functional", FUNCTIONALS)
def test_standard_errors_equal_those_from_residuals(functional: Functional) -> None:
    terms = logged(3000)
    inference = Inference(moments_of(terms), level=0.9)
    estimate = inference.estimate(functional)
    naive = naive_std_error(functional, terms, None)
    assert estimate.std_error == pytest.approx(naive, rel=1e-11)
    assert estimate.value is not None
    margin = NormalDist().inv_cdf(0.95) * naive
    assert bounds(estimate) == pytest.approx((estimate.value - margin, estimate.value + margin), rel=1e-10)


@pytest.mark.parametrize("functional", FUNCTIONALS)
def test_clustered_standard_errors_equal_those_from_cluster_residuals(functional: Functional) -> None:
    terms = logged(3000)
    clusters = np.random.default_rng(1).integers(0, 300, 3000)
    keys = clusters.astype(np.uint64)
    buckets = (mix64(keys) % np.uint64(BUCKETS)).astype(np.int64)
    estimate = Inference(moments_of(terms, keys), clustered=True).estimate(functional)
    assert estimate.std_error == pytest.approx(naive_std_error(functional, terms, buckets), rel=1e-10)
    assert estimate.notes == ()


@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize("reward", [1.0, 0.3, 1 / 3])
def test_constant_reward_has_no_width(reward: float, clustered: bool) -> None:
    inference = Inference(moments_of(constant_reward(reward)), methods=ALL, clustered=clustered)
    for functional in (SNIPS, GAIN, RELATIVE):
        estimate = inference.estimate(functional)
        assert estimate.value == pytest.approx(reward if functional is SNIPS else 0.0, abs=1e-15)
        assert estimate.std_error == 0.0
        for index in range(len(ALL)):
            low, high = bounds(estimate, index)
            assert high - low < 1e-12
            assert low == pytest.approx(estimate.value, abs=1e-14)


SNDR = Mean(3) + Mean(0) / Mean(1)
DEGENERATE = {
    # 20 of 20 hits; no reward at all under IPS and SNIPS; under SNDR with predictions of 0.
    "equal": (Mean(2), [[0.0] * 20, [1.0, 2.0] * 10, [1.0] * 20, [0.0] * 20]),
    "no_reward": (Mean(0), [[0.0] * 20, [1.0, 2.0] * 10, [0.0] * 20, [0.0] * 20]),
    "no_reward_of_a_ratio": (SNIPS, [[0.0] * 20, [1.0, 2.0] * 10, [0.0] * 20, [0.0] * 20]),
    "no_gain": (GAIN, [[0.0] * 20, [1.0, 2.0] * 10, [0.0] * 20, [0.0] * 20]),
    "no_residual": (SNDR, [[0.0] * 20, [1.0, 2.0] * 10, [0.0] * 20, [0.0] * 20]),
    "equal_weights": (SNIPS, [[1.0] * 20, [1.0] * 20, [1.0] * 20, [0.0] * 20]),
}


@pytest.mark.parametrize("case", DEGENERATE)
def test_a_sample_without_spread_has_no_interval(case: str) -> None:
    functional, terms = DEGENERATE[case]
    moments = Moments.of(np.array(terms), pairs_needed([functional]), np.arange(20, dtype=np.uint64))
    estimate = Inference(moments, methods=ALL).estimate(functional)
    assert estimate.std_error == 0.0
    assert {(i.low, i.high, i.reason) for i in estimate.intervals} == {(None, None, NO_SPREAD)}


def test_a_constant_reward_that_is_predicted_has_no_width() -> None:
    """SNDR of a constant reward and equal predictions: residuals are 0, and predictions are constant."""
    terms = np.array([[0.0] * 20, [1.0, 2.0] * 10, [0.3] * 20, [0.3] * 20])
    moments = Moments.of(terms, pairs_needed([SNDR - Mean(2)]), np.arange(20, dtype=np.uint64))
    inference = Inference(moments, methods=ALL)
    for functional, value in ((SNDR, 0.3), (SNDR - Mean(2), 0.0)):
        estimate = inference.estimate(functional)
        assert [bounds(estimate, index) for index in range(len(ALL))] == [(value, value)] * len(ALL)


@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize("spread", [1e-3, 1e-6])
def test_a_small_spread_is_seen(spread: float, clustered: bool) -> None:
    rng = np.random.default_rng(0)
    weights, noise = rng.lognormal(0, 1, 40_000), rng.standard_normal(40_000)
    rewards = 0.3 * (1 + spread * noise)
    terms = np.vstack([weights * rewards, weights, rewards])
    residuals = weights * (noise - np.sum(weights * noise) / np.sum(weights))
    expected = 0.3 * spread * np.sqrt(np.sum(residuals**2)) / np.sum(weights)
    estimate = Inference(moments_of(terms), clustered=clustered).estimate(SNIPS)
    assert estimate.std_error == pytest.approx(expected, rel=0.05)


def test_paired_gain_uses_the_shared_units() -> None:
    rng = np.random.default_rng(0)
    reward = rng.random(2000)
    near = reward + 0.001 * rng.standard_normal(2000)
    moments = Moments.of(np.vstack([near, reward]), pairs_needed([Mean(0) - Mean(1)]))
    estimate = Inference(moments).estimate(Mean(0) - Mean(1))
    assert estimate.std_error == pytest.approx(np.std(near - reward, ddof=1) / 2000**0.5, rel=1e-8)


def test_relative_gain_far_from_zero_is_the_delta_method() -> None:
    estimate = Inference(moments_of(logged(3000))).estimate(RELATIVE)
    assert estimate.value is not None
    assert estimate.std_error is not None
    low, high = bounds(estimate)
    assert (low + high) / 2 == pytest.approx(estimate.value, rel=1e-12)
    assert high - low == pytest.approx(2 * Z * estimate.std_error, rel=1e-12)


@pytest.mark.parametrize("clustered", [False, True])
def test_fieller_bounds_are_the_gains_that_the_data_do_not_contradict(clustered: bool) -> None:
    rng = np.random.default_rng(4)
    terms = np.vstack([rng.normal(0.5, 1, 400), rng.normal(0.16, 1, 400)])
    moments = Moments.of(terms, pairs_needed([Relative(Mean(0), Mean(1))]), np.arange(400, dtype=np.uint64))
    inference = Inference(moments, methods=ALL, clustered=clustered)
    assert Z < inference.value(Mean(1)) / inference.std_error(Mean(1)) < 3
    estimate = inference.estimate(Relative(Mean(0), Mean(1)))
    buckets = (mix64(np.arange(400, dtype=np.uint64)) % np.uint64(BUCKETS)).astype(np.int64)
    for gain in bounds(estimate):
        contrast = (terms[0] - (1 + gain) * terms[1])[np.newaxis]
        std_error = naive_std_error(Mean(0), contrast, buckets if clustered else None)
        assert abs(contrast.mean()) == pytest.approx(Z * std_error, rel=1e-8)
    low, high = bounds(estimate)
    assert estimate.value is not None
    assert low < estimate.value < high
    for interval in estimate.intervals[1:]:
        assert interval.reason == "the reference is within 3 standard errors of 0: resampling needs it off 0"


@pytest.mark.parametrize("reference", [-0.16, -2.0], ids=["fieller", "delta"])
@pytest.mark.parametrize("clustered", [False, True])
def test_a_negative_reference_mirrors_the_gain_over_the_opposite_reference(
    reference: float, clustered: bool
) -> None:
    """``(l - r) / |r|`` of ``l, r`` is minus that of ``-l, -r``: ends of intervals change places too."""
    rng = np.random.default_rng(4)
    terms = np.vstack([rng.normal(0.5, 1, 400), rng.normal(reference, 1, 400)])
    relative = Relative(Mean(0), Mean(1))
    keys = np.arange(400, dtype=np.uint64)
    found, mirrored = (
        Inference(
            Moments.of(part, pairs_needed([relative]), keys), methods=ALL, clustered=clustered
        ).estimate(relative)
        for part in (terms, -terms)
    )
    assert found.value is not None
    assert found.value > 0.0
    assert found.value == -(mirrored.value or 0.0)
    assert found.std_error == pytest.approx(mirrored.std_error, rel=1e-14)
    for index in range(1 if reference == -0.16 else len(ALL)):
        low, high = bounds(mirrored, index)
        assert bounds(found, index) == pytest.approx((-high, -low), rel=1e-12)


def test_fieller_without_bounds_says_why() -> None:
    rng = np.random.default_rng(0)
    terms = np.vstack([rng.normal(1, 1, 400), rng.normal(0.0, 1, 400)])
    moments = Moments.of(terms, pairs_needed([Relative(Mean(0), Mean(1))]))
    interval = Inference(moments).estimate(Relative(Mean(0), Mean(1))).intervals[0]
    assert (interval.low, interval.high) == (None, None)
    assert interval.reason == "the reference is not clearly off 0: the interval (Fieller) is unbounded"


def test_intervals_come_in_the_order_asked_and_agree() -> None:
    methods = ("bootstrap_t", "normal", "bootstrap")
    estimate = Inference(moments_of(logged(20_000)), methods=methods, replicates=2000).estimate(SNIPS)
    assert tuple(interval.method for interval in estimate.intervals) == methods
    assert estimate.value is not None
    assert estimate.std_error is not None
    for index in range(3):
        low, high = bounds(estimate, index)
        assert (high - low) / (2 * Z * estimate.std_error) == pytest.approx(1, abs=0.1)
        assert abs((low + high) / 2 - estimate.value) < 0.2 * estimate.std_error


def test_bootstrap_interval_encloses_the_stated_share_of_replicates() -> None:
    inference = Inference(moments_of(logged(2000)), methods=("bootstrap",), level=0.8, replicates=500)
    low, high = bounds(inference.estimate(SNIPS))
    values = np.sort(inference.bootstrap.values(SNIPS))
    assert (low, high) == (values[49], values[450])


def test_studentised_interval_inverts_the_t_of_the_replicates() -> None:
    inference = Inference(moments_of(logged(2000)), methods=("bootstrap_t",), level=0.8, replicates=500)
    bootstrap, value = inference.bootstrap, inference.value(SNIPS)
    t = np.sort((bootstrap.values(SNIPS) - value) / bootstrap.std_errors(SNIPS))
    expected = (value - t[450] * bootstrap.std_error(SNIPS), value - t[49] * bootstrap.std_error(SNIPS))
    assert bounds(inference.estimate(SNIPS)) == pytest.approx(expected, rel=1e-12)


def test_few_clusters_use_students_t_and_warn() -> None:
    terms, keys = logged(1000), (np.arange(1000) % 10).astype(np.uint64)
    estimate = Inference(moments_of(terms, keys), methods=("normal", "bootstrap"), clustered=True).estimate(
        SNIPS
    )
    assert estimate.std_error is not None
    low, high = bounds(estimate)
    assert high - low == pytest.approx(2 * scipy.stats.t.ppf(0.975, 9) * estimate.std_error, rel=1e-10)
    assert [note.text for note in estimate.notes] == [
        "only 10 clusters: with fewer than 50, errors are rough"
    ]


def test_no_units() -> None:
    estimate = Inference(moments_of(np.empty((3, 0))), methods=ALL).estimate(Mean(0))
    assert (estimate.value, estimate.std_error, estimate.n) == (None, None, 0)
    assert [(i.low, i.high, i.reason) for i in estimate.intervals] == [(None, None, "no units")] * 3
    assert [note.text for note in estimate.notes] == ["no units"]


def test_a_single_unit_or_cluster_has_a_value_only() -> None:
    estimate = Inference(moments_of(logged(1)), methods=ALL).estimate(Mean(1))
    assert (estimate.value, estimate.std_error) == (logged(1)[1, 0], None)
    assert [note.text for note in estimate.notes] == ["a single unit has no standard error"]
    one_key = moments_of(logged(500), np.zeros(500, np.uint64))
    clustered = Inference(one_key, methods=ALL, clustered=True).estimate(SNIPS)
    assert clustered.std_error is None
    assert {i.reason for i in clustered.intervals} == {"a single cluster has no standard error"}
    plain = Inference(one_key, methods=ALL).estimate(SNIPS)
    assert plain.std_error is not None
    assert [i.reason for i in plain.intervals] == [None] + 2 * [
        "all units are in one bucket: nothing to resample"
    ]


def test_a_denominator_of_zero_has_no_value() -> None:
    terms = np.zeros((3, 50))
    for functional in (SNIPS, GAIN, RELATIVE):
        estimate = Inference(moments_of(terms), methods=ALL).estimate(functional)
        assert (estimate.value, estimate.std_error) == (None, None)
        assert {i.reason for i in estimate.intervals} == {"its denominator is 0"}


def test_a_denominator_near_the_smallest_number_has_no_error() -> None:
    terms = np.vstack([[1.0, 2.0], [1e-200, 2e-200], [0.0, 1.0]])
    estimate = Inference(moments_of(terms), methods=ALL).estimate(SNIPS)
    assert estimate.std_error is None
    assert [note.text for note in estimate.notes] == [
        "its denominator is too close to 0, or its terms are too large"
    ]


def test_denominators_that_vanish_in_replicates_are_counted() -> None:
    weights = np.zeros(2000)
    weights[:2] = 1.0
    terms = np.vstack([weights, weights, np.ones(2000)])
    terms[0, 1] = 0.0
    estimate = Inference(moments_of(terms), methods=ALL).estimate(SNIPS)
    assert estimate.value == 0.5
    for interval in estimate.intervals[1:]:
        assert interval.low is None
        missing, _, rest = (interval.reason or "").partition(" of 1000 resamples ")
        assert rest == "have a denominator of 0 or no units"
        assert int(missing) == pytest.approx(1000 * math.exp(-2), abs=4 * (1000 * 0.135 * 0.865) ** 0.5)


def test_a_few_undefined_replicates_are_left_out() -> None:
    inference = Inference(moments_of(logged(6, rate=0.5)), methods=("bootstrap",))
    assert 0 < np.isnan(inference.bootstrap.means[:, 0]).sum() <= 10
    low, high = bounds(inference.estimate(SNIPS))
    assert 0.0 <= low < high <= 1.0


def test_rare_rewards_have_no_studentised_interval() -> None:
    rewards = np.zeros((1, 1000))
    rewards[0, 3] = 1.0
    percentile, studentised = (
        Inference(moments_of(rewards), methods=("bootstrap", "bootstrap_t")).estimate(Mean(0)).intervals
    )
    assert percentile.low == 0.0
    assert studentised.low is None
    assert studentised.reason == "too many resamples have no variance"


@pytest.mark.parametrize("functional", FUNCTIONALS)
@pytest.mark.parametrize("n", [1, 2, 3, 5, 20])
def test_small_samples_never_give_nan(functional: Functional, n: int) -> None:
    for seed in range(5):
        estimate = Inference(moments_of(logged(n, seed)), methods=ALL).estimate(functional)
        numbers = [estimate.value, estimate.std_error]
        for interval in estimate.intervals:
            assert (interval.low is None) == (interval.high is None) == (interval.reason is not None)
            numbers += [interval.low, interval.high]
        assert all(number is None or math.isfinite(number) for number in numbers)


def test_wrong_calls_say_what_was_found_and_wanted() -> None:
    moments = moments_of(logged(10))
    with pytest.raises(
        UsageError, match=r"ci: found 'jackknife', wanted one of auto, normal, student, bootstrap"
    ):
        Inference(moments, methods=("jackknife",))
    with pytest.raises(UsageError, match=r"level: found 95, wanted a number between 0 and 1"):
        Inference(moments, level=95)
    with pytest.raises(UsageError, match=r"level: found 0.9999999999999999"):
        Inference(moments, level=1.0 - 2.0**-53)
    with pytest.raises(UsageError, match=r"replicates: found 1, wanted 2 to 1,000,000"):
        Inference(moments, replicates=1)
    keyless = Moments.of(logged(10), pairs_needed([SNIPS]))
    for arguments in ({"clustered": True}, {"methods": ("bootstrap",)}):
        with pytest.raises(UsageError, match="found moments without keys"):
            Inference(keyless, **arguments)  # type: ignore[arg-type]
    assert Inference(keyless).estimate(SNIPS).std_error is not None


def test_intervals_import_no_special_functions() -> None:
    code = """if True:
        import sys, numpy as np
        from rankeval.inference.comparisons import holm, randomisation_test
        from rankeval.inference.functionals import Mean, pairs_needed
        from rankeval.inference.intervals import INTERVALS
        from rankeval.inference.inference import Inference
        from rankeval.inference.moments import Moments
        terms, keys = np.random.default_rng(0).random((1, 100)), np.arange(100, dtype=np.uint64) % 20
        moments = Moments.of(terms, pairs_needed([Mean(0)]), keys)
        Inference(moments, methods=tuple(INTERVALS), clustered=True).estimate(Mean(0))
        holm([randomisation_test(terms[0], keys)])
        print(sorted({"scipy.special", "scipy.stats", "pandas"} & set(sys.modules)))
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPO)
    assert done.stdout.strip() == "[]"


def test_replicates_with_a_zero_denominator_are_undefined_not_infinite() -> None:
    terms = np.zeros((3, 1000))
    terms[0, :500], terms[1, :4] = 1.0, 1.0
    estimate = Inference(moments_of(terms), methods=ALL).estimate(SNIPS)
    assert estimate.value == 125.0
    for interval in estimate.intervals[1:]:
        assert (interval.low, interval.high) == (None, None)
        assert "of 1000 resamples have a denominator of 0" in (interval.reason or "")


def coverage(
    functional: Functional, truth: float, worlds: int, terms: object, clustered: bool = False
) -> list[float]:
    """Share of worlds in which each method's 95 % interval holds the truth."""
    hits = np.zeros(len(ALL))
    for world in range(worlds):
        block, keys = terms(world)  # type: ignore[operator]
        estimate = Inference(
            moments_of(block, keys), methods=ALL, clustered=clustered, replicates=300, seed=world
        ).estimate(functional)
        hits += [low <= truth <= high for low, high in (bounds(estimate, i) for i in range(len(ALL)))]
    return list(hits / worlds)


@pytest.mark.parametrize(("functional", "truth"), [(Mean(0), 0.3), (SNIPS, 0.3), (GAIN, 0.0)])
def test_intervals_cover_as_often_as_they_say(functional: Functional, truth: float) -> None:
    worlds = 500
    tolerance = 4 * (0.95 * 0.05 / worlds) ** 0.5
    for share in coverage(functional, truth, worlds, lambda world: (logged(400, world), None)):
        assert share == pytest.approx(0.95, abs=tolerance)


def clustered_rewards(
    world: int, groups: int = 500, n: int = 20_000
) -> tuple[NDArray[np.float64], NDArray[np.uint64]]:
    rng = np.random.default_rng(world)
    clusters = rng.integers(0, groups, n)
    rewards = rng.normal(0, 1, groups)[clusters] + rng.normal(0, 1, n)
    return rewards[np.newaxis], clusters.astype(np.uint64)


def test_clustered_intervals_cover_where_others_do_not() -> None:
    worlds = 200
    tolerance = 4 * (0.95 * 0.05 / worlds) ** 0.5
    for share in coverage(Mean(0), 0.0, worlds, clustered_rewards, clustered=True):
        assert share == pytest.approx(0.95, abs=tolerance)
    normal = coverage(Mean(0), 0.0, worlds, clustered_rewards)[0]
    assert normal < 0.6


def test_leaves_in_blocks_give_the_estimates_of_the_whole() -> None:
    terms, keys = logged(30_000), np.arange(30_000, dtype=np.uint64)
    pairs = pairs_needed([RELATIVE])
    accumulator = MomentsAccumulator(3, pairs, bucketed=True)
    for start in range(0, 30_000, 4096):
        accumulator.add(terms[:, start : start + 4096], keys[start : start + 4096])
    parts = Inference(accumulator.moments(), methods=ALL).estimate(GAIN)
    whole = Inference(Moments.of(terms, pairs, keys), methods=ALL).estimate(GAIN)
    assert parts.value == pytest.approx(whole.value, rel=1e-11)
    assert parts.std_error == pytest.approx(whole.std_error, rel=1e-11)
    for index in range(len(ALL)):
        assert bounds(parts, index) == pytest.approx(bounds(whole, index), rel=1e-9)


@pytest.mark.parametrize("clustered", [False, True])
def test_terms_whose_squares_overflow_have_a_value_and_a_reason(clustered: bool) -> None:
    terms = np.array([[1e200, 2e200, -1e200, 1e200]])
    keys = np.arange(4, dtype=np.uint64)
    with np.errstate(over="ignore", invalid="ignore"):
        moments = Moments.of(terms, pairs_needed([Mean(0)]), keys)
    estimate = Inference(moments, methods=ALL, clustered=clustered).estimate(Mean(0))
    assert estimate.value == pytest.approx(0.75e200)
    assert estimate.std_error is None
    assert {interval.reason for interval in estimate.intervals} == {
        "its denominator is too close to 0, or its terms are too large"
    }
