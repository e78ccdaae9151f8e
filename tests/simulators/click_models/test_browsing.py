"""What click models say of items wherever they stand."""

from __future__ import annotations

import numpy as np
import pytest

from rankeval.simulators.click_models.catalogue import parse_click_model
from tests.simulators.click_models.worlds import model

A, S = np.array([0.25, 0.5]), np.array([0.5, 0.125])


@pytest.mark.parametrize(
    ("name", "factors"),
    [
        ("cascade", [0.75, 0.5]),
        ("dbn", [0.8 * (1 - 0.25 * 0.5), 0.8 * (1 - 0.5 * 0.125)]),
        ("sdbn", [1 - 0.25 * 0.5, 1 - 0.5 * 0.125]),
        ("ccm", [0.75 * 0.8 + 0.25 * (0.6 * 0.75 + 0.3 * 0.25), 0.5 * 0.8 + 0.5 * (0.6 * 0.5 + 0.3 * 0.5)]),
    ],
)
def test_factors_by_hand(name, factors):
    np.testing.assert_allclose(model(name).browsing(A, S, 3).factors, factors, rtol=1e-15)


@pytest.mark.parametrize("name", ["pbm", "pbm_trust", "ubm", "dcm"])
def test_models_in_which_the_position_has_a_say_have_no_factors(name):
    assert model(name).browsing(A, S, 3).factors is None


def test_dcm_with_one_continuation_has_factors():
    dcm = parse_click_model({"name": "dcm", "continuation": [0.5, 0.5]}, 3)
    np.testing.assert_allclose(dcm.browsing(A, None, 3).factors, [0.875, 0.75])


def test_the_last_click_makes_a_difference_to_ubm_alone():
    assert model("ubm").browsing(A, None, 3).examination.shape == (3, 4)
    assert model("pbm").browsing(A, None, 3).examination.tolist() == [[1.0], [0.5], [1 / 3]]
