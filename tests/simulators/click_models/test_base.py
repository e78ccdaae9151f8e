from __future__ import annotations

import json
import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from rankeval.simulators.click_models.catalogue import CLICK_MODELS, parse_click_model
from rankeval.simulators.writer import random_stream
from tests import paths
from tests.naive_users import click_rates, patterns
from tests.simulators.click_models.worlds import DESCRIPTIONS, SIZE, SLOW, A, S, model, one_list

REFERENCE = paths.REFERENCE / "click" / "exact.json"
ITEMS = tuple(range(SIZE))
EVERY = np.array(patterns(SIZE), np.int8)
names = pytest.mark.parametrize("name", CLICK_MODELS)


def probabilities(name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Of every pattern of clicks, the slow way."""
    return np.array([SLOW[name](ITEMS, clicks) for clicks in patterns(SIZE)])


def test_every_model_is_tried() -> None:
    assert list(DESCRIPTIONS) == list(SLOW) == list(CLICK_MODELS)


@names
def test_click_rates_are_those_of_all_patterns(name: str) -> None:
    truth = model(name).truth(np.array(A), np.array(S))
    np.testing.assert_allclose(truth.click_rates, click_rates(SLOW[name], ITEMS), rtol=0, atol=1e-14)
    assert truth.expected_clicks == pytest.approx(sum(click_rates(SLOW[name], ITEMS)), abs=1e-14)


@names
def test_the_number_of_clicks_is_that_of_all_patterns(name: str) -> None:
    truth, chances = model(name).truth(np.array(A), np.array(S)), probabilities(name)
    counts = EVERY.sum(axis=1)
    wanted = [chances[counts == count].sum() for count in range(SIZE + 1)]
    np.testing.assert_allclose(truth.count_probabilities, wanted, rtol=0, atol=1e-14)
    assert truth.p_any_click == pytest.approx(1.0 - chances[0], abs=1e-14)
    variance = chances @ counts**2 - (chances @ counts) ** 2
    assert truth.clicks_variance == pytest.approx(variance, abs=1e-13)


@names
def test_pairs_of_clicks_are_those_of_all_patterns(name: str) -> None:
    wanted = np.einsum("i,ij,ik->jk", probabilities(name), EVERY, EVERY)
    np.testing.assert_allclose(model(name).joint_probabilities(*one_list())[0], wanted, rtol=0, atol=1e-14)


@names
def test_likelihoods_are_the_probabilities_of_patterns(name: str) -> None:
    lists = [np.repeat(values, len(EVERY), axis=0) for values in one_list()]
    likelihoods = np.exp(model(name).log_likelihoods(EVERY, *lists))
    np.testing.assert_allclose(likelihoods, probabilities(name), rtol=0, atol=1e-15)


@names
def test_the_entropy_is_that_of_all_patterns(name: str) -> None:
    chances = probabilities(name)
    chances = chances[chances > 0.0]
    entropy = model(name).truth(np.array(A), np.array(S)).entropy
    assert entropy == pytest.approx(-(chances * np.log(chances)).sum(), abs=1e-13)


@names
def test_the_first_click_is_that_of_all_patterns(name: str) -> None:
    chances = probabilities(name)
    first = EVERY.argmax(axis=1) + 1
    clicked = EVERY.any(axis=1)
    wanted = (chances * first)[clicked].sum() / chances[clicked].sum()
    assert model(name).truth(np.array(A), np.array(S)).first_click_rank == pytest.approx(wanted, abs=1e-13)


@names
def test_samples_follow_the_probabilities_of_patterns(name: str) -> None:
    n = 200_000
    lists = [np.repeat(values, n, axis=0) for values in one_list()]
    clicks = model(name).sample(random_stream(7), *lists)
    codes = np.bincount(clicks @ (1 << np.arange(SIZE)[::-1]), minlength=len(EVERY)) / n
    wanted = probabilities(name)
    errors = np.sqrt(wanted * (1.0 - wanted) / n)
    np.testing.assert_array_less(np.abs(codes - wanted), 4.5 * errors + 4.5 / n)


@names
def test_a_shorter_list_is_one_that_ends_sooner(name: str) -> None:
    """Clicks are as if the positions beyond its end did not exist."""
    short, longer = [values[:, :4] for values in one_list()], [values.copy() for values in one_list()]
    for values in longer:
        values[:, 4:] = np.nan
    rates = model(name).click_probabilities(*longer)
    np.testing.assert_allclose(rates[:, :4], model(name).click_probabilities(*short), rtol=0, atol=1e-15)
    assert not rates[:, 4:].any()
    clicks = np.zeros((1, SIZE), np.int8)
    clicks[0, 0] = 1
    wanted = model(name).log_likelihoods(clicks[:, :4], *short)
    assert model(name).log_likelihoods(clicks, *longer) == pytest.approx(wanted, abs=1e-14)
    lists = [np.repeat(values, 1000, axis=0) for values in longer]
    assert not model(name).sample(random_stream(1), *lists)[:, 4:].any()


@names
def test_examination_times_attractiveness_is_the_click_rate(name: str) -> None:
    if name in ("pbm_trust", "mixture"):
        for share, part in model(name).parts:
            rates = part.rates(one_list()[0]) * part.examination_probabilities(*one_list())
            np.testing.assert_allclose(rates, part.click_probabilities(*one_list()), rtol=0, atol=1e-15)
            assert 0.0 < share <= 1.0
        return
    rates = one_list()[0] * model(name).examination_probabilities(*one_list())
    np.testing.assert_allclose(rates, model(name).click_probabilities(*one_list()), rtol=0, atol=1e-15)


def test_nobody_goes_on_after_sure_click_or_sure_stop() -> None:
    cascade = parse_click_model({"name": "cascade"}, 3)
    a = np.array([[1.0, 1.0, 0.5], [0.0, 1.0, 1.0]])
    np.testing.assert_array_equal(cascade.click_probabilities(a), [[1, 0, 0], [0, 1, 0]])
    np.testing.assert_array_equal(cascade.count_probabilities(a), [[0, 1, 0, 0], [0, 1, 0, 0]])
    impossible = cascade.log_likelihoods(np.array([[1, 1, 0], [0, 0, 0]], np.int8), a)
    np.testing.assert_array_equal(impossible, [-math.inf, -math.inf])
    assert parse_click_model({"name": "cascade"}, 2).truth(np.zeros(2)).first_click_rank is None


def test_the_entropy_of_a_mixture_on_a_long_list_is_not_guessed() -> None:
    mixture = model("mixture", 6).parts
    long = parse_click_model(
        {"name": "mixture", "models": [{"name": "cascade", "share": 0.5}, {"name": "sdbn", "share": 0.5}]}, 17
    )
    assert len(mixture) == 4
    assert long.truth(np.full(17, 0.1), np.full(17, 0.5)).entropy is None


@names
def test_a_model_reads_what_it_writes(name: str) -> None:
    again = parse_click_model(json.loads(json.dumps(model(name).to_dict())), SIZE)
    assert again == model(name)


@pytest.mark.skipif(not REFERENCE.is_file(), reason=f"no reference values at {REFERENCE}")
def test_every_reference_value() -> None:
    given = json.loads(REFERENCE.read_text())["click_models"]
    positions = range(1, given["K"] + 1)
    described = {
        "PBM_eta1": {"name": "pbm", "eta": 1},
        "CM": {"name": "cascade"},
        "TRUST": {
            "name": "pbm_trust",
            "eta": 1,
            "eps_plus": [1.0 - 0.02 * (k - 1) for k in positions],
            "eps_minus": [0.65 / k for k in positions],
        },
    }
    assert given["models"].keys() <= described.keys()
    for name, wanted in given["models"].items():
        truth = parse_click_model(described[name], given["K"]).truth(
            np.array(given["attractiveness"]), np.array(given["satisfaction"])
        )
        found = {
            "ctr_by_rank": truth.click_rates,
            "expected_clicks": truth.expected_clicks,
            "p_any_click": truth.p_any_click,
            "var_clicks": truth.clicks_variance,
            "p_num_clicks": truth.count_probabilities,
            "mean_first_click_rank_given_click": truth.first_click_rank,
            "best_possible_perplexity_by_rank": truth.perplexity,
            "best_possible_perplexity": truth.perplexity.mean(),
            "entropy_session_nats": truth.entropy,
        }
        assert found.keys() == wanted.keys()
        for number, value in wanted.items():
            np.testing.assert_allclose(found[number], value, rtol=0, atol=1e-9, err_msg=f"{name} {number}")


def test_a_hand_worked_dynamic_bayesian_list() -> None:
    """Two items: the second is examined unless the user is satisfied or gives up."""
    gamma, (a1, a2), (s1, _) = 0.8, (0.9, 0.6), (0.8, 0.5)
    second = a2 * ((1.0 - a1) * gamma + a1 * (1.0 - s1) * gamma)
    truth = parse_click_model({"name": "dbn", "gamma": gamma}, 2).truth(
        np.array([a1, a2]), np.array([s1, 0.5])
    )
    np.testing.assert_allclose(truth.click_rates, [a1, second], rtol=0, atol=1e-15)
    both = a1 * (1.0 - s1) * gamma * a2
    np.testing.assert_allclose(
        truth.count_probabilities, [1.0 - a1 - second + both, a1 + second - 2.0 * both, both], atol=1e-15
    )


def test_user_browsing_table_of_rows() -> None:
    """Rows beyond their position may be padded with null, as matrices in JSON are."""
    rows = [[0.9, None, None], [0.5, 0.6, None], [0.3, 0.4, 0.5]]
    padded = parse_click_model({"name": "ubm", "gamma": rows}, 3)
    plain = parse_click_model({"name": "ubm", "gamma": [[0.9], [0.5, 0.6], [0.3, 0.4, 0.5]]}, 3)
    assert padded == plain
    assert all(len(b) == len(a) + 1 for a, b in pairwise(plain.to_dict()["gamma"]))
