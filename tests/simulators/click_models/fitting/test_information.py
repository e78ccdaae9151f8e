from __future__ import annotations

import numpy as np
import pytest

from rankeval.array_types import Floats
from rankeval.simulators.click_models.fitting.fits import Fitted
from rankeval.simulators.click_models.fitting.information import (
    AT_BOUNDARY,
    NEVER_TRIED,
    NOT_IDENTIFIED,
    Information,
)
from rankeval.simulators.click_models.fitting.points import Point
from rankeval.simulators.click_models.fitting.sessions import SessionLists
from tests.simulators.click_models.fitting.logs import (
    SHARED,
    expectation_of,
    fit_of,
    likelihood_of,
    simulated,
    words_of,
)

INTERIOR = ("pbm", "ubm", "pbm_trust", "dcm", "dbn", "ccm")


def hessian(fit: Fitted, lists: SessionLists, places: list[int]) -> Floats:
    """Second differences of the exact log-likelihood by all parameters that are not held."""
    shared, size, step = len(fit.family.start), len(places), 1e-4
    values = fit.maximum.values

    def at(*moves: tuple[int, float]) -> float:
        moved = values.copy()
        for place, move in moves:
            moved[place] += move
        point = Point.of(moved, shared, lists.pairs)
        return likelihood_of(fit.family.model(point.shared), point, lists)

    found = np.zeros((size, size))
    for i, a in enumerate(places):
        for j, b in enumerate(places[: i + 1]):
            corners = [x * y * at((a, x * step), (b, y * step)) for x in (1, -1) for y in (1, -1)]
            found[i, j] = found[j, i] = sum(corners) / (4 * step**2)
    return found


@pytest.mark.parametrize("name", INTERIOR)
def test_errors_are_those_of_the_inverse_information_of_everything(name: str) -> None:
    """The whole matrix, pairs and all, inverted: its corner is the covariance of the shared parameters."""
    lists = simulated(name, 4000, queries=2, seed=1).lists
    fit = fit_of(name, lists, tolerance=1e-9)
    shared = len(fit.family.start)
    values, held = fit.maximum.values, set(fit.errors.reasons)
    places = [
        place
        for place in range(len(values))
        if place not in held and min(values[place], 1 - values[place]) > 1e-3
    ]
    covariance = np.linalg.inv(-hessian(fit, lists, places))
    free = [place for place in range(shared) if place not in held]
    assert places[: len(free)] == free
    assert len(free) >= shared - 3
    found = fit.errors.covariance[np.ix_(free, free)]
    scale = np.sqrt(np.outer(np.diag(found), np.diag(found)))
    assert np.abs((found - covariance[: len(free), : len(free)]) / scale).max() < 0.005


@pytest.mark.parametrize("name", ["pbm", "dcm", "dbn", "ccm"])
def test_errors_are_the_spread_of_estimates(name: str) -> None:
    fits = [fit_of(name, simulated(name, 1500, queries=2, seed=seed).lists) for seed in range(60)]
    free = [place for place in range(len(SHARED[name])) if place not in fits[0].family.fixed]
    estimates = np.array([fit.point.shared[free] for fit in fits])
    errors = np.array([[fit.errors.standard_errors()[place] for place in free] for fit in fits], float)
    # A standard deviation of n normal numbers is known to 1 / sqrt(2 n) of it.
    ratio = estimates.std(axis=0, ddof=1) / np.sqrt(np.mean(errors**2, axis=0))
    assert np.abs(ratio - 1.0).max() < 4 / np.sqrt(2 * len(fits))
    off = (estimates.mean(axis=0) - np.array(SHARED[name])[free]) / errors.mean(axis=0)
    assert np.abs(off).max() < 4 / np.sqrt(len(fits)) + 0.1  # and a bias of a tenth of an error


def test_conjugate_gradients_and_division_agree() -> None:
    """Of a model whose pairs have nothing to do with one another, both ways."""
    lists = simulated("pbm", 3000).lists
    fit, zeros = fit_of("pbm", lists), np.zeros(4 + lists.pairs)
    errors = [
        Information(expectation_of("pbm", lists), fit.maximum, zeros, separable=separable).errors(
            4, fit.family.fixed
        )
        for separable in (True, False)
    ]
    np.testing.assert_allclose(errors[0].covariance, errors[1].covariance, rtol=2e-3, atol=1e-9)


def test_there_is_no_error_at_a_bound() -> None:
    """All users went on after every click."""
    lists = words_of([[(0, 1), (1, 1)], [(1, 1), (0, 1)], [(0, 0), (1, 1)]] * 20, pairs=2)
    fit = fit_of("dcm", lists)
    assert fit.point.shared.tolist() == [1.0]
    assert fit.errors.standard_errors() == [None]
    assert fit.errors.reasons == {0: AT_BOUNDARY}


def test_there_is_no_error_of_what_never_happened() -> None:
    """Nobody clicked at position 2 with an item below."""
    lists = words_of([[(0, 1), (1, 0), (2, 0)], [(0, 0), (1, 0), (2, 1)], [(0, 1), (1, 0), (2, 1)]] * 9, 3)
    fit = fit_of("dcm", lists)
    assert fit.errors.reasons == {1: NEVER_TRIED}
    assert fit.errors.standard_errors()[0] is not None
    assert fit.point.shared[1] == fit.point.shared[0]


def test_there_is_no_error_of_what_is_not_identified() -> None:
    """No item was ever shown at more than one position."""
    lists = words_of([[(0, 1), (1, 0)], [(0, 0), (1, 1)], [(0, 1), (1, 1)], [(0, 0), (1, 0)]] * 9, pairs=2)
    fit = fit_of("pbm", lists)
    assert fit.errors.standard_errors() == [None, None]
    assert fit.errors.reasons[1] in (NOT_IDENTIFIED, AT_BOUNDARY)


def test_parts_of_a_mixture_have_no_errors() -> None:
    lists = simulated("mixture:pbm+dbn", 500).lists
    fit = fit_of("mixture:pbm+dbn", lists, restarts=0, max_iterations=20)
    assert set(fit.errors.standard_errors()) == {None}
