from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from rankeval.errors import DataError
from rankeval.logs.log import Log
from rankeval.simulators.click_models.fitting import sessions as module
from rankeval.simulators.click_models.fitting.sessions import Collected, SessionLists, collect
from tests.log_files import nested, with_type, write_parts

RNG = np.random.default_rng(3)
LENGTHS = RNG.integers(1, 4, 300)
ROWS = [
    (session, f"q{session % 3}", f"i{item}", position + 1, int(RNG.random() < 0.4))
    for session, length in enumerate(LENGTHS)
    for position, item in enumerate(RNG.permutation(4)[:length])
]
NAMES = ("session_id", "query_id", "item_id", "position", "click")
TABLE = pa.table({name: [row[place] for row in ROWS] for place, name in enumerate(NAMES)})

Session = tuple[tuple[str, str, int], ...]


def naive(rows: list[tuple[Any, ...]]) -> Counter[Session]:
    """How often each session occurs, as query, item and click from the top."""
    sessions: dict[int, list[tuple[int, str, str, int]]] = {}
    for session, query, item, position, click in rows:
        sessions.setdefault(session, []).append((position, query, item, click))
    return Counter(tuple(row[1:] for row in sorted(items)) for items in sessions.values())


def found(collected: Collected, lists: SessionLists) -> Counter[Session]:
    queries = collected.ids["query_id"].to_pylist()
    items = collected.ids["item_id"].to_pylist()
    counted: Counter[Session] = Counter()
    for row in range(len(lists)):
        words = lists.words[lists.offsets[row] : lists.offsets[row + 1]].tolist()
        session = tuple((queries[word >> 1], items[word >> 1], word & 1) for word in words)
        counted[session] += int(lists.counts[row])
    return counted


def test_equal_sessions_are_counted() -> None:
    whole = collect(Log(TABLE))
    assert found(whole, whole.train) == naive(ROWS)
    assert len(whole.train) == len(naive(ROWS)) < 300
    assert whole.train.sessions == 300
    assert whole.train.positions == 3
    assert len(whole.test) == 0


@pytest.mark.parametrize("kind", [pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
@pytest.mark.parametrize("layout", ["shuffled rows", "part files", "nested"])
def test_layout_and_id_type_change_nothing(layout: str, kind: pa.DataType, tmp_path: Path) -> None:
    table = with_type(TABLE, "query_id", kind)
    data: Any = {
        "shuffled rows": lambda: table.take(np.random.default_rng(0).permutation(table.num_rows)),
        "part files": lambda: write_parts(tmp_path / "log", table, row_group_size=7, files=3),
        "nested": lambda: nested(TABLE, "session_id", once=["query_id"]).drop_columns(["position"]),
    }[layout]()
    collected = collect(Log(data), threads=2)
    assert found(collected, collected.train) == naive(ROWS)


def test_threads_change_no_bit(tmp_path: Path) -> None:
    path = write_parts(tmp_path / "log", TABLE, row_group_size=11, files=4)
    one, two = (collect(Log(path), share=0.3, threads=threads) for threads in (1, 2))
    for left, right in ((one.train, two.train), (one.test, two.test)):
        np.testing.assert_array_equal(left.words, right.words)
        np.testing.assert_array_equal(left.offsets, right.offsets)
        np.testing.assert_array_equal(left.counts, right.counts)


def test_merging_often_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_parts(tmp_path / "log", TABLE, row_group_size=11, files=4)
    rarely = collect(Log(path), share=0.3)
    monkeypatch.setattr(module, "LEAST_MERGED", 1)
    often = collect(Log(path), share=0.3)
    for left, right in ((rarely.train, often.train), (rarely.test, often.test)):
        np.testing.assert_array_equal(left.words, right.words)
        np.testing.assert_array_equal(left.counts, right.counts)
    assert rarely.ids["item_id"].to_pylist() == often.ids["item_id"].to_pylist()


def test_without_query_items_are_pairs() -> None:
    collected = collect(Log(TABLE.drop_columns(["query_id"])))
    assert list(collected.ids) == ["item_id"]
    assert sorted(collected.ids["item_id"].to_pylist()) == ["i0", "i1", "i2", "i3"]


def test_a_share_is_held_out_by_the_session_alone() -> None:
    split = collect(Log(TABLE), share=0.3, seed=1)
    together = found(split, split.train) + found(split, split.test)
    assert together == naive(ROWS)
    # 4 standard errors of a share of 300.
    assert split.test.sessions / 300 == pytest.approx(0.3, abs=4 * (0.3 * 0.7 / 300) ** 0.5)
    backwards = collect(Log(TABLE.take(np.arange(TABLE.num_rows)[::-1])), share=0.3, seed=1)
    assert found(backwards, backwards.test) == found(split, split.test)
    other = collect(Log(TABLE), share=0.3, seed=2)
    assert found(other, other.test) != found(split, split.test)


def test_a_second_log_is_held_out() -> None:
    split = collect(Log(TABLE, where="session_id < 200"), Log(TABLE, where="session_id >= 200"))
    assert found(split, split.train) == naive([row for row in ROWS if row[0] < 200])
    assert found(split, split.test) == naive([row for row in ROWS if row[0] >= 200])


def test_weights_count_sessions() -> None:
    weights = np.repeat(np.arange(300) % 3, LENGTHS).astype(float)
    collected = collect(Log(TABLE.append_column("weight", pa.array(weights))))
    wanted: Counter[Session] = Counter()
    for session in range(300):
        for _ in range(session % 3):
            wanted += naive([row for row in ROWS if row[0] == session])
    assert found(collected, collected.train) == wanted


def test_nothing_to_fit_to() -> None:
    with pytest.raises(DataError, match=re.escape("all sessions are held out, wanted some to fit to")):
        collect(Log(TABLE), share=1.0)
    with pytest.raises(DataError, match=re.escape("column 'weight' is 0 in all rows, wanted some above 0")):
        collect(Log(TABLE.append_column("weight", pa.array(np.zeros(TABLE.num_rows)))))
