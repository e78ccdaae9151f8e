from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from rankeval import DataError, ope
from rankeval.inference.inference import NO_SPREAD
from tests import naive_off_policy as naive

# Weights 2, 0.5, 4, 0.
HAND = {
    "reward": [1.0, 0.0, 1.0, 1.0],
    "propensity": [0.25, 0.5, 0.2, 0.5],
    "target_propensity": [0.5, 0.25, 0.8, 0.0],
}


def notes(log: Any, estimators: str | list[str] = "ips", **options: Any) -> tuple[str, ...]:
    return tuple(ope(log, estimators, **options).warnings)


def test_weights_by_hand() -> None:
    found = ope(HAND, "ips").estimates[0].diagnostics
    weights = [2, 0.5, 4, 0]
    mean = sum(weights) / 4
    std_error = (sum((w - mean) ** 2 for w in weights) / 3 / 4) ** 0.5
    assert found["ess"] == pytest.approx(sum(weights) ** 2 / sum(w * w for w in weights), rel=1e-14)
    assert found["max_weight"] == 4
    assert found["mean_weight"] == pytest.approx(mean, rel=1e-15)
    assert found["mean_weight_z"] == pytest.approx((mean - 1) / std_error, rel=1e-13)
    assert found["share_clipped"] is None


def test_share_clipped_by_hand() -> None:
    rows = ope(HAND, ["cips:max_weight=3", "csnips:max_weight=1", "snips", "cips:max_weight=9"]).estimates
    shares = [row.diagnostics["share_clipped"] for row in rows]
    assert shares == [pytest.approx(1 / 6.5), pytest.approx((1 + 3) / 6.5), None, 0.0]


def test_leverage_by_hand() -> None:
    log = HAND | {"reward": [1.0, 0.0, 3.0, 1.0], "q_logged": [0.5] * 4, "q_target": [0.5] * 4}
    for row in ope(log, ["ips", "snips", "dr", "cips:max_weight=3"]).estimates:
        # The largest weight is 4, or 3 if clipped, the largest reward 3; rewards span 3.
        weight = 3.0 if row.estimator.name == "cips" else 4.0
        errors = row.value.std_error, row.gain.std_error
        moves = weight * 3.0 / (4.0 * errors[0]), (weight - 1.0) * 3.0 / (4.0 * errors[1])  # type: ignore[operator]
        assert row.diagnostics["leverage"] == pytest.approx(max(moves), rel=1e-12)
    shifted = log | {"reward": [11.0, 10.0, 13.0, 11.0]}
    plain, ratio = ope(shifted, ["ips", "snips"]).estimates
    assert plain.diagnostics["leverage"] == pytest.approx(
        max(4 * 13 / (4 * plain.value.std_error), 3 * 13 / (4 * plain.gain.std_error))  # type: ignore[operator]
    )
    assert ratio.diagnostics["leverage"] == pytest.approx(
        max(4 * 3 / (4 * ratio.value.std_error), 3 * 3 / (4 * ratio.gain.std_error))  # type: ignore[operator]
    )


def test_weights_of_both_signs_have_no_share_clipped() -> None:
    """Slate weights 10, -2, -2 clipped at 1 would give the share 1 - (1 - 2 - 2) / (10 - 2 - 2) = 1.5."""
    log = {
        "session_id": [1, 2, 3],
        "position": [1, 1, 1],
        "reward": [1, 0, 1],
        "slate_weight": [10.0, -2, -2],
    }
    assert ope(log, "pi:max_weight=1").estimates[0].diagnostics["share_clipped"] is None
    log["slate_weight"] = [10.0, 0, 2]
    assert ope(log, "pi:max_weight=1").estimates[0].diagnostics["share_clipped"] == pytest.approx(10 / 12)


def test_diagnostics_speak_of_plain_weights_whatever_the_estimator() -> None:
    log = naive.random_log(500, seed=1)
    rows = [ope(log, name).estimates[0].diagnostics for name in ("ips", "cdr:max_weight=0.1", "sndr")]
    weights = ("ess", "max_weight", "mean_weight", "mean_weight_z", "tail_index")
    for row in rows:
        assert {name: row[name] for name in weights} == {name: rows[0][name] for name in weights}


def test_a_log_without_weights_has_no_diagnostics() -> None:
    result = ope(HAND | {"q_target": [0.1, 0.2, 0.3, 0.4]}, "dm", ci="normal")
    assert set(result.estimates[0].diagnostics.values()) == {None}
    assert [note.code for note in result.notes if note.level] == ["model_only"]


def test_a_healthy_log_has_no_warnings() -> None:
    log = naive.random_log(5000, seed=2, spread=0.3)
    names = ["ips", "snips", "dr", "sndr", "dros:lambda=1e8"]
    result = ope(log, names, ci=["normal", "bootstrap", "bootstrap_t"], by="country")
    assert (result.warnings, result.verdict.level) == ((), "trust")


def test_few_effective_rounds() -> None:
    assert any("the effective sample size is 2.086, under 30: " in note for note in notes(HAND))
    equal = {"reward": np.zeros(100), "propensity": np.full(100, 0.5), "target_propensity": np.full(100, 0.5)}
    assert not any("effective" in note for note in notes(equal))


def test_a_distribution_has_no_few_rounds() -> None:
    log = naive.random_log(200, seed=2) | {"weight": np.full(200, 1 / 200)}
    result = ope(log, ["ips"], by="country")
    assert not any("effective" in note or "fewer" in note for note in result.warnings)
    table = result.render("table", 120)
    assert any("1.000" in line for line in table.splitlines())
    assert "0000000" not in table


def test_a_mean_weight_off_one() -> None:
    log = naive.random_log(5000, seed=3, spread=0.3)
    log["target_propensity"] = 0.8 * log["target_propensity"]
    for name in ("ips", "cips:max_weight=0.5"):
        (note,) = (note for note in notes(log, name) if "mean" in note)
        assert note.startswith("the mean weight is 0.79")
        assert note.endswith("standard errors off 1: the propensities look wrong")


def test_equal_weights_off_one() -> None:
    log = {
        "reward": np.arange(200.0),
        "propensity": np.full(200, 0.25),
        "target_propensity": np.full(200, 0.5),
    }
    assert notes(log) == ("the mean weight is 2, as is every weight: the propensities look wrong",)
    assert ope(log, "ips").estimates[0].diagnostics["mean_weight_z"] is None
    on_policy = log | {"target_propensity": np.full(200, 0.25)}
    assert notes(on_policy) == ()


def test_small_segments_share_a_line() -> None:
    log = naive.random_log(2000, seed=4) | {"part": np.minimum(np.arange(2000) % 1000, 10)}
    small = "0 (2), 1 (2), 2 (2), 3 (2), 4 (2) and 5 more"
    assert f"segments with fewer than 100 rounds have rough intervals: {small}" in notes(log, by="part")


def test_few_clusters() -> None:
    log = naive.random_log(2000, seed=5)
    few = "3 clusters are worth 2.01 even ones (the largest has 50 % of the units): "
    found = notes(log, ["ips", "snips"], cluster="country")
    assert f"{few}with fewer than 50, errors are rough" in found


def test_what_is_missing_has_one_line_that_says_where_and_why() -> None:
    def remarks(log: Any, names: list[str]) -> list[str]:
        return [note.text for note in ope(log, names).notes if not note.level]

    log = naive.random_log(400, seed=6) | {"target_propensity": np.zeros(400)}
    assert remarks(log, ["ips", "snips", "csnips", "sndr", "dm"]) == [
        f"auto interval of the value of ips: {NO_SPREAD} (state the range of rewards with --reward-range)",
        f"auto interval of the relative gain of ips: {NO_SPREAD} "
        "(it is a ratio of means, and no mean of bounded terms)",
        "value of snips, csnips:max_weight=10, sndr: its denominator is 0",
    ]
    log = naive.random_log(400, seed=6) | {"reward": np.zeros(400)}
    found = ope(log, ["ips", "snips"])
    assert "relative gain of ips, snips: its denominator is 0" in found.warnings
    assert found.verdict.level == "do not trust"


def test_one_round_has_no_error() -> None:
    one = {name: values[:1] for name, values in HAND.items()}
    assert notes(one)[-1:] == ("standard error of ips: a single unit has no standard error",)


def test_missing_intervals_name_their_method_and_segment() -> None:
    log = naive.random_log(1000, seed=7)
    log["reward"] = np.where(
        log["country"] == "de", (np.arange(1000) == log["country"].tolist().index("de")), log["reward"]
    )
    found = notes(log, "ips", by="country", ci=["normal", "bootstrap"])
    for method in ("normal", "bootstrap"):
        start = f"{method} interval of the relative gain of ips in de: every unit adds the same to it"
        assert any(note.startswith(start) for note in found)


def test_rows_left_out_of_segments() -> None:
    log = naive.random_log(1000, seed=8) | {"part": pa.array([None] * 400 + ["a"] * 600)}
    assert notes(log, by="part")[0] == "400 rounds have no value in column 'part' and are in no segment"


def test_weights_whose_squares_overflow_are_named() -> None:
    huge = HAND | {"propensity": [1e-300, 1e-300, 0.2, 0.5], "reward": [0.0, 0.0, 1.0, 1.0]}
    with pytest.raises(DataError, match="row 1: column 'propensity' is 1e-300, wanted numbers whose"):
        ope(huge, "ips")
