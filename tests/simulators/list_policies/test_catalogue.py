"""Descriptions of policies over lists."""

from __future__ import annotations

import numpy as np
import pytest

from rankeval.simulators.list_policies.catalogue import LIST_POLICIES, parse_list_policy
from rankeval.simulators.list_policies.fixed import FixedOrder
from rankeval.simulators.list_policies.queries import Queries
from tests.readers.helpers import error_of
from tests.simulators.list_policies.worlds import DESCRIPTIONS, NOISY, SCORES, policy


def test_every_policy_has_a_description_in_these_tests():
    assert {one["policy"] for one in (*DESCRIPTIONS.values(), NOISY)} == set(LIST_POLICIES)


def test_integer_ids_have_their_scores_under_texts():
    queries = Queries([7], np.ones(1), np.array([0, 2]), ["x", "y"], np.ones(2))
    found = parse_list_policy({"policy": "fixed", "scores": {"7": [1, 2]}}, queries, 2)
    assert isinstance(found, FixedOrder)
    assert found.best.tolist() == [[1, 0]]


def test_temperature_is_1_unless_given():
    plain, given = (
        {"policy": "plackett_luce", "scores": SCORES, **more} for more in ({}, {"temperature": 1})
    )
    np.testing.assert_array_equal(policy(plain).item_probabilities(), policy(given).item_probabilities())


A_POLICY = 'wanted a policy such as {"policy": "uniform"}'
NAMES = "fixed, plackett_luce, noisy, epsilon, mixture, uniform"
FIXED = {"policy": "fixed", "scores": SCORES}


@pytest.mark.parametrize(
    ("description", "message"),
    [
        (3, f"logging: found 3, {A_POLICY}"),
        ({}, f"logging.policy: found nothing, wanted one of {NAMES}"),
        ({"policy": "best"}, f"logging.policy: found 'best', wanted one of {NAMES}"),
        (
            {"policy": "fixed"},
            "logging.scores: found nothing, wanted a dict of query_id to the scores of its items",
        ),
        (
            {"policy": "fixed", "scores": {**SCORES, "b": None}},
            "logging.scores[b]: found nothing, wanted a list of 5 scores, one for each item",
        ),
        (
            {"policy": "fixed", "scores": {**SCORES, "c": [1.0]}},
            "logging.scores[c]: found 1 scores, wanted 2, one for each item",
        ),
        (
            {"policy": "fixed", "scores": {**SCORES, "c": [1.0, float("nan")]}},
            "logging.scores[c][1]: found nan, wanted a finite number",
        ),
        (
            {"policy": "fixed", "scores": {**SCORES, "c": [1.0, "2"]}},
            "logging.scores[c][1]: found '2', wanted a finite number",
        ),
        (
            {"policy": "fixed", "scores": {**SCORES, "c": [1.0, 10**400]}},
            "logging.scores[c][1]: found 1" + 56 * "0" + "..., wanted a finite number",
        ),
        (
            {"policy": "plackett_luce", "scores": SCORES, "temperature": 0},
            "logging.temperature: found 0, wanted a number above 0",
        ),
        (
            {"policy": "plackett_luce", "scores": SCORES, "temperature": float("inf")},
            "logging.temperature: found inf, wanted a number above 0",
        ),
        (
            {"policy": "noisy", "scores": SCORES},
            "logging.noise: found nothing, wanted a standard deviation above 0",
        ),
        (
            {"policy": "epsilon", "scores": SCORES, "epsilon": 1.5},
            "logging.epsilon: found 1.5, wanted a probability in [0, 1]",
        ),
        (
            {"policy": "epsilon", "scores": SCORES, "epsilon": True},
            "logging.epsilon: found True, wanted a probability in [0, 1]",
        ),
        (
            {"policy": "mixture", "policies": []},
            "logging.policies: found [], wanted a list of policies, each with its share",
        ),
        (
            {"policy": "mixture", "policies": [{**FIXED, "share": 0.5}, {**FIXED, "share": 0.4}]},
            "logging.policies: found shares that sum to 0.9, wanted shares that sum to 1",
        ),
        (
            {"policy": "mixture", "policies": [FIXED]},
            "logging.policies[0].share: found nothing, wanted a share in [0, 1]",
        ),
        (
            {"policy": "mixture", "policies": [{"policy": "worst", "share": 1}]},
            f"logging.policies[0].policy: found 'worst', wanted one of {NAMES}",
        ),
        (
            {"policy": "plackett_luce", "scores": {**SCORES, "c": [1.0, 1e300]}, "temperature": 1e-300},
            "logging.temperature: found 1e-300, wanted one that scores can be divided by and be finite",
        ),
        (
            {"policy": "uniform", "temperature": 2},
            "logging.temperature: found 2, wanted no such key; known are none",
        ),
    ],
)
def test_wrong_descriptions_are_named(description, message):
    error_of(lambda: policy(description), message)


def test_mixtures_within_one_another_are_bounded():
    nested = FIXED
    for _ in range(11):
        nested = {"policy": "mixture", "policies": [{**nested, "share": 1}]}
    policy(nested["policies"][0])
    message = f"logging{10 * '.policies[0]'}.policies: found mixtures 11 deep, wanted 10 at most"
    error_of(lambda: policy(nested), message)
