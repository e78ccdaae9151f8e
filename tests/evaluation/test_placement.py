"""Places of judged items under every rule for ties, against rankings built from plain lists."""

from __future__ import annotations

import random
from dataclasses import fields

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankeval.arrays.ids import keys_of
from rankeval.arrays.kernels import read_only
from rankeval.evaluation.judged import Judged
from rankeval.evaluation.placement import COUNTING, JUDGED, POSITIVE, TIES, place
from rankeval.metrics.ranking import Ranking
from tests.naive_ranking import Query, ranking_of
from tests.readers.helpers import examples

every_rule = pytest.mark.parametrize("ties", TIES)


def offsets_of(lengths: list[int]) -> np.ndarray:
    return np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)


def placed(queries: list[Query], ties, threshold: float = 1.0, lowest: float = JUDGED) -> Ranking:
    """The ranking that ``place`` makes of the same queries."""
    items = [item for query in queries for item in query.items]
    offsets = offsets_of([len(query.items) for query in queries])
    judged: list[list[tuple[float, int]]] = []
    for query, first in zip(queries, offsets, strict=False):
        found = [(grade, int(first) + i) for i, (_, grade, _) in enumerate(query.items) if grade is not None]
        found += [(grade, -1) for grade in query.unretrieved]
        judged.append(sorted(found, key=lambda entry: -entry[0]))
    flat = [entry for of_query in judged for entry in of_query]
    return place(
        read_only(offsets),
        read_only(np.array([score for score, _, _ in items], np.float64)),
        keys_of(pa.array([item for _, _, item in items], pa.int64() if not items else None)),
        Judged(
            offsets_of([len(of_query) for of_query in judged]),
            np.array([grade for grade, _ in flat], np.float64),
            np.array([row for _, row in flat], np.int64),
            np.array([len(of_query) for of_query in judged], np.int64),
            np.array([sum(row >= 0 for _, row in of_query) for of_query in judged], np.int64),
        ),
        ties,
        threshold,
        lowest,
    )


def assert_same(found: Ranking, wanted: Ranking) -> None:
    """All but the ideal grades of 0, which nobody reads, are the same."""
    for field in fields(Ranking):
        if not field.name.startswith("ideal"):
            np.testing.assert_array_equal(getattr(found, field.name), getattr(wanted, field.name), field.name)
    for i in range(len(wanted.retrieved)):
        ideals = [r.ideal_grade[r.ideal_start[i] : r.ideal_stop[i]].tolist() for r in (found, wanted)]
        assert ideals[0] == ideals[1]


def check(queries: list[Query], ties, threshold: float = 1.0, lowest: float = JUDGED) -> None:
    assert_same(placed(queries, ties, threshold, lowest), ranking_of(queries, ties, threshold, lowest))


def random_query(rng: random.Random, length: int, scores: int, ids: str = "int") -> Query:
    names = rng.sample(range(-3 * length, 3 * length), length)
    items = [
        (
            float(rng.randrange(scores)),
            rng.choice([None, 0, 0, 1, 2, 0.5, 4]),
            name if ids == "int" else f"d{name}",
        )
        for name in names
    ]
    return Query(items, [rng.choice([0, 1, 3]) for _ in range(rng.randrange(4))])


@st.composite
def batches(draw):
    rng = draw(st.randoms(use_true_random=False))
    ids = draw(st.sampled_from(["int", "text"]))
    return [
        random_query(rng, rng.randrange(9), rng.choice([1, 3, 50]), ids)
        for _ in range(draw(st.integers(0, 5)))
    ]


@every_rule
@examples
@given(batches(), st.sampled_from([0.5, 1.0, 2.0]), st.sampled_from([POSITIVE, JUDGED]))
def test_short_lists(ties, batch, threshold, lowest):
    check(batch, ties, threshold, lowest)


@every_rule
@pytest.mark.parametrize("scores", [1, 5, 100_000])
def test_lists_so_long_that_they_are_sorted(ties, scores):
    """The short ones between them are counted, and leave nothing behind."""
    rng = random.Random(scores)
    batch = [random_query(rng, length, scores) for length in (3, 400, 0, 500, 2, 300)]
    judged = [sum(grade is not None for _, grade, _ in query.items) for query in batch]
    assert sum(j * len(q.items) > COUNTING for j, q in zip(judged, batch, strict=True)) >= 2
    check(batch, ties)


@every_rule
def test_a_very_long_list_of_equal_scores(ties):
    query = random_query(random.Random(0), 20_000, 1)
    check([query], ties)


@every_rule
def test_neither_list_nor_judgements(ties):
    check([], ties)
    check([Query(), Query([(1.0, None, 3)]), Query([], [1, 0]), Query([(1.0, 1, 3)])], ties)


@pytest.mark.parametrize(
    ("ties", "above"), [("trec", [1, 0, 2]), ("item", [1, 2, 0]), ("best", [0, 1, 2]), ("worst", [2, 1, 0])]
)
def test_three_equal_scores_by_hand(ties, above):
    """Items 5, 9 and 2 of grades 3, 2 and 1."""
    ranking = placed([Query([(7.0, 3, 5), (7.0, 2, 9), (7.0, 1, 2)])], ties)
    by_grade = dict(zip(ranking.grade.tolist(), ranking.above.tolist(), strict=True))
    assert [by_grade[3], by_grade[2], by_grade[1]] == above
    assert ranking.tied.tolist() == [1, 1, 1]


def test_expected_keeps_the_group():
    ranking = placed([Query([(7.0, 3, 5), (8.0, None, 1), (7.0, None, 9), (7.0, 1, 2)])], "expected")
    assert ranking.above.tolist() == [1, 1]
    assert ranking.tied.tolist() == [3, 3]
    assert ranking.grade.tolist() == [3.0, 1.0]


def test_strings_tie_by_bytes_and_integers_by_number():
    strings = [(1.0, 1, "10"), (1.0, 2, "9"), (1.0, 3, "é"), (1.0, 4, "z")]
    assert placed([Query(strings)], "item").grade.tolist() == [1, 2, 4, 3]
    integers = [(1.0, 1, 10), (1.0, 2, 9), (1.0, 3, -1)]
    assert placed([Query(integers)], "item").grade.tolist() == [3, 2, 1]
    assert placed([Query(integers)], "trec").grade.tolist() == [1, 2, 3]


def test_minus_zero_ties_with_zero():
    ranking = placed([Query([(0.0, 1, 1), (-0.0, 2, 2)])], "expected")
    assert ranking.tied.tolist() == [2, 2]
