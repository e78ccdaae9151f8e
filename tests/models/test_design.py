from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from rankeval import DataError, Log, UsageError
from rankeval.models.design import MAX_CATEGORIES, Design, Encoding, require_features, taken


def design(encoding: Encoding, **columns: list[Any]) -> Design:
    arrays = {name: pa.array(values) for name, values in columns.items()}
    rows = np.arange(len(next(iter(arrays.values()))))
    return encoding.design(arrays, rows, None)


def learnt(**columns: list[Any]) -> Encoding:
    return Encoding.of({name: pa.array(values) for name, values in columns.items()}, None)


def test_categories_are_those_of_training_and_all_others_share_the_last_level() -> None:
    encoding = learnt(colour=["red", "blue", "red", None, "blue", "green", "red"])
    coded = design(encoding, colour=["green", "blue", "red", None, "mauve"])
    assert coded.codes.tolist() == [[2], [1], [0], [3], [3]]
    assert coded.levels == (4,)


def test_equally_frequent_categories_go_by_their_text() -> None:
    assert design(learnt(x=["b", "a", "c"]), x=["a", "b", "c"]).codes.ravel().tolist() == [0, 1, 2]


def test_rare_categories_share_the_last_level() -> None:
    often = [f"c{i:03}" for i in range(MAX_CATEGORIES)]
    coded = design(learnt(x=[*often, *often, "rare"]), x=["c007", "rare"])
    assert coded.codes.ravel().tolist() == [7, MAX_CATEGORIES]
    assert coded.levels == (MAX_CATEGORIES + 1,)


def test_numbers_stand_for_themselves_and_what_is_not_finite_is_unknown() -> None:
    coded = design(
        learnt(x=[1.0, 2.0], flag=[True, False]), x=[3.0, None, math.inf], flag=[True, None, False]
    )
    assert np.array_equal(coded.numbers, [[3, 1], [np.nan, np.nan], [np.nan, 0]], equal_nan=True)
    assert coded.codes.shape == (3, 0)


def test_columns_without_a_value_are_unknown_numbers() -> None:
    coded = design(learnt(x=[None, None]), x=[None])
    assert np.isnan(coded.numbers).all()


def test_actions_above_those_of_training_share_the_last_level() -> None:
    encoding = Encoding.of({}, np.array([0, 2, 0]))
    coded = encoding.design({}, np.array([0, 0, 0, 0, 1]), np.array([0, 1, 2, 3, 9]))
    assert coded.actions.tolist() == [0, 1, 2, 3, 3]
    assert coded.action_levels == 4
    assert coded.numbers.shape == (2, 0)


def test_text_of_dictionaries_is_taken_as_text() -> None:
    column = pa.array(["a", "b", None, "a"]).dictionary_encode()
    part = taken(column, np.array([3, 2, 1]))
    assert part.type == pa.string()
    assert part.to_pylist() == ["a", None, "b"]


LOG = {
    "reward": [1.0],
    "action": [0],
    "day": pa.array([0], pa.timestamp("s")),
    "pairs": pa.array([[[1]]]),
    "price": [[1.0, 2.0]],
}


def test_features_are_listed_once() -> None:
    assert require_features(Log(LOG), ["price", "price"], ["reward"]) == ["price"]


@pytest.mark.parametrize(
    ("feature", "error", "message"),
    [
        ("colour", DataError, "<dict>: no column 'colour'"),
        ("day", DataError, "<dict>: column 'day' holds timestamp[s], wanted numbers or text"),
        ("pairs", DataError, "column 'pairs' holds list<item: list<item: int64>>, wanted numbers or text"),
        ("action", UsageError, "features: found 'action', wanted columns that are known before the outcome"),
    ],
)
def test_what_cannot_be_a_feature_gets_one_line(feature: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        require_features(Log(LOG), [feature], ["reward", "action"])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_outcome_under_another_name_is_no_feature_either() -> None:
    log = Log({"clicked": [1.0], "x": [1.0]}, columns={"reward": "clicked"})
    with pytest.raises(UsageError, match="features: found 'clicked'"):
        require_features(log, ["clicked"], ["reward"])


def test_what_a_reward_is_computed_from_is_no_feature() -> None:
    log = Log({"click": [1.0], "purchase": [0.0], "age": [3.0]}, reward="click + 5*purchase")
    assert require_features(log, ["age"], ["reward"]) == ["age"]
    with pytest.raises(UsageError, match="features: found 'purchase', wanted columns that are known before"):
        require_features(log, ["age", "purchase"], ["reward"])
