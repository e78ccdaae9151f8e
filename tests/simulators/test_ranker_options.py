from __future__ import annotations

import numpy as np
import pytest

from rankeval.errors import UsageError
from rankeval.simulators.ranker_options import Rankers

LIKED = list(np.random.default_rng(0).random((400, 10)))


def rankers(seed: int = 1) -> Rankers:
    return Rankers([f"q{i}" for i in range(400)], LIKED, seed)


@pytest.mark.parametrize("skill", [-1.0, 0.0, 0.6, 1.0])
def test_skill_is_the_correlation_with_attractiveness(skill: float):
    policy = rankers().policy("logging", f"fixed:skill={skill}", 0.5)
    scores = np.array([policy["scores"][f"q{i}"] for i in range(400)])
    found = np.corrcoef(scores.ravel(), np.array(LIKED).ravel())[0, 1]
    # The error of a correlation of n pairs is (1 - r^2) / sqrt(n - 1); scores have 6 decimals.
    assert abs(found - skill) <= 4.0 * (1.0 - skill**2) / 3999**0.5 + 1e-6


def test_policies_have_their_parameters():
    made = rankers()
    assert made.policy("logging", "uniform", 0.5) == {"policy": "uniform"}
    assert {**made.policy("x", "plackett_luce", 0.5), "scores": None} == {
        "policy": "plackett_luce", "temperature": 1.0, "scores": None,
    }  # fmt: skip
    assert made.policy("x", "epsilon:epsilon=0.3", 0.5)["epsilon"] == 0.3
    assert made.policy("x", "noisy:noise=2", 0.5)["noise"] == 2
    mixture = made.policy("x", "mixture:rankers=4", 0.5)
    assert [part["share"] for part in mixture["policies"]] == [0.25] * 4
    assert len({str(part["scores"]) for part in mixture["policies"]}) == 4


def test_each_ranker_has_noise_of_its_own():
    made = rankers()
    first, second = made.policy("a", "fixed", 0.5), made.policy("b", "fixed", 0.5)
    assert first != second
    assert rankers().policy("a", "fixed", 0.5) == first
    assert rankers(2).policy("a", "fixed", 0.5) != first


def test_items_that_are_all_alike_are_ranked_by_noise():
    made = Rankers([1], [np.full(3, 0.2)], 1)
    assert np.isfinite(made.policy("a", "fixed", 0.5)["scores"]["1"]).all()


@pytest.mark.parametrize(
    "text", ["fixed:skill=1.5", "fixed:skill=[1]", "mixture:rankers=0", "mixture:rankers=1.5"]
)
def test_parameters_out_of_range(text: str):
    with pytest.raises(UsageError, match=r"logging: (skill|rankers): found .*, wanted a"):
        rankers().policy("logging", text, 0.5)
