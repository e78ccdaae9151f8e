"""Errors by refits: each refit is the same call on drawn units, and the spread is that of new logs."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from rankeval import ope, propensity
from rankeval.errors import UsageError
from rankeval.logs import Log, Sessions, fold, resampled
from rankeval.off_policy import refits
from rankeval.off_policy.result import OffPolicyEvaluation

ACTIONS = 4
DIRECTION = np.random.default_rng(7).standard_normal((ACTIONS, 2))
FITTED: dict[str, Any] = {"reward_model": "ridge", "features": ["x", "z"], "folds": 2}


def softmax(scores: Any) -> Any:
    weights = np.exp(scores)
    return weights / weights.sum(axis=1, keepdims=True)


def bandit(n: int, seed: int, **more: Any) -> pa.Table:
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1.7, 1.7, (n, 2))
    logging, target = softmax(0.4 * x @ DIRECTION.T), softmax(-0.8 * x @ DIRECTION.T)
    action = (rng.random(n)[:, None] > logging.cumsum(axis=1)).sum(axis=1).clip(0, ACTIONS - 1)
    rate = (0.3 + 0.1 * (x @ DIRECTION.T)).clip(0.02, 0.98)[np.arange(n), action]
    return pa.table(
        {
            "round_id": np.arange(n),
            "x": x[:, 0],
            "z": x[:, 1],
            "action": action,
            "reward": (rng.random(n) < rate).astype(float),
            "embedding": (action + rng.integers(0, 2, n)) % 3,
            "candidate_propensities": list(logging),
            "candidate_target_propensities": list(target),
            **more,
        }
    )


def clicks(n: int, seed: int, *, shuffled: float = 1.0) -> pa.Table:
    rng = np.random.default_rng(seed)
    relevance = np.linspace(0.1, 0.8, 5)
    items = np.array([rng.permutation(5)[:3] for _ in range(n)])
    click = rng.random((n, 3)) < relevance[items] / np.arange(1, 4)
    marked = rng.random(n) < shuffled
    columns = {
        "session_id": np.repeat(np.arange(n), 3),
        "item_id": items.ravel(),
        "position": np.tile([1, 2, 3], n),
        "click": click.ravel().astype(int),
        "score": items.ravel() * 1.0,
        "grade": items.ravel() + 0.5 * (items.ravel() % 2),
        "shuffled": np.repeat(marked, 3),
    }
    return pa.table(columns)


LOG, CLICKS = bandit(300, 1), clicks(300, 2)


def values(found: OffPolicyEvaluation) -> list[float | None]:
    return [number for row in found.estimates for number in (row.value.value, row.gain.value)]


def drawn_by_hand(table: pa.Table, id: str, replicate: int) -> pa.Table:
    """The table with the rows of each id as often as the replicate draws it."""
    ids = fold(
        resampled(Log(table), None, 0, replicate),
        [id],
        lambda sessions: sessions.per_session(id).to_pylist(),
        lambda a, b: a + b,
        1,
    )
    places: dict[Any, list[int]] = {}
    for row, value in enumerate(table[id].to_pylist()):
        places.setdefault(value, []).append(row)
    taken = table.take([row for value in ids for row in places[value]])
    copy = [number for number, value in enumerate(ids) for _ in places[value]]
    return taken.append_column("copy", pa.array(copy))


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[refits.Refits]:
    """The refits of the calls of a test."""
    found: list[refits.Refits] = []
    plain = refits.refit

    def keep(*args: Any) -> refits.Refits:
        found.append(plain(*args))
        return found[-1]

    monkeypatch.setattr(sys.modules["rankeval.off_policy.ope"], "refit", keep)
    return found


@pytest.mark.parametrize(
    ("names", "options"),
    [
        (["dm", "dr", "cdr:max_weight=1", "dros:lambda=auto"], FITTED),
        (["dm", "dr"], {**FITTED, "model_weighting": "mrdr"}),
        (["mips", "ips"], {"embedding": "embedding"}),
    ],
)
def test_a_refit_is_the_call_on_drawn_rounds(
    kept: list[refits.Refits], names: list[str], options: dict[str, Any]
) -> None:
    ope(LOG, names, ci="refit", refits=3, **options)
    for replicate in range(3):
        again = values(ope(drawn_by_hand(LOG, "round_id", replicate), names, **options))
        rows = kept[0].values[replicate].reshape(-1, 5)[:, :2].ravel()
        np.testing.assert_allclose(rows, np.array(again, float), rtol=1e-12)


@pytest.mark.parametrize(
    ("names", "options"),
    [
        (["click_ips", "click_snips"], {"position_bias": "learn:em"}),
        (["click_ips"], {"position_bias": "learn:shuffle"}),
        (["click_ips"], {"position_bias": "learn:allpairs"}),
    ],
)
def test_a_refit_learns_the_curve_from_drawn_sessions(
    kept: list[refits.Refits], names: list[str], options: dict[str, Any]
) -> None:
    found = ope(CLICKS, names, refits=2, **options)
    method = options["position_bias"].removeprefix("learn:")
    curve = found.to_dict()["position_bias"]
    assert curve["method"] == method
    assert curve["positions"] == [1, 2, 3]
    np.testing.assert_allclose(curve["examination"], propensity(CLICKS, method).to_dict()["examination"])
    for replicate in range(2):
        by_hand = drawn_by_hand(CLICKS, "session_id", replicate)
        new_ids = by_hand.drop_columns(["session_id"]).rename_columns({"copy": "session_id"})
        again = values(ope(new_ids, names, refits=2, **options))
        rows = kept[0].values[replicate].reshape(-1, 5)[:, :2].ravel()
        np.testing.assert_allclose(rows, np.array(again, float), rtol=1e-9)
        wanted = propensity(new_ids, method).to_dict()["examination"]
        np.testing.assert_allclose(kept[0].curves[replicate], wanted, rtol=1e-9)


def test_the_number_of_threads_changes_no_bit() -> None:
    one, two = (
        ope(LOG, ["dm", "dros:lambda=auto"], ci="refit", refits=8, threads=threads, **FITTED).to_dict()
        for threads in (1, 2)
    )
    assert one["results"] == two["results"]


def test_folds_keep_the_copies_of_a_row_without_an_id_together(kept: list[refits.Refits]) -> None:
    nameless = LOG.drop_columns(["round_id"])
    ope(nameless, ["dm"], ci="refit", refits=2, **FITTED)

    def apart(sessions: Sessions) -> int:
        from rankeval.models import Folds

        folds = Folds.over(Log(nameless), None, 2, 0).of(sessions)
        rows = sessions.row_numbers
        return sum(len(set(folds[rows == row].tolist())) > 1 for row in set(rows.tolist()))

    assert fold(resampled(Log(nameless), None, 0, 0), ["reward"], apart, int.__add__, 1) == 0
    assert np.isfinite(kept[0].values).all()


def test_the_error_of_a_plain_mean_is_the_usual_one() -> None:
    both = ope(LOG, ["ips"], ci="refit,normal", refits=400).estimates[0].value
    usual = ope(LOG, ["ips"], ci="normal").estimates[0].value
    assert both.std_error is not None
    assert usual.std_error is not None
    assert both.std_error == pytest.approx(usual.std_error, rel=4.0 / np.sqrt(2 * 400))
    assert [interval.method for interval in both.intervals] == ["refit", "normal"]
    assert both.intervals[1] == usual.intervals[0]


def test_the_error_of_dm_is_the_spread_over_new_logs() -> None:
    """The terms alone give a fraction of it."""
    spread = np.std([ope(bandit(300, 100 + s), "dm", **FITTED).estimates[0].value.value for s in range(120)])
    errors = [
        ope(bandit(300, 500 + s), "dm", ci="refit", refits=25, **FITTED).estimates[0].value.std_error
        for s in range(5)
    ]
    assert 0.7 * spread < np.mean(np.array(errors, float)) < 1.4 * spread


@pytest.mark.parametrize(
    ("name", "leans"),
    [
        ("dm", True),
        ("cdr:max_weight=1", True),
        ("cdr:max_weight=1000", False),
        ("switch_dr:tau=1", True),
        ("dros:lambda=1", True),
        ("sg_dr:lambda=0.1", True),
        ("dr", False),
        ("sndr", False),
        ("ips", False),
        ("cips:max_weight=1", False),
    ],
)
def test_errors_that_do_not_count_the_fit_are_null(name: str, leans: bool) -> None:
    options = {**FITTED, "target": {"new": "candidate_target_propensities"}}
    found = ope(LOG, [name, "dr"], ci="normal,bootstrap", **options)
    row, pair = found.to_dict()["results"][0], found.to_dict()["comparisons"][0]
    errors = [
        row["std_error"],
        row["gain"]["std_error"],
        row["ci"]["low"],
        pair["std_error"],
        pair["p_value"],
    ]
    assert [error is None for error in errors] == [leans] * 5
    assert row["value"] is not None
    assert any("the error of that is not counted: --ci refit" in text for text in found.warnings) == leans
    if leans:
        again = ope(LOG, [name], ci="refit", refits=10, **options)
        assert again.to_dict()["comparisons"][0]["p_value"] is not None
        assert not any("not counted" in text for text in again.warnings)
        assert any(f"{name}: refits count the error of the fit, and no" in text for text in again.warnings)


def test_logged_predictions_keep_their_errors() -> None:
    q = np.random.default_rng(1).random((300, ACTIONS))
    found = ope(LOG.append_column("candidate_q", pa.array(list(q))), "dm")
    assert found.estimates[0].value.std_error is not None


def test_relevance_that_counts_has_no_error_without_refits() -> None:
    options: dict[str, Any] = {
        "reward_model": "ridge", "features": "grade", "position_bias": [1.0, 0.5, 0.3], "folds": 2,
    }  # fmt: skip
    plain = ope(CLICKS, ["click_dr:max_weight=100", "click_dr:max_weight=1.5"], **options).estimates
    assert plain[0].value.std_error is not None
    assert plain[1].value.std_error is None
    assert plain[1].logged.std_error is None
    full = ope(CLICKS, ["click_dr:max_weight=100"], estimand="full", **options).estimates[0]
    assert full.value.std_error is None
    again = ope(CLICKS, ["click_dr:max_weight=1.5"], ci="refit", refits=10, **options).estimates[0]
    assert again.value.std_error is not None
    assert again.gain.std_error is not None


def test_counted_embeddings_are_told() -> None:
    found = ope(LOG, "mips", embedding="embedding")
    assert found.estimates[0].value.std_error is not None
    assert any("errors take them as known, except those of --ci refit" in text for text in found.warnings)


def test_refits_that_fail_are_told() -> None:
    few = clicks(60, 5, shuffled=0.1)
    found = ope(few, "click_ips", position_bias="learn:shuffle", refits=40)
    failed = [text for text in found.warnings if "refits failed" in text]
    assert len(failed) == 1
    assert "the first with:" in failed[0]
    interval = found.estimates[0].value.intervals[0]
    assert interval.low is None
    assert "refits have no value" in str(interval.reason)


def test_segments_and_clusters() -> None:
    users = bandit(300, 1, user=np.arange(300) // 5, half=np.where(np.arange(300) % 2, "a", "b"))
    found = ope(users, ["dm"], ci="refit", refits=10, cluster="user", by="half", **FITTED)
    assert [row.segment for row in found.estimates] == [None, "a", "b"]
    assert all(row.value.std_error for row in found.estimates)


def test_a_sample_without_spread() -> None:
    nothing = LOG.set_column(LOG.schema.get_field_index("reward"), "reward", pa.array(np.zeros(300)))
    value = ope(nothing, "ips", ci="refit", refits=5).estimates[0].value
    assert value.value == 0.0
    assert value.std_error is None
    assert "the same in every refit" in str(value.intervals[0].reason)


@pytest.mark.parametrize("count", [1, 100_001])
def test_numbers_of_refits_out_of_range(count: int) -> None:
    with pytest.raises(UsageError, match=f"refits: found {count}, wanted 2 to 100,000"):
        ope(LOG, "ips", refits=count)


def test_an_unknown_method_of_a_curve() -> None:
    with pytest.raises(UsageError, match="method: found 'magic'"):
        ope(CLICKS, "click_ips", position_bias="learn:magic")
