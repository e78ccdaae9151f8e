"""Histograms over fixed bins: counts and sums against a naive version, for all parts and orders alike."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankeval.inference.histograms import HIGHEST, LOWEST, Histogram

finite = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e100, max_value=1e100)


def naive(values: list[float]) -> list[tuple[float | None, float | None, int]]:
    """The ends and the count of each bin, by comparing each value with the edges."""
    edges = [2.0**power * (1.0 + part / 4) for power in range(LOWEST, HIGHEST) for part in range(4)]
    bins: list[tuple[float | None, float | None]] = [(None, 0.0), (0.0, 0.0)]
    bins += [(low, high) for low, high in zip([0.0, *edges[1:]], [*edges[1:], None], strict=True)]
    found = [0] * len(bins)
    for x in values:
        for k, (low, high) in enumerate(bins):
            if (low, high) == (0.0, 0.0):
                inside = x == 0.0
            elif low == 0.0:
                inside = 0.0 < x < (high or 0.0)
            else:
                inside = (low is None or x >= low) and (high is None or x < high)
            found[k] += inside
    return [(*ends, count) for ends, count in zip(bins, found, strict=True) if count]


@given(
    st.lists(finite | st.sampled_from([0.0, -0.0, 1.0, 1.25, 2.0, 5e-324, 2.0**40, 2.0**-30]), max_size=30)
)
def test_counts_are_those_of_a_naive_version(values: list[float]) -> None:
    found = list(Histogram.empty().added(np.array(values, dtype=np.float64)).bins())
    assert [each[:3] for each in found] == naive(values)
    assert sum(count for *_, count, _ in found) == len(values)


def test_hand_worked_bins() -> None:
    """1 and 1.2 lie in [1, 1.25), 1.25 in the next bin, 3 in [3, 3.5)."""
    found = list(Histogram.empty().added(np.array([3.0, 1.0, 1.2, 0.0, 1.25, -2.0])).bins())
    assert found == [
        (None, 0.0, 1, -2.0),
        (0.0, 0.0, 1, 0.0),
        (1.0, 1.25, 2, 1.0 + 1.2),
        (1.25, 1.5, 1, 1.25),
        (3.0, 3.5, 1, 3.0),
    ]


def test_parts_merge_to_the_whole() -> None:
    x = np.random.default_rng(0).lognormal(0.0, 2.0, 10_000)
    parts = [Histogram.empty().added(part) for part in np.array_split(x, 7)]
    merged = parts[0]
    for part in parts[1:]:
        merged = merged.merge(part)
    whole = Histogram.empty().added(x)
    assert np.array_equal(merged.counts, whole.counts)
    assert merged.sums == pytest.approx(whole.sums, rel=1e-12)
    assert whole.sums.sum() == pytest.approx(x.sum(), rel=1e-12)
