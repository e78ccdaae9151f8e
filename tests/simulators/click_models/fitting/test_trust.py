from __future__ import annotations

import numpy as np
import pytest

from rankeval.simulators.click_models.fitting.cell_families import TrustBiasFamily
from rankeval.simulators.click_models.fitting.cells import count_cells
from rankeval.simulators.click_models.fitting.trust import TrustClimb
from tests.simulators.click_models.fitting.logs import K, fit_of, simulated

LOG = simulated("pbm_trust", 4000, seed=2)
CLIMB = TrustClimb(count_cells(LOG.lists, LOG.lists.counts, False))
RATES = np.array([0.9, 0.6, 0.4, 0.3, 0.4, 0.2, 0.1, 0.05])


def test_the_gradient_is_that_of_the_height() -> None:
    """With relevance at its best its own slopes are 0, and the rest is a partial derivative."""
    height, step = CLIMB.at(RATES), 1e-6
    for k in range(2 * K):
        move = step * np.eye(2 * K)[k]
        slope = (CLIMB.at(RATES + move).value - CLIMB.at(RATES - move).value) / (2 * step)
        assert height.gradient[k] == pytest.approx(slope, rel=1e-4, abs=1e-2)


def test_relevance_is_the_best_of_each_pair() -> None:
    """Against a fine grid."""
    cells, height = count_cells(LOG.lists, LOG.lists.counts, False), CLIMB.at(RATES)
    for pair in range(LOG.lists.pairs):
        rows = slice(cells.offsets[pair], cells.offsets[pair + 1])
        high, low = RATES[cells.places[rows]], RATES[K + cells.places[rows]]
        chance = low + np.linspace(0, 1, 10_001)[:, np.newaxis] * (high - low)
        clicked, shown = cells.clicks[rows], cells.impressions[rows]
        heights = (clicked * np.log(chance) + (shown - clicked) * np.log(1 - chance)).sum(axis=1)
        assert height.relevance[pair] == pytest.approx(heights.argmax() / 10_000, abs=1e-4)


def test_nothing_changes_where_relevance_is_shifted_and_scaled() -> None:
    """``alpha`` and ``beta`` are those of ``P(click at k) = alpha_k P(click at 1) + beta_k``."""
    family = TrustBiasFamily(K)
    alpha, beta, _ = family.slopes(RATES)
    high, low = np.split(RATES, 2)
    other = np.concatenate([low + 0.9 * (high - low), low + 0.2 * (high - low)])
    np.testing.assert_allclose(family.slopes(other)[:2], [alpha, beta], atol=1e-14)
    for relevance in (0.0, 0.3, 1.0):
        click = low + relevance * (high - low)
        np.testing.assert_allclose(click, alpha * click[0] + beta, atol=1e-15)
    assert alpha[0] == 1.0
    assert beta[0] == 0.0


def test_relevant_items_may_be_clicked_less() -> None:
    """At position 2 the model clicks on others more; a world file can say so."""
    rates = np.array([0.9, 0.1, 0.4, 0.3, 0.4, 0.2, 0.1, 0.05])
    model = TrustBiasFamily(K).model(rates)
    relevance = np.array([[0.0] * K, [0.3] * K, [1.0] * K])
    wanted = rates[K:] + relevance * (rates[:K] - rates[K:])
    np.testing.assert_allclose(model.click_probabilities(relevance), wanted, atol=1e-15)


def test_slopes_are_derivatives() -> None:
    family, step = TrustBiasFamily(K), 1e-6
    slopes = family.slopes(RATES)[2]
    free = [k for k in range(2 * K) if k not in family.fixed]
    for k in free:
        move = step * np.eye(2 * K)[k]
        up, down = (np.concatenate(family.slopes(RATES + sign * move)[:2]) for sign in (1, -1))
        np.testing.assert_allclose((up - down) / (2 * step), slopes[:, k], atol=1e-8)


def test_alpha_and_beta_are_found_again() -> None:
    """Within 4 standard errors, from lists long enough for every pair to be seen often."""
    log = simulated("pbm_trust", 20_000, queries=3, seed=3, short=False)
    fit = fit_of("pbm_trust", log.lists)
    assert isinstance(fit.family, TrustBiasFamily)
    *found, slopes = fit.family.slopes(fit.point.shared)
    theta = np.array(log.truth.examination)  # type: ignore[attr-defined]
    plus, minus = (np.array(getattr(log.truth, name)) for name in ("eps_plus", "eps_minus"))
    *wanted, _ = fit.family.slopes(np.concatenate([theta * plus, theta * minus]))
    errors = np.sqrt(np.diag(slopes @ fit.errors.covariance @ slopes.T))
    assert (errors[1:K] > 0.0).all()
    off = np.abs(np.concatenate(found) - np.concatenate(wanted))
    assert (off <= 4 * errors + 1e-12).all()
