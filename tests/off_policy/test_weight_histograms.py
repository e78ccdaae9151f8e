"""The histogram of importance weights in the result: rows, weights and effective size of the log."""

from __future__ import annotations

import numpy as np
import pytest

import rankeval


def log(n: int = 5_000) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(1)
    propensity = draw.choice([0.1, 0.2, 0.5], n)
    target = np.where(draw.random(n) < 0.3, 0.0, draw.choice([0.1, 0.9], n))
    return {
        "reward": (draw.random(n) < 0.2).astype(float),
        "propensity": propensity,
        "target_propensity": target,
        "count": np.ones(n),
    }


def test_it_holds_every_row_and_all_weight() -> None:
    data = log()
    found = rankeval.ope(data, ["ips", "snips", "cips:max_weight=2"]).to_dict()["weights"]
    weights = data["target_propensity"] / data["propensity"]
    assert [(one["weight_of"], one["target"], one["n"]) for one in found] == [("action", None, 5_000)]
    assert found[0]["ess"] == pytest.approx(weights.sum() ** 2 / (weights**2).sum(), rel=1e-12)
    assert sum(each["n"] for each in found[0]["bins"]) == 5_000
    for each in found[0]["bins"]:
        inside = weights[(weights >= each["low"]) & (weights < (each["high"] or 1e-300))]
        assert each["n"] == len(inside)
        assert each["weight"] == pytest.approx(inside.sum(), rel=1e-12)


def test_threads_change_no_bit() -> None:
    data = log(50_000)
    one, two = (rankeval.ope(data, ["snips"], threads=threads).to_dict()["weights"] for threads in (1, 2))
    assert one == two


def test_every_target_has_its_own() -> None:
    data = log()
    data["other"] = data["propensity"]
    found = rankeval.ope(data, ["snips"], target={"a": "target_propensity", "b": "other"}).to_dict()[
        "weights"
    ]
    assert [one["target"] for one in found] == ["a", "b"]
    assert found[1]["bins"] == [{"low": 1.0, "high": 1.25, "n": 5_000, "weight": 5_000.0}]


def test_rows_that_count_several_times_have_none() -> None:
    found = rankeval.ope(log(), ["snips"], columns={"sampling_weight": "count"}).to_dict()
    assert found["weights"] == []
