"""Warnings on values that no mean of possible rewards can have."""

from __future__ import annotations

from typing import Any

import pytest

from rankeval import ope
from rankeval.notes import Note

# Weights 2, 0.5: dr is mean(q_pi) + mean w (r - q) = 0.5 + (2 (0 - 0.9) + 0.5 (1 - 1)) / 2 = -0.4.
LOG: dict[str, Any] = {
    "reward": [0.0, 1.0],
    "propensity": [0.25, 0.5],
    "target_propensity": [0.5, 0.25],
    "q_logged": [0.9, 1.0],
    "q_target": [0.5, 0.5],
}


def found(log: Any, estimators: str, **options: Any) -> list[Note]:
    return [note for note in ope(log, estimators, **options).notes if note.code == "value_outside_range"]


def test_a_value_outside_the_stated_range_by_hand() -> None:
    (note,) = found(LOG, "dr,snips", reward_range=(0, 1))
    assert note.text == "the value of dr is -0.4: outside [0, 1], the range of rewards [0, 1]"
    assert note.numbers == {"value": pytest.approx(-0.4), "low": 0.0, "high": 1.0, "places": 1}
    assert found(LOG, "dr", reward_range=(-1, 1)) == []


def test_a_value_outside_the_logged_rewards() -> None:
    (note,) = found(LOG, "dr")
    assert note.text == "the value of dr is -0.4: outside [0, 1], where the rewards of all logged rounds lie"
    assert found(LOG | {"reward": [-1.0, 1.0]}, "snips") == []


def test_every_place_is_named_in_one_warning() -> None:
    log = LOG | {"reward": [1.0, 0.0], "country": ["a", "b"], "other": [0.25, 0.5]}
    targets = {"new": "target_propensity", "old": "other"}
    (note,) = found(log, "ips", target=targets, by="country")
    wanted = "the value of ips for new in a is 2: outside [0, 1], where the rewards of all logged rounds lie"
    assert (note.text, note.numbers["places"]) == (wanted, 1)
    (note,) = found(log | {"target_propensity": [1.0, 0.25]}, "ips,snips", by="country")
    assert note.text.startswith("the value of ips is 2, ips in a is 4: outside [0, 1]")
    (note,) = found(log, "ips", by="country")
    assert note.text.startswith("the value of ips in a is 2: outside [0, 1]")


def test_the_bounds_belong_to_the_range() -> None:
    log = LOG | {"reward": [1.0, 0.0], "propensity": [0.25, 0.5], "target_propensity": [0.5, 0.5]}
    assert found(log, "ips") == []
    assert found(log | {"target_propensity": [0.5 * (1 + 1e-7), 0.5]}, "ips") == []
    assert found(log | {"target_propensity": [0.5 * (1 + 1e-5), 0.5]}, "ips") != []


def test_equal_rewards_say_nothing_of_others() -> None:
    assert found(LOG | {"reward": [1.0, 1.0]}, "ips") == []


def test_sessions_have_the_range_of_their_positions() -> None:
    """Weight 2 of every item: iips is mean(2 + 2, 2) = 3, above 2 times 1 but not above 2 times 2."""
    log = {
        "session_id": [1, 1, 2],
        "position": [1, 2, 1],
        "reward": [1.0, 1.0, 1.0],
        "propensity": [0.25] * 3,
        "target_propensity": [0.5] * 3,
    }
    (note,) = found(log, "iips", reward_range="0,1")
    assert note.text == (
        "the value of iips is 3: outside [0, 2], the range of rewards [0, 1] times the 2 positions of the "
        "longest list"
    )
    assert found(log, "iips", reward_range="0,2") == []
    (note,) = found(log, "iips")
    assert note.text.endswith("outside [1, 2], where the rewards of all logged sessions lie")
    assert found(log | {"reward": [-1.0, -1.0, -1.0]}, "iips", reward_range="-2,-1") == []


def test_metrics_and_indices_are_no_rewards() -> None:
    log = {
        "session_id": [1, 1],
        "position": [1, 2],
        "click": [1, 0],
        "score": [0.0, 1.0],
        "examination": [0.1, 0.1],
    }
    assert found(log, "click_arp,replay_ips,click_dcg") == []
    assert (ope(log, "click_arp").estimates[0].value.value or 0.0) > 1.0
