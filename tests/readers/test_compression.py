from __future__ import annotations

import bz2
import gzip
import lzma
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.readers.helpers import error_of, read


def zstd(data: bytes) -> bytes:
    return pa.compress(data, codec="zstd", asbytes=True)


every_compression = pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress, zstd])
CSV = b"query_id,item_id,score\n" + b"".join(b"q%d,d,%d\n" % (k // 9, k) for k in range(5000))
TEXTS = {
    "csv": CSV,
    "run": b"".join(b"q%d Q0 d 1 %d t\n" % (k // 9, k) for k in range(5000)),
    "letor": b"".join(b"0 qid:q%d 1:%d # d\n" % (k // 9, k) for k in range(5000)),
    "jsonl": b"".join(b'{"query_id": "q%d", "score": %d}\n' % (k // 9, k) for k in range(5000)),
}


@every_compression
@pytest.mark.parametrize("text", TEXTS)
def test_parts_compressed_one_by_one_follow_each_other(tmp_path: Path, text: str, compress: Any) -> None:
    whole = TEXTS[text]
    (tmp_path / "plain").write_bytes(whole)
    half = whole.index(b"\n", len(whole) // 2) + 1
    (tmp_path / "packed").write_bytes(compress(whole[:half]) + compress(whole[half:]))
    assert read(tmp_path / "packed", role="run").equals(read(tmp_path / "plain", role="run"))


@every_compression
@pytest.mark.parametrize("text", TEXTS)
def test_a_truncated_file_is_an_error(tmp_path: Path, text: str, compress: Any) -> None:
    packed = compress(TEXTS[text])
    for kept in (len(packed) - 5, len(packed) // 2):
        (tmp_path / "packed").write_bytes(packed[:kept])
        error_of(lambda: read(tmp_path / "packed", role="run"), "packed: cannot be read")
