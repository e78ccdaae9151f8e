from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from rankeval import DataError
from rankeval.rankers import checked_scores

ROWS = pa.record_batch({"x": [1.0, 2.0, 3.0]})


class Gives:
    columns = ("x",)

    def __init__(self, score: Callable[[pa.RecordBatch], Any]) -> None:
        self.score = score


def scores(score: Callable[[pa.RecordBatch], Any]) -> Any:
    return checked_scores(Gives(score), ROWS, "mine", lambda row: f"data.csv, row {row + 1}")


@pytest.mark.parametrize(
    "given", [[3, 1, 2], (3.0, 1.0, 2.0), np.array([3, 1, 2], np.float32), pa.array([3, 1, 2])]
)
def test_numbers_become_float64(given: Any) -> None:
    found = scores(lambda rows: given)
    assert found.dtype == np.float64
    assert found.tolist() == [3.0, 1.0, 2.0]


def fails(rows: pa.RecordBatch) -> Any:
    raise KeyError("no\nsuch thing")


def refuses(rows: pa.RecordBatch) -> Any:
    raise DataError("this is why")


@pytest.mark.parametrize(
    ("score", "message"),
    [
        (lambda rows: [1.0, 2.0], "mine: gives 2 scores for 3 rows from data.csv, row 1, wanted 3 scores"),
        (lambda rows: [], "mine: gives 0 scores for 3 rows from data.csv, row 1, wanted 3 scores"),
        (lambda rows: np.zeros((3, 2)), "mine: gives scores of shape (3, 2) for 3 rows from data.csv, row 1"),
        (lambda rows: 5.0, "mine: gives scores of shape () for 3 rows"),
        (lambda rows: [1.0, np.nan, np.nan], "mine: gives the score nan to data.csv, row 2, wanted a finite"),
        (lambda rows: [1.0, 2.0, -np.inf], "mine: gives the score -inf to data.csv, row 3, wanted a finite"),
        (lambda rows: [1.0, None, 2.0], "mine: gives the score nan to data.csv, row 2"),
        (lambda rows: ["a", "b", "c"], "mine: fails on 3 rows from data.csv, row 1: ValueError: could not"),
        (fails, "mine: fails on 3 rows from data.csv, row 1: KeyError: 'no\\nsuch thing'"),
        (refuses, "this is why"),
    ],
)  # fmt: skip
def test_other_scores_are_refused(score: Callable[[pa.RecordBatch], Any], message: str) -> None:
    with pytest.raises(DataError) as caught:
        scores(score)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
