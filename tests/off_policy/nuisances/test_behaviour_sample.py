from __future__ import annotations

import math

import numpy as np
import pytest

from rankeval.arrays.hashes import mix64
from rankeval.arrays.ids import hashes_of
from rankeval.logs.log import Log
from rankeval.off_policy.nuisances.behaviour_sample import Sample, sampled
from rankeval.off_policy.user_behaviour.windows import NAMES
from rankeval.simulators.bandits.slate_world import random_slate_policy, random_slate_world, slate_log

COLUMNS = ("reward", "propensity", "target_propensity")
WORLD = random_slate_world(3, 4, 1)
LOG = slate_log(WORLD, random_slate_policy(WORLD, 2), random_slate_policy(WORLD, 3, skill=0.5), 2_000, 4)
IDS = LOG["session_id"].combine_chunks().take(np.arange(2_000) * 3)


def drawn(size: int, seed: int = 0) -> Sample:
    return sampled(Log(LOG), ["device"], COLUMNS, size, seed, 1)


@pytest.mark.parametrize("seed", [0, 9])
def test_the_sample_are_the_smallest_hashes(seed: int) -> None:
    hashes = mix64(hashes_of(IDS), seed)
    sample = drawn(300, seed)
    assert np.array_equal(sample.hashes, np.sort(hashes)[:300])
    device = LOG["device"].combine_chunks().take(3 * np.argsort(hashes)[:300])
    assert sample.features["device"].equals(device)
    assert sample.sessions == 2_000


def test_a_small_log_is_its_own_sample() -> None:
    sample = drawn(5_000)
    assert len(sample.hashes) == len(sample.terms) == len(sample.counts) == 2_000


def test_terms_are_those_of_the_estimators() -> None:
    rows = LOG.to_pylist()
    hashes = mix64(hashes_of(IDS), 0)
    sample = drawn(50)
    for i in range(50):
        session = rows[3 * int(np.flatnonzero(hashes == sample.hashes[i])[0]) :][:3]
        wanted = {
            "independent": [row["target_propensity"] / row["propensity"] for row in session],
            "cascade": [row["target_propensity_prefix"] / row["propensity_prefix"] for row in session],
            "standard": [row["target_propensity_list"] / row["propensity_list"] for row in session],
        }
        for name, weights in wanted.items():
            term = math.fsum(w * row["reward"] for w, row in zip(weights, session, strict=True))
            assert sample.terms[i, NAMES.index(name)] == pytest.approx(term, rel=1e-12)


def test_sessions_that_do_not_count_take_no_place_in_the_sample() -> None:
    sample = Sample(
        hashes=np.array([1, 2, 3, 4], np.uint64),
        terms=np.zeros((4, len(NAMES))),
        counts=np.array([0.0, 1.0, 0.0, 2.0]),
        features={},
        sessions=3.0,
    )
    assert sample.smallest(2).hashes.tolist() == [2, 4]
    assert sample.smallest(1).hashes.tolist() == [2]
