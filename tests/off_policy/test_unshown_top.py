"""How much of a candidate's top was not shown, for the estimand ``rerank``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rankeval import ope

BIAS = [1.0, 0.5, 0.33]


def three_of_five(n: int, scores: list[float]) -> dict[str, Any]:
    """Sessions that show the first three of five candidates."""
    rng = np.random.default_rng(1)
    clicks = (rng.random((n, 5)) < 0.2) * [1.0, 1.0, 1.0, 0.0, 0.0]
    return {
        "session_id": np.repeat(np.arange(n), 5),
        "item_id": np.tile(np.arange(5), n),
        "position": [1, 2, 3, None, None] * n,
        "click": clicks.ravel(),
        "score": np.tile(scores, n),
    }


def codes(log: dict[str, Any], **options: Any) -> dict[str, Any]:
    result = ope(log, ["click_ips"], position_bias=BIAS, **options)
    return {note.code: note for note in result.notes}


@pytest.mark.parametrize(
    ("scores", "missing"),
    [
        ([5.0, 1.0, 2.0, 4.0, 0.0], 1 / 3),
        ([0.0, 1.0, 2.0, 4.0, 5.0], 2 / 3),
        ([5.0, 4.0, 3.0, 2.0, 1.0], 0.0),
    ],
)
def test_the_share_by_hand(scores: list[float], missing: float) -> None:
    found = codes(three_of_five(400, scores))
    note = found["top_not_shown" if missing else "unshown_top"]
    assert note.numbers["share"] == pytest.approx(missing)
    assert note.level == ("caution" if missing else None)


def test_the_share_of_each_target_over_all_sessions() -> None:
    """Target ``b`` has another item in its top three in one session of ten."""
    log = three_of_five(400, [5.0, 4.0, 3.0, 2.0, 1.0])
    log["other"] = log["score"].copy()
    log["other"][3::50] = 9.0
    result = ope(log, ["click_ips"], position_bias=BIAS, target={"a": "score", "b": "other"})
    shares = {note.text: note.numbers["share"] for note in result.notes if note.code == "unshown_top"}
    assert list(shares.values()) == pytest.approx([0.0, 0.1 / 3])
    assert ["of a" in text for text in shares] == [True, False]


def test_a_candidate_without_a_score_is_not_ranked() -> None:
    log = three_of_five(100, [5.0, 1.0, 2.0, np.nan, 0.0])
    assert codes(log)["unshown_top"].numbers["share"] == 0.0


def test_without_other_candidates_nobody_knows_and_full_has_bounds() -> None:
    log = three_of_five(100, [5.0, 1.0, 2.0, 4.0, 0.0])
    shown = np.arange(500) % 5 < 3
    alone = {name: np.asarray(values)[shown] for name, values in log.items()}
    alone["position"] = alone["position"].astype(int)
    assert codes(alone)["unshown_top_unknown"].level is None
    assert {"unshown_top_unknown", "unshown_top", "top_not_shown"}.isdisjoint(codes(log, estimand="full"))
    (row,) = ope(log, ["click_ips"], position_bias=BIAS, estimand="full").estimates
    value, gain = row.value_bounds, row.gain_bounds
    assert value is not None
    assert gain is not None
    # The candidate's second item was not shown: its relevance may be anything from 0 to 1.
    assert value.high - value.low == pytest.approx(0.5)
    assert gain.low == pytest.approx(value.low - (row.logged.value or 0.0))
    assert gain.high == pytest.approx(value.high - (row.logged.value or 0.0))
