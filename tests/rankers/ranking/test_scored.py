from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from rankeval import open_ranker
from rankeval.rankers.ranking import scored
from rankeval.rankers.ranking.request import Request, open_data, prepared

DATA = pa.table({"query_id": [1, 1, 2], "item_id": [1, 2, 1], "price": [3.0, 0.1, 2.0]})


def request(threads: int = 1) -> Request:
    ranker = open_ranker("column:price")
    log, ids = prepared(open_data(DATA, None, None), ranker, "column:price")
    return Request(ranker, "column:price", log, ids, None, threads)


@pytest.mark.parametrize("threads", [1, 3])
def test_pieces_come_in_the_order_of_the_rows(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scored, "PIECE_VALUES", 3)
    asked = request(threads)
    pieces = list(scored.scored(asked, asked.log))
    assert [piece.rows.num_rows for piece in pieces] == [1, 1, 1]
    assert [piece.rows["score"][0].as_py() for piece in pieces] == [3.0, 0.1, 2.0]
    assert [piece.rounded for piece in pieces] == [0, 0, 0]


def test_scores_pass_through_the_calibration() -> None:
    asked = replace(request(), calibrate=lambda scores: np.sqrt(scores))
    (piece,) = scored.scored(asked, asked.log)
    assert piece.rows["score"].to_pylist() == np.sqrt([3.0, 0.1, 2.0]).tolist()
