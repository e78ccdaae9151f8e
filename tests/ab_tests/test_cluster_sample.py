"""The sample of clusters: exact while small, a function of the ids alone when not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankeval.ab_tests import cluster_sample
from rankeval.ab_tests.cluster_sample import ClusterSample
from rankeval.arrays import mix64


def of(ids: Any, arms: Any) -> ClusterSample:
    keys = mix64(np.asarray(ids, np.uint64), 7)
    arms = np.asarray(arms)
    return ClusterSample.of(keys, {str(arm): np.flatnonzero(arms == arm) for arm in np.unique(arms)})


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 200), min_size=1, max_size=300), st.integers(1, 8))
def test_the_sample_depends_on_ids_alone(ids: list[int], parts: int) -> None:
    """However the rows are divided, the same 50 smallest keys stay."""
    arms = [number % 3 for number in ids]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster_sample, "KEPT", 50)
        whole = of(ids, arms)
        cuts = np.array_split(np.arange(len(ids)), parts)
        samples = [of(np.array(ids)[cut], np.array(arms)[cut]) for cut in cuts if len(cut)]
        merged = samples[0]
        for sample in samples[1:]:
            merged = merged.merge(sample)
    assert merged.below == whole.below
    counts = {arm: count for arm, count in merged.counts.items() if count}
    assert counts == {arm: count for arm, count in whole.counts.items() if count}
    distinct = len(set(ids))
    assert sum(counts.values()) == min(distinct, 50)
    assert whole.complete == (distinct <= 50)


def test_the_number_is_estimated_where_not_all_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_sample, "KEPT", 2000)
    assert of(np.arange(1000), np.zeros(1000)).number == 1000
    assert of(np.arange(100_000), np.arange(100_000) % 2).number == pytest.approx(100_000, rel=0.1)


def test_clusters_in_two_arms_are_found() -> None:
    assert of([1, 2, 3], [0, 1, 0]).crossing() is None
    crossing = of([1, 2, 3, 3, 1], [0, 1, 0, 1, 1]).crossing()
    assert crossing is not None
    assert (crossing[0], crossing[2]) == (2, ("0", "1"))
