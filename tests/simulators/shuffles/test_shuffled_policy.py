"""Propensities of shuffled traffic, against enumeration of policy and design."""

from __future__ import annotations

import numpy as np
import pytest

from rankeval.simulators.list_policies.base import ListPolicy
from rankeval.simulators.shuffles.shuffled_policy import Exchanged, Shuffled, TopShuffled
from rankeval.simulators.worlds.world import DESIGNS, Shuffle
from tests.naive_lists import items_at, prefixes, shuffled
from tests.simulators.list_policies.worlds import (
    DESCRIPTIONS,
    IDS,
    NOISY,
    OFFSETS,
    POSITIONS,
    SIZES,
    four_errors,
    naive,
    policy,
    rows_of,
)

SHARE = 0.3
#: Policies without Plackett-Luce, whose prefixes are known after any shuffle.
FIXED = ("fixed", "uniform", "epsilon")


def made(name: str, design: str, top: int) -> tuple[ListPolicy, dict]:
    found = Shuffled(OFFSETS, POSITIONS, policy(DESCRIPTIONS[name]), Shuffle(design, SHARE, top))
    return found, {query: shuffled(naive(name, query), design, SHARE, top) for query in IDS}


@pytest.mark.parametrize("name", DESCRIPTIONS)
@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("top", [3, 4])
def test_items_at_positions(name, design, top):
    found, lists = made(name, design, top)
    wanted = [items_at(lists[query], size, POSITIONS) for query, size in zip(IDS, SIZES, strict=True)]
    np.testing.assert_allclose(found.item_probabilities(), np.concatenate(wanted), atol=1e-13)


@pytest.mark.parametrize("name", DESCRIPTIONS)
@pytest.mark.parametrize("design", DESIGNS)
def test_prefixes_and_lists_where_there_are_some(name, design):
    found, lists = made(name, design, 3)
    queries, rows, p = rows_of(lists)
    known = found.prefix_probabilities(queries, rows)
    assert (known is not None) == (name in FIXED)
    if known is not None:
        wanted = [
            prefixes(lists[IDS[q]], tuple(item for item in row if item >= 0), POSITIONS)
            for q, row in zip(queries, rows.tolist(), strict=True)
        ]
        np.testing.assert_allclose(known, wanted, atol=1e-14)
    of_lists = found.list_probabilities(queries, rows)
    assert (of_lists is not None) == (name in FIXED or design != "full")
    if of_lists is not None:
        np.testing.assert_allclose(of_lists, p, atol=1e-14)


@pytest.mark.parametrize("design", DESIGNS)
def test_parts_together_are_the_policy(design):
    found, _ = made("mixture", design, 3)
    parts = found.parts
    np.testing.assert_allclose(sum(share for share, _ in parts), 1.0)
    shares = [np.repeat(share, SIZES)[:, np.newaxis] for share, _ in parts]
    total = sum(share * part.item_probabilities() for share, (_, part) in zip(shares, parts, strict=True))
    np.testing.assert_allclose(total, found.item_probabilities(), atol=1e-14)


@pytest.mark.parametrize("design", DESIGNS)
def test_lists_follow_the_probabilities(design):
    n, found = 30_000, Shuffled(OFFSETS, POSITIONS, policy(NOISY), Shuffle(design, 1.0, 4))
    lists = found.lists(np.random.default_rng(2), np.full(n, 1))
    wanted = found.item_probabilities()[OFFSETS[1] : OFFSETS[2]]
    shown = np.array([[np.mean(lists[:, k] == item) for k in range(POSITIONS)] for item in range(SIZES[1])])
    assert (np.abs(shown - wanted) <= four_errors(wanted, n)).all()
    assert found.prefix_probabilities(np.zeros(1, np.int64), lists[:1]) is None
    assert found.list_probabilities(np.zeros(1, np.int64), lists[:1]) is None


def test_all_items_in_random_order_have_prefixes_whatever_the_base():
    short = np.array([0, 3])
    base = policy(NOISY)
    noisy = type(base)(short, 3, np.array([0.3, 0.1, 0.2]), 1.0)
    lists = np.array([[2, 0, 1]], np.int32)
    found = Shuffled(short, 3, noisy, Shuffle("full", 1.0, 3))
    parts = [part.prefix_probabilities(np.zeros(1, np.int64), lists) for _, part in found.parts]
    np.testing.assert_allclose(parts, [[[1 / 3, 1 / 6, 1 / 6]]])


def test_the_parts_draw_what_they_say():
    queries = np.array([0, 1, 2] * 5)
    base = policy(DESCRIPTIONS["fixed"])
    plain = base.lists(np.random.default_rng(0), queries)
    turned = Exchanged(OFFSETS, POSITIONS, base, 0, 3).lists(np.random.default_rng(0), queries)
    long = plain[:, 3] >= 0
    np.testing.assert_array_equal(turned[long][:, [3, 1, 2, 0]], plain[long])
    np.testing.assert_array_equal(turned[~long], plain[~long])
    mixed = TopShuffled(OFFSETS, POSITIONS, base, 3).lists(np.random.default_rng(0), queries)
    np.testing.assert_array_equal(mixed[:, 3], plain[:, 3])
    np.testing.assert_array_equal(np.sort(mixed[:, :3], axis=1), np.sort(plain[:, :3], axis=1))
