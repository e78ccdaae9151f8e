"""The highest utilities of each session."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rankeval.simulators.list_policies.kernels import best_of_each
from tests.readers.helpers import examples


@examples
@given(
    st.lists(st.lists(st.sampled_from([0.0, 1.0, 2.5, -3.0]), max_size=8), min_size=1, max_size=5),
    st.integers(1, 5),
)
def test_best_of_each_against_sorting(sessions, positions):
    starts = np.concatenate([[0], np.cumsum([len(one) for one in sessions])]).astype(np.int64)
    found = best_of_each(
        np.array([value for one in sessions for value in one], np.float64), starts, positions
    )
    for row, utilities in zip(found.tolist(), sessions, strict=True):
        order = sorted(range(len(utilities)), key=lambda item: -utilities[item])[:positions]
        assert row == order + [-1] * (positions - len(order))
