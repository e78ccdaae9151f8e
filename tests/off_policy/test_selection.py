"""Parameters chosen from the data: the rules by hand, and what ope makes of them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rankeval import ope
from rankeval.errors import DataError, UsageError
from rankeval.estimators.catalogue import ESTIMATORS, parse
from rankeval.off_policy.selection import Candidate, least_bound, slope
from tests import naive_off_policy as naive
from tests.naive_rankings import random_log as random_rankings

LOG = naive.random_log(3000, seed=2, spread=1.2)


def candidates(*pairs: tuple[float, float]) -> list[Candidate]:
    """From values and standard errors; the bound is the standard error."""
    return [Candidate(float(i), v, h, h) for i, (v, h) in enumerate(pairs)]


@pytest.mark.parametrize(
    ("pairs", "chosen"),
    [
        ([(1.0, 1.0)], 0),
        ([(1.0, 1.0), (1.5, 0.5), (1.2, 0.1)], 2),  # [-1, 3], [0.5, 2.5], [1, 1.4]: all share [1, 1.4]
        ([(1.0, 1.0), (1.5, 0.2), (2.0, 0.01)], 1),  # [-1, 3], [1.1, 1.9], [1.98, 2.02]
        ([(1.0, 0.1), (5.0, 0.01)], 0),  # [0.8, 1.2], [4.98, 5.02]
        ([(2.0, 0.01), (1.5, 0.2), (1.0, 1.0)], 1),  # in the other order: they are sorted by width
        ([(1.0, 0.1), (1.5, 0.2), (1.5, 0.2)], 0),  # sorted 2, 1, 0: all share [1.1, 1.2]
        ([(9.0, 0.1), (1.5, 0.2), (1.5, 0.2)], 1),  # of equal ones the first
        ([(1.0, 1.0), (9.0, 0.5), (1.0, 0.1)], 0),  # the third shares a point with the first, not with all
    ],
)
def test_slope_by_hand(pairs: list[tuple[float, float]], chosen: int) -> None:
    assert slope([candidates(*pairs)]) == chosen


def test_slope_holds_for_every_target() -> None:
    bold, careful = candidates((1.0, 1.0), (1.1, 0.1)), candidates((1.0, 1.0), (9.0, 0.1))
    assert slope([bold]) == 1
    assert slope([bold, careful]) == slope([careful, bold]) == 0


def test_least_bound_by_hand() -> None:
    assert least_bound([candidates((1.0, 1.0), (1.0, 0.3), (1.0, 0.5))]) == 1
    assert least_bound([candidates((1, 1.0), (1, 0.3)), candidates((1, 0.1), (1, 2.0))]) == 0


@pytest.mark.parametrize("name", ["cips", "csnips", "cdr", "switch_dr", "dros", "sg_ips", "sg_dr"])
@pytest.mark.parametrize("rule", ["auto", "auto_slope", "auto_mse"])
def test_the_choice_is_the_estimate_at_the_chosen_value(name: str, rule: str) -> None:
    parameter = naive.PARAMETERS[name]
    row = ope(LOG, [f"{name}:{parameter}={rule}"]).estimates[0]
    selection = row.selection
    assert selection is not None
    grid = ESTIMATORS[name].parameter.grid  # type: ignore[union-attr]
    assert [c[parameter] for c in selection["candidates"]] == list(grid)
    chosen = selection["chosen"]
    error = {c[parameter]: c["std_error"] for c in selection["candidates"]}
    careful = max((selection["slope"], selection["mse"]), key=lambda value: error[value])
    assert chosen == {"auto": careful, "auto_slope": selection["slope"], "auto_mse": selection["mse"]}[rule]
    assert row.estimator.params == {parameter: chosen}
    given = ope(LOG, [f"{name}:{parameter}={chosen!r}"]).estimates[0]
    assert (row.value.value, row.value.std_error) == pytest.approx((given.value.value, given.value.std_error))
    assert row.gain.std_error == pytest.approx(given.gain.std_error)
    assert row.to_dict()["params"] == {parameter: chosen}
    assert row.label.endswith(" (auto)")


def test_bounds_are_variance_and_squared_bound_on_the_bias() -> None:
    row = ope(LOG, ["cips:max_weight=auto_mse"]).estimates[0]
    assert row.selection is not None
    plain = naive.residuals("ips", LOG) + naive.value("ips", LOG)
    for candidate in row.selection["candidates"]:
        clipped = naive.residuals("cips", LOG, candidate["max_weight"]) + naive.value(
            "cips", LOG, candidate["max_weight"]
        )
        apart = plain - clipped
        bias = abs(apart.mean()) + math.sqrt(2 * math.log(2 / 0.05)) * apart.std(ddof=1) / math.sqrt(3000)
        wanted = clipped.var(ddof=1) / 3000 + bias**2
        assert candidate["mse_bound"] == pytest.approx(wanted, rel=1e-8)
    bounds = [candidate["mse_bound"] for candidate in row.selection["candidates"]]
    assert row.selection["candidates"][int(np.argmin(bounds))]["max_weight"] == row.selection["mse"]


def test_the_choice_is_shown_and_noted() -> None:
    found = ope(LOG, ["dros:lambda=auto"])
    text = repr(found)
    assert "Choice of parameters" in text
    assert "SLOPE" in text
    assert any("no interval counts the bias that is left" in note for note in found.warnings)
    assert found.to_dict()["inputs"]["estimators"] == ["dros:lambda=auto"]


def test_targets_share_the_choice_and_segments_choose_for_themselves() -> None:
    log = LOG | {"other": np.minimum(LOG["target_propensity"] * 0.5, 1.0)}
    found = ope(log, ["cips:max_weight=auto"], target={"a": "target_propensity", "b": "other"}, by="country")
    for segment in (None, "de", "fr", "jp"):
        mine = [row for row in found.estimates if row.segment == segment]
        assert len({row.estimator.label for row in mine}) == 1
        compared = {c.estimator.label for c in found.comparisons if c.segment == segment}
        assert compared == {mine[0].estimator.label}


def test_rankings_choose_too() -> None:
    row = ope(random_rankings(300, seed=1), ["sips:max_weight=auto"]).estimates[0]
    assert row.selection is not None
    assert row.estimator.params["max_weight"] in (row.selection["slope"], row.selection["mse"])


def test_auto_reads_back_and_wants_a_parameter() -> None:
    assert parse("dros:lambda=auto").label == "dros:lambda=auto"
    assert parse("cips:max_weight=auto_mse").label == "cips:max_weight=auto_mse"
    with pytest.raises(UsageError, match="unknown parameter 'lambda'"):
        parse("ips:lambda=auto")
    with pytest.raises(UsageError, match="wanted a number above 0, or auto, auto_slope, auto_mse"):
        parse("dros:lambda=automatic")


def test_rewards_whose_squares_overflow_are_named() -> None:
    log = {**LOG, "reward": np.asarray(LOG["reward"]) * 1e160}
    with pytest.raises(DataError, match="wanted numbers whose products and sums are finite"):
        ope(log, "cips:max_weight=auto_mse")
