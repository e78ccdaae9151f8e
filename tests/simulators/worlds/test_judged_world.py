from __future__ import annotations

import pytest

from rankeval.errors import DataError
from rankeval.simulators.worlds.judged_world import judged_queries
from rankeval.simulators.worlds.world_file import parse_world
from rankeval.simulators.worlds.world_options import WorldOptions
from tests.paths import REPO

MQ2008 = REPO.parent / "shared" / "data" / "mq2008.parquet"
ROWS = {"query_id": ["q2", "q1", "q2"], "item_id": ["b", "a", "a"], "relevance": [1, -2, 2]}


def test_queries_come_in_the_order_of_the_file():
    assert judged_queries(ROWS, 4) == [
        {"query_id": "q2", "items": ["b", "a"], "relevance": [1.0, 2.0]},
        {"query_id": "q1", "items": ["a"], "relevance": [0.0]},
    ]


def test_a_grade_above_the_highest_is_named():
    with pytest.raises(
        DataError, match=r"row 3.*query_id 'q2'.*: column 'relevance' is 2, wanted at most 1, or a"
    ):
        judged_queries(ROWS, 1)


def test_an_item_is_judged_once():
    rows = {name: [*values, values[0]] for name, values in ROWS.items()}
    with pytest.raises(DataError, match=r"row 4, query_id 'q2': item 'b' again, wanted each judged once"):
        judged_queries(rows, 4)


@pytest.mark.skipif(not MQ2008.exists(), reason="needs MQ2008")
def test_real_judgements_make_a_world():
    described, notes = WorldOptions(judgements=str(MQ2008), max_grade=2).describe(1)
    world = parse_world(described)
    assert notes == []
    assert len(world.queries) == 784
    assert int(world.queries.sizes.sum()) == 15211
    assert set(world.queries.attractiveness) == {0.1, 0.1 + 0.9 / 3, 1.0}
    assert int((world.queries.sizes < 10).sum()) == 403
