from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from rankeval import propensity
from rankeval.position_bias.curve import Curve
from rankeval.position_bias.curve_tests import power_law, same_curve
from tests.position_bias.worlds import random_log


def curve(log_theta: Any, covariance: Any, totals: Any = None) -> Curve:
    """Of position 1, and of those given after it."""
    k = len(log_theta) + 1
    whole = np.zeros((k, k))
    whole[1:, 1:] = covariance
    degrees = None if totals is None else float(np.count_nonzero(totals.any(axis=1)) - 1)
    log, ones = np.array([0.0, *log_theta]), np.ones(k)
    return Curve(None, 10, log, whole, ((),), ones, ones, bucket_totals=totals, degrees=degrees)


A = np.array([[0.04, 0.01], [0.01, 0.09]])
B = np.array([[0.02, 0.0], [0.0, 0.03]])


def test_two_segments_by_hand() -> None:
    d = np.array([0.5, -0.4])
    found = same_curve([curve([-0.7, -1.1], A), curve(np.array([-0.7, -1.1]) + d, B)])
    statistic = float(d @ np.linalg.inv(A + B) @ d)
    assert found.statistic == pytest.approx(statistic)
    assert (found.degrees, found.positions) == (2, (2, 3))
    assert found.p_value == pytest.approx(stats.chi2.sf(statistic, 2))


def test_it_does_not_matter_which_segment_comes_first() -> None:
    parts = [curve([-0.7, -1.1], A), curve([-0.5, -1.3], B), curve([-0.9, -1.0], 2 * A)]
    found = [same_curve([parts[i] for i in order]) for order in ([0, 1, 2], [2, 0, 1], [1, 2, 0])]
    assert found[0].degrees == 4
    for other in found[1:]:
        assert other.statistic == pytest.approx(found[0].statistic)


def test_positions_without_errors_are_left_out() -> None:
    unknown = curve([-0.7, -1.1], A)
    unknown.covariance[2, 1:] = unknown.covariance[1:, 2] = np.nan
    found = same_curve([unknown, curve([-0.5, -1.1, -1.5], np.eye(3))])
    assert (found.positions, found.degrees) == ((2,), 1)
    assert found.statistic == pytest.approx(0.2**2 / (0.04 + 1.0))


def test_few_segments_are_no_test() -> None:
    alone = same_curve([curve([-0.7, -1.1], A)])
    assert (alone.statistic, alone.p_value) == (None, None)
    assert alone.reason == "fewer than two segments have curves with errors"
    assert same_curve([]).reason == alone.reason
    singular = same_curve([curve([-0.7, -1.1], np.ones((2, 2)))] * 2)
    assert singular.reason == "their covariance is singular"


def test_clusters_that_are_in_both_segments() -> None:
    """Totals of the same clusters, so what is common to both segments is not in their difference."""
    rng = np.random.default_rng(1)
    common, own = rng.normal(size=(40, 3)), 0.3 * rng.normal(size=(40, 3))
    totals = np.zeros((2, 100, 3))
    totals[0, :40], totals[1, :40] = common, common + own
    totals[:, :, 0] = 0.0
    first, second = (curve([-0.7, -1.1], A, part) for part in totals)
    second.log_theta[1:] += [0.5, 0.2]
    found = same_curve([first, second])
    difference = (totals[1] - totals[0])[:, 1:]
    statistic = float(np.array([0.5, 0.2]) @ np.linalg.inv(difference.T @ difference) @ np.array([0.5, 0.2]))
    assert found.statistic == pytest.approx(statistic)
    assert found.p_value == pytest.approx(stats.f.sf(statistic * 38 / (2 * 39), 2, 38))


def test_too_few_clusters() -> None:
    totals = np.zeros((10, 3))
    totals[:2, 1:] = 1.0
    found = same_curve([curve([-0.7, -1.1], A, totals)] * 2)
    assert found.reason == "clusters give 1 degrees of freedom, wanted more than 1"


@pytest.mark.parametrize("cluster", [None, "user"])
def test_p_values_are_uniform_where_curves_are_one(cluster: str | None) -> None:
    """Devices of the simulated logs do not differ: of 60 p-values 30 +- 4 sqrt(15) are below 1/2."""
    below = 0
    for seed in range(60):
        test = propensity(random_log(600, seed), "shuffle", by="device", cluster=cluster).test
        assert test is not None
        assert test.p_value is not None
        below += test.p_value < 0.5
    assert abs(below - 30) < 4.0 * np.sqrt(15.0)


def test_different_curves_are_told_apart() -> None:
    log = random_log(6000, seed=1)
    phone = np.asarray(log["device"]) == "phone"
    lost = np.random.default_rng(2).random(len(phone)) < 0.5
    log["click"] = np.where(phone & (np.asarray(log["position"]) > 2) & lost, 0, log["click"])
    for method in ("shuffle", "allpairs", "em"):
        result = propensity(log, method, by="device")
        assert list(result.curves) == [None, "desk", "phone"]
        assert result.test is not None
        assert result.test.p_value is not None
        assert result.test.p_value < 1e-6
    other = {name: np.asarray(values)[phone] for name, values in log.items()}
    alone = propensity(other, "em").curves[None]
    assert result.curves["phone"].log_theta == pytest.approx(alone.log_theta, abs=1e-9)
    assert result.curves["phone"].covariance == pytest.approx(alone.covariance, rel=1e-6, abs=1e-15)


def test_power_law_by_hand() -> None:
    """Generalised least squares of y on x = -log k."""
    y, x = np.array([-0.7, -1.2]), -np.log([2.0, 3.0])
    weight = np.linalg.inv(A)
    eta = float(x @ weight @ y / (x @ weight @ x))
    found = power_law(curve(y, A), 0.95)
    assert found is not None
    assert found.eta == pytest.approx(eta)
    assert found.std_error == pytest.approx((x @ weight @ x) ** -0.5)
    misfit = float((y - eta * x) @ weight @ (y - eta * x))
    assert (found.chi_square, found.degrees) == (pytest.approx(misfit), 1)
    assert found.p_value == pytest.approx(stats.chi2.sf(misfit, 1))
    assert found.theta() == pytest.approx([1.0, 2.0**-eta, 3.0**-eta])
    assert (found.low, found.high) == pytest.approx(
        (eta - 1.959964 * found.std_error, eta + 1.959964 * found.std_error)
    )


def test_power_laws_fit_exactly() -> None:
    found = power_law(curve(-0.8 * np.log([2.0, 3.0]), A), 0.95)
    assert found is not None
    assert found.eta == pytest.approx(0.8)
    assert found.p_value == pytest.approx(1.0, abs=1e-6)
    alone = power_law(curve([-0.7], [[0.04]]), 0.95)
    assert alone is not None
    assert (alone.eta, alone.degrees, alone.p_value) == (pytest.approx(0.7 / np.log(2.0)), 0, None)
    assert power_law(curve([-0.7], [[np.nan]]), 0.95) is None
    assert power_law(curve([-0.7, -1.1], np.ones((2, 2))), 0.95) is None


def test_power_law_of_few_clusters_by_hand() -> None:
    """A misfit of one degree, 6 clusters: the p-value is that of F with 1 and 5, the interval Student's."""
    totals = np.zeros((8, 3))
    totals[:6, 1:] = np.random.default_rng(3).normal(size=(6, 2))
    y, v = np.array([-0.7, -1.5]), totals[:, 1:].T @ totals[:, 1:]
    found, plain = power_law(curve(y, v, totals), 0.95), power_law(curve(y, v), 0.95)
    assert found is not None
    assert plain is not None
    assert (found.eta, found.chi_square) == (plain.eta, plain.chi_square)
    assert found.p_value == pytest.approx(stats.f.sf(found.chi_square * 5 / 5, 1, 5))
    assert found.std_error == pytest.approx(plain.std_error * np.sqrt((5 + found.chi_square) / 4))
    assert found.high - found.eta == pytest.approx(stats.t.ppf(0.975, 4) * found.std_error)


def test_power_law_of_too_few_clusters() -> None:
    totals = np.zeros((8, 3))
    totals[:2, 1:] = [[1.0, 0.5], [0.3, -1.0]]
    assert power_law(curve([-0.7, -1.5], totals[:, 1:].T @ totals[:, 1:], totals), 0.95) is None


def test_power_laws_of_few_clusters_hold_what_they_say() -> None:
    """Means of 8 normal clusters at three positions: p-values are uniform, and 95 % intervals hold eta."""
    rng, below, held = np.random.default_rng(4), 0, 0
    mixing = np.array([[1.0, 0.5, 0.2], [0.0, 1.0, 0.6], [0.0, 0.0, 1.0]])
    for _ in range(400):
        draws = 0.1 * rng.normal(size=(8, 3)) @ mixing
        totals = np.zeros((8, 4))
        totals[:, 1:] = (draws - draws.mean(axis=0)) / np.sqrt(8 * 7)
        covariance = totals[:, 1:].T @ totals[:, 1:]
        found = power_law(curve(draws.mean(axis=0) - np.log([2, 3, 4]), covariance, totals), 0.95)
        assert found is not None
        assert found.p_value is not None
        below += found.p_value < 0.05
        held += found.low <= 1.0 <= found.high
    assert abs(below - 20) < 4.0 * np.sqrt(19.0)
    assert abs(held - 380) < 4.0 * np.sqrt(19.0)


def test_uneven_clusters_have_few_degrees_of_freedom() -> None:
    """The p-value is that of CR2's degrees, not of the number of clusters."""
    log = random_log(600, 1)
    user = np.where(np.asarray(log["session_id"]) % 2 == 0, 0, np.asarray(log["user"]) + 1)
    even = propensity(log, "shuffle", by="device", cluster="user")
    uneven = propensity({**log, "user": user}, "shuffle", by="device", cluster="user")
    assert even.test is not None
    assert uneven.test is not None
    least = [min(curve.degrees or 0.0 for curve in found.curves.values()) for found in (even, uneven)]
    assert least[1] < 12.0 < least[0]
    statistic, df, f = uneven.test.statistic or 0.0, uneven.test.degrees, least[1]
    below = min(curve.degrees or 0.0 for name, curve in uneven.curves.items() if name is not None)
    assert below >= f
    rest = below + 1.0 - df
    if rest > 0.0:
        assert uneven.test.p_value == pytest.approx(stats.f.sf(statistic * rest / (df * below), df, rest))
    else:
        assert uneven.test.p_value is None


@pytest.mark.parametrize("method", ["shuffle", "allpairs", "em"])
def test_users_without_a_cluster_give_a_warning(method: str) -> None:
    """Half of the users click at position 1 and nearly nowhere else: the sessions of one are alike."""
    log = random_log(900, 2)
    users = np.asarray(log["session_id"]) // 10
    del log["user"]
    lazy = np.random.default_rng(3).random(users.max() + 1)[users] < 0.5
    chance = np.where(lazy, np.where(np.asarray(log["position"]) == 1, 0.9, 0.02), 0.5)
    log |= {"click": (np.random.default_rng(4).random(len(users)) < chance).astype(int), "user_id": users}
    (warning,) = (text for text in propensity(log, method).warnings if "user_id" in text)
    assert "sessions of one 'user_id' are alike (about " in warning
    assert not any("alike" in text for text in propensity(log, method, cluster="user_id").warnings)
