from __future__ import annotations

from typing import Any

import pytest

from rankeval.errors import UsageError
from rankeval.rankers.training.parameters import (
    SETTABLE,
    default_parameters,
    parse_parameters,
    whole_parameter,
)


@pytest.mark.parametrize(
    ("queries", "leaves", "rate"),
    [(1, 7, 0.02), (1_999, 7, 0.02), (2_000, 15, 0.05), (20_000, 31, 0.05), (100_000, 63, 0.1)],
)
def test_defaults_follow_the_number_of_queries(queries: int, leaves: int, rate: float) -> None:
    found = default_parameters(queries, 100_000)
    assert (found[0]["num_leaves"], found[0]["learning_rate"]) == (leaves, rate)
    assert {each["min_data_in_leaf"] for each in found} == {50}
    assert [each["num_leaves"] for each in found[1:]] == ([31] if queries < 20_000 else [])


def test_few_rows_may_stand_alone_in_a_leaf() -> None:
    assert [default_parameters(1, rows)[0]["min_data_in_leaf"] for rows in (1, 79, 80, 2_000)] == [
        1,
        1,
        2,
        50,
    ]


def test_texts_and_dicts_mean_the_same() -> None:
    given = ["num_leaves=15", "label_gain=[0,1,3]", "boosting=dart", "extra_trees=true", "lambda_l1=0.5"]
    wanted = {
        "num_leaves": 15,
        "label_gain": [0, 1, 3],
        "boosting": "dart",
        "extra_trees": True,
        "lambda_l1": 0.5,
    }
    assert parse_parameters(given) == parse_parameters(wanted) == wanted


def test_aliases_become_the_main_names() -> None:
    assert parse_parameters({"eta": 0.1, "n_estimators": 5}) == {"learning_rate": 0.1, "num_iterations": 5}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["num_leaves"], "param: found 'num_leaves', wanted NAME=VALUE"),
        (["eta=1", "eta=2"], "param: found 'eta' twice"),
        (["eta=1", "learning_rate=2"], "param: 'learning_rate' is given twice"),
        (["num_leafs=7"], "LightGBM has no 'num_leafs'; did you mean 'num_leaves'?"),
        (["objective=binary"], "'objective' cannot be set, use the option objective"),
        (["n_jobs=2"], "'n_jobs' cannot be set, use the option threads"),
        (["random_state=2"], "use the option seed"),
        (["linear_tree=true"], "cannot be set, it has no use in training here"),
        (["deterministic=false"], "it is fixed so that models are reproducible"),
        (["boosting=gbdt linear_tree=true"], "param: boosting is 'gbdt linear_tree=true', wanted one word"),
        (["learning_rate=Infinity"], "param: learning_rate is inf, wanted a finite number"),
        (["label_gain=[0,NaN]"], "param: label_gain is nan, wanted a finite number"),
        ({1: 2}, "param: found 1, wanted the name of a parameter"),
        ({"num_leaves": object()}, "wanted a finite number, a word or a list of them"),
    ],
)
def test_bad_parameters_get_one_line(given: Any, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_parameters(given)
    assert message in str(caught.value)


def test_every_settable_parameter_is_lightgbms() -> None:
    given = dict.fromkeys(SETTABLE, 1) | {"interaction_constraints": [[0, 1], [2]]}
    assert parse_parameters(given).keys() == SETTABLE


@pytest.mark.parametrize("groups", ["foo", [["x"]], [0, 1], [[-1]]])
def test_constraints_are_places_of_features(groups: Any) -> None:
    with pytest.raises(UsageError, match=r"interaction_constraints is .*, wanted lists of places"):
        parse_parameters({"interaction_constraints": groups})


@pytest.mark.parametrize("value", [0, 1.5, True, "many"])
def test_counts_are_whole(value: Any) -> None:
    with pytest.raises(UsageError, match=r"num_iterations is .*, wanted a whole number of at least 1"):
        whole_parameter({"num_iterations": value}, "num_iterations")
