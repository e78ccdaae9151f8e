"""Terms of sessions whose items a candidate moves, by hand."""

from __future__ import annotations

from math import log2

import numpy as np
import pytest

from rankeval.estimators.click_terms import WORTH
from rankeval.estimators.ranking_terms import OF_THE_SESSION, RankingBlock
from rankeval.estimators.terms import CLICK_RATIOS, RATIO_COLUMNS, Term, needed_columns
from rankeval.estimators.transforms import Weighting

# Two items of which the second goes first, and one that was not shown; a session of none; one item alone.
ITEMS = {
    "reward": [1.0, 1.0, 0.0],
    "rank": [1.0, 2.0, 1.0],
    "target_rank": [3.0, 1.0, 1.0],
    "examination": [1.0, 0.25, 0.5],
    "target_examination": [0.0, 1.0, 0.5],
    "rho": [0.5, 0.5, 0.25],
    "alpha": [0.8, 0.2, 0.4],
    "target_alpha": [0.0, 0.8, 0.4],
    "beta": [0.2, 0.1, 0.3],
    "target_beta": [0.0, 0.2, 0.3],
    "q_logged": [0.5, 0.25, 1.0],
}
UNSHOWN = {
    "target_rank": [2.0],
    "target_examination": [0.25],
    "target_alpha": [0.2],
    "target_beta": [0.1],
    "q_logged": [0.5],
}
CLIPPED = Weighting("clipped", 2.0)


def block() -> RankingBlock:
    unshown = {name: np.array(column) for name, column in UNSHOWN.items()}
    return RankingBlock(
        np.array([0, 2, 2, 3]),
        {name: np.array(column) for name, column in ITEMS.items()},
        {"overlap": np.array([0.0, 1.0, 1.0])},
        RankingBlock(np.array([0, 1, 1, 1]), unshown, {}),
    )


BY_HAND = {
    Term("weighted_reward", ratio="examination"): [0 / 1 + 1 / 0.25, 0, 0],
    Term("weighted_reward", CLIPPED, "examination"): [1 * 2, 0, 0],
    Term("weighted_reward", ratio="rho"): [1 / 0.5, 0, 0],
    Term("weighted_reward", ratio="trust"): [0.8 / 0.2, 0, 0],
    Term("weighted_reward", ratio="dcg"): [1 / log2(4) + 4 / log2(2), 0, 0],
    Term("weighted_reward", ratio="dcg", cutoff=2): [4, 0, 0],
    Term("weighted_reward", ratio="precision", cutoff=2): [4 / 2, 0, 0],
    Term("weighted_reward", CLIPPED, "precision", cutoff=4): [1 / 4 + 2 / 4, 0, 0],
    Term("weighted_reward", ratio="rank"): [3 + 4 * 1, 0, 0],
    Term("weighted_reward", ratio="match"): [0, 0, 0],
    Term("weight", ratio="match"): [0, 1, 2],
    Term("weight", ratio="examination"): [4 / 2, 1, 1],
    Term("weight", CLIPPED, "examination"): [2 / 2, 1, 1],
    Term("weight_sum", ratio="examination"): [4, 0, 1],
    Term("click_affine", ratio="trust"): [4 * (1 - 0.1) + 0.2, 0, 1 * (0 - 0.3) + 0.3],
    Term("click_doubly_robust", CLIPPED, "rho"): [
        2 * (1 - 0.25 * 0.25) + 1 * 0.25 + 0.25 * 0.5,
        0,
        0.5 * 2 * (0 - 0.5 * 1) + 0.5 * 1,
    ],
    Term("overlap"): [0, 1, 1],
    Term("unshown", ratio="examination"): [0.25, 0, 0],
    Term("unshown", ratio="trust"): [0.2 + 0.1, 0, 0],
    Term("unshown", ratio="dcg", cutoff=1): [0, 0, 0],
    Term("unshown", ratio="dcg"): [1 / log2(3), 0, 0],
    Term("unshown_model"): [0.25 * 0.5, 0, 0],
}


@pytest.mark.parametrize("term", BY_HAND, ids=str)
def test_terms_by_hand(term: Term) -> None:
    row = np.full(3, np.nan)
    block().write(term, row)
    np.testing.assert_allclose(row, BY_HAND[term], rtol=1e-14, atol=1e-15)
    part = block().taken(np.array([2, 0]))
    found = np.full(2, np.nan)
    part.write(term, found)
    assert found.tolist() == row[[2, 0]].tolist()


def test_by_hand_covers_every_ratio_and_kind_of_clicks() -> None:
    assert {term.ratio for term in BY_HAND} - {"action"} == CLICK_RATIOS == set(WORTH)
    kinds = {"weight_sum", "click_affine", "click_doubly_robust", "overlap", "unshown", "unshown_model"}
    assert {term.kind for term in BY_HAND} == {"weighted_reward", "weight", *kinds}
    assert kinds <= set(OF_THE_SESSION)


def test_nothing_unshown_brings_nothing() -> None:
    shown = RankingBlock(block().offsets, block().items, block().sessions)
    for kind in ("unshown", "unshown_model"):
        row = np.full(3, np.nan)
        shown.write(Term(kind, ratio="examination"), row)  # type: ignore[arg-type]
        assert row.tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("term", BY_HAND, ids=str)
def test_a_term_of_shown_items_reads_the_columns_that_it_says(term: Term) -> None:
    names = needed_columns([term])
    whole = block()
    items = {name: column for name, column in whole.items.items() if name in names}
    row, wanted = np.empty(3), np.empty(3)
    RankingBlock(whole.offsets, items, whole.sessions).write(term, row)
    RankingBlock(whole.offsets, whole.items, whole.sessions).write(term, wanted)
    assert row.tolist() == wanted.tolist()
    assert set(RATIO_COLUMNS[term.ratio]) <= {*names, "propensity", "target_propensity"}


def test_an_identical_ranking_weighs_one_exactly() -> None:
    theta = np.array([1 / 3, 0.1, 0.7])
    same = RankingBlock(np.array([0, 3]), {"examination": theta, "target_examination": theta}, {})
    assert same.weights(Term("weight", ratio="examination")).tolist() == [1.0, 1.0, 1.0]
