"""Moments of shuffle experiments, against sums over every session that can be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rankeval.simulators.click_models.catalogue import CLICK_MODELS, parse_click_model
from rankeval.simulators.list_policies.fixed import FixedOrder
from rankeval.simulators.list_policies.mixture import PolicyMixture
from rankeval.simulators.list_policies.queries import Queries
from rankeval.simulators.list_policies.random_utility import PlackettLuce
from rankeval.simulators.shuffle_plans.base_lists import base_lists
from rankeval.simulators.shuffle_plans.means import exact_means
from rankeval.simulators.shuffle_plans.moments import no_moments, shuffle_moments
from rankeval.simulators.worlds.world import DESIGNS, Shuffle
from tests.naive_lists import fixed, mixed, plackett_luce
from tests.naive_shuffles import Experiment, experiment
from tests.simulators.click_models.worlds import model

POSITIONS, SHARE = 4, 0.3
SIZES = (5, 4, 3, 1)
_RNG = np.random.default_rng(6)
OFFSETS = np.concatenate([[0], np.cumsum(SIZES)])
SCORES, OTHER = (_RNG.normal(size=sum(SIZES)) for _ in range(2))
QUERIES = Queries(
    ids=range(4),
    weights=np.array([0.4, 0.3, 0.2, 0.1]),
    offsets=OFFSETS,
    item_ids=range(sum(SIZES)),
    attractiveness=_RNG.uniform(0.1, 0.9, sum(SIZES)),
    satisfaction=_RNG.uniform(0.1, 0.9, sum(SIZES)),
)
FIXED = FixedOrder(OFFSETS, POSITIONS, SCORES)
TWO = PolicyMixture(OFFSETS, POSITIONS, (FIXED, FixedOrder(OFFSETS, POSITIONS, OTHER)), (0.7, 0.3))


def by_query(values: np.ndarray) -> list[list[float]]:
    return [part.tolist() for part in np.split(values, OFFSETS[1:-1])]


ORDERED = [fixed(scores, POSITIONS) for scores in by_query(SCORES)]
BASE = {
    "fixed": (FIXED, ORDERED),
    "two rankers": (
        TWO,
        [
            mixed([(0.7, one), (0.3, fixed(scores, POSITIONS))])
            for one, scores in zip(ORDERED, by_query(OTHER), strict=True)
        ],
    ),
    "plackett_luce": (
        PlackettLuce(OFFSETS, POSITIONS, SCORES),
        [plackett_luce(scores, 1.0, POSITIONS) for scores in by_query(SCORES)],
    ),
}


def wanted_and_found(design, base, name, top, share=SHARE):
    policy, lists = BASE[base]
    click_model = model(name, POSITIONS)
    wanted = experiment(design, top, share, lists, click_model, QUERIES)
    shuffle = Shuffle(design, share, top)
    return wanted, shuffle_moments(shuffle, base_lists(policy, QUERIES), click_model, policy)


def check(wanted: Experiment, found, scale: float) -> None:
    np.testing.assert_allclose(found.ratios, wanted.ratios, rtol=1e-11)
    np.testing.assert_allclose(found.variances, scale * wanted.variances, rtol=1e-10)


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("name", CLICK_MODELS)
@pytest.mark.parametrize("top", [3, 4])
def test_every_design_under_every_click_model(design, name, top):
    wanted, found = wanted_and_found(design, "fixed", name, top)
    check(wanted, found, SHARE if design == "pair" else 1.0)
    if design != "pair":
        assert found.clicks == pytest.approx(wanted.probabilities @ wanted.clicks, rel=1e-12)


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("base", ["two rankers", "plackett_luce"])
@pytest.mark.parametrize("name", ["pbm", "pbm_trust", "dbn", "ubm"])
def test_base_orders_that_chance_decides(design, base, name):
    wanted, found = wanted_and_found(design, base, name, 3)
    check(wanted, found, SHARE if design == "pair" else 1.0)


def test_clicks_of_pairs_are_of_sessions_in_the_experiment():
    wanted, found = wanted_and_found("pair", "fixed", "dbn", 4, share=1.0)
    assert found.clicks == pytest.approx(wanted.probabilities @ wanted.clicks, rel=1e-12)
    again = wanted_and_found("pair", "fixed", "dbn", 4, share=0.2)[1]
    assert again.clicks == pytest.approx(found.clicks, rel=1e-12)


@pytest.mark.parametrize("design", DESIGNS)
def test_two_halves_are_the_whole(design):
    _, found = wanted_and_found(design, "fixed", "pbm", 4)
    halves = no_moments(design, 4).plus(found, 0.5).plus(found, 0.5)
    np.testing.assert_allclose(halves.values, found.values, rtol=1e-14)
    assert halves.clicks == pytest.approx(found.clicks)


def test_many_positions_in_random_order_have_a_closed_form_where_positions_decide_alone():
    rng = np.random.default_rng(3)
    queries = Queries(range(1), np.ones(1), np.array([0, 40]), range(40), rng.random(40), rng.random(40))
    policy = FixedOrder(queries.offsets, 40, np.zeros(40))
    lists, shuffle = base_lists(policy, queries), Shuffle("full", 1.0, 20)
    found = shuffle_moments(shuffle, lists, parse_click_model({"name": "pbm", "eta": 1}, 40), policy)
    theta = 1.0 / np.arange(1, 21)
    np.testing.assert_allclose(found.ratios, theta[1:], rtol=1e-13)
    a = queries.attractiveness[:20]
    both = (a.sum() ** 2 - (a**2).sum()) / (20 * 19)
    # Var(C_k - theta_k C_1) / E[C_1]^2 over theta_k^2: in random order E[C_k] = theta_k E[a].
    wanted = (1.0 / theta[1:] + 1.0) / a.mean() - 2.0 * both / a.mean() ** 2
    np.testing.assert_allclose(found.variances, wanted, rtol=1e-12)
    assert shuffle_moments(shuffle, lists, parse_click_model({"name": "cascade"}, 40), policy) is None


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("name", ["pbm", "pbm_trust"])
@pytest.mark.parametrize("base", ["fixed", "two rankers", "plackett_luce"])
def test_means_without_lists(design, name, base):
    policy, _ = BASE[base]
    wanted = shuffle_moments(
        Shuffle(design, SHARE, 3), base_lists(policy, QUERIES), model(name, POSITIONS), policy
    )
    means, clicks = exact_means(Shuffle(design, SHARE, 3), policy, model(name, POSITIONS), QUERIES)
    np.testing.assert_allclose(means, wanted.values[1:5], rtol=1e-11)
    assert clicks == pytest.approx(wanted.clicks, rel=1e-11)
    assert exact_means(Shuffle(design, SHARE, 3), policy, model("dbn", POSITIONS), QUERIES) is None


@pytest.mark.parametrize("design", DESIGNS)
def test_a_sample_of_lists_comes_near(design):
    policy, _ = BASE["plackett_luce"]
    every = base_lists(policy, QUERIES)
    rng = np.random.default_rng(2)
    rows = rng.choice(len(every), 20_000, p=every.weights)
    some = replace(every.some(rows, np.full(len(rows), 1.0 / len(rows))), drawn=True)
    users = model("pbm", POSITIONS)
    wanted, found = (shuffle_moments(Shuffle(design, SHARE, 4), one, users, policy) for one in (every, some))
    np.testing.assert_allclose(found.ratios, wanted.ratios, rtol=1e-11)
    np.testing.assert_allclose(found.variances, wanted.variances, rtol=0.03)


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("name", ["pbm", "dbn"])
def test_the_spread_of_simulated_experiments_is_the_planned_error(design, name):
    """20,000 experiments of at least 500 expected clicks at each position: within 3 %.

    Four standard errors of a spread from as many are 2 %; the rest is for what the delta method leaves out.
    """
    queries = Queries(
        range(1), np.ones(1), np.array([0, 3]), range(3), np.array([0.8, 0.4, 0.6]), np.array([0.3, 0.6, 0.2])
    )
    policy, click_model = FixedOrder(queries.offsets, 3, np.array([3.0, 2.0, 1.0])), model(name, 3)
    sessions = experiment(design, 3, 1.0, [{(0, 1, 2): 1.0}], click_model, queries)
    low = (sessions.probabilities @ np.minimum(sessions.low, 1.0)).min()
    high = (sessions.probabilities @ np.minimum(sessions.high, 1.0)).min()
    n = int(np.ceil(500.0 / min(low, high)))
    counts = np.random.default_rng(9).multinomial(n, sessions.probabilities, size=20_000)
    ratios = (counts @ sessions.high) / (counts @ sessions.low)
    moments = shuffle_moments(Shuffle(design, 1.0, 3), base_lists(policy, queries), click_model, policy)
    planned = moments.ratios * np.sqrt(moments.variances / n)
    np.testing.assert_allclose(ratios.std(axis=0), planned, rtol=0.03)
