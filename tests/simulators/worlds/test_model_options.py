from __future__ import annotations

import pytest

from rankeval.errors import UsageError
from rankeval.simulators.click_models.catalogue import CLICK_MODELS, parse_click_model
from rankeval.simulators.worlds.model_options import click_model_options


@pytest.mark.parametrize("positions", [1, 10, 100])
@pytest.mark.parametrize("name", CLICK_MODELS)
def test_usual_parameters_make_every_model(name: str, positions: int):
    model = parse_click_model(click_model_options(name, None, {}, positions), positions)
    assert model.name == name


def test_examination_decays_with_eta():
    assert click_model_options("pbm", 0.5, {}, 10) == {"name": "pbm", "eta": 0.5}
    assert click_model_options("dcm", 2.0, {}, 3)["continuation"] == pytest.approx([0.9, 0.45, 0.3])
    gamma = click_model_options("ubm", 2.0, {}, 3)["gamma"]
    # (k (k - r))^-1
    assert gamma == [[1.0], pytest.approx([1 / 4, 1 / 2]), pytest.approx([1 / 9, 1 / 6, 1 / 3])]


def test_parameters_given_take_the_place_of_usual_ones():
    assert click_model_options("dbn", None, {"gamma": 0.5}, 10) == {"name": "dbn", "gamma": 0.5}
    assert click_model_options("pbm", None, {"examination": [1, 0.2]}, 2) == {
        "name": "pbm", "examination": [1, 0.2],
    }  # fmt: skip


@pytest.mark.parametrize("name", ["cascade", "dbn", "sdbn", "ccm"])
def test_eta_goes_with_models_that_have_it(name: str):
    with pytest.raises(UsageError, match=f"eta: found 1.0 for {name}, wanted none: it goes with pbm"):
        click_model_options(name, 1.0, {}, 10)


def test_a_model_that_is_not_known():
    with pytest.raises(UsageError, match="click_model: found 'pmb', wanted one of pbm, pbm_trust"):
        click_model_options("pmb", None, {}, 10)
