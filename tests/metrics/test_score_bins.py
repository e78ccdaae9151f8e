"""Bins of scores: their edges, their sizes, and ties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankeval.metrics.score_bins import equal_mass, equal_width

quick = settings(max_examples=80, deadline=None, derandomize=True, database=None)


def test_edges_of_equal_width_belong_to_the_bin_above():
    found = equal_width(np.array([0.0, 0.0999, 0.1, 0.3, 0.7, 0.9, 0.9999, 1.0]), 10)
    assert found.tolist() == [0, 0, 1, 3, 7, 9, 9, 9]


@pytest.mark.parametrize("bins", [1, 3, 7, 10, 100])
def test_every_edge_is_in_its_own_bin(bins):
    """0.29 * 100 rounds to just below 29; the edges 29 / 100 and 0.29 are the same number."""
    assert equal_width(np.arange(bins) / bins, bins).tolist() == list(range(bins))


def test_equal_mass_by_hand():
    """Middles 0.5, 1.5, 3 and 3 of the tie, 4.5, 5.5; three bins of 2."""
    scores = np.array([0.1, 0.2, 0.3, 0.3, 0.4, 0.5])
    assert equal_mass(scores, 3).tolist() == [0, 0, 1, 1, 2, 2]
    assert equal_mass(np.full(5, 0.7), 10).tolist() == [5] * 5


@quick
@given(
    scores=st.lists(st.integers(0, 30).map(lambda n: n / 30), min_size=1, max_size=60),
    bins=st.integers(1, 12),
)
def test_equal_mass_keeps_order_and_never_splits_ties(scores, bins):
    found = equal_mass(np.array(scores), bins)
    assert found.min() >= 0
    assert found.max() < bins
    order = np.argsort(scores, kind="stable")
    assert (np.diff(found[order]) >= 0).all()
    assert all(len(set(found[np.array(scores) == score])) == 1 for score in scores)


@quick
@given(n=st.integers(1, 200), bins=st.integers(1, 12))
def test_equal_mass_without_ties_has_sizes_that_differ_by_at_most_1(n, bins):
    sizes = np.bincount(equal_mass(np.random.default_rng(n).permutation(n) / n, bins), minlength=bins)
    assert sizes.max() - sizes.min() <= 1
