"""Pairs of sessions that show the same list, against a plain dictionary."""

from __future__ import annotations

import numpy as np
import pytest

from rankeval.arrays import read_only
from rankeval.off_policy.click_checks import _pair


@pytest.mark.parametrize(
    ("sessions", "lists"), [(0, 1), (1, 1), (200, 1), (200, 7), (500, 300), (300, 2**30)]
)
def test_equal_lists_are_paired_in_their_order(sessions: int, lists: int) -> None:
    rng = np.random.default_rng(sessions + lists)
    hashes = rng.integers(0, lists, sessions).astype(np.uint64) << np.uint64(33)
    left_out = rng.random(sessions) < 0.2
    wanted, waiting = [-1] * sessions, dict[int, int]()
    for i in np.flatnonzero(~left_out).tolist():
        if int(hashes[i]) in waiting:
            wanted[waiting.pop(int(hashes[i]))] = i
        else:
            waiting[int(hashes[i])] = i
    assert _pair(read_only(hashes), read_only(left_out)).tolist() == wanted
