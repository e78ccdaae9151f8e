"""What is fitted before the pass: reward models and embeddings, from the log to the estimate."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from rankeval import ope
from rankeval.errors import DataError, UsageError
from rankeval.off_policy.rows import EstimateRow
from rankeval.simulators.bandits.bandit_world import BanditWorld, bandit_log, random_policy, random_world
from rankeval.simulators.bandits.slate_world import random_slate_policy, random_slate_world, slate_log

WORLD: BanditWorld = random_world(8, 5, seed=1, mean=0.3)
LOGGING, TARGET = random_policy(WORLD, 2), random_policy(WORLD, 3, skill=0.8)
TRUTH = WORLD.value(TARGET)
LOG: pa.Table = bandit_log(WORLD, LOGGING, TARGET, 6000, 4, layout="candidates")
WITHOUT = LOG.drop_columns(["candidate_q"]).append_column(
    "context_name", pa.array([f"c{context}" for context in LOG["context"].to_pylist()])
)


def rows(log: Any, names: list[str], **options: Any) -> list[EstimateRow]:
    return list(ope(log, names, **options).estimates)


@pytest.mark.parametrize("kind", ["ridge", "logistic", "lightgbm"])
def test_a_fitted_model_makes_dr_unbiased_and_tighter_than_ips(kind: str) -> None:
    ips, dr, dm = rows(WITHOUT, ["ips", "dr", "dm"], reward_model=kind, features="context_name", folds=3)
    assert dr.value.value is not None
    assert dr.value.std_error is not None
    assert abs(dr.value.value - TRUTH) < 4 * dr.value.std_error
    assert dr.value.std_error < 0.9 * (ips.value.std_error or 0.0)
    assert dm.value.value == pytest.approx(TRUTH, abs=0.05)


def test_a_model_takes_the_place_of_logged_predictions() -> None:
    logged = rows(LOG, ["dr"])[0]
    fitted = rows(LOG, ["dr"], reward_model="ridge", features=["context"])[0]
    alone = rows(LOG.drop_columns(["candidate_q"]), ["dr"], reward_model="ridge", features=["context"])[0]
    assert fitted.value.value == alone.value.value
    assert fitted.value.value != logged.value.value
    # A column of rows does not come before it either.
    beside = LOG.append_column("q_target", pa.array(np.full(6000, 9.0)))
    assert (
        rows(beside, ["dr"], reward_model="ridge", features=["context"])[0].value.value == alone.value.value
    )


def test_targets_share_a_model_or_have_their_own() -> None:
    both = {"new": "candidate_target_propensities", "old": "candidate_propensities"}
    options: dict[str, Any] = {"reward_model": "ridge", "features": ["context_name"], "target": both}
    new, old = rows(WITHOUT, ["dr"], **options)
    alone = rows(WITHOUT, ["dr"], reward_model="ridge", features=["context_name"])[0]
    assert new.value.value == pytest.approx(alone.value.value, rel=1e-12)
    assert old.value.value == pytest.approx(np.mean(LOG["reward"]), abs=4 * (old.value.std_error or 0.0))
    own = rows(WITHOUT, ["dr"], model_weighting="mrdr", **options)[0]
    single = rows(WITHOUT, ["dr"], reward_model="ridge", features=["context_name"], model_weighting="mrdr")[0]
    assert own.value.value == pytest.approx(single.value.value, rel=1e-12)
    assert own.value.value != pytest.approx(new.value.value, rel=1e-9)


def test_threads_change_no_bit() -> None:
    options: dict[str, Any] = {"reward_model": "lightgbm", "features": ["context_name"]}
    parts = [WITHOUT.slice(start, 1500) for start in range(0, 6000, 1500)]
    one, three = (rows(parts, ["dr"], threads=threads, **options)[0].value for threads in (1, 3))
    assert (one.value, one.std_error) == (three.value, three.std_error)


def test_list_features_and_segments() -> None:
    price = pa.array([[float(a) for a in range(5)]] * 6000)
    log = WITHOUT.append_column("price", price)
    found = rows(log, ["dr"], reward_model="ridge", features="context,price", by="context_name")
    assert len(found) == 1 + 8
    assert all(row.value.value is not None for row in found)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"reward_model": "forest"}, UsageError, "found 'forest'"),
        ({"reward_model": "ridge", "folds": 1}, UsageError, "folds: found 1, wanted"),
        ({"reward_model": "ridge", "features": ["nothing"]}, DataError, "no column 'nothing'"),
        ({"reward_model": "ridge", "features": ["reward"]}, UsageError, "reward"),
    ],
)
def test_wrong_models_get_one_line(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        ope(WITHOUT, ["dr"], **({"features": ["context"]} | options))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_model_that_nothing_uses_is_refused() -> None:
    with pytest.raises(UsageError, match="reward_model: none of ips, snips uses one; wanted one that does"):
        ope(WITHOUT, ["ips", "snips"], reward_model="ridge", features=["context"])


def test_a_model_wants_candidate_lists() -> None:
    plain = bandit_log(WORLD, LOGGING, TARGET, 50, 4).drop_columns(["q_logged", "q_target"])
    with pytest.raises(DataError, match="no column 'candidate_target_propensities', which dr needs"):
        ope(plain, ["dr"], reward_model="ridge", features=["context"])


# Embeddings: three actions of two genres; the logging policy shows a, b, c with 0.5, 0.3, 0.2, the target
# with 0.1, 0.3, 0.6.
def embedded(genre: Any) -> dict[str, Any]:
    return {
        "action": [0, 1, 2, 2],
        "reward": [1.0, 0.0, 2.0, 1.0],
        "candidate_propensities": pa.array([[0.5, 0.3, 0.2]] * 4),
        "candidate_target_propensities": pa.array([[0.1, 0.3, 0.6]] * 4),
        "embedding": pa.array(genre),
    }


def test_mips_by_hand_where_embeddings_are_known() -> None:
    # a and b are of one genre, c of another.
    first, second = (0.1 + 0.3) / (0.5 + 0.3), 0.6 / 0.2
    found = rows(embedded([["x", "x", "y"]] * 4), ["mips"])[0]
    assert found.value.value == pytest.approx((first * 1 + first * 0 + second * 2 + second * 1) / 4)
    assert found.diagnostics["max_weight"] == pytest.approx(second)


def test_mips_by_hand_where_embeddings_are_counted() -> None:
    # Logged with a: x; b: x; c: x and y, so p(x|a) = p(x|b) = 1, p(x|c) = p(y|c) = 1/2.
    x = (0.1 + 0.3 + 0.6 / 2) / (0.5 + 0.3 + 0.2 / 2)
    y = (0.6 / 2) / (0.2 / 2)
    found = rows(embedded(["x", "x", "x", "y"]), ["mips"])[0]
    assert found.value.value == pytest.approx((x * 1 + x * 0 + x * 2 + y * 1) / 4)
    clipped = rows(embedded(["x", "x", "x", "y"]), ["mips:max_weight=2"])[0]
    assert clipped.value.value == pytest.approx((x * 1 + x * 0 + x * 2 + 2 * 1) / 4)


def test_mips_with_the_action_as_its_own_embedding_is_ips() -> None:
    actions = pa.array([list(range(5))] * 6000)
    log = LOG.append_column("embedding", actions)
    mips, ips = rows(log, ["mips", "ips"])
    assert mips.value.value == pytest.approx(ips.value.value, rel=1e-9)
    assert mips.gain.std_error == pytest.approx(ips.gain.std_error, rel=1e-9)


def test_mips_has_joint_embeddings_targets_and_logged_marginals() -> None:
    log = LOG.append_column("half", pa.array([[0, 0, 0, 1, 1]] * 6000))
    log = log.append_column("odd", pa.array([["e", "o", "e", "o", "e"]] * 6000))
    both = {"new": "candidate_target_propensities", "old": "candidate_propensities"}
    new, old = rows(log, ["mips"], embedding="half,odd", target=both)
    assert old.value.value == pytest.approx(np.mean(LOG["reward"]), rel=1e-12)
    logging, target = (np.array(LOG[name].to_pylist()) for name in ("candidate_propensities", both["new"]))
    joint = np.array([0, 1, 0, 2, 3])  # (half, odd) of each action
    same = joint[LOG["action"].to_numpy()][:, None] == joint
    weights = (target * same).sum(axis=1) / (logging * same).sum(axis=1)
    assert new.value.value == pytest.approx(np.mean(weights * LOG["reward"].to_numpy()), rel=1e-12)
    given = LOG.append_column("marginal_propensity", pa.array((logging * same).sum(axis=1)))
    given = given.append_column("target_marginal_propensity", pa.array((target * same).sum(axis=1)))
    assert rows(given, ["mips"])[0].value.value == pytest.approx(new.value.value, rel=1e-12)


def test_mips_says_what_it_needs() -> None:
    with pytest.raises(DataError) as caught:
        ope(LOG, ["mips"])
    assert "no column 'marginal_propensity' (nor 'action' and 'embedding'" in str(caught.value)
    with pytest.raises(DataError, match="nor 'action' and 'genre' and 'candidate_propensities'"):
        ope(LOG, ["mips"], embedding="genre")


# Behaviours: which items the reward at a position depends on.
SLATES = random_slate_world(4, 3, seed=1)
SLATE_LOG = slate_log(SLATES, random_slate_policy(SLATES, 2), random_slate_policy(SLATES, 3), 3000, 4)
UNTOLD = SLATE_LOG.drop_columns(["behaviour"])


@pytest.mark.parametrize(
    ("behaviour", "name"), [("independent", "iips"), ("cascade", "rips"), ("standard", "sips")]
)
def test_aips_of_one_behaviour_is_the_estimator_that_assumes_it(behaviour: str, name: str) -> None:
    log = UNTOLD.append_column("behaviour", pa.array([behaviour] * len(UNTOLD)))
    aips, other = rows(log, ["aips", name])
    assert aips.value.value == pytest.approx(other.value.value, rel=1e-9)
    assert aips.gain.std_error == pytest.approx(other.gain.std_error, rel=1e-9)


def test_aips_takes_logged_weights_before_behaviours() -> None:
    log = SLATE_LOG.append_column("subset_weight", pa.array(np.full(len(SLATE_LOG), 0.5)))
    found, clipped = rows(log, ["aips", "aips:max_weight=0.25"])
    assert found.value.value == pytest.approx(0.5 * (found.logged.value or 0.0))
    assert clipped.value.value == pytest.approx(0.25 * (found.logged.value or 0.0))


def test_aips_learns_behaviours_and_says_which() -> None:
    result = ope(UNTOLD, ["aips", "iips"], features="device")
    row = result.estimates[0]
    assert row.value.value == pytest.approx(SLATES.value(random_slate_policy(SLATES, 3)), abs=0.15)
    assert any(
        note.startswith("aips, learned behaviours: ") and "sessions" in note for note in result.warnings
    )
    whole = ope(UNTOLD, ["aips"])
    assert any(note.startswith("aips, learned behaviours: all: ") for note in whole.warnings)


def test_aips_learns_for_each_target() -> None:
    log = UNTOLD.append_column("logging", UNTOLD["propensity"])
    found = ope(log, ["aips"], features=["device"], target={"new": "target_propensity", "old": "logging"})
    new, old = found.estimates
    assert new.value.value == pytest.approx(rows(UNTOLD, ["aips"], features=["device"])[0].value.value)
    assert old.gain.value == pytest.approx(0.0, abs=1e-12)
    assert any(note.startswith("aips for target 'old', learned behaviours: ") for note in found.warnings)


def test_aips_names_unknown_behaviours() -> None:
    log = UNTOLD.append_column("behaviour", pa.array(["cascade"] * (len(UNTOLD) - 1) + ["zigzag"]))
    with pytest.raises(DataError) as caught:
        ope(log, ["aips"])
    assert "zigzag" in str(caught.value)
    assert "\n" not in str(caught.value)


# Relevance: clicks on what a deterministic ranker showed, with a feature that tells relevance.
def clicks(sessions: int, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    theta, size = 1.0 / np.arange(1, 7), sessions * 6
    grade = rng.integers(0, 3, size)
    position = np.tile(np.arange(1, 7), sessions)
    return {
        "session_id": np.repeat(np.arange(sessions), 6),
        "item_id": np.arange(size),
        "position": position,
        "click": (rng.random(size) < theta[position - 1] * RELEVANCE[grade]).astype(np.int64),
        "grade": grade,
        "score": grade + rng.random(size),
        "examination": theta[position - 1],
    }


RELEVANCE = np.array([0.05, 0.3, 0.8])
CLICKS = clicks(1500, seed=5)


@pytest.mark.parametrize("kind", ["ridge", "logistic", "lightgbm"])
@pytest.mark.parametrize("bias", [None, [1.0, 1 / 2, 1 / 3, 1 / 4, 1 / 5, 1 / 6]])
def test_a_relevance_model_makes_clipped_click_dr_nearly_unbiased(kind: str, bias: Any) -> None:
    options: dict[str, Any] = {"reward_model": kind, "features": ["grade"], "folds": 3, "position_bias": bias}
    log = {k: v for k, v in CLICKS.items() if bias is None or k != "examination"}
    names = ["click_ips", "click_cips:max_weight=2", "click_dr:max_weight=2"]
    ips, clipped, robust = rows(log, names, **options)
    order = np.argsort(-CLICKS["score"].reshape(-1, 6), axis=1)
    grades = np.take_along_axis(CLICKS["grade"].reshape(-1, 6), order, axis=1)
    truth = float((RELEVANCE[grades] / np.arange(1, 7)).sum(axis=1).mean())
    assert abs((ips.value.value or 0.0) - truth) < 4 * (ips.value.std_error or 0.0)
    assert (clipped.value.value or 0.0) < 0.8 * truth
    assert robust.value.value == pytest.approx(truth, rel=0.05)
    assert (robust.value.std_error or 0.0) < (ips.value.std_error or 0.0)


def test_unclipped_click_dr_is_click_ips_whatever_the_model() -> None:
    ips, robust = rows(
        CLICKS, ["click_ips", "click_dr:max_weight=100"], reward_model="ridge", features=["grade"]
    )
    assert robust.value.value == pytest.approx(ips.value.value, rel=1e-12)


def test_relevance_of_items_that_were_not_shown() -> None:
    shown = pa.table(CLICKS)
    beside = {
        "session_id": np.arange(1500),
        "item_id": 100_000 + np.arange(1500),
        "position": pa.nulls(1500, pa.int64()),
        "click": pa.nulls(1500, pa.int64()),
        "grade": np.full(1500, 2),
        "score": np.full(1500, 9.0),
        "examination": pa.nulls(1500, pa.float64()),
    }
    log = pa.concat_tables([shown, pa.table(beside)]).sort_by("session_id")
    options: dict[str, Any] = {
        "reward_model": "ridge",
        "features": ["grade"],
        "position_bias": 1 / np.arange(1, 7),
    }
    full = rows(log, ["click_dr:max_weight=2"], estimand="full", **options)[0]
    rerank = rows(log, ["click_dr:max_weight=2"], **options)[0]
    assert full.bounds is not None
    low, high = full.bounds
    # The others come first where they are ranked: nearly 0.8 clicks at position 1, which users always see.
    assert (high or 0.0) - (low or 0.0) == pytest.approx(1.0)
    assert (full.value.value or 0.0) - (low or 0.0) == pytest.approx(0.8, abs=0.1)
    assert (rerank.value.value or 0.0) > (low or 0.0)


def test_relevance_models_are_for_click_dr() -> None:
    with pytest.raises(UsageError, match="the relevance that click_dr needs, and no reward to go; found"):
        ope(CLICKS, ["click_ips"], reward_model="ridge", features=["grade"])
    with pytest.raises(UsageError, match="model_weighting: found 'mrdr', wanted uniform on a ranking log"):
        ope(CLICKS, ["click_dr"], reward_model="ridge", features=["grade"], model_weighting="mrdr")
    short = {k: v for k, v in CLICKS.items() if k != "examination"}
    with pytest.raises(DataError, match="as many as the curve"):
        ope(short, ["click_dr"], reward_model="ridge", features=["grade"], position_bias=[1.0, 0.5])


@pytest.mark.parametrize(
    ("options", "note"),
    [
        ({"features": "context"}, "features: nothing is learned from them"),
        ({"model_weighting": "mrdr"}, "model_weighting: no reward model is fitted, 'mrdr' changes nothing"),
        ({"embedding": "context"}, "embedding: none of the estimators uses it"),
    ],
)
def test_what_nothing_reads_is_said(options: dict[str, str], note: str) -> None:
    result = ope(LOG, ["ips", "dr"], **options)  # type: ignore[arg-type]
    assert [text for text in result.warnings if text.startswith(note)]
    assert result.estimates == ope(LOG, ["ips", "dr"]).estimates


def test_a_reward_model_for_a_log_without_lists() -> None:
    rounds = {"reward": [1.0], "propensity": [0.5], "target_propensity": [0.5], "age": [3]}
    with pytest.raises(DataError) as caught:
        ope(rounds, "dr", reward_model="ridge", features="age")
    assert str(caught.value).startswith(
        "<dict>: no column 'action' and no column 'candidate_target_propensities', "
        "which dr needs with a reward model; it can feed ips, cips, snips, csnips, sg_ips; it has reward, "
    )


def test_models_weighted_for_each_of_several_targets_give_what_each_gives_alone() -> None:
    options: dict[str, Any] = {"reward_model": "ridge", "features": "age", "model_weighting": "mrdr"}
    rng = np.random.default_rng(5)
    n, propensities = 300, [[0.2, 0.5, 0.3], [0.6, 0.2, 0.2]]
    log = {
        "action": rng.integers(0, 3, n),
        "reward": rng.normal(size=n),
        "age": rng.normal(size=n),
        "candidate_propensities": [propensities[i % 2] for i in range(n)],
        "bold": [[0.8, 0.1, 0.1]] * n,
        "mild": [[0.3, 0.3, 0.4]] * n,
    }
    together = ope(log, "dr", target={"bold": "bold", "mild": "mild"}, **options)
    alone = [ope(log, "dr", target={name: name}, **options) for name in ("bold", "mild")]
    assert [row.value for row in together.estimates] == [one.estimates[0].value for one in alone]
