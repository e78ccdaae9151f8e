"""Compiled kernels on disk: what is damaged or cannot be kept is compiled again, and changes no result."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.paths import REPO

CODE = """
import numpy as np
from rankeval.arrays import offsets_of
from rankeval.arrays.hashes import mix64
print(mix64(np.arange(3, dtype=np.uint64)).tolist())
"""


def run(cache: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", CODE],
        cwd=REPO,
        env={**os.environ, "NUMBA_CACHE_DIR": str(cache), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    cache = tmp_path_factory.mktemp("cache")
    first = run(cache)
    assert (first.returncode, "compiling kernels" in first.stderr) == (0, True)
    again = run(cache)
    assert (again.returncode, again.stdout, again.stderr) == (0, first.stdout, "")
    return cache, first.stdout


def flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 0x10]) + data[middle + 1 :]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:40],
        lambda data: data[:-1],
        flipped,
        lambda data: b"\0" * len(data),
    ],
    ids=["empty", "begun", "cut", "flipped", "zeros"],
)
@pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
def test_a_damaged_cache_is_written_anew(
    filled: tuple[Path, str], tmp_path: Path, suffix: str, damage: Callable[[bytes], bytes]
) -> None:
    cache, wanted = tmp_path / "cache", filled[1]
    shutil.copytree(filled[0], cache)
    files = [path for path in cache.rglob("*") if path.suffix == suffix]
    assert files
    for path in files:
        path.write_bytes(damage(path.read_bytes()))
    for compiles in (True, False):
        done = run(cache)
        assert (done.returncode, done.stdout) == (0, wanted), done.stderr
        assert ("compiling kernels" in done.stderr) == compiles


def test_without_a_folder_for_kernels_they_are_compiled_in_each_process(
    filled: tuple[Path, str], tmp_path: Path
) -> None:
    # A locator that never finds a folder stands for an installation and a home that are read-only.
    done = run(tmp_path, NUMBA_CACHE_LOCATOR_CLASSES="ZipCacheLocator")
    assert (done.returncode, done.stdout) == (0, filled[1])
    assert "kernels cannot be kept (there is no folder that can be written)" in done.stderr
    assert "compiling kernels, once in this process" in done.stderr
    assert done.stderr.count("\n") == 2


def test_a_full_disk_costs_only_the_time_to_compile(filled: tuple[Path, str], tmp_path: Path) -> None:
    full = "import rankeval.arrays.kernel_cache as module\ndef full(*_): raise OSError(28, 'No space left')\n"
    full += "module._DigestedFile._open_for_write = full\n"
    done = subprocess.run(
        [sys.executable, "-c", full + CODE],
        cwd=REPO,
        env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, filled[1])
    assert "kernels cannot be kept (No space left)" in done.stderr
