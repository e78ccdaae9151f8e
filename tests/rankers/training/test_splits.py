from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rankeval.errors import DataError, UsageError
from rankeval.logs.log import Log
from rankeval.rankers.training.examples import Examples, Reading
from rankeval.rankers.training.splits import (
    SPLIT,
    TIME,
    UNIT,
    Split,
    fold_parts,
    shared_queries,
    unit_count,
)
from tests.rankers.judged_data import clicked, judged


def examples(data: dict[str, Any], **roles: str) -> Examples:
    log = Log(data, "judgements").with_roles(roles)
    return Reading(log, "query_id", "relevance", ["f1"], list(roles)).read(1)


def sessions(data: dict[str, Any], **roles: str) -> Examples:
    log = Log(data).with_roles({UNIT: "query_id", **roles})
    return Reading(log, "session_id", "click", ["f1"], [UNIT, *roles]).read(1)


def with_column(values: list[Any], items: int = 2) -> dict[str, Any]:
    """One query for each value, with so many items."""
    data = judged(queries=len(values), items=items)
    return data | {"part": [value for value in values for _ in range(items)]}


def test_named_values_and_the_rest_tests() -> None:
    split = Split.of("S3", None, "part", "S1,S2", None)
    parts = split.parts(examples(with_column(["S1", "S2", "S3", "S4", "S1"]), **{SPLIT: "part"}), 0)
    assert [part.tolist() for part in (parts.train, parts.valid, parts.test)] == [[0, 1, 4], [2], [3]]


def test_values_default_to_train_and_valid() -> None:
    split = Split.of(None, None, "part", None, None)
    parts = split.parts(examples(with_column(["valid", "train", "test"]), **{SPLIT: "part"}), 0)
    assert [part.tolist() for part in (parts.train, parts.valid, parts.test)] == [[1], [0], [2]]


def test_numbers_name_parts_too() -> None:
    split = Split.of([2], None, "part", [0, 1], None)
    parts = split.parts(examples(with_column([0, 1, 2]), **{SPLIT: "part"}), 0)
    assert [parts.train.tolist(), parts.valid.tolist()] == [[0, 1], [2]]


def test_a_value_that_no_query_has_is_named_with_those_there_are() -> None:
    split = Split.of(None, None, "part", None, None)
    with pytest.raises(DataError, match=r"no query to train, wanted values of column 'part'.*'S1', 'valid'"):
        split.parts(examples(with_column(["S1", "valid"]), **{SPLIT: "part"}), 0)


def test_a_query_is_never_split() -> None:
    data = with_column(["train", "valid"])
    data["part"][1] = "valid"
    with pytest.raises(DataError, match=r"query 'q000': column 'part' is '.*wanted one value for all items"):
        Split.of(None, None, "part", None, None).parts(examples(data, **{SPLIT: "part"}), 0)


def test_the_latest_fifth_stops_and_equal_times_stay_together() -> None:
    split = Split.of(None, None, None, None, "part")
    parts = split.parts(examples(with_column([5, 1, 2, 3, 4, 9, 6, 7, 8, 10]), **{TIME: "part"}), 0)
    assert parts.valid.tolist() == [5, 9]
    parts = split.parts(examples(with_column([1, 1, 2, 2, 2]), **{TIME: "part"}), 0)
    assert parts.train.tolist() == [0, 1]
    with pytest.raises(DataError, match="wanted more than one time in column 'part'"):
        split.parts(examples(with_column([3, 3, 3]), **{TIME: "part"}), 0)


def test_a_query_is_as_late_as_its_last_row() -> None:
    data = with_column([1, 2, 3, 4, 5])
    data["part"][0] = 100
    parts = Split.of(None, None, None, None, "part").parts(examples(data, **{TIME: "part"}), 0)
    assert parts.valid.tolist() == [0]


def test_numbers_that_are_written_as_text_sort_as_numbers() -> None:
    split = Split.of(None, None, None, None, "part")
    parts = split.parts(examples(with_column([str(i) for i in range(1, 11)]), **{TIME: "part"}), 0)
    assert parts.valid.tolist() == [8, 9]


def test_true_may_be_written_small() -> None:
    split = Split.of("false", None, "part", "true", None)
    parts = split.parts(examples(with_column([True, False]), **{SPLIT: "part"}), 0)
    assert [parts.train.tolist(), parts.valid.tolist()] == [[0], [1]]


def test_times_must_be_known() -> None:
    data = with_column([1, None, 3])
    with pytest.raises(DataError, match="column 'part' has 2 values missing, wanted times"):
        Split.of(None, None, None, None, "part").parts(examples(data, **{TIME: "part"}), 0)


def test_folds_test_every_query_once_and_keep_sessions_of_a_query_together() -> None:
    found = sessions(clicked(200))
    parts = fold_parts(found, 4, seed=3)
    assert sorted(np.concatenate([part.test for part in parts]).tolist()) == list(range(len(found)))
    units = np.array(found.fields[UNIT].take(found.offsets[:-1]).to_pylist())
    for part in parts:
        sets = [set(units[queries]) for queries in (part.train, part.valid, part.test)]
        assert not sets[0] & sets[1]
        assert not sets[0] & sets[2]
        assert not sets[1] & sets[2]
    sizes = [len(set(units[part.test])) for part in parts]
    assert max(sizes) - min(sizes) <= 1
    assert unit_count(found) == len(set(units))


def test_the_seed_deals_the_folds() -> None:
    found = examples(judged())
    one, same, other = (fold_parts(found, 5, seed)[0].test.tolist() for seed in (0, 0, 1))
    assert one == same != other


def test_a_fifth_by_hash_stops_without_a_split() -> None:
    parts = Split().parts(examples(judged(queries=50)), 0)
    assert len(parts.valid) == 10
    assert not set(parts.train) & set(parts.valid)
    with pytest.raises(DataError, match="no query to train, wanted at least 5 queries"):
        Split().parts(examples(judged(queries=1)), 0)


def test_few_queries_get_folds() -> None:
    assert Split().settled(examples(judged(queries=5, items=2))).folds == 5
    assert Split().settled(examples(judged(queries=4, items=2))).folds is None
    assert Split().settled(examples(judged(queries=2001, items=1))).folds is None
    assert Split(time="t").settled(examples(judged())).folds is None


def test_shared_queries() -> None:
    assert shared_queries(examples(judged(3, 2)), examples(judged(2, 2))) == ["q000", "q001"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("v.csv", 5, None, None, None), "valid and folds: found 2 ways to split, wanted one"),
        ((None, 5, "part", None, "day"), "folds and split and time: found 3 ways"),
        ((None, None, None, "S1", None), "train: found values of a split, wanted split=COLUMN"),
        ((None, 2, None, None, None), "folds: found 2, wanted 3 to 100"),
        (("a", None, "part", "a,b", None), "split: found 'a' in train and in valid"),
    ],
)
def test_bad_splits(given: tuple[Any, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Split.of(*given)


def test_more_folds_than_queries() -> None:
    with pytest.raises(DataError, match=r"found 4 queries, wanted at least one a fold \(5\)"):
        fold_parts(examples(judged(queries=4)), 5, 0)
