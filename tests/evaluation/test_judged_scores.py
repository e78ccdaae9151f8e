"""The judged items of one run, for packages that fit something to them."""

from __future__ import annotations

import pyarrow as pa
import pytest

from rankeval import DataError, UsageError
from rankeval.evaluation import judged_scores
from rankeval.inference import InferenceOptions

RUN = pa.table(
    {
        "query_id": ["b", "b", "a", "c"],
        "item_id": ["x", "y", "x", "x"],
        "score": [0.3, 0.2, 1.5, 0.9],
        "relevance": [2.0, None, 0.0, None],
        "user": [1, 1, 2, 3],
    }
)
INFER = InferenceOptions(("normal",), 0.95, 100, 0, clustered=True)


def read(run=RUN, judgements=None, **options):
    chosen = {"relevance_threshold": 1.0, "fields": (None, "user"), "columns": {}, "where": None}
    return judged_scores(run, judgements, INFER, purpose="", threads=1, **chosen | options)


def test_judged_items_by_query():
    found = read()
    assert found.queries.to_pylist() == ["a", "b"]
    assert found.items.offsets.tolist() == [0, 1, 2]
    assert found.items.score.tolist() == [1.5, 0.3]
    assert found.items.relevant.tolist() == [False, True]
    assert found.fields["user"].to_pylist() == [2, 1]
    assert (found.run, found.judgements, found.unjudged) == ("<table>", None, 1)
    assert len(set(found.keys.tolist())) == 2


def test_options():
    assert read(relevance_threshold=3.0).items.relevant.tolist() == [False, False]
    assert read(where='query_id == "b"').queries.to_pylist() == ["b"]
    judgements = pa.table({"query_id": ["b"], "item_id": ["y"], "relevance": [1.0]})
    found = read(RUN.drop_columns("relevance"), judgements)
    assert (found.items.score.tolist(), found.judgements) == ([0.2], "<table>")


def test_errors():
    with pytest.raises(UsageError, match="run: found 2 runs, wanted one"):
        read({"a": RUN, "b": RUN})
    with pytest.raises(DataError, match="no item is judged, wanted some"):
        read(RUN.slice(3))
    with pytest.raises(DataError, match=r"column 'score' is 1\.5, wanted a probability, .* for a test"):
        judged_scores(
            RUN,
            None,
            INFER,
            relevance_threshold=1.0,
            fields=(None, None),
            columns={},
            where=None,
            purpose="a test",
            threads=1,
        )
