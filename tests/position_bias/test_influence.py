"""Errors that follow from what each session changes of an estimate."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rankeval import propensity
from rankeval.arrays.hashes import mix64
from tests.position_bias.worlds import random_log

LOG = random_log(600, seed=5)
COUNTED = ["pivot", "chain", "allpairs", "em"]


def without(log: dict[str, Any], column: str, value: int) -> dict[str, Any]:
    kept = np.asarray(log[column]) != value
    return {name: np.asarray(values)[kept] for name, values in log.items()}


def jackknife(log: dict[str, Any], column: str, method: str, units: int) -> Any:
    """Covariance of log theta from leaving one unit out at a time, of the first ones."""
    curves = [propensity(without(log, column, unit), method).curves[None].log_theta for unit in range(units)]
    whole = propensity(log, method).curves[None].log_theta
    deviations = np.stack(curves) - whole
    return deviations.T @ deviations


@pytest.mark.parametrize("method", COUNTED)
def test_clusters_are_left_out_one_at_a_time(method: str) -> None:
    """The sum of squared changes by clusters is the jackknife's, but for terms of second order."""
    users, log = 20, random_log(8000, seed=5)
    log["user"] = log["session_id"] % users
    found = propensity(log, method, cluster="user").curves[None]
    scale = float(np.diag(found.covariance).max())
    assert found.covariance[1:, 1:] == pytest.approx(
        jackknife(log, "user", method, users)[1:, 1:], rel=0.1, abs=0.05 * scale
    )


@pytest.mark.parametrize("method", COUNTED)
def test_clusters_of_one_session_are_sessions(method: str) -> None:
    alone = propensity(LOG, method, cluster="session_id").curves[None]
    plain = propensity(LOG, method).curves[None]
    assert alone.log_theta.tolist() == plain.log_theta.tolist()
    tolerance = (
        0.25 if method == "em" else 0.1
    )  # the model's errors there; buckets hold several sessions here
    assert np.diag(alone.covariance) == pytest.approx(np.diag(plain.covariance), rel=tolerance)


@pytest.mark.parametrize("method", ["shuffle", *COUNTED])
def test_copies_of_sessions_tell_no_more(method: str) -> None:
    """Nine copies of each session, clustered with it, leave the errors as they are."""
    copies = {name: np.repeat(np.asarray(values).reshape(-1, 4), 9, axis=0) for name, values in LOG.items()}
    copies["user"] = copies["session_id"]
    copies["session_id"] = np.repeat(np.arange(len(copies["user"])), 4).reshape(-1, 4)
    log = {name: values.ravel() for name, values in copies.items()}
    many, once = (
        propensity(each, method, cluster=column).curves[None]
        for each, column in ((log, "user"), (LOG, "session_id"))
    )
    assert many.log_theta == pytest.approx(once.log_theta, abs=1e-9)
    assert many.covariance == pytest.approx(once.covariance, rel=1e-9, abs=1e-12)
    without_clusters = propensity(log, method).curves[None]
    assert np.diag(without_clusters.covariance)[1:] == pytest.approx(
        np.diag(many.covariance)[1:] / 9, rel=0.3
    )


@pytest.mark.parametrize("method", ["shuffle", *COUNTED])
def test_the_bootstrap_agrees_with_the_delta_method(method: str) -> None:
    log = random_log(3000, seed=6)
    found = propensity(log, method, ci="normal,bootstrap,bootstrap_t", replicates=2000).curves[None]
    normal, *others = found.intervals
    for other in others:
        for one, two in zip(normal[1:], other[1:], strict=True):
            assert one.low is not None
            assert one.high is not None
            assert two.low is not None
            assert two.high is not None
            width = one.high - one.low
            assert two.low == pytest.approx(one.low, abs=0.15 * width)
            assert two.high == pytest.approx(one.high, abs=0.15 * width)


@pytest.mark.parametrize("method", ["shuffle", *COUNTED])
def test_seeds_and_threads(method: str) -> None:
    def intervals(**options: Any) -> Any:
        return propensity(LOG, method, ci="bootstrap", **options).to_dict()["ci"]

    assert intervals(seed=1, threads=1) == intervals(seed=1, threads=3)
    assert intervals(seed=1) != intervals(seed=2)


@pytest.mark.parametrize("method", ["shuffle", *COUNTED])
def test_rows_in_any_order_and_other_ids(method: str) -> None:
    order = np.argsort(mix64(np.arange(len(LOG["click"]), dtype=np.uint64)), kind="stable")
    mixed = {name: np.asarray(values)[order] for name, values in LOG.items()}
    mixed["item_id"] = np.char.add("item ", mixed["item_id"].astype(str))
    mixed["query_id"] = np.char.add("query ", mixed["query_id"].astype(str))
    found, wanted = (propensity(log, method).curves[None] for log in (mixed, LOG))
    assert found.log_theta == pytest.approx(wanted.log_theta, abs=1e-9)
    assert found.covariance == pytest.approx(wanted.covariance, rel=1e-9, abs=1e-15)
    assert found.clicks.tolist() == wanted.clicks.tolist()
