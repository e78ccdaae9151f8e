from __future__ import annotations

import pickle
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankeval.readers.open_sources import open_sources
from rankeval.readers.source import LEAF_ROWS, Leaf, check_same_columns, coalesce
from rankeval.readers.where import parse_where
from tests.readers.helpers import drain, error_of


def test_row_groups_are_joined_up_to_the_size_of_a_leaf() -> None:
    half = LEAF_ROWS // 2
    assert coalesce(3, [half, half, 1, LEAF_ROWS + 5, 7, 0]) == [
        Leaf(3, (0, 1), 0, 2 * half),
        Leaf(3, (2,), 2 * half, 1),
        Leaf(3, (3,), 2 * half + 1, LEAF_ROWS + 5),
        Leaf(3, (4, 5), 3 * LEAF_ROWS + 6 - 2 * half + 2 * half - LEAF_ROWS, 7),
    ]
    assert coalesce(0, []) == []


def table(**columns: list[object]) -> pa.Table:
    return pa.table(columns)


def test_same_columns_names_both_files(tmp_path: Path) -> None:
    pq.write_table(table(query_id=[1, 2]), tmp_path / "a.parquet")
    pq.write_table(table(query_id=["1", "2"]), tmp_path / "b.parquet")
    sources = open_sources(tmp_path, role="log")
    error_of(
        lambda: check_same_columns(sources, ["query_id"]),
        "a.parquet",
        "b.parquet",
        "'query_id'",
        "strings",
        "integers",
    )


@pytest.mark.parametrize(("first", "second"), [([1], [0.5]), ([0.5], ["x"]), ([True], [1]), ([[1]], [[0.5]])])
def test_classes_that_differ(first: list[object], second: list[object]) -> None:
    sources = open_sources([table(a=first), table(a=second)], role="log")
    error_of(lambda: check_same_columns(sources, ["a"]), "'a'", "wanted the same in both")


def test_widths_and_columns_of_nulls_do_not_matter() -> None:
    tables = [pa.nulls(1), pa.array([1], pa.int8()), pa.nulls(1), pa.array([2], pa.int64())]
    sources = open_sources([pa.table({"a": values}) for values in tables], role="log")
    check_same_columns(sources, ["a"])
    bad = [*sources, *open_sources(table(a=["x"]), role="log")]
    error_of(lambda: check_same_columns(bad, ["a"]), "strings", "integers")


def test_lists_of_nothing_but_nulls_do_not_matter() -> None:
    tables = [table(a=[[]]), table(a=[[0.5]]), table(a=[[None]]), table(a=[[1.5]])]
    sources = open_sources(tables, role="log")
    check_same_columns(sources, ["a"])
    bad = [*sources, *open_sources(table(a=[["x"]]), role="log")]
    error_of(lambda: check_same_columns(bad, ["a"]), "lists of strings", "lists of floats")
    bad = [*open_sources(table(a=[[]]), role="log"), *open_sources(table(a=[0.5]), role="log")]
    error_of(lambda: check_same_columns(bad, ["a"]), "floats", "lists of nulls")


def test_a_column_that_one_part_lacks(tmp_path: Path) -> None:
    pq.write_table(table(a=[1], b=[2]), tmp_path / "a.parquet")
    pq.write_table(table(a=[1], c=[2]), tmp_path / "b.parquet")
    sources = open_sources(tmp_path, role="log")
    check_same_columns(sources, ["a"])
    error_of(lambda: check_same_columns(sources, ["a", "b"]), "b.parquet", "no column 'b'", "a, c")


def test_a_missing_column_and_a_long_list_of_those_there() -> None:
    sources = open_sources(pa.table({f"f{k}": [1] for k in range(50)}), role="log")
    error_of(lambda: drain(sources, ["score"]), "<table>", "no column 'score'", "f0, f1", "f19 and 30 more")


def test_a_column_name_that_stands_twice() -> None:
    sources = open_sources(pa.table([[1], [2]], names=["a", "a"]), role="log")
    error_of(lambda: drain(sources, ["a"]), "2 columns named 'a'")


def test_types_are_plain_and_only_named_columns_are_encoded() -> None:
    values = ["x", "y", "x", None]
    kinds = [
        pa.string(),
        pa.large_string(),
        pa.string_view(),
        pa.binary(),
        pa.dictionary(pa.int8(), pa.large_string()),
    ]
    for kind in kinds:
        rows = pa.table({"a": pa.array(values, pa.string()).cast(kind), "n": [1, 2, 3, 4]})
        source = open_sources(rows, role="log")[0]
        assert source.schema.field("a").type == pa.string()
        plain = drain([source])
        assert plain["a"].type == pa.string()
        assert plain["a"].to_pylist() == values
        encoded = drain([source], dictionary=["a", "n", "absent"])
        assert encoded["a"].type == pa.dictionary(pa.int32(), pa.string())
        assert encoded["a"].to_pylist() == values
        assert encoded["n"].type == pa.int64()


def test_lists_and_categories_of_numbers_are_plain() -> None:
    rows = pa.table(
        {
            "large": pa.array([["a"], None], pa.large_list(pa.large_string())),
            "fixed": pa.array([[1.0, 2.0], [3.0, 4.0]], pa.list_(pa.float32(), 2)),
            "category": pa.array([7, 7]).dictionary_encode(),
        }
    )
    found = drain(open_sources(rows, role="log"))
    assert found.schema.types == [pa.list_(pa.string()), pa.list_(pa.float32()), pa.int64()]
    assert found.to_pylist() == rows.to_pylist()


def test_columns_come_in_the_order_asked_for() -> None:
    found = drain(open_sources(table(a=[1], b=[2], c=[3]), role="log"), ["c", "a"])
    assert found.to_pydict() == {"c": [3], "a": [1]}


def test_a_filter_that_keeps_nothing_gives_no_batch() -> None:
    source = open_sources(table(a=[1, 2]), role="log")[0]
    assert list(source.batches(source.leaves(0)[0], ["a"], where=parse_where("a > 9"))) == []


def test_place_counts_rows_of_the_file_through_a_filter(tmp_path: Path) -> None:
    pq.write_table(table(a=list(range(100))), tmp_path / "x.parquet", row_group_size=7)
    source = open_sources(tmp_path / "x.parquet", role="log")[0]
    leaf = source.leaves(0)[0]
    assert source.place(leaf, 41) == f"{tmp_path}/x.parquet, row 42"
    where = parse_where("a >= 40")
    kept = drain([source], ["a"], where)["a"].to_pylist()
    assert [source.place(leaf, index, where).split()[-1] for index in (0, 5)] == [
        str(kept[i] + 1) for i in (0, 5)
    ]


def test_sources_travel_to_other_processes(tmp_path: Path) -> None:
    pq.write_table(table(a=[1, 2]), tmp_path / "x.parquet")
    (tmp_path / "y.csv").write_text("a\n3\n")
    sources = pickle.loads(pickle.dumps(open_sources(tmp_path, role="log")))
    where = pickle.loads(pickle.dumps(parse_where("a > 1")))
    assert drain(sources, ["a"], where)["a"].to_pylist() == [2, 3]


def test_a_column_whose_name_is_no_text_is_missing() -> None:
    """As words of a command line that are not UTF-8 are."""
    sources = open_sources(table(a=[1]), role="log")
    error_of(lambda: check_same_columns(sources, ["\udcff"]), "no column '\\udcff'; its columns are a")
