"""Places of marked items in a tied group of random order."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import nhypergeom

from rankeval.metrics.groups import place_chances


@pytest.mark.parametrize(("marked", "tied"), [(1, 1), (1, 7), (3, 3), (2, 9), (5, 12), (9, 10)])
def test_equal_to_the_negative_hypergeometric_distribution(marked, tied):
    for i in range(marked):
        found = place_chances(i, marked, tied)
        places = np.arange(tied - marked + 1)
        np.testing.assert_allclose(found, nhypergeom(tied, tied - marked, i + 1).pmf(places), rtol=1e-9)


@pytest.mark.parametrize(("marked", "tied"), [(300, 5000), (1, 100_000), (4999, 5000), (2500, 5000)])
def test_large_groups_have_the_mean_place(marked, tied):
    for i in (0, marked // 2, marked - 1):
        chances = place_chances(i, marked, tied)
        assert chances.sum() == pytest.approx(1.0, rel=1e-12)
        mean = chances @ np.arange(len(chances)) + i + 1
        assert mean == pytest.approx((i + 1) * (tied + 1) / (marked + 1), rel=1e-10)
