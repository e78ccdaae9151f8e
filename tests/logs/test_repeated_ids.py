"""Where ids of sessions come back."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankeval import DataError, Log, fit
from rankeval.logs.passes import scan


def test_the_place_of_an_id_that_comes_back_is_told(tmp_path, capfd):
    ids = [1, 2, 2, 3, 2, 4]
    pq.write_table(pa.table({"session_id": ids}), tmp_path / "log.parquet")
    path = str(tmp_path / "log.parquet")
    (sessions,) = scan(Log(path), ["session_id"], len, threads=1)[:1]
    assert sessions
    assert capfd.readouterr().err.splitlines()[0] == (
        f"rankeval: {path}, row 5: session_id 2 again after other ids, taken as the same session; if ids "
        "start anew, name what tells them apart: --column session_id=day,session_id"
    )


def test_a_session_in_two_batches_is_none_that_comes_back(tmp_path, capfd):
    pq.write_table(pa.table({"session_id": [1, 2, 2, 2, 3]}), tmp_path / "log.parquet", row_group_size=3)
    scan(Log(str(tmp_path / "log.parquet")), ["session_id"], len, threads=1)
    assert capfd.readouterr().err == ""


def test_a_nested_session_has_one_row():
    log = Log({"session_id": [1, 2, 1], "click": [[1], [0], [1]]})
    with pytest.raises(DataError, match="<dict>, row 3: session_id 1 again, wanted one row for each"):
        scan(log, ["session_id", "click"], len, threads=1)


def test_a_nested_session_may_repeat_its_id_for_each_item():
    rows = [
        {"session_id": ["A", "A"], "item_id": [2, 1], "position": [1, 2], "click": [0, 1]},
        {"session_id": ["B"], "item_id": [2], "position": [1], "click": [1]},
    ]
    assert fit(pa.Table.from_pylist(rows), "cascade").sessions == 2
    with pytest.raises(DataError, match="row 2: session_id 'A' again, wanted one row for each"):
        fit(pa.Table.from_pylist(rows[:1] * 2), "cascade")
