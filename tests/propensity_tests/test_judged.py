"""Which faults are found, and how often a right log is accused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rankeval.propensity_tests import FAULTS, PropensitySums, judged
from tests.propensity_tests.logs import Drawn, draw, softmax

N, K = 20_000, 6


def lost(log: Drawn) -> Drawn:
    a = int(np.bincount(log.actions).argsort()[K // 2])
    kept = ~((log.actions == a) & (np.random.default_rng(0).random(len(log.actions)) < 0.5))
    return Drawn(log.p[kept], log.actions[kept])


def test_right_logs_are_left_alone() -> None:
    """At the level 0.05, more than 10 of 80 logs are accused with a probability below 0.3 %."""
    accused = {"lists": 0, "logged": 0}
    for seed in range(80):
        log, _ = draw(seed, 1000, 3 + seed % 10, (0.5, 1.0, 2.0)[seed % 3])
        accused["lists"] += bool(log.of_lists().failed)
        tests = judged({None: PropensitySums(logged=log.logged())})
        accused["logged"] += tests is not None and bool(tests.failed)
    assert max(accused.values()) <= 10


def test_rows_of_one_action_are_lost() -> None:
    log, _ = draw(1, N, K)
    assert lost(log).of_lists().fault == "rows_lost"
    assert lost(log).of_logged().fault == "rows_lost"


def test_the_best_action_as_certain() -> None:
    rng = np.random.default_rng(2)
    scores = rng.normal(size=(N, K))
    best = scores.argmax(axis=1)
    p = np.full((N, K), 0.1 / K)
    p[np.arange(N), best] += 0.9
    actions = np.where(rng.random(N) < 0.1, rng.integers(0, K, N), best)
    certain = np.zeros((N, K))
    certain[np.arange(N), best] = 1.0
    assert Drawn(certain, actions).of_lists().fault == "argmax_as_one"
    own = np.where((actions == best)[:, np.newaxis], 1.0, p)
    assert Drawn(own, actions).of_logged().fault == "argmax_as_one"
    assert Drawn(p, actions).of_lists().fault is None
    assert Drawn(p, actions).of_logged().fault is None


def test_scaled() -> None:
    log, _ = draw(3, N, K)
    halved = Drawn(log.p / 2, log.actions)
    assert halved.of_lists().fault == "normalisation_lost"
    assert halved.of_lists().lists_off == N
    assert halved.of_logged().fault == "scaled"


def test_another_version_of_the_policy() -> None:
    log, scores = draw(4, N, K)
    moved = scores + 0.4 * np.random.default_rng(1).normal(size=(1, K))
    stale = Drawn(softmax(moved), log.actions)
    assert stale.of_lists().fault == "other_policy"
    assert stale.of_logged().fault == "other_policy"


def test_wrong_temperature() -> None:
    log, scores = draw(5, N, K)
    assert Drawn(softmax(scores, 1.3), log.actions).of_lists().fault == "softened"
    assert Drawn(softmax(scores, 0.75), log.actions).of_lists().fault == "other_policy"


def test_the_number_of_the_action_is_off_by_one() -> None:
    log, _ = draw(6, N, K)
    inside = log.actions + 1 < K
    shifted = Drawn(log.p[inside], log.actions[inside] + 1)
    assert shifted.of_lists().fault == "index_shifted"
    assert shifted.of_logged().failed


def test_the_target_alone_is_wrong() -> None:
    log, scores = draw(7, N, K)
    target = softmax(scores, 0.8)[np.arange(N), log.actions]
    assert log.of_lists(target / log.own).fault is None
    tests = log.of_lists(1.2 * target / log.own)
    assert (tests.fault, [test.test for test in tests.failed]) == ("target", ["weight"])


def test_users_who_get_the_same_action_again() -> None:
    """One draw a user: as independent rounds they accuse the log, as clusters they do not."""
    rng = np.random.default_rng(8)
    user = np.repeat(np.arange(300), 20)
    p, u = softmax(rng.normal(size=(300, K))), rng.random(300)
    actions = np.minimum((p.cumsum(axis=1) < u[:, np.newaxis]).sum(axis=1), K - 1)
    log = Drawn(p[user], actions[user])
    assert log.of_lists().failed
    for sums in (
        PropensitySums(listed=log.listed(clusters=user)),
        PropensitySums(logged=log.logged(clusters=user)),
    ):
        tests = judged({None: sums})
        assert tests is not None
        assert not tests.failed


def test_slices_are_adjusted_together() -> None:
    log, _ = draw(9, N, K)
    wrong = Drawn(np.roll(log.p, 1, axis=1), log.actions)
    parts = {None: PropensitySums(listed=log.listed()), "de": PropensitySums(listed=wrong.listed())}
    tests = judged(parts)
    assert tests is not None
    assert {test.slice for test in tests.failed} == {"de"}
    assert all(test.p_adjusted >= test.p_value for test in tests.tests)


def test_what_cannot_be_tested() -> None:
    log, _ = draw(1, 10, K)
    tests = judged({None: PropensitySums(logged=log.logged())})
    assert tests is not None
    assert (tests.tests, tests.untested) == ((), len(set(log.actions.tolist())))
    assert judged({None: PropensitySums()}) is None


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_have_words(fault: str) -> None:
    assert FAULTS[fault] == FAULTS[fault].strip()


def test_json() -> None:
    log, _ = draw(1, 500, 3)
    written = json.loads(json.dumps(log.of_lists().to_dict(), allow_nan=False))
    assert written["tests"][0].keys() == {
        *("test", "group", "observed", "expected", "n", "z", "p_value", "slice", "p_adjusted", "fault")
    }
