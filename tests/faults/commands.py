"""Commands that write, and how each is started."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from rankeval.temporary_files import is_temporary
from tests.fuzz.seeds import tables
from tests.paths import REPO
from tests.sameness.data import write_all

Snapshot = dict[str, str]
#: Name -> what follows ``rankeval``: {out} is the folder to write to, and {n} is 2 in an earlier call and 3
#: in the call under test, so that old and new output differ.
COMMANDS: dict[str, str] = dict(
    line.split(": ", 1) for line in Path(__file__).with_name("commands.txt").read_text().splitlines()
)
#: Longer than all others.
DEMO = {"demo": "demo --out {out}/demo"}
#: The file of a folder that says that all others in it belong together.
MARK = "truth.json"


@dataclass(frozen=True)
class Ended:
    """How a process ended. ``seconds`` passed since it started."""

    status: int
    err: str
    seconds: float


@dataclass(frozen=True)
class Prepared:
    """A command with its inputs.

    Attributes:
        name: that of the command.
        folder: holds the inputs, ``out`` and ``tmp``.
        old: what an earlier call left in ``out``; ``kept`` is a copy of it.
        new: what the call under test leaves there.
        seconds: time that it takes.
    """

    name: str
    folder: Path
    kept: Path
    old: Snapshot
    new: Snapshot
    seconds: float

    @property
    def out(self) -> Path:
        """The folder that the command writes to."""
        return self.folder / "out"

    @property
    def tmp(self) -> Path:
        """Its folder for temporary files."""
        return self.folder / "tmp"

    def reset(self) -> None:
        """Put the old output in place, and nothing temporary."""
        for place in (self.out, self.tmp):
            shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self.kept, self.out)
        self.tmp.mkdir()

    def start(self, limit: Callable[[], None] | None = None) -> subprocess.Popen[str]:
        """Start the call under test; ``limit`` runs in the new process."""
        return started(words(self.name, "3"), self.folder, limit)

    def leftover(self) -> list[str]:
        """Temporary files that are there."""
        found = [path for path in self.out.rglob("*") if is_temporary(path.name)]
        return sorted(path.name for path in (*found, *self.tmp.iterdir()))


def words(name: str, n: str) -> list[str]:
    """The arguments of a command."""
    text = {**COMMANDS, **DEMO}[name]
    return [word.format(out="out", n=n) for word in shlex.split(text)]


def write_inputs(folder: Path) -> None:
    """The inputs of all commands."""
    write_all(folder)
    slates = pq.read_table(folder / "slates.parquet")
    order = np.random.default_rng(1).permutation(slates.num_rows)
    pq.write_table(slates.take(order), folder / "shuffled.parquet", row_group_size=500)
    pq.write_table(tables()["judged"], folder / "judged.parquet")
    for name in ("out", "tmp"):
        (folder / name).mkdir()
    world = "simulate out/w --sessions 9 --seed 3 --queries 3 --items 4 --positions 4 --logging fixed"
    done = finished(started(shlex.split(world), folder))
    assert done.status == 0, done.err
    (folder / "out" / "w" / "world.json").rename(folder / "world.json")
    shutil.rmtree(folder / "out" / "w")


def prepared(name: str, folder: Path) -> Prepared:
    """Run a command twice in ``folder``, which holds the inputs."""
    kept = folder.parent / f"kept-{name}"
    found = Prepared(name, folder, kept, {}, {}, 0.0)
    kept.mkdir()
    found.reset()
    if name not in DEMO:
        _done(started(words(name, "2"), folder), name)
        shutil.rmtree(kept)
        shutil.copytree(found.out, kept)
    old = snapshot(found.out)
    seconds = _done(found.start(), name)
    new = snapshot(found.out)
    assert new != old, f"{name}: both calls leave the same"
    return Prepared(name, folder, kept, old, new, seconds)


def _done(process: subprocess.Popen[str], name: str) -> float:
    ended = finished(process)
    assert ended.status == 0, f"{name}: {ended.err}"
    return ended.seconds


def started(
    arguments: list[str], folder: Path, limit: Callable[[], None] | None = None
) -> subprocess.Popen[str]:
    """Start a command; its time begins now."""
    variables = {"TMPDIR": str(folder / "tmp"), "PYTHONPATH": str(REPO), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "rankeval.cli", *arguments],
        cwd=folder,
        env={**os.environ, **variables},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=limit,
    )


def finished(process: subprocess.Popen[str], seconds: float = 120.0) -> Ended:
    """Wait for the end of a process."""
    begun = time.monotonic()
    _, err = process.communicate(timeout=seconds)
    return Ended(process.returncode, err, time.monotonic() - begun)


def snapshot(folder: Path) -> Snapshot:
    """Path -> digest of every file below ``folder`` that is not temporary."""
    found = {}
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not is_temporary(name)]
        for path in (Path(place, name) for name in files if not is_temporary(name)):
            found[str(path.relative_to(folder))] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found
