from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankeval.readers import text_tables as reader
from rankeval.readers.open_sources import open_sources
from rankeval.readers.where import parse_where
from tests.readers.helpers import drain, error_of, examples, read


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.csv"


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a few lines are several blocks."""
    monkeypatch.setattr(reader, "_BLOCK", 64)


def read_text(path: Path, text: str, **options: object) -> pa.Table:
    path.write_text(text)
    return drain(open_sources(path, role="log", **options))


def test_types(path: Path) -> None:
    found = read_text(
        path, "i,x,s,b,t,e\n1,0.5,q 1,True,2024-01-31 10:00:00,\n-20,1e3,,False,2024-02-01 00:00:00,\n"
    )
    types = [pa.int64(), pa.float64(), pa.string(), pa.bool_(), pa.timestamp("s"), pa.int64()]
    assert found.schema.types == types
    assert found.select(["i", "x", "s", "b", "e"]).to_pydict() == {
        "i": [1, -20],
        "x": [0.5, 1000.0],
        "s": ["q 1", None],
        "b": [True, False],
        "e": [None, None],
    }


@pytest.mark.parametrize(
    "name",
    [
        "score",
        "reward",
        "q_logged",
        "q_target",
        "examination",
        "exposure",
        "propensity",
        "propensity_list",
        "propensity_prefix",
        "target_propensity",
        "target_propensity_list",
        "target_exposure",
    ],
)
def test_float_roles_are_floats_even_where_all_are_integers(path: Path, name: str) -> None:
    assert read_text(path, f"a,{name}\n1,1\n2,0\n")[name].to_pylist() == [1.0, 0.0]
    assert read_text(path, f"a,{name}\n1,1\n2,0\n")[name].type == pa.float64()


def test_renamed_float_roles(path: Path) -> None:
    assert read_text(path, "weight,n\n1,1\n", floats=["weight"]).schema.types == [pa.float64(), pa.int64()]


def test_float_columns_of_true_and_false_stay_booleans(path: Path) -> None:
    assert read_text(path, "weight,n\ntrue,1\n", floats=["weight"]).schema.types == [pa.bool_(), pa.int64()]


@pytest.mark.parametrize(
    ("last", "wanted"),
    [
        ("7", pa.int64()),
        ("-7", pa.int64()),
        ("9223372036854775807", pa.int64()),
        ("", pa.int64()),
        ("0.5", pa.float64()),
        ("1e3", pa.float64()),
        ("nan", pa.float64()),
        ("-inf", pa.float64()),
        (".5", pa.float64()),
        ("007", pa.string()),
        ("00", pa.string()),
        ("-07", pa.string()),
        ("9223372036854775808", pa.string()),
        ("18446744073709551615", pa.string()),
        ("x", pa.string()),
        ("NA", pa.string()),
    ],
)
@pytest.mark.usefixtures("small_blocks")
def test_the_type_is_settled_by_all_blocks(path: Path, last: str, wanted: pa.DataType) -> None:
    cells = ["1"] * 50 + [last] + ["2"] * 50
    found = read_text(path, "user_id,k\n" + "".join(f"{cell},1\n" for cell in cells))["user_id"]
    assert found.type == wanted
    if wanted == pa.string():
        assert found.to_pylist() == cells
    elif wanted == pa.int64():
        assert found.to_pylist() == [int(cell) if cell else None for cell in cells]
    else:
        assert list(map(str, found.to_pylist())) == [str(float(cell)) for cell in cells]


@examples
@given(
    st.lists(
        st.one_of(st.integers(-(10**20), 10**20).map(str), st.from_regex(r"0{0,2}\d{1,3}", fullmatch=True))
    )
)
def test_ids_never_change(cells: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = read_text(Path(folder) / "x.csv", "a,b\n0,0\n" + "".join(f"{cell},1\n" for cell in cells))[
            "a"
        ]
    assert list(map(str, found.to_pylist())) == ["0", *cells]


@pytest.mark.parametrize(
    ("delimiter", "name"), [(",", "x.csv"), ("\t", "x.tsv"), (";", "x.csv"), ("\t", "x.txt")]
)
def test_delimiters(tmp_path: Path, delimiter: str, name: str) -> None:
    lines = [["query_id", "text", "score"], ["q1", "a b", "0.5"], ["q2", "c", "1"]]
    found = read_text(tmp_path / name, "".join(delimiter.join(line) + "\n" for line in lines))
    assert found.to_pydict() == {"query_id": ["q1", "q2"], "text": ["a b", "c"], "score": [0.5, 1.0]}


def test_quotes_line_ends_and_byte_order_mark(path: Path) -> None:
    found = read_text(path, '\ufeffa,b\r\n"x, ""y""\nz",""\r\nplain,\r\n')
    assert found.to_pydict() == {"a": ['x, "y"\nz', "plain"], "b": ["", None]}


def test_gzip(tmp_path: Path) -> None:
    path = tmp_path / "x.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n1,x\n") + gzip.compress(b"2,y\n"))
    assert read(path).to_pydict() == {"a": [1, 2], "b": ["x", "y"]}
    path.write_bytes(path.read_bytes()[:-4])
    error_of(lambda: read(path), str(path), "cannot be read")


@pytest.mark.usefixtures("small_blocks")
def test_columns_filter_and_dictionary(path: Path) -> None:
    path.write_text("a,s,score\n" + "".join(f"{k},q{k % 3},{k}\n" for k in range(100)))
    found = read(path, ["score", "s"], parse_where("a >= 97"), ["s"])
    assert found.to_pylist() == [{"score": float(k), "s": f"q{k % 3}"} for k in (97, 98, 99)]
    assert found["s"].type == pa.dictionary(pa.int32(), pa.string())


def test_place_is_a_line(path: Path) -> None:
    path.write_text("a\n5\n6\n7\n")
    (source,) = open_sources(path, role="log")
    assert source.place(source.leaves(0)[0], 1) == f"{path}, line 3"
    assert source.place(source.leaves(0)[0], 0, parse_where("a == 7")) == f"{path}, line 4"


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a,score\n1,0.5\n2,abc\n", ["line 3", "'score'", "'abc'", "floats"]),
        ("a,k,score\n1,2,0.5\n2,3," + "z" * 90 + "\n", ["line 3", "'score'", "'" + "z" * 57 + "...'"]),
        ("b,k\n" + "True,1\n" * 50 + "yes,1\n", ["line 52", "'b'", "'yes'", "booleans"]),
        ('a,score\n"x\ny",0.5\n\n"z\r\n",1\n2,abc\n', ["line 7", "'score'", "'abc'", "floats"]),
        ('a,b\n"x\n""y",2\n1,2,3\n', ["line 4", "3 cells", "'1,2,3'", "wanted 2"]),
        ('a,score\n"x' + "\n" * 20 + 'y",1\n2,abc\n', ["line 23"]),
        ("a,b\n1,2\n1,2,3\n", ["line 3", "3 cells", "'1,2,3'", "wanted 2"]),
        ("a,b\n" + "1,2\n" * 50 + "1\n", ["line 52", "1 cells", "wanted 2"]),
        ('a,b\n1,2\n"x,2\n3,4\n', ["line 3", "a quote that opens a cell and is never closed"]),
        ('a,b\n1,2\n3,"x\n5,6\n7,8\n', ["line 3", "a quote that opens a cell and is never closed"]),
        ('a,b\n1,"2"\n3,"x ""y\n5,6\n', ["line 3", "a quote that opens a cell and is never closed"]),
        ('a,b\n1,"x\n' + "5,6\n" * 100, ["line 2", "a quote that opens a cell and is never closed"]),
        ('a,b\n1,"' + "x" * 500 + '"\n', ["a line of more than", "wanted CSV with shorter lines"]),
        ("a,b\n", ["no rows"]),
        ("\n\n", ["no header"]),
    ],
)
def test_malformed(path: Path, text: str, parts: list[str]) -> None:
    error_of(lambda: read_text(path, text), str(path), *parts)


def test_not_utf8(path: Path) -> None:
    path.write_bytes(b"a,b\nx,1\n\xe9,2\n")
    error_of(lambda: read(path), str(path), "line 3", "'a'", "UTF8")


def test_a_missing_column(path: Path) -> None:
    path.write_text("a,b\n1,2\n")
    error_of(lambda: read(path, ["score"]), str(path), "'score'", "a, b")


def test_a_quote_within_a_cell_is_a_character(path: Path) -> None:
    found = read_text(path, '\ufeff"a",b\n5" pipe,"x\n""y"\n6","""z"""\n')
    assert found.to_pydict() == {"a": ['5" pipe', '6"'], "b": ['x\n"y', '"z"']}


def test_two_columns_of_one_name(path: Path) -> None:
    path.write_text("a,b,a\n1,2,3\n")
    assert read(path, ["b"])["b"].to_pylist() == [2]
    error_of(lambda: read(path, ["a"]), f"{path}: found 2 columns named 'a', wanted one")
    error_of(lambda: read(path, ["b"], parse_where("a == 1")), "found 2 columns named 'a', wanted one")


def test_a_place_after_cells_with_line_breaks_is_a_line(path: Path) -> None:
    path.write_text('a,b\n5,"x\ny"\n\n6,"z"\n7,1\n')
    (source,) = open_sources(path, role="log")
    places = [source.place(source.leaves(0)[0], row) for row in range(3)]
    assert places == [f"{path}, line {line}" for line in (2, 5, 6)]
