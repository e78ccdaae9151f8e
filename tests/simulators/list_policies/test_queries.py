from __future__ import annotations

import numpy as np

from rankeval.simulators.list_policies.queries import Queries


def test_what_listed_items_have() -> None:
    queries = Queries(
        ids=["a", "b"],
        weights=np.array([0.5, 0.5]),
        offsets=np.array([0, 2, 5]),
        item_ids=[1, 2, 3, 4, 5],
        attractiveness=np.array([0.1, 0.2, 0.3, 0.4, 0.5]),
    )
    lists = np.array([[1, 0, -1], [2, 0, 1]], np.int32)
    found = queries.of_lists(queries.attractiveness, np.array([0, 1]), lists)
    np.testing.assert_array_equal(found, [[0.2, 0.1, np.nan], [0.5, 0.3, 0.4]])
    assert len(queries) == 2
    np.testing.assert_array_equal(queries.sizes, [2, 3])
