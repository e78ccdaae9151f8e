"""Cross-fitted relevance models: relevance from clicks that positions decide too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize

from rankeval import DataError, Log, UsageError
from rankeval.logs.passes import scan
from rankeval.logs.sessions import Sessions
from rankeval.models.design import Encoding
from rankeval.models.learners import LEARNERS
from rankeval.off_policy.nuisances.relevance_model import (
    RelevanceModel,
    fit_relevance_model,
    position_based_logistic,
)
from tests.log_files import nested, write_parts

Floats = NDArray[np.float64]
KINDS = sorted(LEARNERS)
SHOWN, UNSHOWN = 4, 2
RELEVANCE = {"bad": 0.1, "fair": 0.4, "good": 0.8}


def simulated(sessions: int, seed: int) -> pa.Table:
    """Sessions of four shown items and two more candidates; click probability ``relevance / position``."""
    rng = np.random.default_rng(seed)
    n = sessions * (SHOWN + UNSHOWN)
    grades = rng.choice(list(RELEVANCE), n)
    positions = np.tile([1, 2, 3, 4, 0, 0], sessions)
    theta = 1.0 / np.maximum(positions, 1)
    relevance = np.array([RELEVANCE[grade] for grade in grades])
    return pa.table(
        {
            "session_id": np.repeat(np.arange(sessions), SHOWN + UNSHOWN),
            "item_id": np.arange(n),
            "position": pa.array(positions, mask=positions == 0),
            "click": pa.array((rng.random(n) < theta * relevance).astype(float), mask=positions == 0),
            "examination": theta,
            "grade": grades.tolist(),
            "age": rng.normal(size=n),
        }
    )


def examination(sessions: Sessions) -> Floats:
    return sessions.numbers("examination")


def fitted(table: Any, kind: str, features: tuple[str, ...] = ("grade",), **options: Any) -> RelevanceModel:
    log = table if isinstance(table, Log) else Log(table)
    return fit_relevance_model(log, kind, features, examination, roles=["examination"], **options)


def q_of(model: RelevanceModel, log: Log, threads: int | None = None) -> Floats:
    """Relevance in the order of item ids."""
    parts = scan(log, ["item_id", *model.roles], lambda s: (s.numbers("item_id"), model.q(s)), threads)
    items, q = (np.concatenate(values) for values in zip(*parts, strict=True))
    return np.asarray(q[np.argsort(items)])


def folds_of(model: RelevanceModel, log: Log) -> NDArray[np.int64]:
    """The fold of each session, by ascending id."""
    roles = ["session_id", *model.roles]
    parts = scan(log, roles, lambda s: (s.per_session("session_id").to_pylist(), model.folds.of(s).tolist()))
    return np.array([fold for _, fold in sorted(pair for part in parts for pair in zip(*part, strict=True))])


def replaced(table: pa.Table, name: str, values: Any) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), name, pa.array(values))


TABLE = simulated(10_000, seed=1)
SMALL = simulated(600, seed=2)
TRUTH = np.array([RELEVANCE[grade] for grade in TABLE["grade"].to_pylist()])


@pytest.mark.parametrize("kind", KINDS)
def test_relevance_of_shown_and_unshown_items_is_recovered(kind: str) -> None:
    """Four standard errors of ``sum c / sum theta``, whose variance is ``mean q theta (1 - q theta)`` over
    ``n (mean theta)^2``; twice that for trees, which smooth over categories."""
    q = q_of(fitted(TABLE, kind), Log(TABLE))
    theta, n = 1 / np.arange(1.0, SHOWN + 1), 10_000 * SHOWN * 0.8 / len(RELEVANCE)
    for relevance in RELEVANCE.values():
        variance = (relevance * theta * (1 - relevance * theta)).mean() / (n * theta.mean() ** 2)
        found = q[relevance == TRUTH]
        assert np.abs(found - relevance).max() < (8 if kind == "lightgbm" else 4) * np.sqrt(variance)


def test_weighted_squares_make_clicks_as_many_as_expected() -> None:
    """The intercept's own equation: ``sum over training of c - theta q = 0``."""
    model = fitted(SMALL, "ridge", ("grade", "age"), folds=2)
    shown = SMALL.filter(SMALL["position"].is_valid())
    encoded = [shown[name].combine_chunks() for name in ("grade", "age")]
    columns = dict(zip(("grade", "age"), encoded, strict=True))
    folds = np.repeat(folds_of(model, Log(SMALL)), SHOWN)
    for fold in range(2):
        q = model.models[fold].predict(columns, np.arange(len(shown)), None)
        residuals = shown["click"].to_numpy() - shown["examination"].to_numpy() * q
        assert abs(residuals[folds != fold].sum()) < 1e-6
        assert abs(residuals[folds == fold].sum()) > 1e-3


def test_em_climbs_to_the_maximum_of_the_likelihood() -> None:
    rng = np.random.default_rng(3)
    n = 3000
    x, theta = rng.normal(size=n), rng.choice([1.0, 0.6, 0.4], n)
    clicks = (rng.random(n) < theta / (1 + np.exp(0.5 - x))).astype(float)
    weights = rng.random(n) + 0.5
    weights = weights / weights.mean()
    columns = {"x": pa.array(x)}
    design = Encoding.of(columns, None).design(columns, np.arange(n), None)
    standard = (x - x.mean()) / x.std()

    def loss(parameters: Floats) -> float:
        q = theta / (1 + np.exp(-parameters[0] - parameters[1] * standard))
        likelihood = weights * (clicks * np.log(q) + (1 - clicks) * np.log1p(-q))
        return float(parameters[1] ** 2 / 2 - likelihood.sum())

    best = minimize(loss, np.zeros(2)).x
    found = position_based_logistic(design, clicks, theta, weights)
    assert found.note == ""
    assert found.predict(design) == pytest.approx(1 / (1 + np.exp(-best[0] - best[1] * standard)), abs=3e-3)


def test_em_that_has_not_settled_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rankeval.off_policy.nuisances.relevance_model.EM_STEPS", 1)
    assert [note.text for note in fitted(SMALL, "logistic", folds=2).notes] == [
        "model of fold 1, 2 of 2: relevance still moves by more than 0.001 after 1 steps of EM",
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_relevance_is_a_probability(kind: str) -> None:
    extreme = replaced(SMALL, "age", np.where(np.arange(len(SMALL)) % 50 == 0, 1e3, SMALL["age"].to_numpy()))
    q = q_of(fitted(extreme, kind, ("grade", "age")), Log(extreme))
    assert q.min() >= 0.0
    assert q.max() <= 1.0


@pytest.mark.parametrize("kind", KINDS)
def test_no_session_is_predicted_by_what_its_fold_says(kind: str) -> None:
    model = fitted(SMALL, kind, folds=3)
    folds = np.repeat(folds_of(model, Log(SMALL)), SHOWN + UNSHOWN)
    clicks = SMALL["click"].fill_null(0.0).to_numpy()
    other = fitted(replaced(SMALL, "click", np.where(folds == 1, 1.0 - clicks, clicks)), kind, folds=3)
    before, after = q_of(model, Log(SMALL)), q_of(other, Log(SMALL))
    assert np.array_equal(before[folds == 1], after[folds == 1])
    assert (before[folds != 1] != after[folds != 1]).all()


def test_clusters_stay_together() -> None:
    users = np.repeat(np.arange(600) % 50, SHOWN + UNSHOWN)
    log = Log(SMALL.append_column("user", pa.array(users)))
    model = fitted(log, "ridge", folds=3, cluster="user")
    assert model.roles == ["grade", "user"]
    folds = dict(zip(range(600), folds_of(model, log), strict=True))
    assert all(folds[session] == folds[session % 50] for session in folds)
    assert set(folds.values()) == {0, 1, 2}


@pytest.mark.parametrize("kind", KINDS)
def test_same_bits_however_the_log_is_stored_and_read(tmp_path: Path, kind: str) -> None:
    options: dict[str, Any] = {"folds": 2, "sample": 250}
    wanted = q_of(fitted(SMALL, kind, **options), Log(SMALL))
    log = Log(write_parts(tmp_path / "log", SMALL, 100, files=3))
    for threads in (1, 2):
        model = fitted(log, kind, threads=threads, **options)
        assert np.array_equal(q_of(model, log, threads), wanted)


def test_nested_and_long_logs_agree() -> None:
    wanted = q_of(fitted(SMALL, "ridge"), Log(SMALL))
    log = Log(nested(SMALL, "session_id"))
    assert np.array_equal(q_of(fitted(log, "ridge"), log), wanted)


def test_in_nested_logs_the_order_may_stand_for_positions() -> None:
    shown = SMALL.filter(SMALL["position"].is_valid())
    wanted = q_of(fitted(shown, "ridge"), Log(shown))
    log = Log(nested(shown.drop_columns(["position"]), "session_id"))
    assert np.array_equal(q_of(fitted(log, "ridge"), log), wanted)


def test_a_feature_of_the_session_and_its_query_serve_too() -> None:
    queries = [f"q{i // 6 % 2}" for i in range(len(SMALL))]
    table = SMALL.append_column("query_id", pa.array(queries))
    clicks = np.where(np.array(queries) == "q1", SMALL["click"].fill_null(0.0).to_numpy(), 0.0)
    q = q_of(fitted(replaced(table, "click", clicks), "ridge", ("query_id",)), Log(table))
    assert q[np.array(queries) == "q0"].max() < 0.02
    assert q[np.array(queries) == "q1"].min() > 0.2


def test_unshown_items_and_those_nobody_looks_at_teach_nothing() -> None:
    wanted = q_of(fitted(SMALL, "ridge", ("age",)), Log(SMALL))
    position = SMALL["position"].fill_null(0).to_numpy()
    spoilt = replaced(SMALL, "click", np.where(position == 0, 7.0, SMALL["click"].fill_null(0.0).to_numpy()))
    assert np.array_equal(q_of(fitted(spoilt, "ridge", ("age",)), Log(SMALL)), wanted)
    unseen = replaced(spoilt, "examination", np.where(position == 0, 0.0, SMALL["examination"].to_numpy()))
    unseen = replaced(unseen, "position", np.where(position == 0, 5, position))
    assert np.array_equal(q_of(fitted(unseen, "ridge", ("age",)), Log(SMALL)), wanted)


def test_a_session_counts_as_often_as_its_weight_says() -> None:
    counts = np.repeat(np.arange(600) % 3, SHOWN + UNSHOWN).astype(float)
    zero_or_one = np.minimum(counts, 1.0)
    kept = SMALL.filter(pa.array(counts > 0))
    wanted = q_of(fitted(kept, "ridge"), Log(SMALL))
    weighted = SMALL.append_column("weight", pa.array(zero_or_one))
    assert np.array_equal(q_of(fitted(weighted, "ridge"), Log(SMALL)), wanted)
    other = SMALL.append_column("weight", pa.array(counts))
    assert not np.array_equal(q_of(fitted(other, "ridge"), Log(SMALL)), wanted)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("click", [0.0, 1.0])
def test_clicks_on_nothing_or_everything(kind: str, click: float) -> None:
    table = replaced(SMALL, "click", np.full(len(SMALL), click))
    model = fitted(replaced(table, "examination", np.ones(len(SMALL))), kind)
    assert q_of(model, Log(SMALL)).tolist() == [click] * len(SMALL)
    assert [note.text for note in model.notes] == [
        f"model of fold 1, 2, 3, 4, 5 of 5: every outcome it learnt from is {click:g}, "
        "and so is what it predicts",
    ]


def test_logistic_takes_every_click_as_relevance_whatever_the_examination() -> None:
    model = fitted(replaced(SMALL, "click", np.ones(len(SMALL))), "logistic")
    assert q_of(model, Log(SMALL)).min() == 1.0


def test_an_estimated_examination_may_be_above_1() -> None:
    above = replaced(SMALL, "examination", 1.02 * SMALL["examination"].to_numpy())
    for kind in KINDS:
        assert np.isfinite(q_of(fitted(above, kind), Log(SMALL))).all()


@pytest.mark.parametrize(
    ("table", "options", "error", "message"),
    [
        (SMALL, {"kind": "forest"}, UsageError, "found 'forest', wanted lightgbm, logistic, ridge"),
        (SMALL, {"features": ()}, UsageError, "features: found none, wanted at least one column"),
        (SMALL, {"features": ("position",)}, UsageError, "found 'position', wanted columns that are known"),
        (SMALL, {"features": ("colour",)}, DataError, "no column 'colour'"),
        (SMALL, {"folds": 1}, UsageError, "folds: found 1, wanted 2 to 100"),
        (SMALL, {"sample": 0}, UsageError, "sample: found 0, wanted at least 1"),
        (SMALL.drop_columns(["session_id"]), {}, DataError, "no column 'session_id' and so a bandit log"),
        (SMALL.drop_columns(["position"]), {}, DataError, "no column 'position'"),
        (SMALL.drop_columns(["click"]), {}, DataError, "no column 'click'"),
        (
            replaced(SMALL, "click", [0.5] * len(SMALL)),
            {"kind": "logistic"},
            DataError,
            "session_id 1: column 'click' is 0.5, wanted 0 or 1 for a logistic model",
        ),
        (
            replaced(SMALL, "click", [0.0, None, *[1.0] * (len(SMALL) - 2)]),
            {},
            DataError,
            "row 2, session_id 0: column 'click' is null, wanted a finite number of at most 1e+100 in size",
        ),
        (
            replaced(SMALL, "examination", [1.0, 1e-300, *[1.0] * (len(SMALL) - 2)]),
            {},
            DataError,
            "row 2, session_id 0: examination is 1e-300, wanted 0 or at least 1e-100, and finite",
        ),
        (
            replaced(SMALL, "examination", [1.0, -0.5, *[1.0] * (len(SMALL) - 2)]),
            {},
            DataError,
            "row 2, session_id 0: examination is -0.5, wanted 0 or at least 1e-100, and finite",
        ),
        (
            replaced(SMALL, "position", pa.nulls(len(SMALL), pa.int64())),
            {},
            DataError,
            "found nothing to learn from, wanted items shown where users look, of weight above 0",
        ),
        (
            replaced(SMALL, "session_id", [1] * len(SMALL)),
            {},
            DataError,
            "all 1 units to learn from are in one of 5 folds",
        ),
    ],
)
def test_bad_input_gets_one_line(
    table: pa.Table, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as caught:
        fitted(
            table,
            options.get("kind", "ridge"),
            options.get("features", ("grade",)),
            **{name: value for name, value in options.items() if name not in ("kind", "features")},
        )
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
