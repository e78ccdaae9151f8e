from __future__ import annotations

import gc
import json
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rankeval
from rankeval.readers import json_source, json_text, lines
from rankeval.readers.open_sources import open_sources
from rankeval.readers.where import parse_where
from tests.readers.helpers import drain, error_of, examples, read


def read_text(path: Path, text: str, role: Any = "log", **options: Any) -> pa.Table:
    path.write_text(text)
    return read(path, role=role, **options)


LINES = (
    '{"id": 7, "x": 1, "l": [1]}\n\n{"x": 2.5, "id": "07", "u": {"age": 3}}\n{"id": null, "l": [0.5, null]}\n'
)
ROWS = {
    "id": ["7", "07", None],
    "x": [1.0, 2.5, None],
    "l": [[1.0], None, [0.5, None]],
    "u.age": [None, 3, None],
}


@pytest.mark.parametrize("name", ["x.jsonl", "x.ndjson", "x.json", "x.csv"])
@pytest.mark.parametrize("block", [16, 4096])
def test_one_record_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, block: int) -> None:
    monkeypatch.setattr(lines, "_BLOCK", block)
    assert read_text(tmp_path / name, LINES).to_pydict() == ROWS


@pytest.mark.parametrize("form", ["[{}]", "[\n  {}\n]\n", "\ufeff [{}] "])
@pytest.mark.parametrize("block", [1, 16, 4096])
def test_an_array_of_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, block: int) -> None:
    monkeypatch.setattr(json_text, "_BLOCK", block)
    monkeypatch.setattr(json_text, "_RECORDS", 2)
    text = ",\n".join(line for line in LINES.splitlines() if line)
    assert read_text(tmp_path / "x.json", form.replace("{}", text)).to_pydict() == ROWS


BY_QUERY = '{"q1": {"a": 1, "b": 2},\n "q2": {},\n "q3":\n {"a": -3}}'


@pytest.mark.parametrize(("role", "number"), [("run", "score"), ("judgements", "relevance")])
@pytest.mark.parametrize("block", [1, 4096])
def test_numbers_by_query_and_item(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, role: str, number: str, block: int
) -> None:
    monkeypatch.setattr(json_text, "_BLOCK", block)
    monkeypatch.setattr(json_text, "_RECORDS", 2)
    found = read_text(tmp_path / "x.json", BY_QUERY, role)
    assert found.to_pydict() == {
        "query_id": ["q1", "q1", "q3"],
        "item_id": ["a", "b", "a"],
        number: [1, 2, -3],
    }
    assert found[number].type == (pa.float64() if role == "run" else pa.int64())


values = st.one_of(
    st.none(), st.integers(-(2**62), 2**62), st.text(st.characters(exclude_categories=["Cs"]), max_size=3)
)


@examples
@given(st.lists(st.fixed_dictionaries({"a": values, "b": st.lists(values, max_size=2)}), min_size=1))
def test_ids_never_change(records: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = read_text(Path(folder) / "x", "".join(json.dumps(record) + "\n" for record in records))
    for name in ("a", "b"):
        assert str(found[name].to_pylist()).replace("'", "") == str([r[name] for r in records]).replace(
            "'", ""
        )


@pytest.mark.parametrize(
    ("last", "kind", "wanted"),
    [
        ("7", pa.int64(), 7),
        ("null", pa.int64(), None),
        ("0.5", pa.float64(), 0.5),
        ("NaN", pa.float64(), "nan"),
        ('"7"', pa.string(), "7"),
        ("9223372036854775808", pa.string(), "9223372036854775808"),
        ("true", pa.string(), "true"),
    ],
)
def test_the_type_is_settled_by_all_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: str, kind: pa.DataType, wanted: Any
) -> None:
    monkeypatch.setattr(lines, "_BLOCK", 64)
    monkeypatch.setattr(json_source, "_GROUP_ROWS", 8)
    found = read_text(tmp_path / "x", '{"a": 1}\n' * 50 + f'{{"a": {last}}}\n' + '{"a": 2}\n' * 50)["a"]
    assert found.type == kind
    assert str(found[50].as_py()) == str(wanted)
    assert [int(value) for value in found.to_pylist()[:50] + found.to_pylist()[51:]] == [1] * 50 + [2] * 50


def test_columns_without_a_value(tmp_path: Path) -> None:
    rows = [{"a": None, "b": [], "c": {}, "d": [{"e": 1}]}, {"a": None, "b": [None]}]
    found = read_text(tmp_path / "x", "".join(json.dumps(row) + "\n" for row in rows))
    assert found.to_pydict() == {"a": [None, None], "b": [[], [None]], "d": ['[{"e": 1}]', None]}


def test_float_roles_and_renamed_ones(tmp_path: Path) -> None:
    found = read_text(tmp_path / "x", '{"score": 1, "w": 2, "n": 3}\n')
    assert found.schema.types == [pa.float64(), pa.int64(), pa.int64()]
    (source,) = open_sources(tmp_path / "x", role="log", floats=["w"])
    assert source.schema.field("w").type == pa.float64()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ('{"a": 1}\n\n{"a":\n', ["line 3: found '{\"a\":', no JSON", "wanted a JSON object in one line"]),
        ('{"a": 1}\n{"a": 1} {"a": 2}\n', ["line 2", "Extra data"]),
        ('{"a": 1}\n[1]\n', ["line 2: found '[1]', no object"]),
        ('{"a": 1}\n{"a": 1, "a": 2}\n', ["line 2", "the key 'a' twice in one object"]),
        ('{"a": 1}\n' + '{"a": ' * 9000 + "\n", ["line 2"]),
        ('{\n "a": 1\n}\n', ["line 1: found '{', no JSON", "in one line"]),
        ('{"a": {"b": 1}, "a.b": 2}\n', ["two columns named 'a.b'"]),
        ('[{"a": 1},\n{"a": 2', ["line 2: found no JSON"]),
        ('[{"a": 1}\n{"a": 2}]', ["line 2: found '{\"a\": 2}]', wanted ','"]),
        ('[{"a": 1},\n2]', ["line 2: found '2', wanted an object"]),
        ('[{"a": 1}]\n[]', ["line 2: found '[]', wanted the end of the file"]),
        ("[]", ["no rows"]),
        ('{"a": "\\ud800"}\n', ["cannot be read"]),
    ],
)
def test_malformed(tmp_path: Path, text: str, parts: list[str]) -> None:
    error_of(lambda: read_text(tmp_path / "x.json", text), str(tmp_path / "x.json"), *parts)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ('{"q": {"a": 1},\n "r": 2}', ["line 2: query 'r': found '2', wanted {item: number}"]),
        ('{"q": {"a": 1, "b": "x"}}', ["query 'q', item 'b': found 'x', wanted a number"]),
        ('{"q": {"a": 1, "a": 2}}', ["line 1: found the key 'a' twice"]),
        ('{"q": {"a": 1}', ["line 1: found '', wanted ','"]),
        ('{"q": {"a": 1}}\n{"r": {"a": 1}}', ["line 2", "wanted the end of the file"]),
    ],
)
def test_malformed_numbers_by_query_and_item(tmp_path: Path, text: str, parts: list[str]) -> None:
    error_of(lambda: read_text(tmp_path / "x.json", text, "run"), str(tmp_path / "x.json"), *parts)


def test_a_long_value_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_text, "LONGEST_LINE", 2**20)
    monkeypatch.setattr(json_text, "_BLOCK", 2**16)
    error_of(
        lambda: read_text(tmp_path / "x", '[\n{"a": "' + "x" * 2**21),
        "line 2: found a value of more than 1 MiB",
    )


def test_places_filter_and_dictionary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_source, "_GROUP_ROWS", 2)
    monkeypatch.setattr(json_text, "_RECORDS", 2)
    path = tmp_path / "x.jsonl"
    path.write_text("\n" + "".join(f'{{"s": "q{k % 2}", "a": {k}}}\n\n' for k in range(9)))
    (source,) = open_sources(path, role="log")
    (leaf,) = source.leaves(0)
    assert [source.place(leaf, row) for row in (0, 8)] == [f"{path}, line 2", f"{path}, line 18"]
    where = parse_where("a >= 7")
    assert source.place(leaf, 0, where) == f"{path}, line 16"
    found = drain([source], ["s"], where, ["s"])["s"]
    assert (found.to_pylist(), found.type) == (["q1", "q0"], pa.dictionary(pa.int32(), pa.string()))


def test_nothing_is_left_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    assert read_text(tmp_path / "x", '{"a": 1}\n').num_rows == 1
    assert list((tmp_path / "scratch").iterdir()) == []
    error_of(lambda: read_text(tmp_path / "x", '{"a": 1}\n{\n'), "line 2")
    gc.collect()
    assert list((tmp_path / "scratch").iterdir()) == []


def test_lines_in_a_folder_are_data_and_json_files_are_not(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.ndjson", "world.json"):
        (tmp_path / name).write_text(f'{{"a": "{name}"}}\n')
    assert read(tmp_path)["a"].to_pylist() == ["a.ndjson", "b.jsonl"]


SESSIONS = [
    {"session_id": 1, "item_id": ["a", "b"], "click": [0, 1], "propensity": [0.5, 0.25]},
    {"session_id": 2, "item_id": ["b"], "click": [1], "propensity": [1.0]},
]


def test_a_nested_log(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text("".join(json.dumps(session) + "\n" for session in SESSIONS))
    assert read(tmp_path / "x.jsonl").to_pylist() == SESSIONS


def test_an_evaluation_of_json(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"q1": {"a": 2.0, "b": 1.0}}')
    (tmp_path / "judgements.jsonl").write_text('{"query_id": "q1", "item_id": "b", "relevance": 1}\n')
    found = rankeval.evaluate(tmp_path / "run.json", tmp_path / "judgements.jsonl", metrics=["mrr"]).to_dict()
    assert [result["value"] for result in found["results"]] == [0.5]
