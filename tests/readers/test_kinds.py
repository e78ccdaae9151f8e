from __future__ import annotations

import bz2
import gzip
import lzma
import pickle
import tarfile
import time
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankeval.readers.files import find_files
from rankeval.readers.kinds import kind_of
from rankeval.readers.text_forms import text_kind
from tests.readers.helpers import error_of

CSV = "query_id,item_id,score\nq,d,0.5\n"
TSV = "query_id\titem_id\tscore\trelevance\nq\td\t0.5\t1\n"
QRELS = "q 0 d 1\n"
RUN = "q Q0 d 1 2.5 tag\n"
LETOR = "2 qid:q 1:0.5 # docid = d\n"


def kind(folder: Path, name: str, content: str | bytes, role: Any = "log") -> str:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return kind_of(find_files(path)[0], role)


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
        ("qrels.dev.small.tsv", "q\t0\td\t1\n", "TREC qrels"),
        ("x.csv", QRELS, "TREC qrels"),
        ("x.csv", RUN, "a TREC run"),
        ("x.tsv", LETOR, "LETOR"),
        ("x.parquet", CSV, "CSV"),
        ("x.parquet", arrow_bytes(stream=False), "an Arrow file"),
        ("x.csv", parquet_bytes(), "Parquet"),
        ("x.csv.gz", CSV, "CSV"),
        ("x.csv", "q,d,1\n", "CSV"),
        ("x.csv", '{"a": 1}\n', "JSON lines"),
        ("x.json", '{\n"q": {"d": 1}}', "JSON lines"),
        ("x.data", '[{"a": 1}]', "a JSON array"),
        ("x.data", '[\n  {"a": 1}]', "a JSON array"),
        ("x.data", '{"_label_cost": -1, "a": [1]}\n', "dsjson"),
        ("x.data", '{"EventId": "e", "a": [1], "p": [1.0], "c": {}}\n', "dsjson"),
        ("x.run", "{q} Q0 d 1 2.5 tag\n", "a TREC run"),
        ("x.run", "<q> Q0 d 1 2.5 tag\n", "a TREC run"),
    ],
)
def test_kind_by_content_and_name(tmp_path: Path, name: str, content: str | bytes, wanted: str) -> None:
    assert kind(tmp_path, name, content) == wanted


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ("q\td\t1\n", "three columns"),
        ("q d -0.5\n", "three columns"),
        ("q,d,1e-3\n", "three columns"),
        ("q; d; .5\n", "three columns"),
        ("q a,b 1\n", "three columns"),
        ("query_id,item_id,score\n", "CSV"),
        ("query_id\titem_id\trank\n", "CSV"),
        ("q,d,1,2\n", "CSV"),
        ('{"q": {"d": 1}}', "JSON by query"),
        ('{\n "q": {\n  "d": 0.5}}', "JSON by query"),
        ('{"q": {}, "r": {"d": -1}}', "JSON by query"),
        ('{"q": {"d": "1"}}', "JSON lines"),
        ('{"query_id": "q", "item_id": "d"}', "JSON lines"),
    ],
)
@pytest.mark.parametrize("role", ["run", "judgements"])
def test_runs_and_judgements_without_a_header_or_by_query(
    tmp_path: Path, content: str, wanted: str, role: str
) -> None:
    assert kind(tmp_path, "x.csv", content, role) == wanted


def zstd(data: bytes) -> bytes:
    return pa.compress(data, codec="zstd", asbytes=True)


COMPRESS = [gzip.compress, bz2.compress, lzma.compress, zstd]


@pytest.mark.parametrize("compress", COMPRESS)
@pytest.mark.parametrize(
    ("name", "content"), [("x.csv.gz", CSV), ("x.csv", CSV), ("x.gz", QRELS), ("x", LETOR)]
)
def test_compression_is_seen_by_its_content(tmp_path: Path, name: str, content: str, compress: Any) -> None:
    assert kind(tmp_path, name, compress(content.encode())) == kind(tmp_path, "plain", content)


def tar_bytes() -> bytes:
    content = BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("x.csv"), BytesIO())
    return content.getvalue()


KINDS = "wanted Parquet, Arrow IPC, CSV, JSON (lines, an array, or by query), dsjson, TREC qrels (4 fields)"


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("x.gz", gzip.compress(gzip.compress(CSV.encode(), mtime=0), mtime=0), "data compressed twice"),
        ("x.csv", CSV.encode("utf-16"), "UTF-16 text"),
        ("x.zip", b"PK\x03\x04rest", "a zip archive"),
        ("x.parquet", b"ORC\0\0", "ORC"),
        ("x.parquet", b"PARE\0\0", "encrypted Parquet"),
        ("x.avro", b"Obj\x01\0", "Avro"),
        ("x.h5", b"\x89HDF\r\n", "HDF5"),
        ("x.db", b"SQLite format 3\0", "a SQLite database"),
        ("x.npy", b"\x93NUMPY\x01\0", "a NumPy array"),
        ("x.pkl", pickle.dumps({"a": [1]}), "a Python pickle"),
        ("x.csv", b"%PDF-1.7\n", "PDF"),
        ("x.tar", tar_bytes(), "a tar archive"),
        ("x.tar.gz", gzip.compress(tar_bytes(), mtime=0), "a tar archive"),
        ("x.csv", "<!DOCTYPE html>\n<p>a, b</p>\n", "HTML or XML"),
        ("x.csv", "<?xml version='1.0', encoding='UTF-8'?>\n", "HTML or XML"),
        ("x.bin", b"ab\0cd", "binary data"),
        ("x.txt", "just words\n", "'just words'"),
        ("x.txt", "q Q0 d 1 tag\n", "'q Q0 d 1 tag'"),
        ("x.txt", "x" * 200 + "\n", "'" + "x" * 57 + "...'"),
        ("x.txt", "# only\n\n# comments\n", "no line of data"),
        ("x.parquet", b"", "empty file (0 bytes)"),
        ("x.csv", b"", "empty file (0 bytes)"),
    ],
)
def test_refused(tmp_path: Path, name: str, content: str | bytes, found: str) -> None:
    error_of(lambda: kind(tmp_path, name, content), str(tmp_path / name), found, KINDS)


def test_compressed_binary_is_refused(tmp_path: Path) -> None:
    content = gzip.compress(parquet_bytes())
    error_of(lambda: kind(tmp_path, "x.gz", content), "found Parquet compressed by gzip, wanted it unpacked")


@pytest.mark.parametrize(
    "line", ['{"a":' * 13_000, '{"a": [1], "p": [1], "x": "' + '"p": [' * 10_000, "[" * 65_000]
)
def test_a_long_line_shows_its_kind_at_once(line: str) -> None:
    begun = time.process_time()
    text_kind(line, line, "run")
    assert time.process_time() - begun < 2.0
