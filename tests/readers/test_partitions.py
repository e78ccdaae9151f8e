from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankeval.readers.files import File
from rankeval.readers.open_sources import open_sources
from rankeval.readers.parquet import ParquetSource
from rankeval.readers.partitions import PartitionedSource, folder_values
from rankeval.readers.source import check_same_columns
from rankeval.readers.where import parse_where
from tests.readers.helpers import drain, error_of, examples, read

Part = Callable[..., Path]


@pytest.fixture
def part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Part:
    """Writes a part file and gives its path."""
    monkeypatch.chdir(tmp_path)

    def write(name: str, **columns: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table(columns), path)
        return path

    return write


@pytest.fixture
def days(part: Part) -> None:
    for day, country, values in [("01", "de", [1, 2]), ("01", "fr", [3]), ("02", "de", [4])]:
        part(f"data/dt=2024-01-{day}/n=1/country={country}/p.parquet", i=values)


@pytest.mark.parametrize("location", ["data", "data/dt=*", "data/dt=*/**/*.parquet", "data/**"])
def test_folders_become_columns(days: None, location: str) -> None:
    found = read(location)
    assert found.schema.types == [pa.int64(), pa.string(), pa.int64(), pa.string()]
    assert found.to_pydict() == {
        "i": [1, 2, 3, 4],
        "dt": ["2024-01-01"] * 3 + ["2024-01-02"],
        "n": [1] * 4,
        "country": ["de", "de", "fr", "de"],
    }


def test_folders_that_the_user_names_do_not_count(days: None) -> None:
    assert read("data/dt=2024-01-01/n=1")["country"].to_pylist() == ["de", "de", "fr"]
    error_of(lambda: read("data/dt=2024-01-01/n=1", ["dt"]), "no column 'dt'; its columns are i, country")


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (["1", "-20", "0"], [1, -20, 0]),
        (["1", "__HIVE_DEFAULT_PARTITION__"], [1, None]),
        (["01", "2"], ["01", "2"]),
        (["1", "x"], ["1", "x"]),
        (["1.5"], ["1.5"]),
        (["9223372036854775808"], ["9223372036854775808"]),
        (["__HIVE_DEFAULT_PARTITION__"], [None]),
        (["a%2Fb%20c", "%C3%A9", ""], ["a/b c", "é", ""]),
        (["x=y"], ["x=y"]),
    ],
)
def test_values_of_folders(values: list[str], wanted: list[Any]) -> None:
    files = [File("f", "f", None, (f"a%20b={value}",)) for value in values]
    assert [each["a b"].as_py() for each in folder_values(files)] == wanted


def test_folders_without_a_key_or_a_value_are_only_folders() -> None:
    assert folder_values([File("f", "f", None, ("plain", "=3"))]) == [{}]


def test_a_key_named_twice() -> None:
    error_of(lambda: folder_values([File("a=1/a=2/f", "", None, ("a=1", "a=2"))]), "a=1/a=2/f", "two folders")
    assert folder_values([File("a=1/a=1/f", "", None, ("a=1", "a=1"))])[0]["a"].as_py() == 1


@pytest.mark.parametrize("encoded", [[], ["country", "dt"]])
@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("dt == '2024-01-01'", [1, 2, 3]),
        ("dt == '2024-01-01' and country == 'de'", [1, 2]),
        ("country == 'de' and i > 1", [2, 4]),
        ("country == 'fr' or i == 4", [3, 4]),
        ("not country == 'de'", [3]),
        ("n == 1 and (i == 1 or dt > '2024-01-01')", [1, 4]),
        ("country in ['fr', 'it']", [3]),
        ("i >= n and country is not None and i < 3", [1, 2]),
        ("country is None", []),
    ],
)
def test_filters_over_folders(days: None, text: str, kept: list[int], encoded: list[str]) -> None:
    found = read("data", ["i", "country"], parse_where(text), dictionary=encoded)
    assert found["i"].to_pylist() == kept
    assert read("data", ["dt"], parse_where(text)).num_rows == len(kept)


@examples
@given(
    st.lists(st.tuples(st.integers(-2, 2) | st.none(), st.integers(-2, 2)), min_size=1, max_size=12),
    st.sampled_from(["k", "v"]),
    st.sampled_from(["==", "!=", "<", ">="]),
    st.sampled_from(["k", "v", "0", "1.5"]),
    st.sampled_from([" and k == 1", " or not k > 0", " or k is None", " and not (v == 1 or k is None)"]),
)
def test_a_filter_keeps_what_it_keeps_of_a_whole_table(
    rows: list[tuple[int | None, int]], left: str, sign: str, right: str, rest: str
) -> None:
    where = parse_where(f"{left} {sign} {right}{rest}")
    whole = pa.table({"k": pa.array([k for k, _ in rows], pa.int64()), "v": [v for _, v in rows]})
    parts = [
        PartitionedSource(open_sources({"v": [v]}, role="log")[0], {"k": pa.scalar(k, pa.int64())})
        for k, v in rows
    ]
    assert drain(parts, ["k", "v"], where).to_pydict() == read(whole, ["k", "v"], where).to_pydict()


def test_folders_that_a_filter_excludes_are_not_opened(days: None, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = open_sources("data", role="log")
    opened: list[str] = []
    plain_read = ParquetSource._read

    def spy(self: ParquetSource, *args: Any) -> Any:
        opened.append(self.name)
        return plain_read(self, *args)

    monkeypatch.setattr(ParquetSource, "_read", spy)
    assert drain(sources, ["i"], parse_where("country == 'fr' and i > 0"))["i"].to_pylist() == [3]
    assert opened == ["data/dt=2024-01-01/n=1/country=fr/p.parquet"]


def test_places_count_the_rows_of_the_file(days: None) -> None:
    source = open_sources("data", role="log")[0]
    name = "data/dt=2024-01-01/n=1/country=de/p.parquet"
    (leaf,) = source.leaves(0)
    assert source.place(leaf, 1) == f"{name}, row 2"
    assert source.place(leaf, 0, parse_where("i == 2 and country == 'de'")) == f"{name}, row 2"
    assert source.place(leaf, 1, parse_where("country == 'de'")) == f"{name}, row 2"


def test_a_filter_names_what_is_missing_and_what_does_not_compare(days: None) -> None:
    error_of(
        lambda: read("data", ["i"], parse_where("land == 'de'")), "no column 'land'", "i, dt, n, country"
    )
    error_of(lambda: read("data", ["i"], parse_where("dt == 3")), "column 'dt', which holds strings")


@pytest.mark.parametrize("inside", [pa.int32(), pa.string(), pa.float64()])
def test_a_column_that_stands_in_the_file_too(part: Part, inside: pa.DataType) -> None:
    part("data/k=5/p.parquet", i=[1, 2], k=pa.array([5, 5]).cast(inside))
    assert (
        read("data", ["k"], parse_where("i == 2"))["k"].to_pylist() == pa.array([5]).cast(inside).to_pylist()
    )


@pytest.mark.parametrize("kept", [None, "k == 6", "k == 5"])
@pytest.mark.parametrize("wrong", [6, None])
def test_a_column_that_contradicts_its_folder(part: Part, kept: str | None, wrong: int | None) -> None:
    part("data/k=5/p.parquet", i=[1, 2], k=[5, wrong])
    where = parse_where(kept) if kept else None
    columns = ["i"] if kept else ["i", "k"]
    error_of(lambda: read("data", columns, where), "p.parquet, row 2", f"'k' is {wrong}", "k=5")
    assert read("data", ["i"])["i"].to_pylist() == [1, 2]


def test_a_null_folder_and_nulls_in_the_file_agree(part: Part) -> None:
    part("data/k=__HIVE_DEFAULT_PARTITION__/p.parquet", i=[1], k=pa.array([None], pa.string()))
    assert read("data")["k"].to_pylist() == [None]


def test_a_folder_that_no_value_of_the_file_can_equal(part: Part) -> None:
    part("data/k=x/p.parquet", i=[1], k=[5])
    error_of(lambda: read("data"), "p.parquet", "column 'k' holds int64", "k=x")


def test_plain_subfolders_and_other_kinds_of_text(part: Part) -> None:
    for name, text in {"data/a/k=1/p.csv": "i\n1\n2\n", "data/b/c/k=2/p.csv": "i\n3\n"}.items():
        Path(name).parent.mkdir(parents=True)
        Path(name).write_text(text)
    assert read("data").to_pydict() == {"i": [1, 2, 3], "k": [1, 1, 2]}
    assert read("data", where=parse_where("k == 2")).to_pydict() == {"i": [3], "k": [2]}


def test_files_without_the_folder_lack_the_column(part: Part) -> None:
    part("data/p.parquet", i=[1])
    part("data/k=1/p.parquet", i=[2])
    sources = open_sources("data", role="log")
    error_of(lambda: check_same_columns(sources, ["i", "k"]), "data/p.parquet: no column 'k'")
