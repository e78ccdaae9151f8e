"""Random interleaved lists follow their exact distribution."""

from __future__ import annotations

from collections import Counter
from math import sqrt
from typing import Any

import numpy as np
import pytest

from rankeval import interleave
from rankeval.errors import UsageError
from rankeval.interleaving.drawer import Drawer
from rankeval.interleaving.enumeration import exact_lists
from rankeval.interleaving.methods import Method
from rankeval.interleaving.rankings import PairArrays, RankingPair
from tests import naive_interleaving as naive

N = 40_000
METHODS = ("team_draft", "balanced", "probabilistic", "probabilistic:tau=0.5", "optimised")
#: Query 0: partly different items and lengths; query 1: the same items.
PAIRS = RankingPair(list("abcd"), list("bea")), RankingPair(list("abcde"), list("badec"))
BOTH = PairArrays.of(
    np.array([[0, 1, 2, 3, -1], [0, 1, 2, 3, 4]]), np.array([[1, 4, 0, -1, -1], [1, 0, 3, 4, 2]])
)


def close(counts: Counter[Any], chances: dict[Any, float], n: int) -> None:
    assert set(counts) <= set(chances)
    rare = [key for key, p in chances.items() if n * p < 50]
    pooled = {key: (counts[key], p) for key, p in chances.items() if key not in rare}
    pooled["rare"] = sum(counts[key] for key in rare), sum(chances[key] for key in rare)
    for key, (count, p) in pooled.items():
        assert abs(count / n - p) <= 4 * sqrt(p * (1 - p) / n) + 1e-12, key


@pytest.mark.parametrize(
    ("method", "query"), [*((method, 1) for method in METHODS), *((method, 0) for method in METHODS[:-1])]
)
def test_frequencies_are_the_exact_ones(method: str, query: int) -> None:
    parsed, pair = Method.parse(method), PAIRS[query]
    lists, teams = Drawer(pair.arrays, parsed, 4).draw(np.zeros(N, np.int64), 0, 5)
    found = Counter(map(tuple, lists.tolist()))
    exact = exact_lists(pair.arrays, parsed, 4)
    merged = exact.of_lists()
    close(found, {tuple(r): p for r, p in zip(merged.lists.tolist(), merged.probability, strict=True)}, N)
    assert (teams is None) == (method in ("balanced", "optimised"))


@pytest.mark.parametrize("method", ["team_draft", "probabilistic"])
def test_teams_are_drawn_with_the_lists(method: str) -> None:
    pair = PAIRS[0]
    rows = interleave(pair.a, pair.b, method, 3, lists=N, seed=2)
    counts = Counter((tuple(row["items"]), "".join(row["teams"])) for row in rows)
    close(counts, getattr(naive, method)(pair.a, pair.b, 3), N)


@pytest.mark.parametrize("method", ["team_draft", "balanced", "probabilistic"])
def test_many_queries_at_once_are_each_alone(method: str) -> None:
    queries = np.arange(200) % 2
    drawer = Drawer(BOTH, Method.parse(method), 5)
    lists, teams = drawer.draw(queries, 10, 3)
    for query in (0, 1):
        alone = Drawer(BOTH.query(query), Method.parse(method), 5)
        own, own_teams = alone.draw(np.zeros(200, np.int64), 10, 3)
        assert np.array_equal(own[queries == query], lists[queries == query])
        if teams is not None and own_teams is not None:
            assert np.array_equal(own_teams[queries == query], teams[queries == query])


@pytest.mark.parametrize("method", METHODS)
def test_sessions_do_not_depend_on_how_they_are_cut(method: str) -> None:
    drawer = Drawer(PAIRS[1].arrays, Method.parse(method), 5)
    whole = drawer.draw(np.zeros(100, np.int64), 0, 7)[0]
    parts = [drawer.draw(np.zeros(50, np.int64), first, 7)[0] for first in (0, 50)]
    assert np.array_equal(whole, np.concatenate(parts))
    assert not np.array_equal(whole, drawer.draw(np.zeros(100, np.int64), 0, 8)[0])


def test_lists_end_where_both_rankings_do() -> None:
    lists, teams = Drawer(BOTH, Method.parse("team_draft"), 7).draw(np.array([0, 1]), 0, 1)
    assert (lists >= 0).sum(axis=1).tolist() == [5, 5]
    assert teams is not None
    assert (teams[:, 5:] == -1).all()


def test_the_seed_decides_and_ids_may_be_integers() -> None:
    draws = [interleave([1, 2, 3], [3, 9], lists=5, seed=seed) for seed in (1, 1, 2)]
    assert draws[0] == draws[1] != draws[2]
    assert {item for row in draws[0] for item in row["items"]} <= {1, 2, 3, 9}
    assert len(draws[0][0]["items"]) == 3
    assert interleave([1], [2], "balanced")[0]["teams"] is None


@pytest.mark.parametrize("lists", [0, 1.5, True, 10**8])
def test_how_many_is_checked(lists: Any) -> None:
    with pytest.raises(UsageError, match=f"^lists: found {lists}, wanted a whole number of at least 1"):
        interleave([1], [2], lists=lists)
