"""Pairs of rankings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rankeval.errors import UsageError
from rankeval.interleaving.rankings import PairArrays, RankingPair


def test_items_are_numbered_from_the_top_of_a() -> None:
    pair = RankingPair([7, 3], np.array([3, 9, 7]))
    assert pair.items == (7, 3, 9)
    assert pair.arrays.order_a.tolist() == [[0, 1]]
    assert pair.arrays.order_b.tolist() == [[1, 2, 0]]
    assert [ranks.tolist() for ranks in pair.arrays.ranks()] == [[[1, 2, 0]], [[3, 1, 2]]]
    assert [pair.length(None), pair.length(1)] == [3, 1]


def test_rankings_of_many_queries_have_their_own_ends() -> None:
    pairs = PairArrays.of(np.array([[0, 2, -1], [1, -1, -1]]), np.array([[2, -1], [0, 1]]))
    assert pairs.length_a.tolist() == [2, 1]
    assert pairs.length_b.tolist() == [1, 2]
    assert pairs.sizes().tolist() == [2, 2]
    assert pairs.query(1).order_a.tolist() == [[1, -1, -1]]
    assert pairs.query(1).ranks()[1].tolist() == [[1, 2, 0]]


BAD: dict[str, tuple[Any, Any]] = {
    "rankings: found no item in either, wanted at least one": ([], []),
    "ranking a: found 'x' twice, wanted every item once": (["x", "y", "x"], ["x"]),
    "ranking b: found 1.5, wanted integers or strings as item ids": ([1], [1.5]),
    "ranking b: found True, wanted integers or strings as item ids": ([1], [True]),
    "ranking a: found 'abc', wanted a list of item ids": ("abc", ["a"]),
    "ranking b: found None, wanted a list of item ids": (["a"], None),
    "rankings: found integers and strings as item ids, wanted one of them": ([1], ["1"]),
}


@pytest.mark.parametrize("message", BAD)
def test_bad_rankings_get_one_line(message: str) -> None:
    with pytest.raises(UsageError) as caught:
        RankingPair(*BAD[message])
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("length", "found"),
    [(3, "3, wanted 1 to 2, the"), (0, "0, wanted 1"), (True, "True, wanted a whole number")],
)
def test_bad_lengths_get_one_line(length: Any, found: str) -> None:
    with pytest.raises(UsageError, match=f"^length: found {found}"):
        RankingPair(["x"], ["y"]).length(length)
