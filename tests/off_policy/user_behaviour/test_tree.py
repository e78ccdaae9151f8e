from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from rankeval.errors import DataError
from rankeval.logs.log import Log
from rankeval.logs.passes import fold
from rankeval.logs.sessions import Sessions
from rankeval.off_policy.user_behaviour.tree import AtMost, BehaviourTree, Equals, Leaf, Split, feature_of
from rankeval.off_policy.user_behaviour.windows import NAMES

PHONE = Equals("device", "phone")
TREE = BehaviourTree(
    Split(
        PHONE,
        Split(AtMost("age", 30.0, True), Leaf("cascade", 1234.0), Leaf("independent", 12.0)),
        Split(Equals("device", None), Leaf("neighbours", 1.0), Leaf("standard", 9.0)),
    ),
    "",
)


def assigned(tree: BehaviourTree, log: Any) -> list[str]:
    def work(sessions: Sessions) -> dict[int, str]:
        ids = sessions.per_session("session_id").to_pylist()
        return dict(zip(ids, [NAMES[code] for code in tree.codes(sessions)], strict=True))

    found = fold(Log(log), ["session_id", "click", *tree.roles], work, dict.__or__, 1)
    return [found[session] for session in sorted(found)]


DEVICE = ["phone", "phone", "phone", "phone", "tv", None]
AGE = [30.0, 30.5, None, float("nan"), 3.0, 3.0]
WANTED = ["cascade", "independent", "independent", "independent", "standard", "neighbours"]


@pytest.mark.parametrize(
    "device",
    [pa.array(DEVICE), pa.array(DEVICE, pa.large_string()), pa.array(DEVICE).dictionary_encode()],
    ids=["string", "large string", "dictionary"],
)
def test_sessions_fall_into_leaves(device: pa.Array) -> None:
    log = pa.table({"session_id": range(6), "click": [0] * 6, "device": device, "age": AGE})
    assert TREE.roles == ["device", "age"]
    assert assigned(TREE, log) == WANTED
    nested = log.set_column(1, "click", pa.array([[0, 1]] * 6))
    assert assigned(TREE, nested) == WANTED


def test_features_of_long_logs_are_those_of_the_session() -> None:
    twice = np.repeat(np.arange(6), 2)
    log = pa.table(
        {
            "session_id": twice,
            "click": [0] * 12,
            "device": pa.array(DEVICE).take(pa.array(twice)),
            "age": pa.array(AGE).take(pa.array(twice)),
        }
    )
    assert assigned(TREE, log) == WANTED
    changed = log.set_column(3, "age", pa.array([30.0, 31.0, *[3.0] * 10]))
    with pytest.raises(
        DataError, match=r"row 2, session_id 0: column 'age' is 31.0, wanted one value through"
    ):
        assigned(TREE, changed)


def test_booleans_are_values() -> None:
    tree = BehaviourTree(Split(Equals("new", False), Leaf("cascade", 1.0), Leaf("independent", 1.0)), "")
    log = pa.table({"session_id": range(3), "click": [0] * 3, "new": pa.array([True, False, None])})
    assert assigned(tree, log) == ["independent", "cascade", "independent"]


def test_whole_numbers_are_numbers() -> None:
    assert AtMost("age", 2.0).holds(pa.array([1, 2, 3, None])).tolist() == [True, True, False, False]


def test_leaves_in_words() -> None:
    assert TREE.describe() == [
        "device == 'phone' and age <= 30: cascade, 1,234 sessions",
        "device == 'phone' and age > 30 or missing: independent, 12 sessions",
        "device is missing: neighbours, 1 sessions",
        "device != 'phone' and device is not missing: standard, 9 sessions",
    ]
    assert AtMost("age", 2.5).words(False) == "age > 2.5"
    alone = BehaviourTree(Leaf("cascade", 50.0), "")
    assert (alone.describe(), alone.roles) == (["all: cascade, 50 sessions"], [])


def test_narrower_bounds_are_said_once() -> None:
    def leaf(name: str) -> Leaf:
        return Leaf(name, 1.0)

    low = Split(AtMost("age", 10.0), leaf("independent"), leaf("cascade"))
    tree = Split(AtMost("age", 30.0), Split(AtMost("age", 20.0), low, leaf("standard")), leaf("neighbours"))
    assert BehaviourTree(tree, "").describe() == [
        "age <= 10: independent, 1 sessions",
        "age <= 20 and age > 10: cascade, 1 sessions",
        "age <= 30 and age > 20: standard, 1 sessions",
        "age > 30: neighbours, 1 sessions",
    ]


def test_a_tree_of_one_leaf_reads_nothing() -> None:
    log = pa.table({"session_id": [1, 2], "click": [0, 1]})
    assert assigned(BehaviourTree(Leaf("cascade", 2.0), ""), log) == ["cascade", "cascade"]


def test_features_are_plain() -> None:
    log = pa.table({"session_id": [1], "click": [0], "device": pa.array(["tv"]).dictionary_encode()})
    kind = fold(Log(log), ["session_id", "device"], lambda s: feature_of(s, "device").type, lambda a, b: a, 1)
    assert kind == pa.string()
