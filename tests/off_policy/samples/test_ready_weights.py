"""Ready-made importance weights."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from rankeval import DataError, UsageError, ope

#: Weights as densities of continuous actions give them.
LOG: dict[str, Any] = {"reward": [1.0, 2.0, 4.0], "importance_weight": [0.0, 3.0, 1.5]}
BY_HAND = {
    "ips": (3.0 * 2.0 + 1.5 * 4.0) / 3,
    "snips": (3.0 * 2.0 + 1.5 * 4.0) / 4.5,
    "cips:max_weight=2": (2.0 * 2.0 + 1.5 * 4.0) / 3,
    "csnips:max_weight=2": (2.0 * 2.0 + 1.5 * 4.0) / 3.5,
    "sg_ips:lambda=0.5": (3.0 / 2.0 * 2.0 + 1.5 / 1.25 * 4.0) / 3,
}


@pytest.mark.parametrize("name", BY_HAND)
def test_values_by_hand(name: str) -> None:
    row = ope(LOG, name).estimates[0]
    assert row.label == name
    assert row.value.value == pytest.approx(BY_HAND[name], rel=1e-15)
    assert row.diagnostics["max_weight"] == 3.0
    assert row.diagnostics["mean_weight"] == 1.5


def test_predictions_correct_them() -> None:
    log = LOG | {"q_logged": [1.0, 1.0, 2.0], "q_target": [1.0, 2.0, 3.0]}
    value = ope(log, "dr").estimates[0].value.value
    assert value == pytest.approx((1.0 + (2.0 + 3.0 * 1.0) + (3.0 + 1.5 * 2.0)) / 3, rel=1e-15)


def test_they_are_what_propensities_give() -> None:
    propensity, target = np.array([0.5, 0.25, 0.4]), np.array([0.25, 0.75, 0.1])
    log = {"reward": LOG["reward"], "propensity": propensity, "target_propensity": target}
    names = ["ips", "snips", "cips", "csnips"]
    ready = ope({"reward": LOG["reward"], "importance_weight": target / propensity}, names)
    assert [row.value for row in ready.estimates] == [row.value for row in ope(log, names).estimates]


def test_every_target_has_its_own() -> None:
    log = LOG | {"other": [1.0, 1.0, 1.0]}
    found = ope(log, "ips", target={"new": "weight:importance_weight", "old": "weight:other"})
    assert [row.value.value for row in found.estimates] == pytest.approx([4.0, 7.0 / 3], rel=1e-15)
    mixed = LOG | {"propensity": [0.5] * 3, "p": [0.5] * 3}
    with pytest.raises(UsageError) as caught:
        ope(mixed, "ips", target={"new": "weight:importance_weight", "old": "p"})
    assert str(caught.value) == (
        "target: new is given by its weights and old by propensities, wanted one call for each"
    )


def test_estimators_that_need_more_say_so() -> None:
    for name in ("mips", "ips:loggers=balanced"):
        with pytest.raises(DataError) as caught:
            ope(LOG, name)
        assert "it can feed ips, cips, snips, csnips, sg_ips" in str(caught.value)
        assert "\n" not in str(caught.value)
    with pytest.raises(DataError, match=r"no column 'q_target' .*, which dm needs"):
        ope(LOG, "dm")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (-0.1, "row 2: column 'importance_weight' is -0.1, wanted a number of at least 0"),
        (None, "row 2: column 'importance_weight' is null, wanted a finite number"),
        (math.inf, "row 2: column 'importance_weight' is inf, wanted a finite number"),
    ],
)
def test_wrong_weights_get_one_line(value: Any, message: str) -> None:
    with pytest.raises(DataError) as caught:
        ope(LOG | {"importance_weight": [0.0, value, 1.5]}, "ips")
    assert message in str(caught.value)


def test_weights_beside_propensities_must_be_their_ratios() -> None:
    both = {"reward": [1.0, 2.0], "propensity": [0.5, 0.3], "target_propensity": [0.25, 0.1]}
    rounded = np.array([0.5, 1.0 / 3.0], np.float32)
    found, plain = (ope(log, ["ips", "snips"]) for log in (both | {"importance_weight": rounded}, both))
    assert [row.value for row in found.estimates] == [row.value for row in plain.estimates]
    for weight, shown in (([0.5, 0.5], "0.5"), ([0.5, math.nan], "null")):
        with pytest.raises(DataError) as caught:
            ope(both | {"importance_weight": weight}, "ips")
        assert str(caught.value) == (
            f"<dict>, row 2: column 'importance_weight' is {shown}, "
            "wanted 0.33333333, the target propensity over the propensity"
        )
