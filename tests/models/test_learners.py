"""Models of a design: linear ones, trees, and constants where there is nothing to learn."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from rankeval.models.design import Design, Encoding
from rankeval.models.learners import LEARNERS, Constant, learn
from rankeval.models.linear import MAX_SLOPES, Basis, Linear

Floats = NDArray[np.float64]
KINDS = sorted(LEARNERS)


def random_design(n: int, seed: int, actions: int = 3) -> Design:
    """Two numbers, one of them sometimes unknown, a text of three categories, and actions."""
    rng = np.random.default_rng(seed)
    columns = {
        "x": pa.array(rng.normal(5.0, 2.0, n)),
        "y": pa.array([None if rng.random() < 0.1 else float(rng.normal()) for _ in range(n)]),
        "colour": pa.array(rng.choice(["red", "green", "blue"], n).tolist()),
    }
    drawn = rng.integers(0, actions, n)
    return Encoding.of(columns, drawn).design(columns, np.arange(n), drawn)


def outcomes(design: Design, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    return (rng.random(len(design)) < 0.2 + 0.2 * design.actions + 0.1 * design.codes[:, 0]).astype(float)


def crossed(design: Design) -> Floats:
    """One column for each bias, slope and slope of an action, the slow way."""
    numbers = design.numbers
    mean, scale = np.nanmean(numbers, axis=0), np.nanstd(numbers, axis=0)
    features = np.hstack(
        [np.nan_to_num((numbers - mean) / scale), np.eye(design.levels[0])[design.codes[:, 0]]]
    )
    actions = np.eye(design.action_levels)[design.actions]
    products = (actions[:, :, np.newaxis] * features[:, np.newaxis, :]).reshape(len(design), -1)
    return np.hstack([actions, features, products])


def test_ridge_equals_the_normal_equations() -> None:
    design = random_design(200, 1)
    rng = np.random.default_rng(2)
    targets, weights = rng.normal(size=200), rng.random(200) + 0.5
    weights = weights / weights.mean()
    columns = np.hstack([np.ones((200, 1)), crossed(design)])
    penalty = np.diag([0.0, *np.ones(columns.shape[1] - 1)])
    wanted = np.linalg.solve(columns.T * weights @ columns + penalty, columns.T @ (weights * targets))
    found = learn("ridge", design, targets, weights).predict(design)
    assert found == pytest.approx(columns @ wanted, abs=1e-7)


def test_logistic_meets_the_conditions_of_its_optimum() -> None:
    """Each coefficient is minus the sum of residuals times its column; slopes are sums of two of them."""
    design = random_design(500, 3)
    targets = outcomes(design, 4)
    model = learn("logistic", design, targets, np.ones(500))
    assert isinstance(model, Linear)
    pulls = (targets - model.predict(design)) @ crossed(design)
    _, common, own = np.split(pulls, [design.action_levels, design.action_levels + model.basis.features])
    tolerance = 2 * 500 * 1e-4  # scikit-learn stops where no mean of a gradient is above 1e-4
    assert model.slopes == pytest.approx(common + own.reshape(model.slopes.shape), abs=tolerance)
    assert abs(model.slopes).max() > 5 * tolerance


def test_one_row_of_features_serves_all_its_cases() -> None:
    for kind in KINDS:
        design = random_design(300, 5)
        model = learn(kind, design, outcomes(design, 6), np.ones(300))
        rows, actions = np.array([7, 7, 7, 2]), np.array([0, 1, 2, 1])
        at_once = Design(design.numbers, design.codes, design.levels, rows, actions, design.action_levels)
        one_by_one = [
            model.predict(
                Design(
                    design.numbers[[row]],
                    design.codes[[row]],
                    design.levels,
                    np.array([0]),
                    np.array([action]),
                    design.action_levels,
                )
            )[0]
            for row, action in zip(rows, actions, strict=True)
        ]
        assert model.predict(at_once).tolist() == one_by_one, kind


def test_actions_have_slopes_of_their_own_while_they_are_few() -> None:
    features = 2 + 4
    few, many = random_design(50, 7, actions=3), random_design(5000, 7, actions=MAX_SLOPES // features)
    assert Basis.of(few).crossed
    assert not Basis.of(many).crossed
    model = learn("ridge", many, outcomes(many, 8) + many.numbers[:, 0], np.ones(5000))
    assert isinstance(model, Linear)
    assert model.slopes.shape == (1, features)
    assert len(model.bias) == many.action_levels


@pytest.mark.parametrize("kind", KINDS)
def test_outcomes_that_are_all_equal_are_a_constant(kind: str) -> None:
    design = random_design(30, 9)
    model = learn(kind, design, np.zeros(30), np.ones(30))
    assert isinstance(model, Constant)
    assert model.predict(design).tolist() == [0.0] * 30
    assert model.note == "every outcome it learnt from is 0, and so is what it predicts"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rows", [2, 3, 60])
def test_features_that_say_nothing_do_no_harm(kind: str, rows: int) -> None:
    columns = {
        "constant": pa.array([3.0] * rows),
        "unknown": pa.nulls(rows, pa.float64()),
        "text": pa.nulls(rows, pa.string()),
        "huge": pa.array([1e308] * rows),
    }
    actions = np.zeros(rows, np.int64)
    design = Encoding.of(columns, actions).design(columns, np.arange(rows), actions)
    targets = np.arange(rows) % 2.0
    found = learn(kind, design, targets, np.ones(rows)).predict(design)
    assert found == pytest.approx(np.full(rows, targets.mean()), abs=1e-4)


@pytest.mark.parametrize("kind", ["lightgbm", "ridge"])
@pytest.mark.parametrize(("low", "scale"), [(0.0, 1e300), (1e9, 1e-3), (-5.0, 1e-300)])
def test_predictions_move_with_the_unit_of_the_reward(kind: str, low: float, scale: float) -> None:
    design = random_design(400, 10)
    plain = outcomes(design, 11) + 0.5 * (np.arange(400) % 3)
    model = learn(kind, design, plain, np.ones(400))
    moved = learn(kind, design, low + scale * plain, np.ones(400))
    expected = low + scale * model.predict(design)
    # Doubles near `low` are spaced by low * 2e-16, and LightGBM's single precision keeps 1e-7 of the range.
    assert moved.predict(design) == pytest.approx(expected, abs=1e-3 * scale + 1e-12 * abs(low), rel=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_proportions_of_weights_matter(kind: str) -> None:
    design = random_design(300, 12)
    targets, weights = outcomes(design, 13), np.random.default_rng(14).random(300) + 0.1
    model, other = (learn(kind, design, targets, weights * unit) for unit in (1.0, 2.0**900))
    assert model.predict(design).tolist() == other.predict(design).tolist()


def test_a_logistic_fit_that_stops_early_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rankeval.models.linear.MAX_ITERATIONS", 2)
    design = random_design(300, 15)
    model = learn("logistic", design, outcomes(design, 16), np.ones(300))
    assert model.note == "logistic regression has not converged in 2 steps"
