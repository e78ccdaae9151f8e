from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankeval.readers import lines as reader
from rankeval.readers.open_sources import open_sources
from rankeval.readers.where import parse_where
from tests.readers.helpers import SHARED, drain, error_of, examples, needs_shared, read

QRELS_FORM = "'query_id iter item_id relevance'"
RUN_FORM = "'query_id Q0 item_id rank score tag', the rank and the score numbers"

words = st.text(
    st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_categories=["C", "Z"]), min_size=1
).filter(lambda word: not word.startswith("#") and len(word.split()) == 1)
gaps = st.text(" \t", min_size=1, max_size=3)


@st.composite
def run_lines(draw: st.DrawFn) -> tuple[str, tuple[str, str, float, float]]:
    query, item, tag = draw(st.sampled_from(["", "#"])) + draw(words), draw(words), "t" + draw(words)
    score, rank = draw(st.floats(allow_nan=False)), draw(st.integers(0, 99))
    line = "".join(field + draw(gaps) for field in [query, "Q0", item, str(rank), repr(score), tag])
    return draw(st.sampled_from(["", " "])) + line, (query, item, score, float(rank))


@examples
@given(
    st.lists(run_lines(), min_size=1), st.sampled_from(["\n", "\r\n", "\n# note\n\n"]), st.integers(1, 200)
)
def test_run_round_trip(lines: list[tuple[str, tuple[str, str, float, float]]], end: str, block: int) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "_BLOCK", block)
        path = Path(folder) / "x.run"
        path.write_bytes("".join(line + end for line, _ in lines).encode())
        found = read(path)
    assert list(zip(*found.to_pydict().values(), strict=True)) == [wanted for _, wanted in lines]


def test_qrels(tmp_path: Path) -> None:
    (tmp_path / "x.qrels").write_text("007 0 CR#1 1\n# note\n\n7\t0  d2\t-2 \n7 Q0 d3 +3")
    found = read(tmp_path / "x.qrels", role="judgements")
    assert found.schema == pa.schema(
        [
            *(("query_id", pa.string()), ("item_id", pa.string()), ("relevance", pa.int64())),
            ("iter", pa.string()),
        ]
    )
    assert found.to_pydict() == {
        "query_id": ["007", "7", "7"],
        "item_id": ["CR#1", "d2", "d3"],
        "relevance": [1, -2, 3],
        "iter": ["0", "0", "Q0"],
    }


def test_not_a_number_and_infinite_scores_are_read(tmp_path: Path) -> None:
    (tmp_path / "x.run").write_text("q Q0 a 1 nan t\nq Q0 b 2 -inf t\nq Q0 c 3 1e400 t\n")
    assert np.array_equal(
        read(tmp_path / "x.run")["score"].to_numpy(), [np.nan, -np.inf, np.inf], equal_nan=True
    )


def test_columns_filter_dictionary_and_gzip(tmp_path: Path) -> None:
    text = "".join(f"q{k // 10} Q0 d{k} 1 {k}.5 t\n" for k in range(100))
    (tmp_path / "x.run.gz").write_bytes(gzip.compress(text.encode()))
    found = read(
        tmp_path / "x.run.gz",
        ["score", "query_id"],
        parse_where("score > 97 and query_id == 'q9'"),
        ["query_id"],
    )
    assert found.to_pydict() == {"score": [97.5, 98.5, 99.5], "query_id": ["q9"] * 3}
    assert found["query_id"].type == pa.dictionary(pa.int32(), pa.string())


@pytest.mark.parametrize(
    ("name", "bad", "wanted"),
    [
        ("x.qrels", "q 0 d", QRELS_FORM),
        ("x.qrels", "q 0 d 1 2", QRELS_FORM),
        ("x.qrels", "q 0 d x", QRELS_FORM),
        ("x.qrels", "q 0 d 1.5", QRELS_FORM),
        ("x.qrels", "q 0 d 0x1", QRELS_FORM),
        ("x.qrels", "q 0 d 99999999999999999999", QRELS_FORM),
        ("x.run", "q Q0 d 1 2.5", f"with 5 fields, wanted 6, {RUN_FORM}, no blank in an id"),
        ("x.run", "q Q0 annual report.pdf 2 0.8 x", f"with 7 fields, wanted 6, {RUN_FORM}"),
        ("x.run", "q Q0 annual report.pdf 2 0.8", RUN_FORM),
        ("x.run", "q Q0 d one 2.5 t", RUN_FORM),
        ("x.run", "q Q0 annual 2020 2 0.8 x", f"with 7 fields, wanted 6, {RUN_FORM}"),
        ("x.run", "q Q0 7 20 21 words 2 0.8 x", f"with 9 fields, wanted 6, {RUN_FORM}"),
        ("x.run", "q Q0 7 20 21 words 2 0.8", f"with 8 fields, wanted 6, {RUN_FORM}"),
        ("x.qrels", "q 0 d e 1", f"with 5 fields, wanted 4, {QRELS_FORM}"),
        ("x.run", "q Q0 d 1 2,5 t", RUN_FORM),
        ("x.run", "q Q0 " + "d" * 80 + " 1 two t", RUN_FORM),
    ],
)
@pytest.mark.parametrize("block", [16, 4096])
def test_malformed_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, bad: str, wanted: str, block: int
) -> None:
    monkeypatch.setattr(reader, "_BLOCK", block)
    good = "q 0 d 1\n" if name == "x.qrels" else "q Q0 d 1 2.5 t\n"
    (tmp_path / name).write_text("# note\n\n" + good * 3 + bad + "\n" + good)
    shown = bad if len(bad) <= 60 else bad[:57] + "..."
    error_of(lambda: read(tmp_path / name), f"{tmp_path / name}, line 6", f"'{shown}'", wanted)


def test_a_run_without_tags(tmp_path: Path) -> None:
    path = tmp_path / "x.run"
    path.write_text("# note\nq Q0 a 1 2.5\n#food Q0 b 2 1\n")
    assert read(path).to_pydict() == {
        "query_id": ["q", "#food"],
        "item_id": ["a", "b"],
        "score": [2.5, 1.0],
        "rank": [1.0, 2.0],
    }
    path.write_text("q Q0 a 1 2.5\nq Q0 b 2 2.0 t\n")
    found = "line 2: found 'q Q0 b 2 2.0 t' with 6 fields, wanted 5 as in the first line, 'query_id Q0"
    error_of(lambda: read(path), found)


def test_words_after_the_tag_are_no_shift(tmp_path: Path) -> None:
    (tmp_path / "x.run").write_text("q Q0 a 1 2.5 t\nq Q0 b 2 2.0 2nd run of-3 days\nq Q0 c 3 1 7\n")
    assert read(tmp_path / "x.run")["score"].to_pylist() == [2.5, 2.0, 1.0]


def test_lines_that_begin_with_a_hash_are_data_or_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "x.qrels"
    lines = ["# four words and 1", "#note", "q 0 a 1", "#food 0 b 2", "#food 0 c x", "# q 0 1", "#c d 0 e 1"]
    path.write_text("\n".join(lines))
    (source,) = open_sources(path, role="judgements")
    assert source.notes == ()
    assert drain([source]).to_pydict() == {
        "query_id": ["q", "#food"],
        "item_id": ["a", "b"],
        "relevance": [1, 2],
        "iter": ["0", "0"],
    }
    assert [(note.code, note.text, note.numbers) for note in source.notes] == [
        ("skipped_lines", f"{path}: 5 lines that begin with # are comments and are skipped", {"lines": 5}),
        ("hashed_lines", f"{path}: 1 line that begins with # has the form of data and is read", {"lines": 1}),
    ]
    path.write_text("#food 0 b 2\n#cars 0 c 1\n")
    (source,) = open_sources(path, role="judgements")
    assert drain([source])["query_id"].to_pylist() == ["#food", "#cars"]
    assert source.notes == ()


def test_place_is_the_line_in_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_BLOCK", 16)
    path = tmp_path / "x.qrels"
    path.write_text("# note\nq 0 a 1\n\nq 0 b 0\n# note\nq 0 c 1\n")
    (source,) = open_sources(path, role="judgements")
    places = [source.place(source.leaves(0)[0], index) for index in range(3)]
    assert places == [f"{path}, line {line}" for line in (2, 4, 6)]
    assert source.place(source.leaves(0)[0], 1, parse_where("relevance == 1")) == f"{path}, line 6"


@needs_shared
def test_trec_eval_files() -> None:
    rank = SHARED / "reference/rank"
    qrels = read(rank / "qrels.test", role="judgements")
    assert qrels.num_rows == 3681
    # The comments change no row; one of them stands before an item id that itself holds "#".
    commented = read(rank / "qrels.test.with-comments", role="judgements")
    renamed = [item.replace("CR#93E", "CR93E") for item in commented["item_id"].to_pylist()]
    assert renamed == qrels["item_id"].to_pylist()
    assert commented["item_id"][4].as_py() == "CR#93E-1860"
    assert commented.drop_columns("item_id").equals(qrels.drop_columns("item_id"))
    for name in ("results.test", "results.trunc", "qrels.rel_level"):
        fields = [line.split() for line in (rank / name).read_text().splitlines()]
        value = "relevance" if name.startswith("qrels") else "score"
        found = read(rank / name, role="run")
        assert found["query_id"].to_pylist() == [line[0] for line in fields]
        assert found["item_id"].to_pylist() == [line[2] for line in fields]
        assert found[value].to_pylist() == [float(line[4 if value == "score" else 3]) for line in fields]


@needs_shared
def test_a_parquet_run_written_as_trec_reads_the_same(tmp_path: Path) -> None:
    run = pq.read_table(SHARED / "reference/rank/run.parquet").slice(0, 5000)
    lines = [f"{r['query_id']} Q0 {r['item_id']} 0 {r['score']!r} t\n" for r in run.to_pylist()]
    (tmp_path / "x.run").write_text("".join(lines))
    found = drain(open_sources(tmp_path / "x.run", role="run"), run.schema.names)
    assert found.equals(run.replace_schema_metadata())


def test_a_number_as_tag_is_the_same_in_all_lines(tmp_path: Path) -> None:
    path = tmp_path / "x.run"
    path.write_text("q Q0 a 1 2.5 7\nq Q0 b 2 2.0 7\n")
    assert read(path)["score"].to_pylist() == [2.5, 2.0]
    path.write_text("q Q0 report 2020 1 2.5\nq Q0 report 2021 2 2.0\n")
    wanted = "wanted the tag 2.5 as in the first line, a word as tag, or no blank in an id"
    error_of(lambda: read(path), "line 2: found 'q Q0 report 2021 2 2.0'", wanted)
