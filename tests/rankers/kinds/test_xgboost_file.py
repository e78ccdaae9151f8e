"""Models of XGBoost are checked before XGBoost reads them, so that no damaged one ends the process."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost

from rankeval.rankers.kinds.ubjson import decoded
from rankeval.rankers.kinds.xgboost_file import checked_model
from rankeval.rankers.kinds.xgboost_trees import Malformed
from tests.fuzz.mutations import mutated_bytes

X = np.random.default_rng(0).normal(size=(200, 2))
DATA = xgboost.DMatrix(X, X[:, 0] + X[:, 1] ** 2, feature_names=["a", "b"])


def saved(extension: str, **options: Any) -> bytes:
    settings = {"max_depth": 3, "nthread": 1, "gamma": 0.1, "verbosity": 0, **options}
    return bytes(xgboost.train(settings, DATA, 3).save_raw(extension))


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal, numbers in single precision."""
    if isinstance(one, dict):
        return set(one) == set(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(np.float32(one) == np.float32(other)) if isinstance(one, float) else bool(one == other)


def test_both_formats_hold_the_same() -> None:
    for booster in ("gbtree", "gblinear", "dart"):
        text = json.loads(saved("json", booster=booster))
        assert same(decoded(saved("ubj", booster=booster)), text)


@pytest.mark.parametrize("extension", ["json", "ubj"])
def test_what_was_checked_predicts_the_same(extension: str) -> None:
    content = saved(extension, num_parallel_tree=2, tree_method="exact")
    one, other = xgboost.Booster(), xgboost.Booster()
    one.load_model(bytearray(content))
    other.load_model(bytearray(checked_model(content)))
    np.testing.assert_array_equal(one.predict(DATA), other.predict(DATA))


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"[]", []),
        (b"{}", {}),
        (b"Si\x02ab", "ab"),
        (b"[#U\x02TF", [True, False]),
        (b"[ZI\x01\x00]", [None, 256]),
        (b"[$l#i\x02\x00\x00\x00\x01\xff\xff\xff\xff", [1, -1]),
        (b"{i\x01ad\x3f\x00\x00\x00i\x01bD\xbf\xf0\x00\x00\x00\x00\x00\x00}", {"a": 0.5, "b": -1.0}),
    ],
)
def test_ubjson_by_hand(content: bytes, value: Any) -> None:
    assert decoded(content) == value


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "wants 1 bytes at byte 0 of 0"),
        (b"[]]", "ends at byte 2 of 3"),
        (b"[", "wants 1 bytes"),
        (b"X", "unknown marker 'X'"),
        (b"Si\xff", "wants -1 bytes"),
        (b"SL\x7f\xff\xff\xff\xff\xff\xff\xffa", "wants 9223372036854775807 bytes"),
        (b"[$d#L\x7f\xff\xff\xff\xff\xff\xff\xff", "bytes at byte 13"),
        (b"[$S#i\x01", "unknown list of 'S'"),
        (b"[#i\x7fZ", "a list of 127 values"),
        (b"Sd\0\0\0\0", "wanted that of a length"),
        (b"Si\x01\xff", "can't decode byte"),
        (b"{i\x01aZi\x01aZ}", "key 'a' twice"),
        (b"[" * 1000, "more than 50 levels"),
    ],
)
def test_ubjson_that_is_damaged(content: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        decoded(content)


def forest(model: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = model["learner"]["gradient_booster"]["model"]
    return found


def set_in(name: str, place: int, value: Any) -> Callable[[dict[str, Any]], None]:
    """Change one number of the second tree."""

    def change(model: dict[str, Any]) -> None:
        forest(model)["trees"][1][name][place] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (set_in("left_children", 1, 0), "has a child that does not exist in tree 1"),
        (set_in("left_children", 0, 10**6), "has a child that does not exist in tree 1"),
        (set_in("left_children", 0, 2**40), "'left_children' that is no list of whole numbers"),
        (set_in("left_children", 0, 2), "has a node with two parents in tree 1"),
        (set_in("right_children", 0, -1), "has a child that does not exist in tree 1"),
        (set_in("parents", 0, 1), "has a root with a parent in tree 1"),
        (set_in("parents", 1, 2), "has parents that are not those of its children in tree 1"),
        (set_in("parents", 1, 10**6), "has a parent that does not exist in tree 1"),
        (set_in("split_indices", 0, 2), "splits by a feature beyond its 2 in tree 1"),
        (set_in("split_indices", 0, -1), "splits by a feature beyond its 2 in tree 1"),
        (set_in("split_type", 0, 1), "has splits by categories in tree 1"),
        (set_in("default_left", 0, 2), "has a 'default_left' that is neither 0 nor 1 in tree 1"),
        (set_in("split_conditions", 0, "x"), "numbers as 'split_conditions' in tree 1"),
        (lambda model: forest(model)["trees"].pop(), "has 2 trees, but num_trees 3"),
        (lambda model: forest(model)["trees"][0]["parents"].pop(), " parents, but "),
        (lambda model: forest(model)["trees"].__setitem__(0, 1), "has no object in tree 0"),
        (lambda model: forest(model)["trees"][2]["tree_param"].update(num_nodes="0"), "do not fit in tree 2"),
        (lambda model: forest(model)["trees"][2]["tree_param"].update(num_nodes="-1"), "not a whole number"),
        (lambda model: forest(model)["iteration_indptr"].__setitem__(1, 9), "has an iteration_indptr"),
        (lambda model: forest(model).update(tree_info=[0, 0, 1]), "has no tree_info of 0 for each tree"),
        (lambda model: model["learner"]["attributes"].update(best_iteration="3"), "but 3 rounds"),
        (lambda model: model["learner"].update(feature_names=[1]), "has feature_names that are no texts"),
        (lambda model: model["learner"]["learner_model_param"].update(base_score="x"), "has base_score 'x'"),
        (lambda model: model["learner"]["gradient_booster"].update(name="x"), "has the booster 'x'"),
        (lambda model: model["learner"]["objective"].update(name="x\0"), "has the objective"),
        (lambda model: model.update(version=[3]), "has no version of three numbers"),
    ],
)  # fmt: skip
def test_models_that_are_not_sound(change: Callable[[dict[str, Any]], Any], message: str) -> None:
    model = json.loads(saved("json", gamma=0))
    change(model)
    with pytest.raises(Malformed) as caught:
        checked_model(json.dumps(model).encode())
    assert message in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"{", b'{"a":', b"[1]", b"{" * 10**5, b'{"a":' * 10**5, b"\xff"])
def test_what_is_no_model(content: bytes) -> None:
    with pytest.raises(Malformed):
        checked_model(content)


@pytest.mark.parametrize("extension", ["json", "ubj"])
@pytest.mark.parametrize("booster", ["gbtree", "dart", "gblinear"])
def test_no_change_that_is_taken_ends_the_process(booster: str, extension: str, tmp_path: Path) -> None:
    """XGBoost reads and predicts with what is taken, or raises an error of its own."""
    content, taken = saved(extension, booster=booster), 0
    for number in range(150):
        rng = random.Random(f"{booster}:{number}")
        try:
            checked = checked_model(mutated_bytes(content, rng))
        except Malformed:
            continue
        model = xgboost.Booster()
        try:
            model.load_model(bytearray(checked))
        except (xgboost.core.XGBoostError, ValueError, KeyError):
            continue
        if model.num_features() == 2:
            model.feature_names, model.feature_types = ["a", "b"], None
            model.predict(DATA)
            taken += 1
    assert taken
