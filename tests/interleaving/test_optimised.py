"""Optimised interleaving: allowed lists, no bias, most sensitivity."""

from __future__ import annotations

from itertools import combinations, permutations
from math import log2

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankeval.errors import DataError
from rankeval.interleaving.optimised import allowed_lists, optimised_distribution, rank_credits, sensitivities
from rankeval.interleaving.rankings import RankingPair


def credits_of(pair: RankingPair, lists: np.ndarray, kind: str) -> np.ndarray:
    rank_a, rank_b = (ranks[0][lists] for ranks in pair.arrays.ranks())
    return rank_credits(kind, rank_a, rank_b, pair.arrays.length_a, pair.arrays.length_b)


def unites(pair: RankingPair, prefix: tuple[str, ...]) -> bool:
    """Whether a set of items is a prefix of A with a prefix of B."""
    a, b = list(pair.a), list(pair.b)
    return any(set(prefix) == {*a[:i], *b[:j]} for i in range(len(a) + 1) for j in range(len(b) + 1))


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.sampled_from("abcde"), unique=True, min_size=1, max_size=4),
    st.lists(st.sampled_from("abcde"), unique=True, min_size=1, max_size=4),
    st.data(),
)
def test_allowed_lists_are_those_of_the_definition(a: list[str], b: list[str], data: st.DataObject) -> None:
    pair = RankingPair(a, b)
    length = data.draw(st.integers(1, len(pair.items)))
    found = {tuple(pair.items[item] for item in row) for row in allowed_lists(pair.arrays, length).tolist()}
    wanted = {
        order
        for order in permutations(pair.items, length)
        if all(unites(pair, order[:k]) for k in range(1, length + 1))
    }
    assert found == wanted


def test_credits_as_arithmetic() -> None:
    ranks = np.array([1, 3, 0]), np.array([2, 0, 1])
    lengths = np.array([3]), np.array([2])
    assert rank_credits("linear", *ranks, *lengths).tolist() == [2 - 1, 3 - 3, 1 - 4]
    assert rank_credits("inverse", *ranks, *lengths).tolist() == [1 - 1 / 2, 1 / 3 - 1 / 3, 1 / 4 - 1]
    assert rank_credits("binary", *ranks, *lengths).tolist() == [1, 0, -1]


def test_sensitivity_as_arithmetic() -> None:
    """Clicks at 1, 2, 3 in proportion 6 : 3 : 2."""
    p = np.array([6, 3, 2]) / 11
    credits = np.array([[1.0, -2.0, 0.0], [1.0, 1.0, 1.0], [0.0, 0.0, 0.0], [-0.5, -1.0, 3.0]])
    two = -(p[0] * log2(p[0] / (p[0] + p[1])) + p[1] * log2(p[1] / (p[0] + p[1])))
    three = -((p[0] + p[1]) * log2(p[0] + p[1]) + p[2] * log2(p[2]))
    assert sensitivities(credits) == pytest.approx([two, 0.0, 0.0, three], abs=1e-15)


@settings(max_examples=30, deadline=None)
@given(
    st.permutations("abcdef"),
    st.permutations("abcdef"),
    st.integers(1, 6),
    st.sampled_from(["linear", "inverse"]),
)
def test_random_clicks_favour_nobody(a: list[str], b: list[str], length: int, kind: str) -> None:
    pair = RankingPair(a, b)
    credits = credits_of(pair, allowed_lists(pair.arrays, length), kind)
    chances = optimised_distribution(credits, kind)
    assert chances.min() >= 0.0
    assert chances.sum() == pytest.approx(1.0, abs=1e-12)
    assert chances @ credits == pytest.approx(np.zeros(length), abs=1e-12)


def corners(credits: np.ndarray) -> list[np.ndarray]:
    """All distributions that are corners of the unbiased ones: each solves the equations on its own lists."""
    equations = np.vstack([credits.T, np.ones(len(credits))])
    wanted = np.append(np.zeros(credits.shape[1]), 1.0)
    found = []
    for size in range(1, np.linalg.matrix_rank(equations) + 1):
        for lists in combinations(range(len(credits)), size):
            solution = np.linalg.lstsq(equations[:, lists], wanted, rcond=None)[0]
            if np.allclose(equations[:, lists] @ solution, wanted, atol=1e-9) and solution.min() > -1e-9:
                found.append(np.zeros(len(credits)))
                found[-1][list(lists)] = solution
    return found


@pytest.mark.parametrize("kind", ["linear", "inverse"])
@pytest.mark.parametrize("b", ["dcba", "badc", "cadb"])
def test_nothing_unbiased_is_more_sensitive(kind: str, b: str) -> None:
    pair = RankingPair(list("abcd"), list(b))
    credits = credits_of(pair, allowed_lists(pair.arrays, 4), kind)
    best = max(float(corner @ sensitivities(credits)) for corner in corners(credits))
    chances = optimised_distribution(credits, kind)
    assert chances @ sensitivities(credits) == pytest.approx(best, abs=1e-9)


def test_where_nothing_is_unbiased_one_line_says_so() -> None:
    pair = RankingPair(list("abcd"), list("bcda"))
    credits = credits_of(pair, allowed_lists(pair.arrays, 4), "binary")
    with pytest.raises(DataError) as caught:
        optimised_distribution(credits, "binary")
    assert str(caught.value) == (
        "optimised: no distribution over the 4 allowed lists is unbiased with credit binary; wanted rankings "
        "that differ otherwise, or another credit"
    )
