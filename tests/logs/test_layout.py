"""Rows of leaves, and how they are grouped."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankeval.logs.layout import Stretch, has_null, joined, run_starts, unnested
from rankeval.readers.source import Leaf
from tests.readers.helpers import error_of, examples


@examples
@given(st.lists(st.sampled_from(["a", "b", ""]), min_size=1, max_size=12), st.integers(0, 3))
def test_runs_of_equal_ids(ids, cut):
    starts = [i for i in range(len(ids)) if i == 0 or ids[i] != ids[i - 1]]
    for array in (pa.array(ids), pa.array(ids).dictionary_encode(), pa.array(ids, pa.large_string())):
        assert run_starts(array).tolist() == starts
        padded = pa.concat_arrays([array.slice(0, min(cut, len(ids))), array])
        assert run_starts(padded.slice(min(cut, len(ids)))).tolist() == starts


def test_runs_of_integers():
    assert run_starts(pa.array([3, 3, -1, 3, 3, 3], pa.int16())).tolist() == [0, 2, 3]


def locate(row: int) -> str:
    return f"FILE, row {row + 1}"


def parts(**columns):
    arrays = {
        role: values if isinstance(values, pa.Array) else pa.array(values) for role, values in columns.items()
    }
    return unnested(arrays, {role: f"c_{role}" for role in arrays}, locate)


def test_lists_become_items():
    offsets, items, fields = parts(
        item=[["a", "b"], [], ["c"]], score=[[1.0, 2.0], [], [3.0]], user=[7, 8, 9]
    )
    assert offsets.tolist() == [0, 2, 2, 3]
    assert items["item"].to_pylist() == ["a", "b", "c"]
    assert items["score"].to_pylist() == [1.0, 2.0, 3.0]
    assert fields["user"].to_pylist() == [7, 8, 9]


def test_slices_of_lists():
    lists = pa.array([["x"] * 5, ["a", "b"], [], ["c"], ["y"]])
    offsets, items, _ = parts(item=lists.slice(1, 3))
    assert offsets.tolist() == [0, 2, 2, 3]
    assert items["item"].to_pylist() == ["a", "b", "c"]


def test_rows_of_which_no_list_is_read_have_no_items():
    offsets, items, fields = unnested({"ranker": pa.array(["a", "b"])}, {}, str)
    assert offsets.tolist() == [0, 0, 0]
    assert items == {}
    assert fields["ranker"].to_pylist() == ["a", "b"]


def test_a_null_list_is_named():
    error_of(lambda: parts(item=[["a"], None]), "FILE, row 2: column 'c_item' is null, wanted a list")


@pytest.mark.parametrize("second", [[[1.0], [2.0]], [[1.0, 2.0, 3.0], [2.0]], [[1.0], [2.0, 3.0, 4.0]]])
def test_lists_of_unequal_length_are_named(second):
    lengths = [len(values) for values in second]
    row = 0 if lengths[0] != 2 else 1
    error_of(
        lambda: parts(item=[["a", "b"], ["c"]], score=second),
        f"FILE, row {row + 1}: the list in column 'c_score' has {lengths[row]} values, "
        f"wanted {[2, 1][row]} as in the other lists of the row",
    )


def test_a_null_within_a_dictionary_counts():
    ids = pa.DictionaryArray.from_arrays(pa.array([0, 1]), pa.array(["a", None]))
    assert has_null(ids)
    assert not has_null(pa.array(["a", "b"]).dictionary_encode())


def test_stretches_are_cut_copied_and_joined():
    rows = pa.RecordBatch.from_pydict(
        {"id": pa.array(["a", "b", "c", "d"]).dictionary_encode(), "n": [1, 2, 3, 4]}
    )
    stretch = Stretch(Leaf(0), 10, rows)
    part = stretch.slice(1, 3)
    assert (part.index, len(part)) == (11, 2)
    copy = part.copied()
    assert copy.index == 11
    assert copy.rows.column("id").type == pa.string()
    both = joined([copy, stretch.slice(0, 1).copied()])
    assert both.to_pydict() == {"id": ["b", "c", "a"], "n": [2, 3, 1]}


def test_a_copy_does_not_keep_the_batch_alive():
    rows = pa.RecordBatch.from_pydict({"x": np.zeros(1_000_000)})
    copy = Stretch(Leaf(0), 0, rows).slice(5, 15).copied()
    assert copy.rows.get_total_buffer_size() < 1000
