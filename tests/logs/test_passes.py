"""Every session reaches the work whole and once, in an order that depends on the files alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankeval.errors import UsageError
from rankeval.logs import passes as module
from rankeval.logs.log import Log
from rankeval.logs.passes import scan
from rankeval.logs.sessions import Sessions
from tests.arrays.test_ids import colliding_ids
from tests.log_files import nested, with_type, write_parts
from tests.readers.helpers import error_of, examples


def sessions_table(lengths: list[int], name: str = "session_id", text: bool = True) -> pa.Table:
    """Sessions of these lengths, one after the other; ``n`` numbers the rows."""
    ids = [i for i, length in enumerate(lengths) for _ in range(length)]
    rows = sum(lengths)
    return pa.table(
        {
            name: pa.array([f"s{i}" for i in ids] if text else ids, pa.string() if text else pa.int64()),
            "item_id": pa.array([f"d{i % 7}" for i in range(rows)], pa.string()),
            "n": pa.array(range(rows), pa.int64()),
        }
    )


def whole(table: pa.Table, name: str = "session_id") -> dict[Any, list[int]]:
    """Session -> its rows."""
    found: dict[Any, list[int]] = {}
    for key, n in zip(table[name].to_pylist(), table["n"].to_pylist(), strict=True):
        found.setdefault(key, []).append(n)
    return found


def listed(sessions: Sessions) -> list[tuple[Any, list[int]]]:
    ids = sessions.per_session(sessions.session).to_pylist()
    rows = sessions.column("n").to_pylist()
    bounds = sessions.offsets.tolist()
    return [(key, rows[a:b]) for key, a, b in zip(ids, bounds[:-1], bounds[1:], strict=True)]


def scanned(log: Log, threads: int | None = None) -> list[tuple[Any, list[int]]]:
    return [pair for part in scan(log, [log.session, "item_id", "n"], listed, threads) for pair in part]


def assert_whole(log: Log, table: pa.Table, threads: int | None = None) -> None:
    found = scanned(log, threads)
    assert len(found) == len(dict(found))
    assert dict(found) == whole(table)


@pytest.fixture
def silent(capfd):
    """Nothing was sorted."""
    yield
    assert "sorting" not in capfd.readouterr().err


LENGTHS = [1, 4, 1, 1, 9, 2, 30, 1, 3, 3, 1, 12, 1]


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize("row_group_size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("files", [1, 3, 20])
@pytest.mark.parametrize("text", [True, False])
def test_sessions_that_cross_row_groups_and_files(tmp_path, row_group_size, files, text):
    table = sessions_table(LENGTHS, text=text)
    path = write_parts(tmp_path / "log", table, row_group_size, files)
    assert_whole(Log(path), table)


@pytest.fixture
def small_leaves(monkeypatch):
    """Row groups and slices of memory are leaves of their own however small."""
    from rankeval.readers import memory, source

    for reader in (source, memory):
        monkeypatch.setattr(reader, "coalesce", lambda index, rows: list(_one_each(source.Leaf, index, rows)))


def _one_each(leaf: Any, index: int, rows: Any) -> Any:
    first = 0
    for group, count in enumerate(rows):
        yield leaf(index, (group,), first, count)
        first += count


@pytest.mark.usefixtures("silent", "small_leaves")
@pytest.mark.parametrize("threads", [1, 2, 8])
@pytest.mark.parametrize("row_group_size", [1, 2, 3, 7])
def test_sessions_that_cross_leaves(tmp_path, row_group_size, threads):
    table = sessions_table(LENGTHS)
    path = write_parts(tmp_path / "log", table, row_group_size, 3)
    log = Log(path)
    assert len(log.leaves()) >= table.num_rows / row_group_size
    assert_whole(log, table, threads)
    assert scanned(log, threads) == scanned(log, 1)


@pytest.mark.usefixtures("silent", "small_leaves")
@examples
@given(
    st.lists(st.integers(1, 6), min_size=1, max_size=12),
    st.integers(1, 5),
    st.integers(1, 4),
    st.booleans(),
    st.integers(1, 20),
)
def test_any_cut(tmp_path_factory, lengths, row_group_size, files, text, set_aside):
    table = sessions_table(lengths, text=text)
    path = write_parts(tmp_path_factory.mktemp("cut") / "log", table, row_group_size, files)
    before = module.SET_ASIDE_ROWS
    try:
        module.SET_ASIDE_ROWS = set_aside
        assert_whole(Log(path), table, 2)
    finally:
        module.SET_ASIDE_ROWS = before


@pytest.mark.usefixtures("silent", "small_leaves")
def test_one_giant_session(tmp_path):
    table = sessions_table([500])
    assert_whole(Log(write_parts(tmp_path / "log", table, 7, 5)), table)


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize("empty", [[0], [2], [4], [0, 1, 2, 3], [1, 3]])
def test_part_files_without_rows(tmp_path, empty):
    table = sessions_table(LENGTHS)
    assert_whole(Log(write_parts(tmp_path / "log", table, 5, 5, empty)), table)


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize("files", [1, 4])
@pytest.mark.parametrize("row_group_size", [1, 3, 1000])
def test_nested_layout(tmp_path, row_group_size, files):
    table = sessions_table(LENGTHS)
    log = Log(write_parts(tmp_path / "log", nested(table, "session_id"), row_group_size, files))
    assert log.nested
    assert_whole(log, table)


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]
)
def test_string_types_in_memory(kind):
    table = sessions_table(LENGTHS)
    assert_whole(Log(with_type(table, "session_id", kind)), table)


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize("kind", [pa.int8(), pa.int32(), pa.uint64()])
def test_integer_types_in_memory(kind):
    table = sessions_table(LENGTHS, text=False)
    assert_whole(Log(with_type(table, "session_id", kind)), table)


@pytest.mark.usefixtures("silent")
def test_files_may_hold_integers_of_different_widths(tmp_path):
    table = sessions_table(LENGTHS, text=False)
    narrow, wide = with_type(table.slice(0, 10), "session_id", pa.int8()), table.slice(10)
    assert_whole(Log([narrow, with_type(wide, "n", pa.int16())]), table)


def shuffled(table: pa.Table, seed: int = 0) -> pa.Table:
    return table.take(np.random.default_rng(seed).permutation(table.num_rows))


@pytest.mark.parametrize("files", [1, 4])
@pytest.mark.parametrize("text", [True, False])
def test_rows_that_are_not_grouped_are_sorted_on_disk(tmp_path, capfd, files, text):
    table = shuffled(sessions_table(LENGTHS, text=text))
    path = write_parts(tmp_path / "log", table, 10, files)
    assert_whole(Log(path), table)
    lines = capfd.readouterr().err.splitlines()
    assert len([line for line in lines if "not grouped by session_id; sorting on disk" in line]) == 1
    assert path in next(line for line in lines if "sorting" in line)


def test_rows_in_memory_that_are_not_grouped_are_sorted(capfd):
    table = shuffled(sessions_table(LENGTHS))
    assert_whole(Log(table), table)
    assert "sorting on disk" in capfd.readouterr().err


@pytest.mark.usefixtures("small_leaves")
def test_little_is_worked_on_in_vain(tmp_path):
    """Else memory would hold a result for nearly every row of a large file in no order."""
    table = shuffled(sessions_table([5] * 60))
    log = Log(write_parts(tmp_path / "log", table, 30, 1))
    worked: list[int] = []
    scan(log, ["session_id"], lambda sessions: worked.append(len(sessions)), 1)
    assert len(log.leaves()) == 10
    assert 60 < sum(worked) <= 60 + 30


def test_rows_are_filtered_before_they_are_sorted(tmp_path, capfd):
    table = shuffled(sessions_table(LENGTHS))
    kept = table.filter(pa.compute.less(table["n"], 40))
    assert_whole(Log(write_parts(tmp_path / "log", table, 10, 3), where="n < 40"), kept)
    assert "sorting on disk" in capfd.readouterr().err


def test_sessions_whose_hashes_collide_are_two_sessions(capfd):
    """They look like one that was torn apart, so rows are sorted in vain."""
    names = colliding_ids(2)
    table = sessions_table([2, 3, 1, 2])
    ids = [names[int(key[1:])] for key in table["session_id"].to_pylist()]
    table = table.set_column(0, "session_id", pa.array(ids))
    assert_whole(Log(table), table)
    assert "sorting" in capfd.readouterr().err
    lists = Log(nested(table, "session_id"))
    assert_whole(lists, table)


def test_quiet_says_nothing_of_sorting(capfd, monkeypatch):
    from rankeval import progress

    monkeypatch.setattr(progress, "_quiet", True)
    table = shuffled(sessions_table(LENGTHS))
    assert_whole(Log(table), table)
    assert capfd.readouterr().err == ""


def test_a_reader_that_can_be_read_once_is_sorted_too():
    table = shuffled(sessions_table(LENGTHS))
    assert_whole(Log(table.to_reader()), table)


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_the_order_of_results_does_not_depend_on_threads(tmp_path, threads):
    table = shuffled(sessions_table([5] * 60))
    path = write_parts(tmp_path / "log", table, 20, 6)
    assert scanned(Log(path), threads) == scanned(Log(path), 1)


def test_two_sessions_one_after_the_other_in_a_file_and_again_in_the_next(tmp_path, capfd):
    """Only the second file shows that the first was not all."""
    table = pa.concat_tables([sessions_table([3, 3]), sessions_table([3, 3])])
    table = table.set_column(2, "n", pa.array(range(12)))
    assert_whole(Log(write_parts(tmp_path / "log", table, 6, 2)), table)
    assert "sorting" in capfd.readouterr().err


@pytest.mark.usefixtures("silent", "small_leaves")
def test_a_filter_may_empty_leaves_in_the_middle_of_a_session(tmp_path):
    table = sessions_table([20, 20, 1, 20])
    path = write_parts(tmp_path / "log", table, 3, 2)
    kept = table.filter(pa.compute.is_in(table["item_id"], pa.array(["d0", "d1"])))
    assert_whole(Log(path, where='item_id in ["d0", "d1"]'), kept)


def test_a_filter_that_keeps_nothing():
    log = Log(sessions_table([3]), where="n > 100")
    error_of(lambda: scanned(log), "<table>", "no rows match", "n > 100")


def test_rows_alone_where_there_is_no_session_column():
    log = Log(pa.table({"reward": [1.0, 2.0, 3.0]}))
    parts = scan(log, ["reward"], lambda sessions: (len(sessions), sessions.numbers("reward").tolist()))
    assert parts == [(3, [1.0, 2.0, 3.0])]


@pytest.mark.usefixtures("small_leaves")
@pytest.mark.parametrize("text", [True, False])
def test_a_null_session_is_named_by_file_and_row(tmp_path, text):
    table = sessions_table([4, 4, 4], text=text)
    ids = table["session_id"].to_pylist()
    ids[6] = None
    table = table.set_column(0, "session_id", pa.array(ids, table.schema.field(0).type))
    path = write_parts(tmp_path / "log", table, 2, 2)
    for log, place in ((Log(path), f"{path}/part-001.parquet, row 1"), (Log(table), "<table>, row 7")):
        error_of(lambda log=log: scanned(log), f"{place}: column 'session_id' is null, wanted an id")


def test_a_null_within_a_dictionary_is_null():
    ids = pa.DictionaryArray.from_arrays(pa.array([0, 0, 1], pa.int32()), pa.array(["a", None]))
    log = Log(pa.table({"session_id": ids, "item_id": ["a", "b", "c"], "n": [1, 2, 3]}))
    error_of(lambda: scanned(log), "<table>, row 3: column 'session_id' is null")


def test_a_nested_session_in_two_rows_is_named(tmp_path):
    table = nested(sessions_table([2, 3, 1]), "session_id")
    twice = pa.concat_tables([table, table.slice(1, 1)])
    path = write_parts(tmp_path / "log", twice, 1, 2)
    error_of(
        lambda: scanned(Log(path)),
        f"{path}/part-001.parquet, row 2: session_id 's1' again, wanted one row for each",
    )


def test_what_the_work_raises_comes_out(tmp_path):
    path = write_parts(tmp_path / "log", sessions_table([1] * 50), 5, 5)

    def refuse(sessions: Sessions) -> None:
        raise ZeroDivisionError

    for threads in (1, 4):
        with pytest.raises(ZeroDivisionError):
            scan(Log(path), ["session_id"], refuse, threads)


@pytest.mark.parametrize("threads", [0, -1])
def test_threads_must_be_positive(threads):
    error_of(lambda: scanned(Log(sessions_table([3])), threads), "threads", str(threads), kind=UsageError)


@pytest.mark.usefixtures("small_leaves")
@pytest.mark.parametrize("files", [1, 2])
def test_places_of_rows_of_sessions_put_together(tmp_path, files):
    """Whatever leaf a row came from, its place is that of the file."""
    table = sessions_table(LENGTHS)
    path = write_parts(tmp_path / "log", table, 3, files)
    half = round(table.num_rows / files) if files == 2 else table.num_rows

    def places(sessions: Sessions) -> list[tuple[int, str]]:
        return [(n, sessions.place(item)) for item, n in enumerate(sessions.column("n").to_pylist())]

    found = dict(pair for part in scan(Log(path), ["session_id", "n"], places) for pair in part)
    for n, key in enumerate(table["session_id"].to_pylist()):
        part, row = (0, n) if n < half else (1, n - half)
        assert found[n] == f"{path}/part-{part:03d}.parquet, row {row + 1}, session_id {key!r}"


@pytest.mark.usefixtures("small_leaves")
def test_places_count_the_rows_that_a_filter_left_out(tmp_path):
    table = sessions_table(LENGTHS)
    path = write_parts(tmp_path / "log", table, 4, 1)
    log = Log(path, where='item_id in ["d3", "d5", "d6"]')

    def places(sessions: Sessions) -> list[tuple[int, str]]:
        return [(n, sessions.place(item)) for item, n in enumerate(sessions.column("n").to_pylist())]

    for n, place in (pair for part in scan(log, ["session_id", "n"], places) for pair in part):
        assert place.startswith(f"{path}/part-000.parquet, row {n + 1}, ")


def test_places_after_sorting_are_those_of_the_original(tmp_path):
    table = shuffled(sessions_table(LENGTHS))
    where = {n: row for row, n in enumerate(table["n"].to_pylist())}
    path = write_parts(tmp_path / "log", table, 7, 1)

    def places(sessions: Sessions) -> list[tuple[int, str]]:
        return [(n, sessions.place(item)) for item, n in enumerate(sessions.column("n").to_pylist())]

    for n, place in (pair for part in scan(Log(path), ["session_id", "n"], places) for pair in part):
        assert f"{path}/part-000.parquet, row {where[n] + 1}, " in place


def test_places_in_text_are_lines(tmp_path):
    file = Path(tmp_path / "log.csv")
    file.write_text("session_id,n\n" + "".join(f"s{i // 3},{i}\n" for i in range(9)))

    def places(sessions: Sessions) -> list[str]:
        return [sessions.place(item) for item in range(len(sessions.column("n")))]

    found = [place for part in scan(Log(str(file)), ["session_id", "n"], places) for place in part]
    lines = [f"{file}, line {i + 2}, session_id 's{i // 3}'" for i in range(9)]
    assert sorted(found) == sorted(lines)
