from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankeval.readers.files import find_files
from rankeval.readers.kinds import kind_of
from tests.readers.helpers import error_of

CSV = "query_id,item_id,score\nq,d,0.5\n"
TSV = "query_id\titem_id\tscore\trelevance\nq\td\t0.5\t1\n"
QRELS = "q 0 d 1\n"
RUN = "q Q0 d 1 2.5 tag\n"
LETOR = "2 qid:q 1:0.5 # docid = d\n"


def kind(folder: Path, name: str, content: str | bytes) -> str:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return kind_of(find_files(path)[0])


def parquet_bytes() -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"a": [1]}), sink)
    return sink.getvalue().to_pybytes()


def arrow_bytes(stream: bool) -> bytes:
    table = pa.table({"a": [1]})
    sink = pa.BufferOutputStream()
    with (pa.ipc.new_stream if stream else pa.ipc.new_file)(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize(
    ("name", "content", "wanted"),
    [
        ("x.parquet", parquet_bytes(), "Parquet"),
        ("x", parquet_bytes(), "Parquet"),
        ("x.pq", parquet_bytes(), "Parquet"),
        ("x.arrow", arrow_bytes(stream=False), "an Arrow file"),
        ("x.feather", arrow_bytes(stream=False), "an Arrow file"),
        ("x.arrows", arrow_bytes(stream=True), "an Arrow stream"),
        ("x.csv", CSV, "CSV"),
        ("x.CSV", CSV, "CSV"),
        ("x.tsv", TSV, "CSV"),
        ("x.csv", "score\n1\n", "CSV"),
        ("x.csv", "1, 2, 3, 4\n", "CSV"),
        ("x.txt", CSV, "CSV"),
        ("x.txt", TSV, "CSV"),
        ("x.data", CSV, "CSV"),
        ("x.txt", QRELS, "TREC qrels"),
        ("qrels.test", QRELS, "TREC qrels"),
        ("x.qrels", "# note\n\n" + QRELS, "TREC qrels"),
        ("x.qrels", "q 0 a,b -1\n", "TREC qrels"),
        ("x.run", RUN, "a TREC run"),
        ("x.run", "q\tQ0\td\t1\t  -2.5e-3\ttag\n", "a TREC run"),
        ("x.run", "q Q0 d 1 2.5\n", "a TREC run"),
        ("x.run", "#food Q0 d 1 2.5 tag\n", "a TREC run"),
        ("x.run", "#runs of 2024\n" + RUN, "a TREC run"),
        ("x.qrels", "# qrels\n#food 0 d 1\n", "TREC qrels"),
        ("x.run", "q Q0 a,b 1 inf t\n", "a TREC run"),
        ("x.run", "\ufeff" + RUN, "a TREC run"),
        ("x.txt", LETOR, "LETOR"),
        ("x.letor", LETOR, "LETOR"),
        ("x.qrels", "q 0 d x\n", "TREC qrels"),
        ("x.run", "q Q0 d 1 x tag\n", "a TREC run"),
    ],
)
def test_kind_by_content_and_name(tmp_path: Path, name: str, content: str | bytes, wanted: str) -> None:
    assert kind(tmp_path, name, content) == wanted


@pytest.mark.parametrize(
    ("name", "content"), [("x.csv.gz", CSV), ("x.csv", CSV), ("x.gz", QRELS), ("x", LETOR)]
)
def test_gzip_is_seen_by_its_content(tmp_path: Path, name: str, content: str) -> None:
    assert kind(tmp_path, name, gzip.compress(content.encode())) == kind(tmp_path, "plain", content)


@pytest.mark.parametrize(
    ("name", "content", "found", "wanted"),
    [
        ("x.parquet", CSV, "CSV", "Parquet as its name says"),
        ("x.parquet", QRELS, "TREC qrels", "Parquet as its name says"),
        ("x.parquet", arrow_bytes(stream=False), "an Arrow file", "Parquet as its name says"),
        ("x.csv", parquet_bytes(), "Parquet", "CSV as its name says"),
        ("x.arrow", parquet_bytes(), "Parquet", "Arrow IPC as its name says"),
        ("x.txt", parquet_bytes(), "Parquet", "text as its name says"),
        ("x.csv", RUN, "a TREC run", "CSV as its name says"),
        ("x.tsv", LETOR, "LETOR", "CSV with tabs as its name says"),
        ("x.csv.gz", CSV, "not gzipped", "gzip as its name says"),
        ("x.gz", gzip.compress(parquet_bytes()), "gzipped Parquet", "unpacked"),
        ("x.csv", '{"a": 1}\n', "JSON", "CSV as its name says"),
        ("x.data", '[{"a": 1}]', "JSON", "TREC qrels"),
        ("x.csv", CSV.encode("utf-16"), "UTF-16 text", "CSV as its name says"),
        ("x.zip", b"PK\x03\x04rest", "a zip archive", "Parquet"),
        ("x.parquet", b"ORC\0\0", "ORC", "Parquet as its name says"),
        ("x.bin", b"ab\0cd", "binary data", "Parquet"),
        ("x.txt", "just words\n", "'just words'", "TREC qrels (4 fields)"),
        ("x.txt", "q Q0 d 1 tag\n", "'q Q0 d 1 tag'", "run (6, or 5 without a tag)"),
        ("x.txt", "x" * 200 + "\n", "'" + "x" * 57 + "...'", "LETOR"),
        ("x.txt", "# only\n\n# comments\n", "no line of data", "TREC qrels"),
        ("x.parquet", b"", "empty file (0 bytes)", "Parquet"),
        ("x.csv", b"", "empty file (0 bytes)", "CSV"),
    ],
)
def test_refused(tmp_path: Path, name: str, content: str | bytes, found: str, wanted: str) -> None:
    error_of(lambda: kind(tmp_path, name, content), str(tmp_path / name), found, wanted)
