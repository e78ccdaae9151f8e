from __future__ import annotations

import numpy as np
import pytest

from rankeval.propensity_tests.group_sums import MOST_CLUSTERED, MOST_GROUPS, GroupSums


def sums(keys: list[int], values: list[float], clusters: list[int] | None = None) -> GroupSums:
    array = np.array(values)
    return GroupSums.of(
        np.array(keys, np.uint64),
        [np.ones(len(keys)), array],
        lambda row: f"a{keys[row]}",
        [array],
        None if clusters is None else np.array(clusters),
    )


def test_by_hand() -> None:
    found = sums([7, 2, 7], [1.0, 10.0, 100.0], [0, 1, 3])
    assert found.keys.tolist() == [2, 7]
    assert found.names == ("a2", "a7")
    assert found.sums.tolist() == [[1.0, 10.0], [2.0, 101.0]]
    assert found.totals is not None
    assert found.totals[1, 0, [0, 1, 3]].tolist() == [1.0, 0.0, 100.0]


def test_parts_merge() -> None:
    one, two = sums([7, 2], [1.0, 2.0], [0, 1]), sums([2, 9], [4.0, 8.0], [1, 2])
    whole = sums([7, 2, 2, 9], [1.0, 2.0, 4.0, 8.0], [0, 1, 1, 2])
    merged = one.merge(two)
    assert merged.names == whole.names
    np.testing.assert_array_equal(merged.sums, whole.sums)
    np.testing.assert_array_equal(merged.totals, whole.totals)


@pytest.mark.parametrize(("most", "clusters"), [(MOST_GROUPS, False), (MOST_CLUSTERED, True)])
def test_too_many_groups_share_sums(most: int, clusters: bool) -> None:
    """However the rows are divided, groups of one remainder end together, and nothing is lost."""
    n = 3 * most
    keys, values = list(range(n)), [float(key) for key in range(n)]
    buckets = [key % 5 for key in keys] if clusters else None

    def part(start: int, stop: int) -> GroupSums:
        return sums(keys[start:stop], values[start:stop], buckets and buckets[start:stop])

    whole = part(0, n)
    few = most // 2
    merged = part(0, few).merge(part(few, n))
    for each in (whole, merged):
        assert each.shared
        assert len(each.keys) == most
        assert set(each.names) == {None}
        assert each.sums.sum(axis=0).tolist() == [n, sum(values)]
    np.testing.assert_array_equal(whole.sums, merged.sums)
    assert whole.sums[3].tolist() == [3.0, 3.0 + (3 + most) + (3 + 2 * most)]
