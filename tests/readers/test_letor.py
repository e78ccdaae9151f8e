from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankeval.readers import letor as reader
from rankeval.readers import lines
from rankeval.readers.open_sources import open_sources
from rankeval.readers.where import parse_where
from tests.readers.helpers import SHARED, drain, error_of, examples, needs_shared, read


def read_text(path: Path, text: str, *args: Any) -> pa.Table:
    path.write_text(text)
    return read(path, *args, role="features")


def test_columns(tmp_path: Path) -> None:
    text = "# note\n2 qid:007 1:0.5  3:+1e1 #docid = X inc = 1\n\n0 qid:b\n"
    text += "1 qid:b 2:-3 # none\n1 qid:b 1:1 #docid=Y"
    found = read_text(tmp_path / "x.letor", text)
    assert found.schema == pa.schema(
        [("relevance", pa.int64()), ("query_id", pa.string()), ("item_id", pa.string())]
        + [(f"f{k}", pa.float64()) for k in (1, 2, 3)]
    )
    assert found.to_pydict() == {
        "relevance": [2, 0, 1, 1],
        "query_id": ["007", "b", "b", "b"],
        "item_id": ["X", "2", "none", "Y"],
        "f1": [0.5, 0.0, 0.0, 1.0],
        "f2": [0.0, 0.0, -3.0, 0.0],
        "f3": [10.0, 0.0, 0.0, 0.0],
    }


def test_the_first_word_of_a_comment_is_the_item(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    found = read_text(path, "4 qid:1 # 3 Runner\n0 qid:1 1:2 #1 docid=7\n0 qid:1 #  GX-00\tinc = 1\n")
    assert found["item_id"].to_pylist() == ["3", "7", "GX-00"]
    (source,) = open_sources(path, role="features")
    assert source.made_up == {}


@pytest.mark.parametrize("bare", ["0 qid:a 1:1", "0 qid:a", "0 qid:a 1:1 #", "0 qid:a 1:1 # "])
def test_ids_that_are_made_up_are_told(tmp_path: Path, bare: str) -> None:
    path = tmp_path / "x.txt"
    path.write_text(f"# note\n1 qid:a 1:1 # d7\n{bare}\n0 qid:a 1:2\n")
    (source,) = open_sources(path, role="features")
    assert source.made_up == {"item_id": "line 3 has no item id ('# docid = ID' or '# ID ...')"}
    assert drain([source])["item_id"].to_pylist() == ["d7", "2", "3"]
    assert [note.code for note in source.notes] == ["skipped_lines"]


def test_grades_with_decimals_are_floats(tmp_path: Path) -> None:
    found = read_text(tmp_path / "x.letor", "1 qid:a 1:1\n0.5 qid:a 1:1\n")
    assert found["relevance"].to_pylist() == [1.0, 0.5]


@examples
@given(
    st.lists(
        st.dictionaries(st.integers(1, 12), st.floats(allow_nan=False, allow_infinity=False), max_size=6),
        min_size=1,
    ),
    st.integers(1, 200),
    st.integers(1, 40),
)
def test_sparse_round_trip(rows: list[dict[int, float]], block: int, values: int) -> None:
    text = "".join(
        f"{k % 3} qid:{k // 2} " + " ".join(f"{i}:{row[i]!r}" for i in sorted(row)) + f" #docid = d{k}\n"
        for k, row in enumerate(rows)
    )
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "_BLOCK", block)
        patch.setattr(reader, "_BATCH_VALUES", values)
        found = read_text(Path(folder) / "x.txt", text)
    largest = max((i for row in rows for i in row), default=0)
    assert found.num_columns == 3 + largest
    for i in range(1, largest + 1):
        assert found[f"f{i}"].to_pylist() == [row.get(i, 0.0) for row in rows]
    assert found["item_id"].to_pylist() == [f"d{k}" for k in range(len(rows))]


def test_a_few_columns_and_a_filter(tmp_path: Path) -> None:
    text = "".join(f"1 qid:{k // 5} 1:{k} 7:{k * k} 900:1\n" for k in range(20))
    found = read_text(tmp_path / "x.letor", text, ["f7", "query_id"], parse_where("f1 >= 18"), ["query_id"])
    assert found.to_pydict() == {"f7": [324.0, 361.0], "query_id": ["3", "3"]}


@pytest.mark.parametrize(
    "bad",
    [
        "1 qid:a 1:1 1:2",
        "1 qid:a 2:1 1:1 2:2",
        "1 qid:a -1:1",
        "1 qid:a +0:1",
        "1 qid:a 1_0:1",
        "1 qid:a 1:x",
        "1 qid:a 1:",
        "1 qid:a 1:2:3",
        "1 qid:a 1:2 word",
        "1 qid:a x:1",
        "1 1:2",
        "1 qid: 1:2",
        "x qid:a 1:2",
        "qid:a 1:2",
    ],
)
def test_malformed_lines(tmp_path: Path, bad: str) -> None:
    text = "# note\n1 qid:a 1:2 3:4\n" + bad + "\n1 qid:a 1:1\n"
    error_of(
        lambda: read_text(tmp_path / "x.letor", text),
        f"{tmp_path / 'x.letor'}, line 3",
        f"'{bad}'",
        "'grade qid:ID 1:value 2:value ...",
    )


def test_features_out_of_order(tmp_path: Path) -> None:
    path = tmp_path / "x.letor"
    found = read_text(path, "1 qid:a 9:1 2:5 # 99:7\n0 qid:a 12:4 3:1\n0 qid:a 1:3 10:2 4:1\n")
    assert found.schema.names[3:] == [f"f{k}" for k in range(1, 13)]
    rows = [dict(zip(found.schema.names, row.values(), strict=True)) for row in found.to_pylist()]
    assert [{k: v for k, v in row.items() if k[0] == "f" and v} for row in rows] == [
        {"f2": 5.0, "f9": 1.0},
        {"f3": 1.0, "f12": 4.0},
        {"f1": 3.0, "f4": 1.0, "f10": 2.0},
    ]


def test_feature_0_is_a_column_if_a_line_has_it(tmp_path: Path) -> None:
    found = read_text(tmp_path / "x.letor", "1 qid:a 1:2\n0 qid:a 0:7 1:1\n0 qid:a 00:3\n")
    assert found.select(["f0", "f1"]).to_pydict() == {"f0": [0.0, 7.0, 3.0], "f1": [2.0, 1.0, 0.0]}
    assert "f0" not in read_text(tmp_path / "x.letor", "1 qid:a 10:2 # 0:1\n").schema.names


def test_a_repeated_feature_is_seen_whatever_columns_are_read(tmp_path: Path) -> None:
    text = "1 qid:a 9:1 2:1\n1 qid:a 9:1 2:1 9:1\n"
    error_of(lambda: read_text(tmp_path / "x", text, ["query_id"]), "line 2", "once")


@pytest.mark.parametrize("number", [0, 7, 9, 46, 99, 136, 700, 999, 99_999])
def test_a_pattern_for_larger_integers(number: int) -> None:
    near = {*range(200), *range(990, 1010), *range(number - 5, number + 5), 10**5, 10**9}
    found = {k for k in near if re.fullmatch(reader._above(number), str(k))}
    assert found == {k for k in near if k > number}


@pytest.mark.parametrize("feature", ["100001", "9" * 30])
def test_a_feature_id_beyond_reason(tmp_path: Path, feature: str) -> None:
    error_of(lambda: read_text(tmp_path / "x", f"1 qid:a {feature}:1\n"), "x: ", "feature id", "100000")


def test_place_is_the_line(tmp_path: Path) -> None:
    path = tmp_path / "x.letor"
    path.write_text("# note\n1 qid:a 1:1\n\n1 qid:a 1:2\n")
    (source,) = open_sources(path, role="features")
    assert source.place(source.leaves(0)[0], 1) == f"{path}, line 4"


@needs_shared
def test_mq2008_text_is_its_parquet() -> None:
    text = read(SHARED / "data/mq2008_S1.txt.gz", role="features")
    wanted = pq.read_table(SHARED / "data/mq2008.parquet", filters=[("split", "=", "S1")])
    assert text.num_rows == wanted.num_rows == 2933
    for name in ("query_id", "item_id", "relevance"):
        assert text[name].to_pylist() == wanted[name].to_pylist()
    for k in range(1, 47):
        assert np.array_equal(text[f"f{k}"].to_numpy().astype(np.float32), wanted[f"f{k}"].to_numpy())
    assert text.num_columns == 49
