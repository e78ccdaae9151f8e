from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rankeval import DataError, propensity
from rankeval.position_bias.known_curve import STEP, PositionBias

CURVE = {"positions": [1, 2, 3], "examination": [1.0, 0.5, 0.25]}


@pytest.mark.parametrize(
    "source",
    [
        CURVE,
        {"examination": [1.0, 0.5, 0.25]},
        {"positions": [3, 1.0, 2], "examination": [0.25, 1, 0.5], "alpha": None},
        [1, 0.5, 0.25],
        (1.0, 0.5, 0.25),
        np.array([1.0, 0.5, 0.25]),
        {"examination": np.array([1, 0.5, 0.25]), "positions": np.array([1, 2, 3])},
        CURVE | {"std_error": [0.0, 0.1, 0.1], "ci": [[1, 1], [0.3, 0.7], [0.1, 0.4]], "method": "em"},
        PositionBias({"examination": (1.0, 0.5, 0.25)}),
    ],
    ids=["whole", "no positions", "in any order", "list", "tuple", "array", "arrays", "more keys", "itself"],
)
def test_forms(source: Any) -> None:
    bias = PositionBias.of(source)
    assert bias == PositionBias({"examination": (1.0, 0.5, 0.25)})
    assert len(bias) == 3
    assert bias.curve("examination").tolist() == [1.0, 0.5, 0.25]
    assert ("examination" in bias, "alpha" in bias) == (True, False)


@pytest.mark.parametrize("content", [CURVE, [1.0, 0.5, 0.25]], ids=["object", "list"])
def test_files(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "bias.json"
    path.write_text(json.dumps(content))
    for source in (path, str(path)):
        assert PositionBias.of(source) == PositionBias.of(CURVE)
        assert PositionBias.of(source).origin == str(path)


def test_what_propensity_returns_is_a_curve_as_its_json_is() -> None:
    rows = {"session_id": [1, 1, 2, 2, 3, 3], "position": [1, 2] * 3, "click": [1, 1, 1, 0, 1, 1]}
    found = propensity({**rows, "shuffled": [True] * 6}, "shuffle")
    assert PositionBias.of(found) == PositionBias.of(found.to_dict())


def test_trust_may_stand_alone() -> None:
    bias = PositionBias.of({"positions": [2, 1], "alpha": [0.3, 0.6], "beta": [0, 0.1]})
    assert (bias.curve("alpha").tolist(), bias.curve("beta").tolist()) == ([0.6, 0.3], [0.1, 0.0])
    assert len(bias) == 2
    assert "examination" not in bias


def test_moved_curves_add_up_to_the_covariance() -> None:
    covariance = np.array([[0.0, 0.0, 0.0], [0.0, 4e-4, 1e-4], [0.0, 1e-4, 1e-4]])
    known = {"examination": [1.0, 0.5, 0.2], "covariance": covariance.tolist(), "alpha": [1.0, 1.0, 1.0]}
    bias = PositionBias.of({**known, "beta": [0.0, 0.0, 0.0]})
    moved = np.array([curve.curve("examination") - bias.curve("examination") for curve in bias.moved]) / STEP
    assert len(moved) == 2
    np.testing.assert_allclose(moved.T @ moved, covariance, rtol=0, atol=1e-15)
    assert all(curve.values["alpha"] == (1.0, 1.0, 1.0) for curve in bias.moved)
    assert PositionBias.of([1.0, 0.5]).moved == ()
    assert PositionBias.of({"examination": [1.0, 0.5], "covariance": [[0, 0], [0, 0]]}).moved == ()


def test_a_curve_is_never_moved_below_0() -> None:
    wild = PositionBias.of({"examination": [1.0, 1e-3], "covariance": [[0.0, 0.0], [0.0, 1.0]]})
    assert all(min(curve.curve("examination")) > 0.0 for curve in wild.moved)


def test_the_largest_relative_error_of_a_curve() -> None:
    known = {"examination": [1.0, 0.5], "covariance": [[0.0, 0.0], [0.0, 0.0001]]}
    assert PositionBias.of(known).relative_error == pytest.approx(0.01 / 0.5)
    assert PositionBias.of([1.0, 0.5]).relative_error == 0.0


def test_probabilities_above_one_are_known() -> None:
    assert PositionBias.of([1.0, 1.02, 0.5, 1.5]).above_one == [2, 4]
    assert PositionBias.of({"alpha": [2.0], "beta": [0.0]}).above_one == []


POSITIVE = "wanted a number above 0"
WRONG: dict[str, tuple[Any, str]] = {
    "zero": ([1, 0], f"examination is 0 in place 2, {POSITIVE}"),
    "negative": ([-1.0], f"examination is -1.0 in place 1, {POSITIVE}"),
    "denormal": ([1e-310], f"examination is 1e-310 in place 1, {POSITIVE}"),
    "null": ([1, None], f"examination is null in place 2, {POSITIVE}"),
    "NaN": ([1, float("nan")], f"examination is nan in place 2, {POSITIVE}"),
    "infinite": ([float("inf")], f"examination is inf in place 1, {POSITIVE}"),
    "text": (["1"], f"examination is '1' in place 1, {POSITIVE}"),
    "true": ([True], f"examination is True in place 1, {POSITIVE}"),
    "nested": ([[1.0]], f"examination is [1.0] in place 1, {POSITIVE}"),
    "too large": ([10**400], "in place 1, wanted a number above 0"),
    "no values": ([], "examination is [], wanted a list of numbers, one a position"),
    "a number": (0.5, "examination is 0.5, wanted a list of numbers"),
    "a matrix": (np.ones((2, 2)), "wanted a list of numbers, one a position"),
    "no curve": ({"positions": [1]}, "holds positions, wanted examination, or alpha and beta"),
    "nothing": ({}, "holds nothing, wanted examination, or alpha and beta"),
    "alpha alone": ({"alpha": [1.0]}, "holds alpha, wanted examination, or alpha and beta"),
    "beta no number": (
        {"alpha": [1], "beta": [np.nan]},
        "beta is nan in place 1, wanted a finite number",
    ),
    "alpha zero": ({"alpha": [0], "beta": [0]}, f"alpha is 0 in place 1, {POSITIVE}"),
    "shorter": ({"alpha": [1, 1], "beta": [0]}, "beta has 1 values, wanted 2 as in alpha"),
    "longer than positions": (
        CURVE | {"positions": [1, 2]},
        "examination has 3 values, wanted 2 as in positions",
    ),
    "position twice": (
        CURVE | {"positions": [1, 2, 2]},
        "positions hold 2 in place 3, wanted each of 1 to 3 once",
    ),
    "position 0": (
        CURVE | {"positions": [0, 1, 2]},
        "positions hold 0 in place 1, wanted each of 1 to 3 once",
    ),
    "a gap": (CURVE | {"positions": [1, 2, 4]}, "positions hold 4 in place 3, wanted each of 1 to 3 once"),
    "position 1.5": (CURVE | {"positions": [1, 1.5, 2]}, "positions hold 1.5 in place 2"),
    "position null": (CURVE | {"positions": [1, None, 2]}, "positions hold null in place 2"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_curves(case: str) -> None:
    source, message = WRONG[case]
    with pytest.raises(DataError) as caught:
        PositionBias.of(source)
    assert str(caught.value).startswith("<position bias>: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


def test_wrong_files(tmp_path: Path) -> None:
    path = tmp_path / "bias.json"
    with pytest.raises(DataError, match=r"bias.json: cannot be read \(No such file or directory\)"):
        PositionBias.of(path)
    for content in (b"", b"{", b"\xff\xfe", b"[" * 100_000):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"bias.json: is no JSON \(.*\), wanted a position-bias curve"):
            PositionBias.of(path)
    path.write_text("[1, NaN]")
    with pytest.raises(DataError, match=f"bias.json: examination is nan in place 2, {POSITIVE}"):
        PositionBias.of(path)
    with pytest.raises(DataError, match="cannot be read"):
        PositionBias.of(tmp_path)


COVARIANCE = [[0.0, 0.0, 0.0], [0.0, 0.04, 0.01], [0.0, 0.01, 0.09]]


@pytest.mark.parametrize("matrix", [COVARIANCE, np.array(COVARIANCE), tuple(map(tuple, COVARIANCE))])
def test_covariance_is_kept(matrix: Any) -> None:
    bias = PositionBias.of(CURVE | {"covariance": matrix})
    assert bias.covariance == tuple(map(tuple, COVARIANCE))
    assert PositionBias.of(CURVE).covariance is None
    assert PositionBias.of(CURVE | {"covariance": None}).covariance is None


def test_covariance_goes_by_position() -> None:
    turned = {"positions": [3, 1, 2], "examination": [0.25, 1.0, 0.5]}
    matrix = [[0.09, 0.0, 0.01], [0.0, 0.0, 0.0], [0.01, 0.0, 0.04]]
    assert PositionBias.of(turned | {"covariance": matrix}).covariance == tuple(map(tuple, COVARIANCE))


def test_covariance_is_of_examination() -> None:
    assert PositionBias.of({"alpha": [1.0], "beta": [0.0], "covariance": "no matrix"}).covariance is None


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ("none", "covariance is 'none', wanted 3 rows, one a position"),
        ([[0.0]], "covariance is [[0.0]], wanted 3 rows, one a position"),
        ([[0.0] * 3, [0.0] * 2, [0.0] * 3], "covariance holds [0.0, 0.0] in row 2, wanted 3 numbers"),
        ([[0.0] * 3, 0.1, [0.0] * 3], "covariance holds 0.1 in row 2, wanted 3 numbers"),
        ([[0.0] * 3, [0.0, None, 0.0], [0.0] * 3], "covariance holds null in row 2, wanted finite numbers"),
        ([[0.0] * 3, [0.0, np.inf, 0.0], [0.0] * 3], "covariance holds inf in row 2, wanted finite numbers"),
        (
            [[0.0] * 3, [0.0, 0.04, 0.01], [0.0, 0.02, 0.09]],
            "covariance is 0.01 and 0.02 at positions 2 and 3, wanted a symmetric matrix",
        ),
        (
            [[0.0] * 3, [0.0, -0.04, 0.0], [0.0, 0.0, 0.09]],
            "covariance is -0.04 on the diagonal at position 2, wanted at least 0",
        ),
    ],
)
def test_bad_covariances_are_named(matrix: Any, message: str) -> None:
    with pytest.raises(DataError) as caught:
        PositionBias.of(CURVE | {"covariance": matrix})
    assert str(caught.value) == f"<position bias>: {message}"


JOINT = np.diag([0.0, 4e-4, 0.0, 1e-4]) + 1e-5 * np.array(
    [[0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0], [0, 1, 0, 0]]
)
IDENTIFIED = {"alpha": [1.0, 0.5], "beta": [0.0, -0.1], "alpha_beta_covariance": JOINT.tolist()}


@pytest.mark.parametrize(
    "content",
    [
        IDENTIFIED,
        {"click_model": "pbm_trust", "identified": IDENTIFIED},
        {"command": "fit", "results": [{"click_model": "pbm"}, {"identified": IDENTIFIED}]},
    ],
)
def test_a_fit_of_trust_bias_is_a_curve(content: Any) -> None:
    bias = PositionBias.of(content)
    assert (bias.curve("alpha").tolist(), bias.curve("beta").tolist()) == ([1.0, 0.5], [0.0, -0.1])
    assert bias.alpha_beta_covariance == tuple(map(tuple, JOINT.tolist()))
    values = np.array([1.0, 0.5, 0.0, -0.1])
    moved = [np.concatenate([copy.curve("alpha"), copy.curve("beta")]) - values for copy in bias.moved_trust]
    np.testing.assert_allclose(np.array(moved).T @ np.array(moved) / STEP**2, JOINT, rtol=0, atol=1e-15)
    assert bias.moved == ()
    assert bias.relative_error_of_alpha == pytest.approx(np.sqrt(4e-4) / 0.5)
    assert bias.few_impressions == 0.0
    assert (
        PositionBias.of({**IDENTIFIED, "share_of_pairs_with_few_impressions": 0.25}).few_impressions == 0.25
    )


def test_alpha_and_beta_go_by_position() -> None:
    order = [1, 0, 3, 2]
    turned = {"positions": [2, 1], "alpha": [0.5, 1.0], "beta": [-0.1, 0.0]}
    bias = PositionBias.of({**turned, "alpha_beta_covariance": JOINT[np.ix_(order, order)].tolist()})
    assert bias == PositionBias.of(IDENTIFIED)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            {"command": "fit", "results": [{"click_model": "pbm"}, {"click_model": "dbn"}]},
            "holds a fit of pbm, dbn without alpha and beta, wanted one of pbm_trust",
        ),
        (
            {**IDENTIFIED, "alpha_beta_covariance": [[0.0, 0.0], [0.0, 0.0]]},
            "alpha_beta_covariance is [[0.0, 0.0], [0.0, 0.0]], wanted 4 rows, of alpha, then of beta",
        ),
        (
            {**IDENTIFIED, "alpha_beta_covariance": np.diag([0.0, -1.0, 0.0, 0.0]).tolist()},
            "alpha_beta_covariance is -1.0 on the diagonal at row 2, wanted at least 0",
        ),
    ],
)
def test_wrong_fits_are_named(content: Any, message: str) -> None:
    with pytest.raises(DataError, match=re.escape(message)):
        PositionBias.of(content)
