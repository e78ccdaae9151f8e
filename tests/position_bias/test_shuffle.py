from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rankeval import DataError, propensity
from tests import naive_propensities as naive
from tests.position_bias.worlds import random_log

LOG = random_log(800, seed=1)


def shorter(log: dict[str, Any], seed: int) -> dict[str, Any]:
    """Lists of 2 to 4, cut at random."""
    length = np.random.default_rng(seed).integers(2, 5, max(log["session_id"]) + 1)
    kept = log["position"] <= length[log["session_id"]]
    return {name: np.asarray(values)[kept] for name, values in log.items()}


def test_by_hand() -> None:
    """Clicks at positions 1 and 2 of shuffled sessions: (1, 1), (1, 0), (0, 0), (1, 1): 2/3."""
    log = {
        "session_id": [1, 1, 2, 2, 3, 3, 4, 4, 5, 5],
        "position": [1, 2] * 5,
        "click": [1, 1, 1, 0, 0, 0, 1, 1, 0, 1],
        "shuffled": [True] * 8 + [False] * 2,
    }
    found = propensity(log, "shuffle").curves[None]
    assert found.theta == pytest.approx([1.0, 2 / 3])
    assert (found.n, found.clicks.tolist(), found.impressions.tolist()) == (4, [3.0, 2.0], [4.0, 4.0])
    # Residuals c2 - 2/3 c1: 1/3, -2/3, 0, 1/3, over the mean 3/4 of c1; their variance by 3, the mean's by 4.
    variance = ((1 / 3) ** 2 + (2 / 3) ** 2 + 0 + (1 / 3) ** 2) / 3 / (3 / 4) ** 2 / 4
    assert found.covariance[1, 1] == pytest.approx(variance / (2 / 3) ** 2)


@pytest.mark.parametrize("log", [LOG, shorter(LOG, seed=2)], ids=["equal", "unequal"])
def test_it_is_the_naive_ratio(log: dict[str, Any]) -> None:
    result = propensity(log, "shuffle").to_dict()
    found = list(zip(result["examination"], result["std_error"], strict=True))
    wanted = naive.shuffle(log)
    assert found[0] == (1.0, 0.0)
    for one, other in zip(found[1:], wanted[1:], strict=True):
        assert one == pytest.approx(other, rel=1e-9)


def test_top_leaves_later_positions_out() -> None:
    whole, top = (propensity(LOG, "shuffle", top=top).curves[None] for top in (None, 3))
    assert top.theta.tolist() == whole.theta[:3].tolist()
    assert top.covariance == pytest.approx(whole.covariance[:3, :3])


def test_without_a_column_all_sessions_count() -> None:
    plain = {name: values for name, values in LOG.items() if name != "shuffled"}
    result = propensity(plain, "shuffle")
    assert result.curves[None].n == 800
    assert "no column 'shuffled': all sessions are taken to have shown a random order" in result.warnings
    every = propensity(LOG | {"shuffled": np.ones(len(LOG["click"]), bool)}, "shuffle")
    assert every.curves[None].theta.tolist() == result.curves[None].theta.tolist()
    assert not any("shuffled" in warning for warning in every.warnings)


def test_swaps_are_no_shuffles() -> None:
    """A swap experiment marks its sessions as shuffled too."""
    n = len(LOG["click"])
    both = LOG | {"swap_low": [1.0] * (n // 2) + [None] * (n // 2)}
    later = {name: np.asarray(values)[n // 2 :] for name, values in LOG.items()}
    assert (
        propensity(both, "shuffle").curves[None].theta.tolist()
        == propensity(later, "shuffle").curves[None].theta.tolist()
    )
    with pytest.raises(DataError, match=r"no session is shuffled, wanted .*; for swaps .* --method swap"):
        propensity(LOG | {"swap_low": [1] * n}, "shuffle")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"shuffled": [False] * 4}, "<dict>: no session is shuffled, wanted some that showed all items"),
        (
            {"shuffled": [True, True, None, None]},
            "row 3, session_id 2: column 'shuffled' is null, wanted true",
        ),
        ({"shuffled": [1, 1, 2, 2]}, "row 3, session_id 2: column 'shuffled' is 2, wanted true or false"),
        ({"shuffled": [1, 0, 1, 1]}, "row 2, session_id 1: column 'shuffled' is 0, wanted one value"),
        ({"shuffled": list("abcd")}, "column 'shuffled' holds string, wanted numbers"),
        ({"click": [0, 1, 0, 1]}, "<dict>: no click at position 1, wanted some: the curve is relative to it"),
        (
            {"session_id": [1, 2, 3, 4], "position": [1] * 4},
            "all sessions show a single position, wanted some",
        ),
        ({"click": [1, 2, 0, 1]}, "row 2, session_id 1: column 'click' is 2, wanted 0 or 1"),
        (
            {"position": [1, 1, 1, 2]},
            "row 2, session_id 1: column 'position' is 1, wanted a whole number from 1 to 10000, each once",
        ),
    ],
)
def test_bad_logs_are_named(columns: dict[str, Any], message: str) -> None:
    log = {
        "session_id": [1, 1, 2, 2],
        "position": [1, 2, 1, 2],
        "click": [1, 1, 0, 1],
        "shuffled": [True] * 4,
    }
    with pytest.raises(DataError) as caught:
        propensity(log | columns, "shuffle")
    assert message in str(caught.value)


def test_weighted_clicks_by_hand() -> None:
    """Weighted clicks at 1: 1/0.5, 0, 1/0.25; at 2: 0, 1/0.8, 1/0.25: 5.25 / 6."""
    log = {
        "session_id": [1, 1, 2, 2, 3, 3],
        "position": [1, 2, 1, 2, 2, 1],
        "click": [1, 0, 0, 1, 1, 1],
        "propensity": [0.5, 0.5, 0.8, 0.8, 0.25, 0.25],
    }
    result = propensity(log, "pair")
    found = result.curves[None]
    assert found.theta == pytest.approx([1.0, (1 / 0.8 + 1 / 0.25) / (1 / 0.5 + 1 / 0.25)])
    _, error = naive.ratio([0.0, 1 / 0.8, 1 / 0.25], [1 / 0.5, 0.0, 1 / 0.25])
    assert result.to_dict()["std_error"][1] == pytest.approx(error)
    assert found.clicks.tolist() == [2.0, 2.0]


@pytest.mark.parametrize("value", [0.0, 1.5, -0.1, None, float("nan")])
def test_bad_propensities_are_named(value: Any) -> None:
    log = {"session_id": [1, 1], "position": [1, 2], "click": [1, 1], "propensity": [0.5, value]}
    with pytest.raises(DataError, match="row 2, session_id 1: column 'propensity' is"):
        propensity(log, "pair")


def test_lists_may_be_too_long_for_a_curve() -> None:
    log = {"session_id": [7] * 201, "position": range(1, 202), "click": [1] * 201}
    log = {name: list(values) for name, values in log.items()}
    with pytest.raises(DataError, match="session_id 7: shows position 201, wanted at most 200, or --top 200"):
        propensity(log, "shuffle")


def test_position_1_needs_clicks_in_longer_lists() -> None:
    log = {"session_id": [1, 1, 1, 2, 2], "position": [1, 2, 3, 1, 2], "click": [0, 1, 1, 1, 1]}
    with pytest.raises(DataError, match="in the sessions that show position 3, wanted some, or --top 2"):
        propensity(log, "shuffle")
    assert propensity(log, "shuffle", top=2).curves[None].theta.tolist() == [1.0, 2.0]


def test_positions_with_gaps_keep_their_numbers() -> None:
    log = {"session_id": [1, 1, 2, 2, 3, 3], "position": [1, 3, 2, 1, 1, 2], "click": [1, 1, 1, 1, 1, 0]}
    assert propensity(log, "shuffle").curves[None].theta == pytest.approx([1.0, 0.5, 1.0], rel=1e-14)


@pytest.mark.parametrize("method", ["shuffle", "allpairs", "em"])
def test_a_position_that_no_session_shows_has_no_examination(method: str) -> None:
    log = {"session_id": [1, 1, 2, 2], "position": [1, 3, 3, 1], "click": [1, 1, 1, 1], "item_id": [1, 2] * 2}
    with pytest.raises(DataError, match="no session shows position 2, wanted some for each of 1 to 3"):
        propensity(log, method)
