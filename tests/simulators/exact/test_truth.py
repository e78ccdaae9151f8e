"""Clicks under policies over lists, against enumeration of all lists for every policy and click model."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from rankeval.simulators.click_models.catalogue import CLICK_MODELS, parse_click_model
from rankeval.simulators.exact.truth import PolicyTruth, average_truth, exposures, policy_truth
from rankeval.simulators.list_policies.fixed import FixedOrder
from rankeval.simulators.list_policies.queries import Queries
from rankeval.simulators.list_policies.random_utility import NoisyScores, PlackettLuce, Uniform
from rankeval.simulators.shuffles.shuffled_policy import Shuffled
from rankeval.simulators.worlds.world import DESIGNS, Shuffle
from tests.naive_lists import shuffled
from tests.readers.helpers import SHARED, needs_shared
from tests.simulators.click_models.worlds import model
from tests.simulators.list_policies.worlds import (
    DESCRIPTIONS,
    IDS,
    NOISY,
    OFFSETS,
    POSITIONS,
    QUERIES,
    SIZES,
    naive,
    policy,
    rows_of,
)

EXACT = 1e-12


def check(found_policy, lists, name):
    """Against the sum over all lists."""
    click_model = model(name, POSITIONS)
    queries, rows, p = rows_of(lists)
    values = (
        QUERIES.of_lists(flat, queries, rows) for flat in (QUERIES.attractiveness, QUERIES.satisfaction)
    )
    attractiveness, satisfaction = values
    weights = p * QUERIES.weights[queries]
    found = policy_truth(found_policy, click_model, QUERIES)
    rates = click_model.click_probabilities(attractiveness, satisfaction)
    counts = weights @ click_model.count_probabilities(attractiveness, satisfaction)
    assert found.reasons == ()
    np.testing.assert_allclose(found.ctr_by_position, weights @ rates, rtol=0, atol=EXACT)
    np.testing.assert_allclose(found.count_probabilities, counts, rtol=0, atol=EXACT)
    wanted = np.zeros(sum(SIZES))
    examined = click_model.examination_probabilities(attractiveness, satisfaction)
    for query, row, chance, seen in zip(queries, rows, p, examined, strict=True):
        held = row >= 0
        wanted[OFFSETS[query] + row[held]] += chance * seen[held]
    np.testing.assert_allclose(exposures(found_policy, click_model, QUERIES), wanted, rtol=0, atol=EXACT)


@pytest.mark.parametrize("name", DESCRIPTIONS)
@pytest.mark.parametrize("click_model", CLICK_MODELS)
def test_every_policy_under_every_click_model(name, click_model):
    check(policy(DESCRIPTIONS[name]), {query: naive(name, query) for query in IDS}, click_model)


#: Lists in random order after Plackett-Luce have no probabilities.
SHUFFLED = [("fixed", design) for design in DESIGNS] + [("plackett_luce", design) for design in DESIGNS[1:]]


@pytest.mark.parametrize(("name", "design"), SHUFFLED)
@pytest.mark.parametrize("click_model", CLICK_MODELS)
def test_shuffled_policies_under_every_click_model(name, design, click_model):
    found = Shuffled(OFFSETS, POSITIONS, policy(DESCRIPTIONS[name]), Shuffle(design, 0.3, 3))
    check(found, {query: shuffled(naive(name, query), design, 0.3, 3) for query in IDS}, click_model)


@needs_shared
@pytest.mark.parametrize(
    ("policy_name", "key"), [("target", "truth_target"), ("logging", "onpolicy_logging")]
)
def test_reference(policy_name, key):
    of = json.loads((SHARED / "reference/click/exact.json").read_text())["stochastic_ope"]
    queries = Queries(["q"], np.ones(1), np.array([0, 5]), range(5), np.array(of["attractiveness"]))
    found = PlackettLuce(queries.offsets, 3, np.array(of[f"{policy_name}_scores"]))
    truth = policy_truth(found, parse_click_model({"name": "pbm", "examination": of["theta"]}, 3), queries)
    assert truth.expected_clicks == pytest.approx(of["envs"]["pbm"][f"{key}_value"], abs=1e-12)


def noisy_truth(name: str) -> PolicyTruth:
    return policy_truth(policy(NOISY), model(name, POSITIONS), QUERIES)


@pytest.mark.parametrize("name", CLICK_MODELS)
def test_noisy_scores_give_clicks_where_there_is_an_integral(name):
    n = 40_000
    found, click_model = noisy_truth(name), model(name, POSITIONS)
    assert found.count_probabilities is None
    assert found.p_any_click is None
    assert found.clicks_variance is None
    if name in ("dcm", "ubm"):
        assert found.expected_clicks is None
        assert [reason.partition(":")[0] for reason in found.reasons] == [
            f"clicks by position under {name}",
            f"the number of clicks under {name}",
        ]
        return
    assert len(found.reasons) == 1
    rng = np.random.default_rng(4)
    queries = rng.choice(3, n, p=QUERIES.weights)
    lists = policy(NOISY).lists(rng, queries)
    values = (
        QUERIES.of_lists(flat, queries, lists) for flat in (QUERIES.attractiveness, QUERIES.satisfaction)
    )
    rates = click_model.click_probabilities(*values)
    error = rates.std(axis=0) / np.sqrt(n)
    assert (np.abs(rates.mean(axis=0) - found.ctr_by_position) <= 4.0 * error).all()


@pytest.mark.parametrize("name", ["cascade", "dbn", "ccm", "pbm", "pbm_trust"])
def test_many_items_have_clicks_but_no_counts(name):
    rng = np.random.default_rng(1)
    queries = Queries(["q"], np.ones(1), np.array([0, 40]), range(40), rng.random(40), rng.random(40))
    found = policy_truth(Uniform(queries.offsets, POSITIONS), model(name, POSITIONS), queries)
    assert found.count_probabilities is None
    # Of uniform lists the first position has the mean of all items.
    tile = queries.attractiveness[:, np.newaxis], queries.satisfaction[:, np.newaxis]
    first = model(name, POSITIONS).click_probabilities(*tile)[:, 0].mean()
    assert found.ctr_by_position[0] == pytest.approx(first, abs=1e-11)


def test_cascade_over_many_items_by_hand():
    # Users see the next item unless they clicked: position k is reached with (1 - a)^(k - 1).
    queries = Queries(["q"], np.ones(1), np.array([0, 30]), range(30), np.full(30, 0.25))
    found = policy_truth(NoisyScores(queries.offsets, 4, np.arange(30.0), 2.0), model("cascade", 4), queries)
    np.testing.assert_allclose(found.ctr_by_position, 0.25 * 0.75 ** np.arange(4), atol=1e-11)


def test_the_average_of_truths():
    fixed = FixedOrder(OFFSETS, POSITIONS, np.arange(float(sum(SIZES))))
    keen = replace(QUERIES, attractiveness=QUERIES.attractiveness * 0.5)
    parts = [policy_truth(fixed, model("pbm", POSITIONS), queries) for queries in (QUERIES, keen)]
    found = average_truth(parts, [0.25, 0.75])
    assert found.expected_clicks == pytest.approx((0.25 + 0.75 * 0.5) * parts[0].expected_clicks)
    means = [part.expected_clicks for part in parts]
    within = 0.25 * parts[0].clicks_variance + 0.75 * parts[1].clicks_variance
    assert found.clicks_variance == pytest.approx(within + 0.25 * 0.75 * (means[0] - means[1]) ** 2)
    unknown = average_truth([parts[0], noisy_truth("dcm")], [0.5, 0.5])
    assert unknown.to_dict() == dict.fromkeys(
        ("expected_clicks", "ctr_by_position", "p_any_click", "clicks_variance")
    )
    assert unknown.reasons == noisy_truth("dcm").reasons


def test_as_truth_json_has_it():
    truth = PolicyTruth(np.array([0.5, 0.25]), np.array([0.375, 0.5, 0.125]))
    assert truth.to_dict() == {
        "expected_clicks": 0.75,
        "ctr_by_position": [0.5, 0.25],
        "p_any_click": 0.625,
        "clicks_variance": 0.5 * 0.5 + 0.25 * 0.75,
    }
