from __future__ import annotations

import numpy as np
import pytest

from rankeval.estimators.ranking_terms import AT_A_POSITION, OF_THE_SESSION
from rankeval.estimators.terms import (
    COLUMNS,
    TRANSFORMS,
    WRITERS,
    RoundBlock,
    Term,
    needed_columns,
    write_terms,
)
from rankeval.estimators.transforms import Weighting

# Weights 0.5 / 0.25 = 2, 0.1 / 0.5 = 0.2, 0 / 0.8 = 0.
ROUNDS = {
    "reward": np.array([1.0, 0.0, -3.0]),
    "propensity": np.array([0.25, 0.5, 0.8]),
    "target_propensity": np.array([0.5, 0.1, 0.0]),
    "q_logged": np.array([0.5, 0.25, 1.0]),
    "q_target": np.array([0.75, 0.5, 0.125]),
    "mixture_propensity": np.array([1.0, 0.5, 0.8]),
    "logger": np.array([1.0, 2.0, 2.0]),
    "support_gap": np.array([0.25, 0.0, 1.0]),
    "near_support_3": np.array([0.5, 0.0, 0.125]),
    "gap_model": np.array([0.125, 0.0, 0.5]),
}
CLIPPED = Weighting("clipped", 1.5)
BY_HAND = {
    Term("reward"): [1, 0, -3],
    Term("weight"): [2, 0.1 / 0.5, 0],
    Term("weight", CLIPPED): [1.5, 0.1 / 0.5, 0],
    Term("weight", Weighting("switched", 1.5)): [0, 0.1 / 0.5, 0],
    Term("weight", Weighting("shrunk", 4.0)): [4 * 2 / (2**2 + 4), 4 * 0.2 / (0.2**2 + 4), 0],
    Term("weight", Weighting("harmonic", 0.25)): [2 / (0.75 + 0.5), 0.2 / (0.75 + 0.05), 0],
    Term("weight", Weighting("harmonic", 1.0)): [1, 1, 1],
    Term("weighted_reward"): [2 * 1, 0, 0],
    Term("weighted_reward", CLIPPED): [1.5 * 1, 0, 0],
    Term("model"): [0.75, 0.5, 0.125],
    Term("weighted_residual"): [2 * (1 - 0.5), 0.1 / 0.5 * (0 - 0.25), 0],
    Term("weighted_residual", CLIPPED): [1.5 * (1 - 0.5), 0.1 / 0.5 * (0 - 0.25), 0],
    Term("doubly_robust"): [0.75 + 2 * 0.5, 0.5 + 0.1 / 0.5 * -0.25, 0.125],
    Term("weighted_reward", ratio="mixture"): [0.5 / 1.0 * 1, 0, 0],
    Term("weighted_reward", logger=2): [0, 0, 0 * -3],
    Term("weighted_reward", logger=1): [2 * 1, 0, 0],
    Term("logged_by", logger=2): [0, 1, 1],
    Term("support_gap"): [0.25, 0, 1],
    Term("near_support", cutoff=3): [0.5, 0, 0.125],
    Term("gap_model"): [0.125, 0, 0.5],
    Term("doubly_robust", CLIPPED): [0.75 + 1.5 * 0.5, 0.5 + 0.1 / 0.5 * -0.25, 0.125],
}


def written(terms: list[Term], columns: dict[str, np.ndarray]) -> np.ndarray:
    out = np.full((len(terms), 3), np.nan)
    write_terms(terms, RoundBlock(columns), out)
    return out


@pytest.mark.parametrize("term", BY_HAND, ids=str)
def test_terms_by_hand(term: Term) -> None:
    np.testing.assert_allclose(written([term], ROUNDS)[0], BY_HAND[term], rtol=1e-15)


def test_terms_by_hand_cover_every_kind_and_transform() -> None:
    assert {term.kind for term in BY_HAND} == set(WRITERS)
    assert set(COLUMNS) == {*WRITERS, *OF_THE_SESSION, *AT_A_POSITION}
    assert {term.weighting.transform for term in BY_HAND} == set(TRANSFORMS)


@pytest.mark.parametrize("term", BY_HAND, ids=str)
def test_a_term_reads_the_columns_that_it_says(term: Term) -> None:
    columns = {name: ROUNDS[name] for name in needed_columns([term])}
    np.testing.assert_array_equal(written([term], columns), written([term], ROUNDS))
    for name in columns:
        with pytest.raises(KeyError, match=name):
            written([term], {other: column for other, column in columns.items() if other != name})


def test_huge_weights_stay_numbers() -> None:
    huge = {name: column[:1] for name, column in ROUNDS.items()} | {"propensity": np.array([1e-300])}
    for weighting, wanted in ((Weighting("shrunk", 4.0), 0.0), (Weighting("harmonic", 0.5), 2.0)):
        out = np.empty((1, 1))
        with np.errstate(over="ignore"):
            write_terms([Term("weight", weighting)], RoundBlock(huge), out)
        np.testing.assert_allclose(out, wanted, atol=1e-200)


def test_sharing_between_terms_changes_nothing() -> None:
    terms = list(BY_HAND)
    together = written(terms, ROUNDS)
    alone = np.vstack([written([term], ROUNDS) for term in terms])
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(written(terms[::-1], ROUNDS), together[::-1])


def test_columns_are_left_as_they_were() -> None:
    columns = {name: column.copy() for name, column in ROUNDS.items()}
    for column in columns.values():
        column.flags.writeable = False
    written(list(BY_HAND), columns)


def test_each_column_is_needed_once() -> None:
    assert sorted(needed_columns(BY_HAND)) == sorted(ROUNDS)
    assert needed_columns([Term("weighted_reward", logger=1)]) == [
        "propensity",
        "target_propensity",
        "reward",
        "logger",
    ]
    assert needed_columns([Term("model")]) == ["q_target"]
    assert needed_columns([]) == []


def test_two_bounds_are_two_terms() -> None:
    tight, loose = Term("weight", Weighting("clipped", 1.0)), Term("weight", Weighting("clipped", 3.0))
    assert tight != loose
    np.testing.assert_allclose(written([tight, loose], ROUNDS), [[1.0, 0.2, 0.0], [2.0, 0.2, 0.0]])
