"""The study of the verdict: its truths are those of its worlds, and it judges what it says it judges."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.verdict_study import known_cases
from benchmarks.verdict_study.__main__ import report
from benchmarks.verdict_study.bandit_worlds import FAULTS, Rewards, World
from benchmarks.verdict_study.catalogue import FAMILIES, case_of
from benchmarks.verdict_study.fitting import GRID, PRESENT, Numbers, fit
from benchmarks.verdict_study.gates import ess_share, mean_weight, pareto, skdr_ok, trusted
from benchmarks.verdict_study.judging import Passed, Share, held, relative_error, right_sign
from benchmarks.verdict_study.records import calibration, records, tail_index
from benchmarks.verdict_study.running import CHUNK, chunk, run


def found(family: str, world: int) -> list[dict[str, Any]]:
    return list(records(family, world, case_of(family, world)))


def test_the_value_of_a_world_by_hand_and_by_its_rounds() -> None:
    chance = np.array([[0.1, 0.4], [0.2, 0.3]])
    logger, target = np.array([[0.5, 0.5], [0.25, 0.75]]), np.array([[0.0, 1.0], [1.0, 0.0]])
    rewards = Rewards(chance, sigma=0.5, sign=-1.0, noise=0.3)
    world = World(np.zeros((2, 2)), logger, target, rewards, chance, 40_000, listed=False)
    size = math.exp(0.5**2 / 2)
    assert world.value(target) == pytest.approx(-size * (0.4 + 0.2) / 2)
    assert world.value(logger) == pytest.approx(-size * ((0.05 + 0.2) + (0.05 + 0.225)) / 2)
    _, _, drawn = world.rounds(np.random.default_rng(1))
    assert drawn.mean() == pytest.approx(world.value(logger), abs=5 * drawn.std() / math.sqrt(world.n))


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_gives_records_and_the_same_again(name: str) -> None:
    first, again = found(name, 3), found(name, 3)
    for record in [*first, *again]:
        record.pop("seconds", None)
    assert first == again
    assert {record["name"] for record in first} == {each.partition(":")[0] for each in case_of(name, 3).names}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_change_the_log_and_not_the_truth(name: str) -> None:
    world = replace(World.random(np.random.default_rng(5)), n=500, listed=False)
    case = FAULTS[name](np.random.default_rng(6), world)
    assert (case.value, case.logged) == (world.value(world.target), world.value(world.logger))
    right = world.logger[case.log["context"].to_numpy(), case.log["action"].to_numpy()]
    assert name == "lost" or not np.allclose(case.log["propensity"].to_numpy(), right)
    assert (case.log.num_rows < 500) == (name == "lost")


def test_where_intervals_hold_and_signs_are_right() -> None:
    value = {"truth": 1.0, "value": 1.5, "std_error": 0.3, "ci": [0.9, 2.0]}
    assert held(value)
    assert held(value | {"ci": [1.1, 2.0]}) is False
    assert held(value | {"ci": [None, None]}) is None
    assert relative_error(value) == pytest.approx(0.5)
    assert right_sign(value)
    assert right_sign(value | {"truth": -1.0}) is False
    assert right_sign(value | {"ci": [-0.1, 2.0]}) is None
    assert right_sign(value | {"std_error": 0.0}) is None


def test_what_passes_a_gate_is_counted() -> None:
    one = {"family": "a", "world": 1, "level": "trust"}
    one["value"] = one["gain"] = {"truth": 1.0, "value": 1.1, "std_error": 0.1, "ci": [0.9, 1.2]}
    other = one | {"level": "caution"}
    wrong = one | {"world": 2, "gain": one["gain"] | {"truth": -1.0}}
    passed = Passed.of([one, other, wrong], trusted)
    assert (passed.estimates, passed.logs) == (2, 1)  # the other estimate of the first log does not pass
    assert [(each.right, each.known) for each in (passed.value, passed.gain, passed.sign)] == [
        (2, 2),
        (1, 2),
        (1, 2),
    ]
    assert passed.coverage == 0.5


def test_estimates_of_one_log_are_a_cluster() -> None:
    answers = {("a", 1): [True, True], ("a", 2): [False], ("b", 1): [True]}
    records = [
        {"family": family, "world": world, "answer": answer}
        for (family, world), each in answers.items()
        for answer in each
    ]
    share = Share.of([*records, {"family": "c", "world": 1, "answer": None}], lambda one: one["answer"])
    # The share is 3 / 4; residuals of the logs are 2 - 1.5, 0 - 0.75 and 1 - 0.75.
    assert (share.right, share.known) == (3, 4)
    assert share.error == pytest.approx(math.sqrt(0.5**2 + 0.75**2 + 0.25**2) / 4)


def test_gates_of_others() -> None:
    found = {"ess": 50.0, "mean_weight_z": 1.0, "share_clipped": None, "tail_index": None}
    record = {"n": 400, "diagnostics": found, "facts": {"p": 0.01, "k": 0.6, "match": 1.0, "ece": 0.05}}
    assert ess_share(record)
    assert not ess_share(record | {"n": 501})
    assert pareto(record)
    assert not pareto(record, 0.5)
    assert mean_weight(record)
    assert not mean_weight(record, 0.5)
    assert not skdr_ok(record)
    record["facts"] |= {"k": 0.4}
    assert skdr_ok(record)
    assert not skdr_ok(record | {"facts": record["facts"] | {"p": 0.002}})  # under 1 / n
    assert not skdr_ok(record | {"facts": record["facts"] | {"ece": 0.11}})


def test_the_tail_index_of_a_pareto_sample_and_of_equal_weights() -> None:
    weights = np.random.default_rng(0).pareto(2.0, 20_000) + 1.0  # k is 1 / 2
    assert tail_index(weights) == pytest.approx(0.5, abs=0.15)
    assert (tail_index(np.ones(20_000)) or 0.0) < 0.5


def test_calibration_by_hand() -> None:
    logged = np.array([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.4, 0.6]])
    # The bin of 0.9 has hits of 1/2, that of 0.6 of 1: |1 - 1.8| and |2 - 1.2| of 4.
    assert calibration(logged, np.array([0, 1, 0, 1])) == pytest.approx((0.8 + 0.8) / 4)


def test_thresholds_give_the_verdicts_that_ope_gave() -> None:
    some = [record for name in FAMILIES for world in range(4) for record in found(name, world)]
    verdicts = [trusted(record) for record in some]
    assert Numbers.read(some).trusted(PRESENT).tolist() == verdicts
    assert 10 < sum(verdicts) < len(verdicts) - 10
    assert PRESENT.keys() == GRID.keys()


def test_a_fit_trusts_as_many_as_it_may() -> None:
    n = 400
    leverage = np.repeat([0.1, 0.6, 1.5], [200, 100, 100])
    right = np.ones((n, 3))
    right[300:] = 0.0  # nothing holds where the leverage is 1.5
    none = {name: np.full(n, -np.inf) for name in GRID}
    data = Numbers(none | {"leverage": leverage}, np.zeros(n, bool), right)
    limits = fit(data, PRESENT)
    assert data.score(limits) == (300, [1.0, 1.0, 1.0])
    assert 0.6 <= limits["leverage"] < 1.5


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    first = run(["users"], range(CHUNK), 1, tmp_path)
    (kept,) = tmp_path.iterdir()
    before = kept.stat().st_mtime_ns
    assert run(["users"], range(CHUNK), 1, tmp_path) == first
    assert kept.stat().st_mtime_ns == before
    anew = json.loads(json.dumps(chunk(("users", 0))))
    assert [{**record, "seconds": 0} for record in first] == [{**record, "seconds": 0} for record in anew]
    lines = list(report(first))
    assert lines[0].startswith(f"{len(first) // 2} estimates from {CHUNK // 2} logs")
    assert sum("verdict: trust" in line for line in lines) == 4


def test_a_known_case_counts_its_logs() -> None:
    (case,) = [case for case in known_cases.propensities() if "halved" in case.name]
    cells = replace(case, logs=3).line().split(" | ")
    assert cells[1:6] == ["+0.0000", cells[2], "3 / 3", "0 / 3", "do not trust 3"]
    assert "`mean_weight` 3" in cells[6]
