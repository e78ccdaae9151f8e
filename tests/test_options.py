from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rankeval import UsageError, evaluate, ope
from rankeval.options import listed, require_types, shown

TEXTS = "a text or a list of texts"


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


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"estimators": 5}, f"estimators: found 5, wanted {TEXTS}"),
        ({"estimators": ["ips", None]}, f"estimators: found ['ips', None], wanted {TEXTS}"),
        ({"ci": None}, f"ci: found None, wanted {TEXTS}"),
        ({"features": 5}, f"features: found 5, wanted {TEXTS}"),
        ({"embedding": {"genre": 1}}, f"embedding: found {{'genre': 1}}, wanted {TEXTS}"),
        ({"level": "0.9"}, "level: found '0.9', wanted a number"),
        ({"folds": "x"}, "folds: found 'x', wanted a whole number"),
        ({"seed": 1.5}, "seed: found 1.5, wanted a whole number"),
        ({"replicates": True}, "replicates: found True, wanted a whole number"),
        ({"threads": "2"}, "threads: found '2', wanted a whole number"),
        ({"by": ["country"]}, "by: found ['country'], wanted a text"),
        ({"where": 5}, "where: found 5, wanted a text"),
        ({"reward_model": 5}, "reward_model: found 5, wanted a text"),
        ({"estimand": None}, "estimand: found None, wanted a text"),
        ({"columns": {"reward": 5}}, "columns: found {'reward': 5}, wanted a dict of role to column name"),
        ({"target": 5}, "target: found 5, wanted a dict of name to column, or texts NAME=COLUMN"),
        ({"target": {"new": None}}, "target: found {'new': None}, wanted a dict of name to column"),
    ],
)
def test_options_of_another_type(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        ope("no such file", **options)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metrics": [5]}, f"metrics: found [5], wanted {TEXTS}"),
        ({"ties": 5}, "ties: found 5, wanted a text"),
        ({"relevance_threshold": "1"}, "relevance_threshold: found '1', wanted a number"),
        ({"permutations": 0.5}, "permutations: found 0.5, wanted a whole number"),
        ({"per_query": 5}, "per_query: found 5, wanted a path"),
    ],
)
def test_options_of_evaluate_of_another_type(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        evaluate("no such file", **options)
    assert str(caught.value) == message


def test_numbers_of_numpy_are_numbers() -> None:
    log = {"reward": [0.0, 1.0], "propensity": [0.5, 0.5], "target_propensity": [0.5, 0.5]}
    result = ope(log, "ips", level=np.float32(0.5), seed=np.int64(3), replicates=np.int32(10))  # type: ignore[arg-type]
    assert result.render("json")
    require_types({"level": np.float64(0.9), "threads": None, "log": 5})


def test_a_long_value_is_shown_in_part() -> None:
    assert shown("a" * 100) == "'" + "a" * 56 + "..."
    assert shown(np.zeros((2, 2))) == "array([[0., 0.], [0., 0.]])"
