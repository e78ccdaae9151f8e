from __future__ import annotations

import numpy as np
import pytest

from rankeval.errors import UsageError
from rankeval.simulators.query_options import GradeScale, drawn_queries, popularity_weights

SCALE = GradeScale(0.1, 4)


def test_attractiveness_of_grades_as_arithmetic():
    wanted = [0.1, 0.1 + 0.9 * 1 / 15, 0.1 + 0.9 * 3 / 15, 0.1 + 0.9 * 7 / 15, 1.0]
    np.testing.assert_allclose(SCALE.attractiveness(np.arange(5.0)), wanted, rtol=1e-15)


def test_every_drawn_item_is_in_one_query():
    queries = drawn_queries(200, 10, (0.5, 0.3, 0.2), SCALE, 1)
    items = [item for query in queries for item in query["items"]]
    assert items == list(range(2000))
    assert [query["query_id"] for query in queries] == list(range(200))
    grades = np.bincount([grade for query in queries for grade in query["relevance"]]) / 2000
    for found, share in zip(grades, (0.5, 0.3, 0.2), strict=True):
        assert abs(found - share) <= 4 * (share * (1 - share) / 2000) ** 0.5


def test_popularity_has_a_long_tail():
    assert popularity_weights("zipf:2", 3, 1, False) == pytest.approx([1, 1 / 4, 1 / 9])
    assert popularity_weights("zipf", 3, 1, False) == pytest.approx([1, 1 / 2, 1 / 3])
    assert popularity_weights("uniform", 3, 1, False) == [1, 1, 1]


def test_judged_queries_are_popular_in_random_order():
    found = popularity_weights("zipf:1", 50, 1, True)
    assert sorted(found, reverse=True) == pytest.approx([1 / r for r in range(1, 51)])
    assert found != sorted(found, reverse=True)
    assert found == popularity_weights("zipf:1", 50, 1, True)
    assert found != popularity_weights("zipf:1", 50, 2, True)


@pytest.mark.parametrize("text", ["zip", "zipf:x", "zipf:-1", "zipf:[1]", "uniform:1", ""])
def test_popularity_that_is_not_understood(text: str):
    with pytest.raises(UsageError, match=r"popularity: found"):
        popularity_weights(text, 3, 1, False)


def test_grades_out_of_range():
    with pytest.raises(UsageError, match=r"grades: found a sum of 0.9"):
        drawn_queries(2, 2, (0.5, 0.4), SCALE, 1)
    with pytest.raises(UsageError, match=r"max_grade: found 4, wanted at least 5, a grade"):
        drawn_queries(2, 2, (0.5, 0.1, 0.1, 0.1, 0.1, 0.1), SCALE, 1)
    with pytest.raises(UsageError, match=r"queries: found 0"):
        drawn_queries(0, 2, (0.5, 0.5), SCALE, 1)
