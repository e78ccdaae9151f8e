"""Every estimator of rankings under other users than those it assumes, over all lists and clicks."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest

from rankeval import ope
from rankeval.off_policy.rows import EstimateRow
from tests import naive_users as naive
from tests import paths
from tests.naive_rankings import DEPENDS
from tests.naive_slates import Context, World, plackett_luce, separate
from tests.naive_users import Users

REFERENCE = paths.REFERENCE / "click" / "exact.json"
pytestmark = pytest.mark.skipif(not REFERENCE.is_file(), reason=f"no reference values at {REFERENCE}")

NAMES = ("sips", "iips", "rips", "policy_aware", "pi", "cascade_dr", "snsips", "sniips", "snrips")
MODELS = ("pbm", "trust", "cascade", "dbn", "dep")
WORLDS = ("plackett_luce", "ragged", "separate")
BOUNDS = (math.inf, 1.5, 0.8)


@cache
def reference() -> Any:
    return json.loads(REFERENCE.read_text())


def users(model: str) -> Users:
    given = reference()["stochastic_ope"]
    a, theta = given["attractiveness"], given["theta"]
    if model == "pbm":
        return naive.position_based(a, theta)
    if model == "trust":
        return naive.trusting(a, theta, given["eps_plus"], given["eps_minus"])
    if model == "cascade":
        return naive.cascade(a)
    if model == "dbn":
        return naive.dynamic_bayesian(a, given["satisfaction_dbn"], given["dbn_gamma"])
    return naive.comparing(a, theta)


def context(share: float, size: int, model: str, *, apart: bool = False, **options: Any) -> Context:
    given = reference()["stochastic_ope"]
    names = ("logging", "target")
    if apart:
        policies = [separate(np.transpose(given[f"item_position_{name}"]).tolist()) for name in names]
    else:
        policies = [plackett_luce(np.exp(given[f"{name}_scores"]).tolist(), size) for name in names]
    return Context(share, *policies, users(model), given["theta"], **options)


@cache
def world(kind: str, model: str) -> World:
    if kind == "ragged":
        return World([context(share, size, model) for share, size in ((0.5, 3), (0.3, 2), (0.2, 1))])
    return World([context(1.0, 3, model, apart=kind == "separate")])


@cache
def mixed() -> World:
    """Three kinds of users, each with the behaviour that it has."""
    kinds = {"independent": ("pbm", 0.4), "cascade": ("cascade", 0.3), "standard": ("dep", 0.3)}
    return World(
        [
            context(share, 3, model, apart=True, behaviour=behaviour)
            for behaviour, (model, share) in kinds.items()
        ]
    )


def asked(names: Sequence[str], bound: float) -> list[str]:
    return [name if math.isinf(bound) else f"{name}:max_weight={bound}" for name in names]


def rows(of: World, names: Sequence[str], bound: float = math.inf, **columns: Any) -> dict[str, EstimateRow]:
    """Rows by name; columns replace those of the log, None takes one away."""
    log = {k: v for k, v in {**of.log, **columns}.items() if v is not None and k not in DEPENDS}
    return dict(zip(names, ope(log, asked(names, bound)).estimates, strict=True))


def agrees(row: EstimateRow, of: World, name: str, bound: float) -> None:
    """Value, error, and those of the gain, are those of the enumeration."""
    value, deviation = of.estimate(name, bound)
    assert row.value.value == pytest.approx(value, rel=0, abs=1e-9), name
    assert row.value.std_error == pytest.approx(deviation, rel=0, abs=1e-9), name
    assert row.logged.value == pytest.approx(of.value("logging"), rel=0, abs=1e-9)
    gain, deviation = of.gain(name, bound)
    assert row.gain.value == pytest.approx(gain, rel=0, abs=1e-9), name
    assert row.gain.std_error == pytest.approx(deviation, rel=0, abs=1e-9), name


def test_worlds_are_those_of_the_reference() -> None:
    given = reference()["stochastic_ope"]
    found = world("plackett_luce", "pbm")
    assert found.value() == pytest.approx(given["envs"]["pbm"]["truth_target_value"], rel=0, abs=1e-12)
    for kind in WORLDS:
        for model in MODELS:
            assert world(kind, model).chances.sum() == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize("bound", BOUNDS)
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("kind", WORLDS)
def test_values_and_errors_are_those_of_the_enumeration(kind: str, model: str, bound: float) -> None:
    of = world(kind, model)
    for name, row in rows(of, NAMES, bound, behaviour=None).items():
        agrees(row, of, name, bound)


@pytest.mark.parametrize("model", MODELS)
def test_pi_of_separate_positions_needs_no_weights_from_elsewhere(model: str) -> None:
    of = world("separate", model)
    for bound in BOUNDS:
        agrees(rows(of, ["pi"], bound, slate_weight=None)["pi"], of, "pi", bound)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("kind", WORLDS)
@pytest.mark.parametrize("behaviour", DEPENDS)
def test_aips_is_that_of_the_enumeration(kind: str, model: str, behaviour: str) -> None:
    of = world(kind, model)
    for bound in BOUNDS:
        logged = rows(of, ["aips"], bound, subset_weight=of.log[behaviour], behaviour=None)["aips"]
        agrees(logged, of, f"aips.{behaviour}", bound)
        named = rows(of, ["aips"], bound, behaviour=np.full(len(of.log["click"]), behaviour))["aips"]
        agrees(named, of, f"aips.={behaviour}", bound)


#: Estimator -> the users under whom it is unbiased; ``aips`` by the behaviour whose weights are logged.
LISTWISE = set(MODELS)
CASCADING = LISTWISE - {"dep"}
BY_PLACE = {"pbm", "trust"}
UNBIASED = {
    "sips": LISTWISE,
    "snsips": LISTWISE,
    "rips": CASCADING,
    "snrips": CASCADING,
    "cascade_dr": CASCADING,
    "iips": BY_PLACE,
    "sniips": BY_PLACE,
    "pi": BY_PLACE,
    "policy_aware": {"pbm"},
    "aips.independent": BY_PLACE,
    "aips.neighbours": BY_PLACE,
    "aips.cascade": CASCADING,
    "aips.cascade_neighbours": CASCADING,
    "aips.standard": LISTWISE,
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("kind", WORLDS)
def test_estimators_are_unbiased_where_users_are_as_assumed_and_nowhere_else(kind: str, model: str) -> None:
    of = world(kind, model)
    found = {name: row.value.value for name, row in rows(of, NAMES, behaviour=None).items()}
    for behaviour in DEPENDS:
        (row,) = rows(of, ["aips"], subset_weight=of.log[behaviour], behaviour=None).values()
        found[f"aips.{behaviour}"] = row.value.value
    assert found.keys() == UNBIASED.keys()
    for name, value in found.items():
        bias = value - of.value()  # type: ignore[operator]
        if model in UNBIASED[name]:
            assert bias == pytest.approx(0.0, abs=1e-9), name
        else:
            assert abs(bias) > 1e-5, name


@pytest.mark.parametrize("model", MODELS)
def test_named_behaviours_are_right_where_positions_are_drawn_apart(model: str) -> None:
    of = world("separate", model)
    for behaviour in DEPENDS:
        names = np.full(len(of.log["click"]), behaviour)
        bias = rows(of, ["aips"], behaviour=names)["aips"].value.value - of.value()  # type: ignore[operator]
        assert (abs(bias) < 1e-9) == (model in UNBIASED[f"aips.{behaviour}"]), behaviour


def test_aips_is_unbiased_where_every_user_has_a_behaviour_of_his_own_and_surer_than_sips() -> None:
    of = mixed()
    found = rows(of, ["aips", "iips", "rips", "sips"])
    agrees(found["aips"], of, "aips.", math.inf)
    bias = {name: row.value.value - of.value() for name, row in found.items()}  # type: ignore[operator]
    assert bias["aips"] == pytest.approx(0.0, abs=1e-9)
    assert bias["sips"] == pytest.approx(0.0, abs=1e-9)
    assert min(abs(bias["iips"]), abs(bias["rips"])) > 1e-3
    assert found["aips"].value.std_error < 0.9 * found["sips"].value.std_error  # type: ignore[operator]


@pytest.mark.parametrize("model", MODELS)
def test_cascade_dr_is_unbiased_whatever_the_model_predicts(model: str) -> None:
    plain = context(1.0, 3, model)
    rng = np.random.default_rng(1)
    q = {items[: k + 1]: 0.0 for items in plain.logging for k in range(3)}
    q |= {shown: float(rng.uniform(0.0, 2.0)) for shown in q}
    of = World([context(1.0, 3, model, q=q)])
    row = rows(of, ["cascade_dr"], behaviour=None)["cascade_dr"]
    agrees(row, of, "cascade_dr", math.inf)
    assert (abs(row.value.value - of.value()) < 1e-9) == (model in CASCADING)  # type: ignore[operator]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("kind", WORLDS)
def test_means_of_drawn_sessions_are_within_four_errors_of_the_expectation(kind: str, model: str) -> None:
    of = world(kind, model)
    drawn = np.random.default_rng(11).multinomial(20_000, of.chances / of.chances.sum())
    log = {"weight": drawn[of.log["session_id"]], "behaviour": np.full(len(of.log["click"]), "neighbours")}
    for bound in BOUNDS[:2]:
        for name, row in rows(of, [*NAMES, "aips"], bound, **log).items():
            expectation, deviation = of.estimate("aips.=neighbours" if name == "aips" else name, bound)
            assert row.value.n == 20_000
            assert abs(row.value.value - expectation) < 4 * deviation / math.sqrt(20_000), name  # type: ignore[operator]
            assert row.value.std_error == pytest.approx(deviation / math.sqrt(20_000), rel=0.15), name
