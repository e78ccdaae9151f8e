"""What a log is said to feed is what ``ope`` takes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from rankeval import DataError, ope
from rankeval.estimators import ESTIMATORS
from rankeval.logs import as_log
from rankeval.off_policy import feeds

_P = [[0.5, 0.5], [0.25, 0.75], [0.5, 0.5]]
_ROUNDS = {"reward": [1.0, 0.0, 1.0], "propensity": [0.5, 0.25, 0.5], "target_propensity": [0.5, 0.5, 0.25]}
_SHOWN = {"session_id": [1, 1, 2, 2], "position": [1, 2, 1, 2], "item_id": [1, 2, 2, 1]}
_SESSIONS = _SHOWN | {"click": [1, 0, 0, 1]}
_HALF = {"propensity": [0.5] * 4, "target_propensity": [0.5] * 4}
LOGS: dict[str, dict[str, Any]] = {
    "nothing": {"reward": [1.0, 0.0]},
    "rounds": _ROUNDS,
    "model": _ROUNDS | {"q_logged": [0.5, 0.5, 0.4], "q_target": [0.5, 0.4, 0.4]},
    "lists": {
        "reward": [1.0, 0.0, 1.0],
        "action": [0, 1, 1],
        "candidate_propensities": _P,
        "candidate_target_propensities": _P[::-1],
        "candidate_q": _P,
    },
    "weights": {"reward": [1.0, 0.0, 2.0], "importance_weight": [1.0, 0.5, 1.5]},
    "texts": _ROUNDS | {"propensity": ["a", "b", "c"]},
    "clicks": _SESSIONS,
    "items": _SESSIONS | _HALF,
    "lists of items": _SESSIONS | {"propensity_list": [0.5] * 4, "target_propensity_list": [0.5] * 4},
    "curve": _SESSIONS | {"score": [2.0, 1.0, 1.0, 2.0], "examination": [1.0, 0.5, 1.0, 0.5]},
    "session rewards": {
        **_SHOWN,
        "session_reward": [1.0, 1.0, 0.0, 0.0],
        "propensity_list": [0.5] * 4,
        "target_propensity_list": [0.5] * 4,
    },
    "action names": {
        "reward": [1.0, 0.0, 1.0],
        "action": ["a", "b", "b"],
        "candidates": [["a", "b"]] * 3,
        "candidate_propensities": _P,
        "candidate_target_propensities": _P,
    },
}  # fmt: skip


@pytest.mark.parametrize("name", LOGS)
def test_every_estimator(name: str) -> None:
    table = pa.table(LOGS[name])
    found = feeds(as_log(table))
    taken = set()
    for definition in ESTIMATORS.values():
        text = definition.form.replace("@K", "@1") if definition.cutoff == "required" else definition.name
        try:
            ope(table, [text])
        except DataError:
            continue
        taken.add(definition.form)
    assert set(found.can) == taken
    assert set(found.cannot) == {definition.form for definition in ESTIMATORS.values()} - taken
    assert all(found.cannot.values())


def test_missing_columns_are_those_that_would_do() -> None:
    found = feeds(as_log(_ROUNDS))
    assert found.cannot["dr"] == ["q_logged", "q_target"]
    assert found.cannot["sips"] == ["session_id", "propensity_list", "target_propensity_list"]
    assert feeds(as_log(LOGS["texts"])).cannot["ips"] == ["propensity"]
    assert "session_id" in feeds(as_log(_SESSIONS)).cannot["ips"][0]
    np.testing.assert_equal(feeds(as_log(_SESSIONS)).cannot["click_ips"], ["examination", "score"])


def test_every_estimator_says_what_it_assumes() -> None:
    assert all(definition.assumes for definition in ESTIMATORS.values())
    assert ESTIMATORS["dm"].assumes == "the reward model is right"
    assert ESTIMATORS["dr"].assumes == ESTIMATORS["ips"].assumes
