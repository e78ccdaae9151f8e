"""Cross-fitted reward models: what they recover, what they have not seen, and what `dr` gains by them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from rankeval import DataError, Log, UsageError, ope
from rankeval.logs.layout import list_parts
from rankeval.logs.passes import scan
from rankeval.logs.sessions import Sessions
from rankeval.models.learners import LEARNERS
from rankeval.off_policy.nuisances.reward_model import RewardModel, Weighting, fit_reward_model
from rankeval.simulators.bandits.bandit_world import bandit_log, random_policy, random_world
from tests.log_files import write_parts

Floats = NDArray[np.float64]
KINDS = sorted(LEARNERS)
PI = "candidate_target_propensities"

WORLD = random_world(contexts=4, actions=3, seed=1, mean=0.6)
LOGGING, TARGET = random_policy(WORLD, 2), random_policy(WORLD, 3, skill=0.5)
N = 20_000


def simulated(n: int, seed: int) -> pa.Table:
    """Rounds with the context as text and without the simulator's own q."""
    table = bandit_log(WORLD, LOGGING, TARGET, n, seed, layout="candidates").drop_columns(["candidate_q"])
    return table.append_column("segment", table["context"].cast(pa.string()))


def predicted(model: RewardModel, log: Log, threads: int | None = None) -> pa.ListArray:
    """The column ``candidate_q`` of a log."""

    def work(rounds: Sessions) -> pa.Array:
        lengths, _ = list_parts(rounds.column(PI), PI, rounds.locate)
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        return pa.ListArray.from_arrays(
            pa.array(offsets, pa.int32()), pa.array(model.candidate_q(rounds, offsets))
        )

    return pa.concat_arrays(scan(log.with_lists(model.features), [PI, *model.roles], work, threads))


def q_of(model: RewardModel, log: Log) -> Floats:
    """(n, actions) where every round has as many."""
    return np.array(predicted(model, log).to_pylist())


def replaced(table: pa.Table, name: str, values: Any) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), name, pa.array(values))


def folds_of(model: RewardModel, log: Log) -> NDArray[np.int64]:
    return np.concatenate(scan(log, [PI, *model.roles], model.folds.of))


TABLE = simulated(N, seed=4)
SMALL = simulated(2000, seed=5)


@pytest.mark.parametrize("kind", ["logistic", "ridge"])
def test_linear_models_recover_the_mean_of_every_context_and_action(kind: str) -> None:
    """Within 4 standard errors of a cell's mean and the pull of the penalty.

    With a slope for each context and action, the optimum has ``sum over a cell of (y - q) = slope``, less
    than 5 here.
    """
    q = q_of(fit_reward_model(Log(TABLE), kind, ["segment"]), Log(TABLE))
    cells = WORLD.context_probabilities[:, np.newaxis] * WORLD.probabilities(LOGGING) * N * 0.8
    truth = WORLD.expected_reward
    bound = 4 * np.sqrt(truth * (1 - truth) / cells) + 5 / cells + 1e-4 * N / cells
    contexts = TABLE["context"].to_numpy()
    assert (np.abs(q - truth[contexts]) < bound[contexts]).all()
    assert np.median(bound) < 0.2 * np.ptp(truth)


def test_trees_recover_the_truth_on_average() -> None:
    """The root mean square is that of cell means, up to twice for regularisation and the boosting's noise."""
    q = q_of(fit_reward_model(Log(TABLE), "lightgbm", ["segment"]), Log(TABLE))
    contexts, actions = TABLE["context"].to_numpy(), TABLE["action"].to_numpy()
    truth, rows = WORLD.expected_reward, np.arange(N)
    cells = WORLD.context_probabilities[:, np.newaxis] * WORLD.probabilities(LOGGING) * N * 0.8
    noise = (truth * (1 - truth) / cells)[contexts, actions]
    errors = (q - truth[contexts])[rows, actions]
    assert np.sqrt((errors**2).mean()) < 2 * np.sqrt(noise.mean())


def varying(n: int, seed: int) -> dict[str, Any]:
    """Rounds of one to four candidates; the reward is linear in what they are, without noise."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 5, n)
    price = [rng.normal(size=length).tolist() for length in lengths]
    kind = [rng.choice(["new", "old"], length).tolist() for length in lengths]
    age = rng.normal(size=n)
    action = [int(rng.integers(length)) for length in lengths]
    q = [
        [2.0 + 3.0 * p - (k == "old") + 0.5 * age[i] for p, k in zip(price[i], kind[i], strict=True)]
        for i in range(n)
    ]
    return {
        "action": action,
        "reward": [q[i][a] for i, a in enumerate(action)],
        PI: [[1.0 / length] * length for length in lengths],
        "price": price,
        "kind": kind,
        "age": age,
        "q": q,
    }


def test_features_of_candidates() -> None:
    """The penalty counts as one case: it takes ``1 / n`` of each effect, of which there are four up to 9."""
    log = varying(1000, seed=1)
    model = fit_reward_model(Log(log), "ridge", ["price", "kind", "age"])
    found = predicted(model, Log(log)).to_pylist()
    assert [len(q) for q in found] == [len(q) for q in log["q"]]
    assert np.concatenate(found) == pytest.approx(np.concatenate(log["q"]), abs=4 * 9 / 800)


def test_with_features_of_candidates_their_order_means_nothing() -> None:
    log = varying(400, seed=2)
    for kind in ("ridge", "lightgbm"):
        model = fit_reward_model(Log(log), kind, ["price", "kind", "age"])
        turned = {name: [values[::-1] for values in log[name]] for name in (PI, "price", "kind")}
        found = predicted(model, Log(log | turned)).to_pylist()
        assert [q[::-1] for q in found] == predicted(model, Log(log)).to_pylist()


@pytest.mark.parametrize("kind", KINDS)
def test_no_round_is_predicted_by_what_its_fold_says(kind: str) -> None:
    model = fit_reward_model(Log(SMALL), kind, ["segment"], folds=3)
    folds = folds_of(model, Log(SMALL))
    poisoned = np.where(folds == 1, 1.0 - SMALL["reward"].to_numpy(), SMALL["reward"].to_numpy())
    other = fit_reward_model(Log(replaced(SMALL, "reward", poisoned)), kind, ["segment"], folds=3)
    before, after = q_of(model, Log(SMALL)), q_of(other, Log(SMALL))
    assert np.array_equal(before[folds == 1], after[folds == 1])
    assert (before[folds != 1] != after[folds != 1]).any(axis=1).all()


@pytest.mark.parametrize("kind", ["lightgbm", "ridge"])
def test_nor_by_the_features_and_actions_of_others_in_it(kind: str) -> None:
    rng = np.random.default_rng(0)
    table = SMALL.append_column("x", pa.array(rng.normal(size=len(SMALL))))
    model = fit_reward_model(Log(table), kind, ["segment", "x"], folds=2)
    folds = folds_of(model, Log(table))
    changed = (folds == 0) & (np.arange(len(SMALL)) % 2 == 0)
    poisoned = replaced(table, "x", np.where(changed, 1e6, table["x"].to_numpy()))
    poisoned = replaced(poisoned, "action", np.where(changed, 0, table["action"].to_numpy()))
    poisoned = replaced(poisoned, "segment", np.where(changed, "none", table["segment"].to_numpy()).tolist())
    other = fit_reward_model(Log(poisoned), kind, ["segment", "x"], folds=2)
    rest = (folds == 0) & ~changed
    before, after = q_of(model, Log(table)), q_of(other, Log(poisoned))
    assert np.array_equal(before[rest], after[rest])


@pytest.mark.parametrize("kind", KINDS)
def test_same_bits_however_the_log_is_stored_and_read(tmp_path: Path, kind: str) -> None:
    options: dict[str, Any] = {"folds": 2, "sample": 900}
    wanted = q_of(fit_reward_model(Log(SMALL), kind, ["segment"], **options), Log(SMALL))
    log = Log(write_parts(tmp_path / "log", SMALL, 300, files=3))
    for threads in (1, 2):
        model = fit_reward_model(log, kind, ["segment"], threads=threads, **options)
        assert np.array_equal(np.array(predicted(model, log, threads).to_pylist()), wanted)


def averages(log: dict[str, Any], weights: Floats, **options: Any) -> tuple[Floats, Floats]:
    """What a model with nothing to tell rounds by predicts, and the weighted mean outside each fold."""
    model = fit_reward_model(Log(log), "ridge", ["one"], folds=2, **options)
    folds, rewards = folds_of(model, Log(log).with_lists(["one"])), np.array(log["reward"], float)
    means = [np.average(rewards[folds != k], weights=weights[folds != k]) for k in folds]
    return np.concatenate(predicted(model, Log(log)).to_pylist()), np.repeat(
        means, [len(o) for o in log["one"]]
    )


# Rounds of two candidates that look alike; p and pi of the logged one, and pi^2 (1 - p) / p^2 by hand.
MRDR = [(0.5, 0.25, 0.125), (0.25, 0.5, 3.0), (0.2, 0.2, 0.8), (1.0, 0.7, 0.0), (0.8, 0.4, 0.05)]
ROWS = [MRDR[i % 5] for i in range(30)]
WEIGHED: dict[str, Any] = {
    "action": [0] * 30,
    "reward": [float(i * i) for i in range(30)],
    "candidate_propensities": [[p, 1 - p] for p, _, _ in ROWS],
    PI: [[pi, 1 - pi] for _, pi, _ in ROWS],
    "one": [[1.0, 1.0]] * 30,
}


def test_mrdr_weighs_by_hand_worked_values() -> None:
    found, wanted = averages(WEIGHED, np.array([weight for _, _, weight in ROWS]), weighting="mrdr")
    assert found == pytest.approx(wanted, rel=1e-8)


def test_uniform_weights_are_the_column_weight() -> None:
    counts = np.arange(30) % 4.0
    found, wanted = averages(WEIGHED | {"weight": counts}, counts)
    assert found == pytest.approx(wanted, rel=1e-8)


def test_mrdr_multiplies_the_column_weight() -> None:
    counts = np.arange(30) % 4.0
    weights = counts * np.array([weight for _, _, weight in ROWS])
    found, wanted = averages(WEIGHED | {"weight": counts}, weights, weighting="mrdr")
    assert found == pytest.approx(wanted, rel=1e-8)


def test_the_filter_of_the_log_holds() -> None:
    kept = simulated(400, seed=6).append_column("part", pa.array([1] * 400))
    spoilt = replaced(replaced(kept, "part", [2] * 400), "reward", [1.0] * 400)
    both = pa.concat_tables([replaced(spoilt, "round_id", np.arange(400, 800)), kept])
    wanted = q_of(fit_reward_model(Log(kept), "ridge", ["segment"]), Log(kept))
    log = Log(both, where="part == 1")
    assert np.array_equal(q_of(fit_reward_model(log, "ridge", ["segment"]), log), wanted)


def test_a_fold_without_both_outcomes_falls_back_to_their_mean_and_says_so() -> None:
    model = fit_reward_model(Log(SMALL), "logistic", ["segment"], folds=2)
    folds = folds_of(model, Log(SMALL))
    table = replaced(SMALL, "reward", np.where(folds == 1, 0.0, SMALL["reward"].to_numpy()))
    other = fit_reward_model(Log(table), "logistic", ["segment"], folds=2)
    assert [note.text for note in other.notes] == [
        "model of fold 1 of 2: every outcome it learnt from is 0, and so is what it predicts",
    ]
    assert (q_of(other, Log(table))[folds == 0] == 0.0).all()
    assert model.notes == ()


def test_candidates_that_were_never_logged_have_a_prediction() -> None:
    log = {
        "action": [0, 1] * 50,
        "reward": [0.0, 1.0] * 50,
        PI: [[0.25] * 4] * 100,
        "x": np.arange(100.0) % 7,
    }
    for kind in KINDS:
        q = q_of(fit_reward_model(Log(log), kind, ["x"]), Log(log))
        assert np.isfinite(q).all()
        assert np.array_equal(q[:, 2], q[:, 3])
        assert (q[:, 0] < 0.3).all()
        assert (q[:, 1] > 0.7).all()


def test_actions_alone_are_enough() -> None:
    q = q_of(fit_reward_model(Log(TABLE), "ridge", []), Log(TABLE))
    share = WORLD.probabilities(LOGGING) * WORLD.context_probabilities[:, np.newaxis]
    truth = (share * WORLD.expected_reward).sum(axis=0) / share.sum(axis=0)
    assert np.abs(q - truth).max() < 4 * 0.5 / np.sqrt(0.8 * N * share.sum(axis=0).min())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("weighting", ["uniform", "mrdr"])
def test_doubly_robust_is_unbiased_and_as_tight_as_the_truth_makes_it(kind: str, weighting: Any) -> None:
    """With the true q, ``n Var(dr) = E[w^2 Var(r | x, a)] + Var(q_pi)``, exact from the world."""
    model = fit_reward_model(Log(TABLE), kind, ["segment"], weighting=weighting)
    table = TABLE.append_column("candidate_q", predicted(model, Log(TABLE)))
    rows = {row.estimator.name: row.value for row in ope(table, ["ips", "dr"]).estimates}
    value, error, of_ips = rows["dr"].value, rows["dr"].std_error, rows["ips"].std_error
    assert value is not None
    assert error is not None
    assert of_ips is not None
    assert abs(value - WORLD.value(TARGET)) < 4 * error
    assert error < 0.8 * of_ips
    truth, weights = WORLD.expected_reward, WORLD.probabilities(TARGET) / WORLD.probabilities(LOGGING)
    of_contexts = (WORLD.probabilities(TARGET) * truth).sum(axis=1)
    least = WORLD.expectation(LOGGING, weights**2 * truth * (1 - truth))
    least += WORLD.context_probabilities @ (of_contexts - WORLD.value(TARGET)) ** 2
    assert error == pytest.approx(np.sqrt(least / N), rel=0.03)


def test_mrdr_makes_a_model_that_cannot_be_right_wrong_where_it_costs_less() -> None:
    """A straight line through contexts that follow none: ``dr`` has a smaller error by its weights."""
    world = random_world(20, 5, seed=1, mean=0.5, spread=2.0)
    logging, target = random_policy(world, 11), random_policy(world, 21, skill=0.6, temperature=0.3)
    table = bandit_log(world, logging, target, N, 1, layout="candidates").drop_columns(["candidate_q"])
    errors = {}
    weightings: tuple[Weighting, ...] = ("uniform", "mrdr")
    for weighting in weightings:
        model = fit_reward_model(Log(table), "ridge", ["context"], weighting=weighting)
        (row,) = ope(table.append_column("candidate_q", predicted(model, Log(table))), "dr").estimates
        errors[weighting] = row.value.std_error or 0.0
    assert 0.0 < errors["mrdr"] < 0.97 * errors["uniform"]


VARYING = varying(20, seed=3)
ZEROS = [[0.0] * len(values) for values in VARYING[PI]]


def changed(**columns: Any) -> dict[str, Any]:
    return {name: values for name, values in (VARYING | columns).items() if values is not None}


@pytest.mark.parametrize(
    ("log", "options", "error", "message"),
    [
        (VARYING, {"kind": "forest"}, UsageError, "found 'forest', wanted lightgbm, logistic, ridge"),
        (VARYING, {"folds": 1}, UsageError, "folds: found 1, wanted 2 to 100"),
        (VARYING, {"sample": 0}, UsageError, "sample: found 0, wanted at least 1"),
        (VARYING, {"weighting": "dr"}, UsageError, "weighting: found 'dr', wanted uniform or mrdr"),
        (VARYING, {"features": ["reward"]}, UsageError, "features: found 'reward', wanted columns that are"),
        (VARYING, {"features": ["colour"]}, DataError, "no column 'colour'"),
        (VARYING, {"kind": "logistic"}, DataError, "row 1: column 'reward' is"),
        (VARYING, {"weighting": "mrdr"}, DataError, "no column 'candidate_propensities'"),
        (changed(action=None), {}, DataError, "no column 'action'"),
        (
            changed(**{PI: None}),
            {},
            DataError,
            "no column 'candidate_target_propensities' nor 'candidate_propensities', wanted lists",
        ),
        (changed(**{PI: [1.0] * 20}), {}, DataError, "holds double, wanted a list of numbers a round"),
        (changed(action=[9] * 20), {}, DataError, "row 1: column 'action' is 9, wanted an index from 0 to"),
        (changed(reward=[None] * 20), {}, DataError, "column 'reward'"),
        (changed(reward=[1e308, -1e308] * 10), {}, DataError, "row 1: column 'reward' is 1e+308, wanted"),
        (
            changed(price=[*VARYING["price"][:-1], [1.0] * 9]),
            {"features": ["price"]},
            DataError,
            "row 20: the list in column 'price' has 9 values, wanted",
        ),
        (
            changed(price=[None, *VARYING["price"][1:]]),
            {"features": ["price"]},
            DataError,
            "row 1: column 'price' is null, wanted a list",
        ),
        (
            changed(weight=[0.0] * 20),
            {},
            DataError,
            "found nothing to learn from, wanted rounds of weight above 0",
        ),
        (
            changed(
                candidate_propensities=[[1.0, *[0.0] * (len(v) - 1)] for v in VARYING[PI]], action=[0] * 20
            ),
            {"weighting": "mrdr"},
            DataError,
            "found nothing to learn from, wanted rounds of weight above 0",
        ),
        (
            changed(user=["u"] * 20),
            {"cluster": "user"},
            DataError,
            "all 20 units to learn from are in one of 5 folds",
        ),
        (
            WEIGHED | {"candidate_propensities": [[0.5, 0.5], *[[1e-200, 1.0]] * 29]},
            {"weighting": "mrdr", "features": ["one"]},
            DataError,
            "row 2: column 'candidate_propensities' is 1e-200, wanted propensities whose weight for mrdr",
        ),
        (changed(session_id=list(range(20))), {}, DataError, "is a ranking log; wanted a bandit log"),
    ],
)
def test_bad_input_gets_one_line(
    log: dict[str, Any], options: dict[str, Any], error: type[Exception], message: str
) -> None:
    arguments = {"kind": "ridge", "features": ["age"]} | options
    with pytest.raises(error) as caught:
        fit_reward_model(Log(log), arguments.pop("kind"), arguments.pop("features"), **arguments)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_dm_alone_equals_dm_beside_other_estimators(kind: str) -> None:
    table = simulated(500, 1)
    alone = ope(table, "dm", reward_model=kind, features="segment").to_dict()["results"][0]
    beside = ope(table, ["dm", "ips"], reward_model=kind, features="segment").to_dict()["results"][0]
    same = ("value", "std_error", "ci", "gain")
    assert [alone[name] for name in same] == [beside[name] for name in same]
