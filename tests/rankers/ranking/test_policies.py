"""Propensities against enumeration of all rankings, and draws against propensities."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankeval import DataError, UsageError, rank
from rankeval.rankers.ranking.policies import parse_policy

SPECS = ["greedy", "epsilon:epsilon=0.3", "epsilon:epsilon=1", "plackett_luce:temperature=0.7"]


def ranked(
    scores: list[float], items: list[str], spec: str, top: int, seed: int = 0
) -> list[dict[str, float]]:
    data = {"query_id": ["q"] * len(items), "item_id": items, "s": scores}
    run = rank("column:s", data, policy=spec, top=top, seed=seed).run
    assert run is not None
    rows: list[dict[str, float]] = run.to_pylist()
    return rows


def probabilities(scores: list[float], items: list[str], spec: str) -> dict[tuple[int, ...], float]:
    """The probability of every ranking of all items, item by item."""
    name, _, value = spec.partition(":")
    number = float(value.partition("=")[2] or 0)
    best = tuple(sorted(range(len(items)), key=lambda i: (scores[i], items[i]), reverse=True))
    found = {}
    for order in permutations(range(len(items))):
        if name == "plackett_luce":
            left, probability = list(order), 1.0
            for item in order:
                weights = [math.exp((scores[i] - max(scores)) / number) for i in left]
                probability *= weights[left.index(item)] / sum(weights)
                left.remove(item)
            found[order] = probability
        else:
            epsilon = number if name == "epsilon" else 0.0
            found[order] = (1 - epsilon) * (order == best) + epsilon / math.factorial(len(items))
    return found


@given(
    st.lists(st.sampled_from([-1.0, 0.0, 0.5, 2.0]), min_size=1, max_size=5),
    st.sampled_from(SPECS), st.integers(1, 6), st.integers(0, 99),
)  # fmt: skip
@settings(max_examples=120, deadline=None)
def test_propensities_are_those_of_all_rankings(scores: list[float], spec: str, top: int, seed: int) -> None:
    items = [f"d{i}" for i in range(len(scores))]
    rows = ranked(scores, items, spec, top, seed)
    shown = sorted((row["position"], i) for i, row in enumerate(rows) if row["position"] is not None)
    chosen = tuple(i for _, i in shown)
    assert [position for position, _ in shown] == list(range(1, min(top, len(items)) + 1))
    orders = probabilities(scores, items, spec)
    for i, row in enumerate(rows):
        whole = sum(p for order, p in orders.items() if order[: len(chosen)] == chosen)
        assert row["propensity_list"] == pytest.approx(whole, abs=1e-12)
        if i not in chosen:
            assert row["propensity"] is row["propensity_prefix"] is row["position"] is None
            continue
        k = int(row["position"])
        assert row["propensity"] == pytest.approx(
            sum(p for o, p in orders.items() if o[k - 1] == i), abs=1e-9
        )
        prefix = sum(p for order, p in orders.items() if order[:k] == chosen[:k])
        assert row["propensity_prefix"] == pytest.approx(prefix, abs=1e-12)


@pytest.mark.parametrize("spec", SPECS)
def test_rankings_are_drawn_with_their_probabilities(spec: str) -> None:
    scores, n = [0.3, 1.0, 0.3], 20_000
    data = {
        "session_id": np.repeat(np.arange(n), 3),
        "item_id": np.tile(["a", "b", "c"], n),
        "s": np.tile(scores, n),
    }
    run = rank("column:s", data, policy=spec, top=3, seed=5).run
    assert run is not None
    positions = run["position"].to_numpy().reshape(n, 3)
    for order, p in probabilities(scores, ["a", "b", "c"], spec).items():
        wanted = np.empty(3)
        wanted[list(order)] = [1, 2, 3]
        share = (positions == wanted).all(axis=1).mean()
        assert abs(share - p) <= 4.5 * math.sqrt(p * (1 - p) / n)


def test_draws_do_not_depend_on_the_place_of_rows_but_on_the_seed() -> None:
    rng = np.random.default_rng(0)
    data = pa.table(
        {
            "query_id": np.repeat(np.arange(50), 8),
            "item_id": np.tile(np.arange(8), 50),
            "s": rng.normal(size=400),
        }
    )
    spec = "plackett_luce:temperature=1"
    first = rank("column:s", data, policy=spec).run
    other = rank(
        "column:s", data.take(np.argsort(data["item_id"].to_numpy(), kind="stable")), policy=spec
    ).run
    seed = rank("column:s", data, policy=spec, seed=1).run
    assert first is not None
    assert other is not None
    assert seed is not None
    by = [("query_id", "ascending"), ("item_id", "ascending")]
    assert first.sort_by(by).equals(other.sort_by(by).cast(first.schema))
    assert not first.equals(seed)


def test_hand_worked_values() -> None:
    rows = ranked([math.log(3), 0.0], ["a", "b"], "plackett_luce:temperature=1", 2)
    first = "a" if rows[0]["position"] == 1 else "b"
    assert rows[0]["propensity_list"] == pytest.approx(0.75 if first == "a" else 0.25)
    assert rows[0]["propensity"] == pytest.approx(0.75 if first == "a" else 0.25)
    rows = ranked([1.0, 1.0, 0.0], ["a", "b", "c"], "epsilon:epsilon=0.5", 1)
    shown = next(row for row in rows if row["position"] == 1)
    best = shown["item_id"] == "b"  # of equal scores, the larger id is first
    assert shown["propensity"] == pytest.approx(0.5 * best + 0.5 / 3)


def test_a_query_of_one_item_and_scores_far_apart() -> None:
    for spec in SPECS:
        (row,) = ranked([3.0], ["a"], spec, 10)
        assert (row["position"], row["propensity_prefix"], row["propensity_list"]) == (1, 1.0, 1.0)
        assert row["propensity"] == pytest.approx(1.0, abs=1e-12)
    rows = ranked([1e6, 0.0], ["a", "b"], "plackett_luce:temperature=0.001", 2)
    assert [row["position"] for row in rows] == [1, 2]
    assert rows[0]["propensity"] == pytest.approx(1.0)


def test_long_rankings_whose_probability_vanishes_are_noted() -> None:
    data = {"query_id": [1] * 300, "item_id": list(range(300)), "s": [0.0] * 300}
    result = rank("column:s", data, policy="epsilon:epsilon=1", top=300)
    assert [note.code for note in result.notes] == ["vanished_propensity"]
    assert result.warnings[0].startswith("propensity_list is 0 in 300 rows")


@pytest.mark.parametrize(
    ("spec", "top", "message"),
    [
        ("best", None, "policy: found 'best', wanted one of greedy, epsilon, plackett_luce"),
        ("greedy:x=1", None, "policy: found 'greedy:x=1', wanted greedy, which has no parameters"),
        ("epsilon", None, "found 'epsilon', wanted epsilon:epsilon=VALUE with a probability in [0, 1]"),
        ("epsilon:epsilon=1.5", None, "policy: found 'epsilon:epsilon=1.5', wanted epsilon:epsilon=VALUE"),
        ("epsilon:e=0.5", None, "policy: found 'epsilon:e=0.5', wanted epsilon:epsilon=VALUE"),
        ("plackett_luce:temperature=0", None, "wanted plackett_luce:temperature=VALUE with a number above 0"),
        ("plackett_luce:temperature=nan", None, "wanted plackett_luce:temperature=VALUE with a number"),
        ("plackett_luce:temperature=inf", None, "wanted plackett_luce:temperature=VALUE with a number"),
        ("plackett_luce:temperature=x", None, "wanted plackett_luce:temperature=VALUE with a number above 0"),
        ("greedy", 0, "top: found 0, wanted 1 to 1000"),
        ("greedy", 1001, "top: found 1001, wanted 1 to 1000"),
        (None, 5, "top: found 5 without a policy, wanted --policy too"),
    ],
)  # fmt: skip
def test_policies_that_cannot_be(spec: str | None, top: int | None, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_policy(spec, top, 0)
    assert message in str(caught.value)


def test_data_that_no_ranking_can_be_drawn_of() -> None:
    with pytest.raises(DataError, match="query_id 'q': has item_id 'a' twice, wanted each item once to draw"):
        ranked([1.0, 2.0, 3.0], ["a", "b", "a"], "greedy", 3)
    with pytest.raises(DataError, match=r"found the temperature 1e-300 and the score 1e\+100, wanted"):
        ranked([1e100, 2.0], ["a", "b"], "plackett_luce:temperature=1e-300", 3)
