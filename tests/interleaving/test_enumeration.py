"""The exact distribution of interleaved lists, against every coin tossed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankeval.errors import UsageError
from rankeval.interleaving.enumeration import list_distribution
from tests import naive_interleaving as naive
from tests.readers.helpers import SHARED, needs_shared

REFERENCE = SHARED / "reference" / "click" / "exact.json"

pairs = st.tuples(
    st.lists(st.sampled_from("abcdefg"), unique=True, max_size=5),
    st.lists(st.sampled_from("abcdefg"), unique=True, max_size=5),
).filter(lambda pair: bool(pair[0] or pair[1]))


def found(a: list[str], b: list[str], method: str, length: int | None = None) -> dict[Any, float]:
    """(list, teams) -> probability; lists alone where there are no teams."""
    pair, distribution = list_distribution(a, b, method, length)
    rows = distribution.rows(pair)
    keys = [(tuple(row["items"]), row["teams"] and "".join(row["teams"])) for row in rows]
    assert len(set(keys)) == len(keys)
    return {key: row["probability"] for key, row in zip(keys, rows, strict=True)}


def lengths(pair: tuple[list[str], list[str]]) -> range:
    return range(1, len({*pair[0], *pair[1]}) + 1)


@settings(max_examples=60, deadline=None)
@given(pairs, st.data())
def test_team_draft_is_all_coins(pair: tuple[list[str], list[str]], data: st.DataObject) -> None:
    length = data.draw(st.sampled_from(lengths(pair)))
    assert found(*pair, "team_draft", length) == pytest.approx(naive.team_draft(*pair, length), abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(pairs, st.data())
def test_balanced_is_both_coins(pair: tuple[list[str], list[str]], data: st.DataObject) -> None:
    length = data.draw(st.sampled_from(lengths(pair)))
    assert found(*pair, "balanced", length) == naive.balanced(*pair, length)


@settings(max_examples=40, deadline=None)
@given(pairs, st.data())
def test_probabilistic_is_all_draws(pair: tuple[list[str], list[str]], data: st.DataObject) -> None:
    length, tau = (
        data.draw(st.sampled_from(lengths(pair)[:4])),
        data.draw(st.sampled_from([0.0, 1.0, 3.0, 7.5])),
    )
    wanted = naive.of_lists(naive.probabilistic(*pair, length, tau))
    lists = {items: p for (items, _), p in found(*pair, f"probabilistic:tau={tau}", length).items()}
    assert lists == pytest.approx(wanted, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(pairs, st.sampled_from(["team_draft", "balanced"]), st.data())
def test_lists_without_teams_are_sums(
    pair: tuple[list[str], list[str]], method: str, data: st.DataObject
) -> None:
    length = data.draw(st.sampled_from(lengths(pair)))
    _, distribution = list_distribution(*pair, method, length)
    merged = distribution.of_lists()
    lists = {tuple(row.tolist()) for row in distribution.lists}
    assert len(merged) == len(lists)
    assert merged.probability.sum() == pytest.approx(1.0, abs=1e-12)
    assert merged.teams is None


def test_a_list_is_as_long_as_the_longer_ranking_unless_told() -> None:
    """Hand-worked: A has x alone, so B's two other items fill the list, in B's team."""
    assert found(["x"], ["x", "y", "z"], "team_draft") == {
        (("x", "y", "z"), "ABB"): 0.5,
        (("x", "y", "z"), "BBB"): 0.5,
    }


@needs_shared
def test_the_reference_file() -> None:
    for case in json.loads(REFERENCE.read_text())["interleaving"]["cases"].values():
        a, b, length = case["A"], case["B"], case["L"]
        drafts = {
            f"{'>'.join(items)} {teams}": p for (items, teams), p in found(a, b, "team_draft", length).items()
        }
        assert drafts == pytest.approx(case["tdi_lists"], abs=1e-12)
        both = {">".join(items): p for (items, _), p in found(a, b, "balanced", length).items()}
        assert both == pytest.approx(case["balanced_lists"], abs=1e-12)
        drawn = {">".join(items): p for (items, _), p in found(a, b, "probabilistic", length).items()}
        assert len(drawn) == case["prob_n_lists"]
        assert dict(list(drawn.items())[:5]) == pytest.approx(case["prob_top5_lists"], abs=1e-12)


BOUNDS = {
    "team_draft: found 31 positions for 31 items, wanted at most 30 positions for exact lists": (
        31,
        31,
        "team_draft",
    ),
    "probabilistic: found 10 positions for 10 items, wanted at most 9 positions and 400,000 lists for exact "
    "lists": (10, 10, "probabilistic"),
    "probabilistic: found 5 positions for 40 items, wanted at most 9 positions and 400,000 lists for exact "
    "lists": (40, 5, "probabilistic"),
    "optimised: found 13 positions for 13 items, wanted at most 12 positions for exact lists": (
        13,
        13,
        "optimised",
    ),
    "length: found 4, wanted 1 to 3, the number of different items": (3, 4, "balanced"),
    "length: found 0, wanted 1 to 3, the number of different items": (3, 0, "balanced"),
}


@pytest.mark.parametrize("message", BOUNDS)
def test_too_much_is_one_line(message: str) -> None:
    items, length, method = BOUNDS[message]
    with pytest.raises(UsageError) as caught:
        list_distribution(range(items), range(items)[::-1], method, length)
    assert str(caught.value) == message


def test_balanced_lists_may_be_long() -> None:
    _, distribution = list_distribution(range(100), range(100)[::-1], "balanced")
    assert distribution.lists[:, :4].tolist() == [[0, 99, 1, 98], [99, 0, 98, 1]]
