from __future__ import annotations

import re

import numpy as np
import pytest

from rankeval.errors import UsageError
from rankeval.simulators.click_models.fitting.fits import FAMILIES, parse_family
from rankeval.simulators.click_models.fitting.points import Point
from tests.simulators.click_models.fitting.logs import (
    DESCRIPTIONS,
    SHARED,
    Logged,
    expectation_of,
    fit_of,
    likelihood_of,
    simulated,
    words_of,
)

every = pytest.mark.parametrize("name", DESCRIPTIONS)
LOGS: dict[str, Logged] = {name: simulated(name, 6000, seed=5) for name in DESCRIPTIONS}
FITS = {name: fit_of(name, log.lists) for name, log in LOGS.items()}


def test_every_family_is_tried() -> None:
    assert [*FAMILIES, "mixture:pbm+dbn"] == list(DESCRIPTIONS)


@every
def test_the_likelihood_is_that_of_the_model(name: str) -> None:
    log, fit = LOGS[name], FITS[name]
    assert fit.maximum.converged
    wanted = likelihood_of(fit.model, fit.point, log.lists)
    assert fit.maximum.expectation.log_likelihood == pytest.approx(wanted, rel=1e-11)


@every
def test_the_estimate_is_more_likely_than_the_truth(name: str) -> None:
    log, fit = LOGS[name], FITS[name]
    truth = likelihood_of(log.truth, log.point, log.lists)
    # Twice the gain is chi-squared with about as many degrees of freedom as there are parameters.
    size = len(fit.maximum.values)
    assert 0.0 < 2 * (fit.maximum.objective - truth) < size + 4 * (2 * size) ** 0.5


@every
def test_no_direction_leads_up(name: str) -> None:
    """Slopes of the exact likelihood by every parameter, by differences: 0, or outwards at a bound."""
    log, fit = LOGS[name], FITS[name]
    shared, pairs = len(fit.family.start), log.lists.pairs
    start = len(fit.family.parts) if name.startswith("mixture") else 0  # type: ignore[attr-defined]
    values = fit.maximum.values
    for index in range(start, len(values)):
        step = np.zeros(len(values))
        step[index] = 1e-5 * min(values[index], 1.0 - values[index])
        if step[index] == 0.0:
            continue
        up, down = (
            likelihood_of(fit.family.model(point.shared), point, log.lists)
            for point in (Point.of(values + sign * step, shared, pairs) for sign in (1.0, -1.0))
        )
        # A slope that would gain this much over the standard error of a well-known parameter.
        assert (up - down) / (2.0 * step[index]) * 0.01 == pytest.approx(0.0, abs=0.02)


@every
def test_parameters_are_found_again(name: str) -> None:
    log, fit = LOGS[name], FITS[name]
    if name in SHARED:
        errors = fit.errors.standard_errors()
        for found, wanted, error in zip(fit.point.shared, SHARED[name], errors, strict=True):
            assert found == pytest.approx(wanted, abs=1e-12 if error is None else 4 * error)
    if name not in ("pbm_trust", "ubm"):  # whose relevance has no scale of its own
        assert np.abs(fit.point.attractiveness - log.point.attractiveness).max() < 0.15


@every
def test_more_iterations_are_never_worse(name: str) -> None:
    lists = LOGS[name].lists
    reached = [
        fit_of(name, lists, max_iterations=most, restarts=0).maximum.objective for most in range(1, 30, 4)
    ]
    assert np.diff(reached).min() >= -1e-9
    assert not fit_of("dbn", lists, max_iterations=1).maximum.converged


def test_user_browsing_is_found_up_to_scale() -> None:
    fit = FITS["ubm"]
    wanted = np.concatenate(DESCRIPTIONS["ubm"]["gamma"])
    errors = fit.errors.standard_errors()
    assert fit.point.shared.max() == 1.0
    for index in range(1, 10):
        error = errors[index]
        assert error is not None
        found = fit.point.shared[index] / fit.point.shared[0]
        assert found == pytest.approx(wanted[index] / wanted[0], abs=4 * error / fit.point.shared[0])


def test_a_position_based_model_is_a_browsing_one_that_forgets() -> None:
    """The position-based model has the smaller likelihood on any log, and on one of its own little less."""
    lists = LOGS["pbm"].lists
    gain = fit_of("ubm", lists).maximum.objective - FITS["pbm"].maximum.objective
    assert 0.0 < 2 * gain < 6 + 4 * (2 * 6) ** 0.5  # six parameters more


def test_cascade_is_clicks_over_examinations() -> None:
    """By hand: pair 0 examined three times and clicked twice; pair 2 once, below a skip."""
    lists = words_of(
        [[(0, 1), (1, 0)], [(0, 0), (1, 1)], [(1, 0), (0, 1)], [(2, 0), (1, 0)]],
        pairs=3,
    )
    fit = fit_of("cascade", lists)
    np.testing.assert_allclose(fit.point.attractiveness, [2 / 3, 1 / 3, 0.0], atol=1e-12)
    wanted = 2 * np.log(2 / 3) + np.log(1 / 3) + np.log(1 / 3) + 2 * np.log(2 / 3)
    assert fit.maximum.expectation.log_likelihood == pytest.approx(wanted, abs=1e-12)
    assert fit.impossible == 0.0


def test_cascade_stops_at_the_first_click() -> None:
    lists = words_of([[(0, 1), (1, 1)], [(0, 1), (1, 0)], [(1, 1), (0, 1)]], pairs=2)
    fit = fit_of("cascade", lists)
    np.testing.assert_array_equal(fit.point.attractiveness, [1.0, 1.0])
    assert fit.impossible == 2.0


def test_what_no_session_tells_of_has_the_mean_of_the_others() -> None:
    """Pair 2 stands below sure clicks; pair 3 is in no session."""
    sessions = [[(0, 1), (2, 0)]] * 3 + [[(0, 1), (1, 0)]] + [[(1, 0), (0, 1)]]
    fit = fit_of("cascade", words_of(sessions, pairs=4))
    np.testing.assert_allclose(fit.point.attractiveness, [1.0, 0.0, 5 / 6, 5 / 6], atol=1e-12)
    assert fit.known[0].tolist() == [True, True, False, False]


def test_smoothing_adds_clicks_and_skips() -> None:
    """Of the cascade model: (clicks + 2) / (examinations + 4)."""
    sessions = [[(0, 1), (1, 0)], [(0, 0), (1, 0)]]
    fit = fit_of("cascade", words_of(sessions, pairs=2), smoothing=2.0)
    np.testing.assert_allclose(fit.point.attractiveness, [3 / 6, 2 / 5], atol=1e-9)


@pytest.mark.parametrize("name", ["pbm", "pbm_trust", "dbn", "ubm"])
def test_smoothing_keeps_away_from_the_bounds(name: str) -> None:
    sessions = [[(0, 0), (1, 1)], [(1, 1), (0, 0)], [(2, 1), (0, 0)]] * 3
    lists = words_of(sessions, pairs=3)
    assert fit_of(name, lists).point.attractiveness[0] == pytest.approx(0.0, abs=1e-6)
    assert 0.01 < fit_of(name, lists, smoothing=1.0).point.attractiveness[0] < 0.5


@pytest.mark.parametrize("name", FAMILIES)
def test_a_log_without_clicks_is_fitted_by_attractiveness_0(name: str) -> None:
    lists = words_of([[(0, 0), (1, 0)], [(1, 0)]], pairs=2)
    fit = fit_of(name, lists)
    assert fit.maximum.expectation.log_likelihood == pytest.approx(0.0, abs=1e-5)
    rates = fit.model.click_probabilities(fit.point.attractiveness[np.newaxis], np.full((1, 2), 0.5))
    np.testing.assert_allclose(rates, 0.0, atol=1e-5)


def test_restarts_tell_equal_parts_apart() -> None:
    """From equal parts EM never leaves them: the mixture is one model until a restart finds another."""
    lists = LOGS["mixture:pbm+dbn"].lists
    alone = fit_of("dbn", lists).maximum.objective
    once = fit_of("mixture:dbn+dbn", lists, restarts=0, max_iterations=100).maximum.objective
    assert once == pytest.approx(alone, abs=0.01)
    assert fit_of("mixture:dbn+dbn", lists, restarts=2, max_iterations=40).maximum.objective > alone + 0.5


def test_expectations_at_the_maximum_are_a_fixed_point() -> None:
    for name in ("dcm", "dbn", "ccm"):
        fit = FITS[name]
        found = expectation_of(name, LOGS[name].lists)(fit.maximum.values)
        step = found.successes.flat / found.trials.flat
        np.testing.assert_allclose(step, fit.maximum.values, atol=1e-5)


@pytest.mark.parametrize("name", ["", "bm25", "mixture", "mixture:pbm", "mixture:pbm+bm25", "pbm:2"])
def test_unknown_models_are_named(name: str) -> None:
    unknown = name.rpartition("+")[2] if "+" in name else name
    with pytest.raises(UsageError, match=re.escape(f"click_model: found '{unknown}', wanted ")):
        parse_family(name, 3)
