"""Credit given the list, against all assignments to teams."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankeval.arrays.kernels import read_only
from rankeval.interleaving.credit import UNKNOWN, balanced_outcomes, draft_credits, softmax_credits
from rankeval.interleaving.enumeration import rank_weights
from tests import naive_interleaving as naive

Lists = tuple[str, ...]
rankings = st.tuples(
    st.lists(st.sampled_from("abcdefg"), unique=True, max_size=5),
    st.lists(st.sampled_from("abcdefg"), unique=True, max_size=5),
).filter(lambda pair: bool(pair[0] or pair[1]))


def ranks(ranking: list[str], items: Lists) -> np.ndarray:
    return np.array([ranking.index(item) + 1 if item in ranking else 0 for item in items])


def draft(a: list[str], b: list[str], items: Lists, known: bool = True) -> tuple[list[float], int]:
    lengths = [np.array([len(ranking) if known else UNKNOWN]) for ranking in (a, b)]
    credits = np.full(len(items), np.nan)
    offsets = read_only(np.array([0, len(items)]))
    ranked = [read_only(ranks(ranking, items)) for ranking in (a, b)]
    bad = draft_credits(offsets, *ranked, *map(read_only, lengths), credits)
    return credits.tolist(), bad


@settings(max_examples=80, deadline=None)
@given(rankings, st.data())
def test_draft_credit_is_the_mean_over_assignments(
    pair: tuple[list[str], list[str]], data: st.DataObject
) -> None:
    length = data.draw(st.integers(1, len({*pair[0], *pair[1]})))
    distribution = naive.team_draft(*pair, length)
    for items in naive.of_lists(distribution):
        credits, bad = draft(*pair, items)
        assert bad == -1
        assert credits == pytest.approx(naive.posterior(distribution, items), abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.permutations("abcdef"), st.permutations("abcdef"), st.integers(1, 6))
def test_rankings_that_never_end_need_no_length(a: list[str], b: list[str], length: int) -> None:
    """Two rankings of the same items end together."""
    distribution = naive.team_draft(a, b, length)
    for items in naive.of_lists(distribution):
        assert draft(a, b, items, known=False) == draft(a, b, items)


def test_a_ranking_of_unknown_length_ends_where_nothing_else_explains_the_list() -> None:
    """Hand-worked: A has x alone. Where x leads, B's z, y after it come from B; A is not asked again."""
    assert draft(["x"], ["y", "z", "w"], ("x", "y", "z", "w"), known=False) == ([1.0, -1.0, -1.0, -1.0], -1)
    assert draft(["x"], ["y", "z", "w"], ("y", "x", "z", "w"), known=False) == ([-1.0, 1.0, -1.0, -1.0], -1)


def test_a_list_that_no_draft_shows_is_told() -> None:
    assert draft(list("abc"), list("acb"), ("b", "a", "c"))[1] == 0
    assert draft(list("abc"), list("acb"), ("a", "b", "c"))[1] == -1
    # After a and d, c is the best left of neither: both have b.
    assert draft(list("abcd"), list("dbca"), ("a", "d", "c"))[1] == 2
    assert draft(list("abcd"), list("dbca"), ("a", "d", "c"), known=False)[1] == 2


@settings(max_examples=60, deadline=None)
@given(rankings, st.sampled_from([0.0, 1.0, 3.0, 6.0]), st.data())
def test_softmax_credit_is_the_mean_over_assignments(
    pair: tuple[list[str], list[str]], tau: float, data: st.DataObject
) -> None:
    length = data.draw(st.integers(1, min(4, len({*pair[0], *pair[1]}))))
    distribution = naive.probabilistic(*pair, length, tau)
    lists = list(naive.of_lists(distribution))
    flat: Lists = tuple(item for items in lists for item in items)
    offsets = read_only(np.arange(0, len(flat) + 1, length))
    ranked = [read_only(ranks(ranking, flat)) for ranking in pair]
    lengths = [read_only(np.full(len(lists), len(ranking))) for ranking in pair]
    credits = np.zeros(len(flat))
    softmax_credits(offsets, *ranked, *lengths, read_only(rank_weights(tau, 5)), credits)
    for items, credit in zip(lists, credits.reshape(-1, length), strict=True):
        assert credit.tolist() == pytest.approx(naive.posterior(distribution, items), abs=1e-10)


def test_softmax_credit_as_arithmetic() -> None:
    """First position: x is A's first and B's second of two."""
    credits = np.zeros(1)
    one, two = np.array([1]), np.array([2])
    softmax_credits(
        read_only(np.array([0, 1])),
        *map(read_only, (one, two, two, two)),
        read_only(rank_weights(3.0, 2)),
        credits,
    )
    p_a, p_b = 1 / (1 + 1 / 8), (1 / 8) / (1 + 1 / 8)
    assert credits[0] == pytest.approx((p_a - p_b) / (p_a + p_b), abs=1e-15)


@pytest.mark.parametrize("tau", [0.5, 3.0, 8.0])
def test_softmax_credit_of_long_rankings(tau: float) -> None:
    """The ranking ends where its length says, however long others are; credits as sums of fractions."""
    ranks_a, ranks_b, lengths = [3, 40, 1, 39], [1, 2, 50, 49], (40, 50)
    weights = [Fraction(float(weight)) for weight in rank_weights(tau, 200)]

    def share(ranks: list[int], k: int, length: int) -> Fraction:
        left = [weights[rank - 1] for rank in range(1, length + 1) if rank not in ranks[:k]]
        return weights[ranks[k] - 1] / sum(left)

    pairs = [(share(ranks_a, k, lengths[0]), share(ranks_b, k, lengths[1])) for k in range(4)]
    credits = np.zeros(4)
    softmax_credits(
        read_only(np.array([0, 4])),
        read_only(np.array(ranks_a)),
        read_only(np.array(ranks_b)),
        read_only(np.array([lengths[0]])),
        read_only(np.array([lengths[1]])),
        read_only(rank_weights(tau, 200)),
        credits,
    )
    assert credits.tolist() == pytest.approx([float((a - b) / (a + b)) for a, b in pairs], abs=1e-12)


@settings(max_examples=80, deadline=None)
@given(rankings, st.data())
def test_balanced_outcome_is_joachims_rule(pair: tuple[list[str], list[str]], data: st.DataObject) -> None:
    length = data.draw(st.integers(1, len({*pair[0], *pair[1]})))
    lists = [items for items, _ in naive.balanced(*pair, length)]
    clicks = [data.draw(st.tuples(*[st.integers(0, 1)] * length)) for _ in lists]
    flat: Lists = tuple(item for items in lists for item in items)
    outcomes = np.zeros(len(lists))
    balanced_outcomes(
        read_only(np.arange(0, len(flat) + 1, length)),
        *(read_only(ranks(ranking, flat)) for ranking in pair),
        read_only(np.array(clicks, np.float64).ravel()),
        outcomes,
    )
    wanted = [naive.balanced_credit(*pair, items, c) for items, c in zip(lists, clicks, strict=True)]
    assert outcomes.tolist() == wanted
