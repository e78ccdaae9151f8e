from __future__ import annotations

from typing import Any

import pytest

from rankeval.errors import DataError
from rankeval.simulators.click_models.catalogue import CLICK_MODELS, parse_click_model
from tests.simulators.click_models.worlds import DESCRIPTIONS, model


@pytest.mark.parametrize(
    ("description", "message"),
    [
        (None, "click_model: found None, wanted a click model such as"),
        ({}, "click_model.name: found nothing, wanted one of pbm"),
        ({"name": "pmb"}, "click_model.name: found 'pmb', wanted one of pbm"),
        ({"name": ["pbm"]}, "click_model.name: found ['pbm'], wanted one of pbm"),
        ({"name": "pbm"}, "click_model.examination: found nothing, wanted examination by position, or eta"),
        ({"name": "pbm", "eta": -1}, "click_model.eta: found -1, wanted a number of at least 0"),
        ({"name": "pbm", "eta": True}, "click_model.eta: found True, wanted a number"),
        ({"name": "pbm", "eta": "1"}, "click_model.eta: found '1', wanted a number"),
        ({"name": "pbm", "eta": float("inf")}, "click_model.eta: found inf, wanted a number of at least 0"),
        ({"name": "pbm", "eta": 1, "examination": [1, 1]}, "wanted either examination or eta"),
        ({"name": "pbm", "examination": [1]}, "click_model.examination: found 1 values, wanted 2, one for"),
        ({"name": "pbm", "examination": [1, 1.5]}, "click_model.examination[1]: found 1.5, wanted a probab"),
        ({"name": "pbm", "examination": [1, None]}, "click_model.examination[1]: found null, wanted a n"),
        ({"name": "pbm", "examination": "11"}, "click_model.examination: found '11', wanted a list"),
        ({"name": "pbm", "eta": 1, "etta": 2}, "click_model.etta: found 2, wanted no such parameter; known"),
        ({"name": "pbm_trust", "eta": 1, "eps_plus": [1, 1]}, "click_model.eps_minus: found nothing"),
        ({"name": "cascade", "gamma": 1}, "click_model.gamma: found 1, wanted no such parameter; known are"),
        ({"name": "dbn"}, "click_model.gamma: found nothing, wanted this parameter of dbn"),
        ({"name": "dbn", "gamma": float("nan")}, "click_model.gamma: found nan, wanted a probability in"),
        ({"name": "dcm", "continuation": []}, "click_model.continuation: found 0 values, wanted 1"),
        ({"name": "ccm", "tau1": 0.5, "tau2": 2, "tau3": 0}, "click_model.tau2: found 2, wanted a probab"),
        ({"name": "ubm", "gamma": [[1]]}, "click_model.gamma: found 1 rows, wanted 2, one for each"),
        ({"name": "ubm", "gamma": [[1], [1]]}, "click_model.gamma[1]: found 1 values, wanted 2"),
        ({"name": "ubm", "gamma": [[1, 1], [1, 1]]}, "click_model.gamma[0]: found 2 values, wanted 1"),
        ({"name": "ubm", "gamma": [[1], [1, 2]]}, "click_model.gamma[1][1]: found 2, wanted a probability"),
        ({"name": "mixture"}, "click_model.models: found null, wanted a list of click models"),
        ({"name": "mixture", "models": [3]}, "click_model.models[0]: found 3, wanted a click model such as"),
        (
            {"name": "mixture", "models": [{"name": "cascade"}]},
            "click_model.models[0].share: found nothing, wanted",
        ),
        (
            {"name": "mixture", "models": [{"name": "cascade", "share": 0.5}]},
            "click_model.models: found shares that sum to 0.5, wanted shares that sum to 1",
        ),
    ],
)  # fmt: skip
def test_bad_descriptions_name_the_key(description: Any, message: str) -> None:
    with pytest.raises(DataError) as caught:
        parse_click_model(description, 2)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_mixtures_within_one_another_are_bounded() -> None:
    nested: dict[str, Any] = {"name": "cascade"}
    for _ in range(11):
        nested = {"name": "mixture", "models": [{**nested, "share": 1}]}
    parse_click_model(nested["models"][0], 2)
    with pytest.raises(DataError, match=r"models: found mixtures 11 deep, wanted 10 at most"):
        parse_click_model(nested, 2)


@pytest.mark.parametrize("name", CLICK_MODELS)
def test_a_model_may_be_for_more_positions_than_are_shown(name: str) -> None:
    assert model(name, 3).to_dict()["name"] == name


def test_names_are_those_of_the_models() -> None:
    assert [model(name).name for name in DESCRIPTIONS] == list(CLICK_MODELS)


def test_the_last_continuation_may_be_left_out() -> None:
    assert parse_click_model({"name": "dcm", "continuation": [0.5]}, 2).parameters() == {
        "continuation": [0.5, 0.0]
    }
