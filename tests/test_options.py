from __future__ import annotations

from rankeval import evaluate, ope
from rankeval.options import listed


def test_names_come_as_text_or_as_a_list() -> None:
    assert listed("a, b,") == listed(["a", "b"]) == listed(["a,b"]) == ["a", "b"]


def test_functions_take_what_commands_take() -> None:
    run = {"query_id": [1, 1], "item_id": [1, 2], "score": [2.0, 1.0], "relevance": [0, 1]}
    assert [row.metric for row in evaluate(run, metrics="map, mrr").metric_rows] == ["map", "mrr"]
    log = {"reward": [0.0, 1.0], "propensity": [0.5, 0.5], "target_propensity": [0.5, 0.5]}
    assert [row.estimator.name for row in ope(log, "ips,snips", ci="normal,bootstrap").estimates] == [
        "ips",
        "snips",
    ]
