from __future__ import annotations

import gc
import io
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankeval.readers.open_sources import open_sources
from tests.paths import REPO
from tests.readers.helpers import drain, error_of, read

RUN = b"q Q0 a 1 2.5 t\nq Q0 b 2 1.5 t\n"


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the system for temporary files."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def piped(content: bytes) -> str:
    """A path to the read end of a pipe, to which a thread writes ``content``."""
    reading, writing = os.pipe()

    def write() -> None:
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(content)

    threading.Thread(target=write).start()
    return f"/dev/fd/{reading}"


def parquet_bytes() -> bytes:
    content = io.BytesIO()
    pq.write_table(pa.table({"score": [2.5, 1.5]}), content)
    return content.getvalue()


@pytest.mark.parametrize("content", [RUN, parquet_bytes(), RUN * 10_000])
def test_a_pipe_is_read_again_from_a_copy(scratch: Path, content: bytes) -> None:
    sources = open_sources(piped(content), role="run")
    assert [path.read_bytes() for path in scratch.iterdir()] == [content]
    for _ in range(2):
        assert drain(sources, ["score"])["score"].to_pylist()[:2] == [2.5, 1.5]
    del sources
    gc.collect()
    assert list(scratch.iterdir()) == []


def test_a_named_pipe_and_its_name_in_errors(scratch: Path, tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    threading.Thread(target=path.write_bytes, args=(RUN + b"q\n",)).start()
    error_of(lambda: read(path, role="run"), f"{path}, line 3: found 'q'")
    gc.collect()
    assert list(scratch.iterdir()) == []


def test_standard_input_may_be_named_twice(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(RUN)))
    assert read("-", role="run").equals(read("-", role="run"))
    assert read("-", role="run")["item_id"].to_pylist() == ["a", "b"]


def test_an_empty_standard_input(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    error_of(lambda: read("-"), "standard input: empty file (0 bytes)")


def test_a_closed_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    error_of(lambda: read("-"), "standard input: is closed, wanted one to read from")


def test_a_file_that_is_standard_input_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "run.csv"
    path.write_bytes(RUN)
    with path.open() as stdin:
        command = [sys.executable, "-m", "rankeval.cli", "rank", "column:score", "-", "--out", str(path)]
        done = subprocess.run(command, stdin=stdin, capture_output=True, text=True, cwd=REPO, check=False)
    assert (done.returncode, path.read_bytes()) == (2, RUN)
    assert done.stderr.startswith(f"rankeval: error: out {path}: is an input")


def call(*arguments: str, given: bytes, scratch: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "rankeval.cli", *arguments, "--threads", "1", "--format", "json"],
        input=given,
        capture_output=True,
        cwd=REPO,
        env={**os.environ, "TMPDIR": str(scratch)},
        check=False,
    )


@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
@pytest.mark.parametrize(("bad", "status"), [(b"", 0), (b"q\n", 1)])
def test_the_command_line_leaves_nothing_behind(
    scratch: Path, tmp_path: Path, name: str, bad: bytes, status: int
) -> None:
    (tmp_path / "qrels").write_text("q 0 a 0\nq 0 b 1\n")
    arguments = ["evaluate", name, "--judgements", str(tmp_path / "qrels"), "-m", "mrr"]
    done = call(*arguments, given=RUN + bad, scratch=scratch)
    assert done.returncode == status
    assert (b'"value": 0.5' in done.stdout) == (status == 0)
    assert list(scratch.iterdir()) == []
