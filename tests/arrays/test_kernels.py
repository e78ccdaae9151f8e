from __future__ import annotations

import ast
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from rankeval import progress
from rankeval.arrays import kernels
from rankeval.arrays.kernels import _CompileNotice, kernel, read_only
from rankeval.errors import UsageError
from tests.paths import REPO

KERNELS = sorted(
    path
    for folder in ("rankeval", "simulators")
    for path in (REPO / folder).rglob("*.py")
    if "@kernel" in path.read_text()
)


def outcome(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPO,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@kernel
def _ratios(numerators: np.ndarray, denominators: np.ndarray) -> np.ndarray:
    ratios = np.empty(numerators.size)
    for i in range(numerators.size):
        ratios[i] = numerators[i] / denominators[i]
    return ratios


def test_a_division_by_zero_spoils_neither_its_neighbours_nor_the_call() -> None:
    found = _ratios(np.array([1.0, 1.0, 0.0, 3.0]), np.array([2.0, 0.0, 0.0, 4.0]))
    assert found[[0, 1, 3]].tolist() == [0.5, math.inf, 0.75]
    assert math.isnan(found[2])


def test_kernels_are_kept_on_disk_release_the_gil_and_have_no_fast_math() -> None:
    options = _ratios.targetoptions  # type: ignore[attr-defined]
    assert (options["nogil"], options["error_model"], options["nopython"]) == (True, "numpy", True)
    assert not options.get("fastmath")
    assert not options.get("parallel")
    assert type(_ratios._cache).__name__ == "KernelCache"  # type: ignore[attr-defined]


def test_read_only_is_a_view_that_makes_all_arrays_alike() -> None:
    array = np.arange(6.0)
    view = read_only(array)
    assert not view.flags.writeable
    assert array.flags.writeable
    assert np.shares_memory(view, array)
    strided = read_only(array[::2])
    assert strided.flags.c_contiguous
    assert strided.tolist() == [0.0, 2.0, 4.0]
    arrow = pa.array([1.0, 2.0]).to_numpy()
    assert read_only(arrow).flags.writeable == view.flags.writeable


def test_the_notice_comes_once(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(progress, "_quiet", False)
    listener = _CompileNotice()
    for _ in range(3):
        listener.on_start(None)
        listener.on_end(None)
    assert capsys.readouterr().err == "rankeval: compiling kernels, once on this machine ...\n"


def test_compiling_is_announced_unless_silent_and_happens_once(tmp_path: Path) -> None:
    code = """if True:
        from rankeval import progress
        import os, numpy as np
        if os.environ.get("SILENT"):
            progress.silence()
        from rankeval.arrays.hashes import mix64
        print(mix64(np.arange(2, dtype=np.uint64)).tolist())
    """
    notice = "rankeval: compiling kernels, once on this machine ...\n"
    first = outcome(code, NUMBA_CACHE_DIR=str(tmp_path / "a"))
    second = outcome(code, NUMBA_CACHE_DIR=str(tmp_path / "a"))
    silent = outcome(code, NUMBA_CACHE_DIR=str(tmp_path / "b"), SILENT="1")
    assert first == second + notice
    assert silent == second


def test_scipy_stays_away_but_can_be_imported_afterwards() -> None:
    code = """if True:
        import sys
        import rankeval.arrays.kernels
        print("scipy" in sys.modules)
        import scipy.special
        print(scipy.special.expit(0.0))
    """
    assert outcome(code).split() == ["False", "0.5"]
    assert (
        outcome("import scipy, rankeval.arrays.kernels, sys; print(sys.modules['scipy'] is scipy)").strip()
        == "True"
    )


def kernels_of(path: Path) -> list[ast.FunctionDef]:
    functions = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)]
    return [
        f for f in functions if any(isinstance(d, ast.Name) and d.id == "kernel" for d in f.decorator_list)
    ]


@pytest.mark.parametrize("path", KERNELS, ids=lambda path: path.stem)
def test_kernels_keep_the_house_rules(path: Path) -> None:
    slow = {"sort", "argsort", "dot", "unique", "searchsorted"}
    top = {node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}
    names = {node.name for node in top}
    for function in kernels_of(path):
        assert function.name in names, f"{function.name} is not at the top of its module"
        assert len(function.args.args) <= 8, function.name
        assert not any(isinstance(node, ast.Raise | ast.Assert | ast.Try) for node in ast.walk(function))
        used = {node.attr for node in ast.walk(function) if isinstance(node, ast.Attribute)}
        assert used & slow == set(), f"{function.name}: {used & slow}"


@pytest.mark.parametrize("found", ["0", "x", ""])
def test_a_number_of_threads_that_numba_would_end_for(found: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_NUM_THREADS", found)
    with pytest.raises(UsageError, match=f"NUMBA_NUM_THREADS: found '{found}' in the environment"):
        kernels._require_threads()
