from __future__ import annotations

import numpy as np

from rankeval.logs.pair_index import PairIndex


def test_pairs_are_found_by_their_keys() -> None:
    keys = np.unique(np.random.default_rng(1).integers(0, 2**63, 1000).astype(np.uint64))
    wanted = np.concatenate([keys[::3], keys[:5] + np.uint64(1)])
    expected = [*range(0, len(keys), 3), *([-1] * 5)]
    assert PairIndex(keys).of(wanted).tolist() == expected
    assert PairIndex(keys[:0]).of(keys[:2]).tolist() == [-1, -1]
