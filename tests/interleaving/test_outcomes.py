"""Exact outcomes of interleaved sessions, against all lists, teams and clicks."""

from __future__ import annotations

import json
from math import sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankeval.interleaving.clicks import Clicks
from rankeval.interleaving.enumeration import list_distribution
from rankeval.interleaving.methods import Method
from rankeval.interleaving.outcomes import ab_z_per_sqrt_n, click_count, exact_outcome
from rankeval.interleaving.rankings import RankingPair
from tests import naive_interleaving as naive
from tests.readers.helpers import SHARED, needs_shared

REFERENCE = SHARED / "reference" / "click" / "exact.json"
LIKED = dict(zip("abcdefg", (0.9, 0.5, 0.2, 0.1, 0.6, 0.35, 0.75), strict=True))

rankings = st.tuples(
    st.lists(st.sampled_from("abcdefg"), unique=True, max_size=5),
    st.lists(st.sampled_from("abcdefg"), unique=True, max_size=5),
).filter(lambda pair: bool(pair[0] or pair[1]))


class IndependentClicks:
    """A click on each item at each position, whatever the others: ``rates`` (items, K)."""

    def __init__(self, rates: np.ndarray) -> None:
        self.rates = rates

    def conditionals(self, lists: np.ndarray) -> list[tuple[float, np.ndarray]]:
        size = lists.shape[1]
        rates = np.where(lists >= 0, self.rates[lists, np.arange(size)], 0.0)
        return [(1.0, np.repeat(rates[:, np.newaxis], size + 1, axis=1))]


class LastClickMatters:
    """Users look further down after a click nearby."""

    def __init__(self, items: tuple[Any, ...]) -> None:
        self.liked = np.array([LIKED[item] for item in items])

    def conditionals(self, lists: np.ndarray) -> list[tuple[float, np.ndarray]]:
        size = lists.shape[1]
        table = np.zeros((size + 1, size))
        for k in range(size):
            for r in range(k + 1):
                table[r, k] = 1.0 / (1.0 + k - r)
        return [(1.0, table * self.liked[lists][:, np.newaxis, :])]


def last_click(items: naive.Items, k: int, last: int) -> float:
    """The same, one number at a time."""
    return LIKED[items[k]] / (1.0 + k - last)


def outcome(pair: RankingPair, method: str, clicks: Clicks, length: int) -> dict[str, Any]:
    found = exact_outcome(pair.arrays, Method.parse(method), clicks, length).to_dict()
    found.pop("z_per_sqrt_n")
    return found


def drawn(
    lists: tuple[list[str], list[str]], data: st.DataObject, most: int = 4
) -> tuple[RankingPair, int, LastClickMatters]:
    """Two rankings, the length of their lists, and users."""
    pair = RankingPair(*lists)
    return pair, data.draw(st.integers(1, min(most, len(pair.items)))), LastClickMatters(pair.items)


@settings(max_examples=40, deadline=None)
@given(rankings, st.data())
def test_team_credit_is_the_sum_over_everything(
    lists: tuple[list[str], list[str]], data: st.DataObject
) -> None:
    pair, length, clicks = drawn(lists, data)
    for method, distribution in (
        ("team_draft", naive.team_draft(*lists, length)),
        ("probabilistic", naive.probabilistic(*lists, length)),
    ):
        wanted = naive.outcome(naive.additive(distribution, naive.by_team, last_click))
        assert outcome(pair, method, clicks, length) == pytest.approx(wanted, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(rankings, st.data())
def test_marginal_credit_is_the_sum_over_everything(
    lists: tuple[list[str], list[str]], data: st.DataObject
) -> None:
    pair, length, clicks = drawn(lists, data)
    for method, distribution in (
        ("team_draft:credit=marginal", naive.team_draft(*lists, length)),
        ("probabilistic:credit=marginal", naive.probabilistic(*lists, length)),
    ):
        credits = {items: naive.posterior(distribution, items) for items in naive.of_lists(distribution)}
        sessions = naive.additive(distribution, lambda items, _, of=credits: of[items], last_click)
        assert outcome(pair, method, clicks, length) == pytest.approx(naive.outcome(sessions), abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(rankings, st.data())
def test_balanced_is_the_sum_over_everything(lists: tuple[list[str], list[str]], data: st.DataObject) -> None:
    pair, length, clicking = drawn(lists, data, 5)
    sessions = [
        (p * q, naive.balanced_credit(*lists, items, clicks))
        for (items, _), p in naive.balanced(*lists, length).items()
        for clicks, q in naive.patterns(items, last_click)
    ]
    found = outcome(pair, "balanced", clicking, length)
    assert found == pytest.approx(naive.outcome(iter(sessions)), abs=1e-9)


@pytest.mark.parametrize("credit", ["linear", "inverse"])
def test_credit_by_rank_is_the_sum_over_everything(credit: str) -> None:
    lists = list("abcde"), list("cadbe")
    pair, distribution = list_distribution(*lists, f"optimised:credit={credit}", 4)
    chances = {(tuple(row["items"]), ""): row["probability"] for row in distribution.rows(pair)}

    def worth(items: naive.Items, _: str) -> list[float]:
        ranks = [(lists[0].index(item) + 1, lists[1].index(item) + 1) for item in items]
        return [b - a if credit == "linear" else 1 / a - 1 / b for a, b in ranks]

    wanted = naive.outcome(naive.additive(chances, worth, last_click))
    found = outcome(pair, f"optimised:credit={credit}", LastClickMatters(pair.items), 4)
    assert found == pytest.approx(wanted, abs=1e-9)


def test_marginal_credit_has_the_same_mean_and_less_spread() -> None:
    pair = RankingPair(list("abcde"), list("cadbe"))
    clicks = LastClickMatters(pair.items)
    for name in ("team_draft", "probabilistic"):
        team, marginal = (outcome(pair, f"{name}:credit={c}", clicks, 5) for c in ("team", "marginal"))
        assert marginal["mean_credit"] == pytest.approx(team["mean_credit"], abs=1e-12)
        assert marginal["sd_credit"] < team["sd_credit"]


def test_the_two_swap() -> None:
    a, b = list("abcdef"), list("fca")
    pairs = RankingPair(a, b), RankingPair(b, a)
    for method in ("team_draft", "balanced", "probabilistic:credit=marginal"):
        first, second = (outcome(pair, method, LastClickMatters(pair.items), 5) for pair in pairs)
        assert first["p_A_wins"] == pytest.approx(second["p_B_wins"], abs=1e-12)
        assert first["mean_credit"] == pytest.approx(-second["mean_credit"], abs=1e-12)


def test_two_rankings_that_are_the_same_tie_on_average() -> None:
    pair = RankingPair(list("abcd"), list("abcd"))
    clicks = LastClickMatters(pair.items)
    for method in ("team_draft", "balanced", "probabilistic", "optimised"):
        assert outcome(pair, method, clicks, 4)["mean_credit"] == pytest.approx(0.0, abs=1e-15)
    for method in ("team_draft:credit=marginal", "balanced", "optimised"):
        assert exact_outcome(pair.arrays, Method.parse(method), clicks, 4).z_per_sqrt_n is None


class OneClick:
    """One click, as likely at each position."""

    def conditionals(self, lists: np.ndarray) -> list[tuple[float, np.ndarray]]:
        n, size = lists.shape
        table = np.zeros((n, size + 1, size))
        table[:, 0] = 1.0 / np.arange(size, 0, -1)
        return [(1.0, table)]


def reference() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(REFERENCE.read_text())["interleaving"]
    return content


@needs_shared
def test_the_reference_file() -> None:
    content = reference()
    for case in content["cases"].values():
        pair, length = RankingPair(case["A"], case["B"]), case["L"]
        liked = [content["relevance"][str(item)] for item in pair.items]
        pbm = IndependentClicks(np.outer(liked, 1.0 / np.arange(1, length + 1)))
        randomly = IndependentClicks(np.full((len(pair.items), length), 0.3))
        for method, clicks, name in (
            ("team_draft", pbm, "tdi_pbm"),
            ("team_draft", randomly, "tdi_random_clicks"),
            ("balanced", pbm, "balanced_pbm"),
            ("balanced", randomly, "balanced_random_clicks"),
            ("probabilistic", pbm, "prob_team_credit_pbm"),
        ):
            assert outcome(pair, method, clicks, length) == pytest.approx(case[name], abs=1e-12)
        marginal = outcome(pair, "probabilistic:credit=marginal", pbm, length)
        wanted = case["prob_marginalised_credit_pbm"]
        for name in ("mean_credit", "sd_credit"):
            assert marginal[name] == pytest.approx(wanted[name], abs=1e-12)
        for method, name in (("team_draft", "tdi"), ("balanced", "balanced")):
            one, wanted = outcome(pair, method, OneClick(), length), case["one_uniform_click"][name]
            assert [one["p_A_wins"], one["p_B_wins"], one["p_tie"]] == pytest.approx(
                [wanted["A"], wanted["B"], wanted["tie"]], abs=1e-12
            )


@needs_shared
def test_the_reference_file_beside_an_ab_test() -> None:
    content = reference()
    for case in content["cases"].values():
        pair, length = RankingPair(case["A"], case["B"]), case["L"]
        liked = [content["relevance"][str(item)] for item in pair.items]
        pbm = IndependentClicks(np.outer(liked, 1.0 / np.arange(1, length + 1)))
        a, b = (click_count(order[0], pbm, length) for order in (pair.arrays.order_a, pair.arrays.order_b))
        sd, z = ab_z_per_sqrt_n(a, b)
        wanted = case["ab_test"]
        assert [a.mean, b.mean, a.mean - b.mean, sd] == pytest.approx(
            [wanted[name] for name in ("ctr_A", "ctr_B", "diff", "sd_diff_per_pair_of_arms")], abs=1e-12
        )
        assert z == pytest.approx(case["z_per_sqrt_n"]["ab"], abs=1e-12)
        for method, name in (
            ("team_draft", "tdi"),
            ("balanced", "balanced"),
            ("probabilistic:credit=marginal", "prob_marg"),
        ):
            found = exact_outcome(pair.arrays, Method.parse(method), pbm, length)
            assert found.z_per_sqrt_n == pytest.approx(case["z_per_sqrt_n"][name], abs=1e-12)


def test_clicks_of_a_ranking_alone() -> None:
    """Hand-worked: independent clicks, of which there is one more or less than expected."""
    clicks = IndependentClicks(np.array([[0.5, 0.5], [0.2, 0.1]]))
    count = click_count(np.array([0, 1, -1]), clicks, 2)
    assert count.mean == pytest.approx(0.5 + 0.1, abs=1e-15)
    assert count.variance == pytest.approx(0.5 * 0.5 + 0.1 * 0.9, abs=1e-15)
    assert click_count(np.array([-1, -1]), clicks, 2) == (0.0, 0.0)
    assert ab_z_per_sqrt_n(count, count) == (sqrt(4 * count.variance), 0.0)
