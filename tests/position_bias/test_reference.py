"""Curves of the reference log against published figures."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from rankeval import PropensityCurve, propensity
from rankeval.logs.log import Log
from tests.paths import REFERENCE

FOLDER = REFERENCE / "click"
pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="no shared reference files")


@pytest.fixture(scope="module")
def wanted() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / "pbm_log_reference.json").read_text())
    return found


def curve(method: str, **options: Any) -> PropensityCurve:
    return propensity(str(FOLDER / "pbm_log.parquet"), method, where="session_id < 24000", **options)


def theta(result: PropensityCurve) -> Any:
    return pytest.approx(result.curves[None].theta.tolist(), abs=1e-6)


def test_maximum_likelihood(wanted: dict[str, Any]) -> None:
    found = curve("em").curves[None]
    assert found.theta == pytest.approx(wanted["pbm_mle_theta"], abs=1e-6)
    assert found.log_likelihood == pytest.approx(wanted["pbm_mle_loglik"], abs=1e-6)
    errors = np.sqrt(np.diag(found.covariance))
    assert errors == pytest.approx(wanted["pbm_mle_se_log_theta"], rel=1e-6)


def test_shuffled_sessions(wanted: dict[str, Any]) -> None:
    result, reference = curve("shuffle"), wanted["shuffle_only"]
    assert result.curves[None].n == reference["n"]
    assert result.curves[None].theta == pytest.approx(reference["ratio"], rel=1e-12)
    assert result.to_dict()["std_error"] == pytest.approx(reference["se"], rel=1e-9)


def test_weighted_clicks(wanted: dict[str, Any]) -> None:
    result, reference = curve("pair"), wanted["ipw_all_sessions"]
    assert result.curves[None].n == reference["n"]
    assert result.curves[None].theta == pytest.approx(reference["ratio"], rel=1e-9)
    assert result.to_dict()["std_error"] == pytest.approx(reference["se"], rel=1e-9)


@pytest.mark.parametrize("method", ["pivot", "chain", "allpairs"])
def test_harvesting(wanted: dict[str, Any], method: str) -> None:
    reference = wanted["harvest"]
    name = "adjacent_chain" if method == "chain" else method
    assert reference[name] == theta(curve(method))
    if f"{name}_harmonic" in reference:
        assert reference[f"{name}_harmonic"] == theta(curve(method, weights="harmonic"))


def test_what_all_pairs_maximises(wanted: dict[str, Any]) -> None:
    found = curve("allpairs").curves[None].log_likelihood
    assert found == pytest.approx(wanted["harvest"]["allpairs_objective"], abs=1e-9)


def test_curves_agree_with_the_truth(wanted: dict[str, Any]) -> None:
    """The clicks were simulated by 1 / k, which a power law finds."""
    log = Log(str(FOLDER / "pbm_log.parquet"))
    for method in ("shuffle", "pair", "allpairs", "em"):
        result = propensity(log, method, smooth="power")
        found = result.curves[None]
        z = (found.log_theta[1:] - np.log(wanted["theta_true"][1:])) / np.sqrt(np.diag(found.covariance)[1:])
        assert np.abs(z).max() < 4.0
        assert result.smoothings is not None
        law = result.smoothings[None]
        assert law is not None
        assert abs(law.eta - 1.0) < 4.0 * law.std_error
        assert law.p_value is not None
        assert law.p_value > 1e-4
