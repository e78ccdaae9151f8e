"""Target policies of a random ranking log that are given by scores."""

from __future__ import annotations

import numpy as np
import pytest

from rankeval import UsageError, ope

#: Two sessions of three items; by score the first is in order, of the second only its first item is.
LOG = {
    "session_id": [1, 1, 1, 2, 2, 2],
    "item_id": [1, 2, 3, 1, 2, 3],
    "position": [1, 2, 3, 1, 2, 3],
    "click": [1, 0, 1, 1, 1, 0],
    "propensity": [0.5] * 6,
    "propensity_prefix": [0.5, 0.25, 0.2] * 2,
    "propensity_list": [0.2] * 6,
    "s": [3.0, 2.0, 1.0, 3.0, 1.0, 2.0],
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("iips", (1 / 0.5 + 1 / 0.5 + 1 / 0.5) / 2),
        ("rips", (1 / 0.5 + 1 / 0.2 + 1 / 0.5) / 2),
        ("sips", (2 / 0.2 + 0) / 2),
    ],
)
def test_by_hand(name, value):
    found = ope(LOG, [name], target={"new": "score:s"})
    assert found.estimates[0].value.value == pytest.approx(value)


def test_estimators_of_several_kinds_share_a_score():
    found = ope(LOG, ["iips", "sips", "click_ips"], target={"new": "score:s"}, position_bias=[1.0, 0.5, 0.25])
    assert [row.label for row in found.estimates] == ["iips", "sips", "click_ips"]
    (clicks,) = [row for row in found.estimates if row.label == "click_ips"]
    assert clicks.value.value == pytest.approx(((1 + 1) + (1 + 1 * 0.25 / 0.5)) / 2)


def test_unshown_items_take_part_under_full():
    log = {**LOG, "position": [1.0, 2.0, np.nan, 1.0, 2.0, np.nan], "click": [1, 0, 0, 1, 1, 0]}
    import pyarrow as pa

    table = pa.table({**log, "position": pa.array(log["position"], from_pandas=True)})
    # In session 2 item 3, which was not shown, takes rank 2.
    full = ope(table, ["iips"], target={"new": "score:s"}, estimand="full")
    assert full.estimates[0].value.value == pytest.approx((1 / 0.5 + 1 / 0.5) / 2)
    rerank = ope(table, ["iips"], target={"new": "score:s"})
    assert rerank.estimates[0].value.value == pytest.approx((1 / 0.5 + 1 / 0.5 + 1 / 0.5) / 2)


def test_scores_are_for_rankings_and_for_all_targets():
    with pytest.raises(UsageError, match="some score:COLUMN and some columns alone"):
        ope(LOG, ["iips"], target={"new": "score:s", "old": "propensity"})
    with pytest.raises(UsageError, match="is for ranking logs"):
        ope({"reward": [1, 0], "propensity": [0.5, 0.5], "s": [1, 2]}, target={"new": "score:s"})
