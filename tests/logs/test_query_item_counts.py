from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from rankeval.errors import DataError
from rankeval.logs import query_item_counts as pairs
from rankeval.logs.log import Log
from rankeval.logs.passes import fold
from rankeval.logs.query_item_counts import PairCounts, PairTable, count_pairs, pair_roles, pair_rows
from tests.log_files import nested, with_type, write_parts

#: Two lists of two, and one of one; item "a" of two queries.
LOG: dict[str, Any] = {
    "session_id": [1, 1, 2, 2, 3],
    "query_id": ["q", "q", "q", "q", "r"],
    "item_id": ["a", "b", "b", "a", "a"],
    "position": [1, 2, 1, 2, 1],
    "click": [1, 0, 1, 1, 0],
}


def random_table(sessions: int, seed: int) -> pa.Table:
    """Lists of 1 to 4 of the 5 items of one of 7 queries, some items not shown."""
    rng = np.random.default_rng(seed)
    rows = []
    for session in range(sessions):
        query, length = int(rng.integers(7)), int(rng.integers(1, 5))
        items = rng.permutation(5)
        for place, item in enumerate(items):
            shown = place < length
            rows.append(
                {
                    "session_id": session,
                    "query_id": f"q{query}",
                    "item_id": int(item),
                    "position": place + 1 if shown else None,
                    "click": int(shown and rng.random() < 0.4),
                }
            )
    return pa.Table.from_pylist(rows)


def naive(table: pa.Table) -> dict[Any, tuple[int, int]]:
    """(query, item, position) -> impressions and clicks."""
    impressions: Counter[Any] = Counter()
    clicks: Counter[Any] = Counter()
    for row in table.to_pylist():
        if row["position"] is not None:
            cell = (row.get("query_id"), row["item_id"], row["position"])
            impressions[cell] += 1
            clicks[cell] += row["click"]
    return {cell: (impressions[cell], clicks[cell]) for cell in impressions}


def by_ids(counts: PairCounts) -> dict[Any, tuple[int, int]]:
    ids = {role: values.to_pylist() for role, values in counts.ids.items()}
    queries = ids.get("query_id", [None] * len(counts))
    cells = zip(counts.pair, counts.positions, counts.impressions, counts.clicks, strict=True)
    return {(queries[p], ids["item_id"][p], int(k)): (int(n), int(c)) for p, k, n, c in cells}


def test_counts_by_hand() -> None:
    counts = count_pairs(Log(LOG))
    assert by_ids(counts) == {
        ("q", "a", 1): (1, 1),
        ("q", "a", 2): (1, 1),
        ("q", "b", 1): (1, 1),
        ("q", "b", 2): (1, 0),
        ("r", "a", 1): (1, 0),
    }
    assert (len(counts), counts.length) == (3, 2)
    assert (np.diff(counts.keys.astype(object)) > 0).all()
    shown, clicked = counts.dense()
    last = np.array(counts.ids["query_id"].to_pylist()) == "r"
    assert shown[~last].tolist() == [[1, 1], [1, 1]]
    assert shown[last].tolist() == [[1, 0]]
    assert clicked.sum() == 3


def test_without_queries_a_pair_is_an_item() -> None:
    counts = count_pairs(Log({name: values for name, values in LOG.items() if name != "query_id"}))
    assert by_ids(counts) == {
        (None, "a", 1): (2, 1),
        (None, "a", 2): (1, 1),
        (None, "b", 1): (1, 1),
        (None, "b", 2): (1, 0),
    }


def test_they_are_the_naive_counts_in_every_layout(tmp_path: Path) -> None:
    table = random_table(300, seed=1)
    wanted = naive(table)
    assert by_ids(count_pairs(Log(table))) == wanted
    assert by_ids(count_pairs(Log(nested(table, "session_id", once=["query_id"])))) == wanted
    parts = write_parts(tmp_path / "parts", table, row_group_size=37, files=5, empty=[2])
    assert by_ids(count_pairs(Log(parts))) == wanted
    order = np.random.default_rng(2).permutation(table.num_rows)
    assert by_ids(count_pairs(Log(table.take(pa.array(order))))) == wanted


def test_threads_and_files_change_nothing(tmp_path: Path) -> None:
    table = random_table(400, seed=3)
    parts = write_parts(tmp_path / "parts", table, row_group_size=50, files=7)
    one, many = count_pairs(Log(parts), threads=1), count_pairs(Log(parts), threads=4)
    whole = count_pairs(Log(with_type(table, "query_id", pa.large_string())))
    for counts in (many, whole):
        for name in ("keys", "offsets", "positions", "impressions", "clicks"):
            assert np.array_equal(getattr(counts, name), getattr(one, name))
        assert counts.ids == one.ids


@pytest.mark.parametrize(
    ("column", "row", "value", "message"),
    [
        ("click", 1, 2, "column 'click' is 2, wanted 0 or 1"),
        ("click", 1, None, "column 'click' is null, wanted 0 or 1"),
        ("click", 1, float("nan"), "column 'click' is nan, wanted 0 or 1"),
        ("click", 1, 0.5, "column 'click' is 0.5, wanted 0 or 1"),
        ("item_id", 3, None, "column 'item_id' is null, wanted an id"),
        ("query_id", 3, None, "column 'query_id' is null, wanted an id"),
        (
            "position",
            3,
            1,
            "is 1, wanted a whole number from 1 to 10000, each once in the session",
        ),
        (
            "position",
            3,
            1.5,
            "is 1.5, wanted a whole number from 1 to 10000, each once in the session",
        ),
        ("position", 0, None, "column 'click' is 1 where 'position' is null, wanted 0 or null"),
    ],
)
def test_bad_values_are_named(column: str, row: int, value: Any, message: str) -> None:
    values = [*LOG[column]]
    values[row] = value
    with pytest.raises(DataError) as caught:
        count_pairs(Log(LOG | {column: values}))
    assert str(caught.value).startswith(f"<dict>, row {row + 1}, session_id ")
    assert str(caught.value).endswith(message)


def test_rows_down_to_a_position() -> None:
    table = random_table(100, seed=4)
    whole = count_pairs(Log(table))
    top = fold(Log(table), pair_roles(Log(table)), lambda s: PairTable.of(pair_rows(s, 2)), PairTable.merge)
    assert by_ids(top.counts()) == {cell: n for cell, n in by_ids(whole).items() if cell[2] <= 2}
    bad = {name: [*values] for name, values in LOG.items()}
    bad["click"][1] = 7  # also where no curve is asked for
    with pytest.raises(DataError, match="row 2, session_id 1: column 'click' is 7, wanted 0 or 1"):
        fold(Log(bad), pair_roles(Log(bad)), lambda s: len(pair_rows(s, 1).clicks), int.__add__)


@pytest.mark.parametrize("column", ["session_id", "item_id", "position", "click"])
def test_missing_columns_are_named(column: str) -> None:
    with pytest.raises(DataError, match=f"column {column!r}|{column}"):
        count_pairs(Log({name: values for name, values in LOG.items() if name != column}))


def test_too_many_cells_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "MAX_CELLS", 5)
    count_pairs(Log(LOG))
    monkeypatch.setattr(pairs, "MAX_CELLS", 4)
    with pytest.raises(DataError, match="more than 4 pairs of query and item at a position"):
        count_pairs(Log(LOG))
