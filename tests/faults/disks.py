"""Disks that are full, read-only, or gone; and inputs without end."""

from __future__ import annotations

import ctypes
import os
import random
import resource
import shlex
import shutil
import subprocess
import time
from pathlib import Path

from tests.faults.commands import Ended, Prepared, finished, snapshot, started

#: Of ``prctl`` on Linux: what takes a capability from a process, and the one that lets root write anywhere.
_DROP, _WRITES_ANYWHERE = 24, 1
#: Bytes of address space of a command that reads an input without end.
_MEMORY = 4 << 30
#: A file system of its own, of 4 MB, and the file that fills it.
_MOUNT, _BALLAST = ("mount", "-t", "tmpfs", "-o", "size=4m", "rankeval-faults"), "ballast"
ENDLESS = ("zeros.csv", "line.csv", "quoted.csv", "zeros.tsv", "zeros.trec", "zeros.json")


def fill(command: Prepared, rng: random.Random) -> tuple[str, list[str]]:
    """Run a command that can write files of a limited size only: a stand-in for a full disk.

    Returns:
        the class of what happened, and what is wrong.
    """
    command.reset()
    sizes = [path.stat().st_size for path in command.kept.rglob("*") if path.is_file()] or [1000]
    most = rng.randrange(max(sizes))
    ended = finished(command.start(lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))))
    return _judged("full disk", command, ended)


def fill_up(command: Prepared, rng: random.Random) -> tuple[str, list[str]]:
    """Run a command whose output, or whose temporary files, are on a file system that is full, likewise.

    Where nobody may mount one, nothing is tried.
    """
    command.reset()
    place = rng.choice((command.out, command.tmp))
    if subprocess.run([*_MOUNT, place], capture_output=True, check=False).returncode != 0:
        return "full file system: cannot be mounted", []
    try:
        if place == command.out:
            shutil.copytree(command.kept, place, dirs_exist_ok=True)
        free = os.statvfs(place).f_bavail * os.statvfs(place).f_frsize
        (place / _BALLAST).write_bytes(bytes(max(free - rng.choice((0, 4096, 20_000)), 0)))
        ended = finished(command.start())
        (place / _BALLAST).unlink()
        return _judged("full file system", command, ended)
    finally:
        subprocess.run(["umount", place], check=True)


def write_protect(command: Prepared) -> tuple[str, list[str]]:
    """Run a command that may not write into its folder, likewise."""
    command.reset()
    folders = [command.out, *(path for path in command.out.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    try:
        return _judged("read-only folder", command, finished(command.start(_obey_permissions)))
    finally:
        for folder in folders:
            folder.chmod(0o755)


def _obey_permissions() -> None:
    if os.geteuid() == 0:
        ctypes.CDLL(None).prctl(_DROP, _WRITES_ANYWHERE)


def remove(command: Prepared, rng: random.Random) -> tuple[str, list[str]]:
    """Remove the output folder while a command runs, likewise."""
    command.reset()
    process = command.start()
    time.sleep(rng.random() * 0.6 * command.seconds)
    shutil.rmtree(command.out, ignore_errors=True)
    ended = finished(process)
    wrong = _wrong_end(ended)
    if ended.status == 0 and snapshot(command.out) not in (command.new, {}):
        wrong.append(f"status 0 with {sorted(snapshot(command.out))}")
    command.out.mkdir(exist_ok=True)
    if command.leftover():
        wrong.append(f"left {command.leftover()}")
    return f"folder removed: status {ended.status}", wrong


def endless(name: str, folder: Path) -> tuple[str, list[str]]:
    """Evaluate a file of 8 GB, most of it zeros or one line, with little memory, likewise."""
    path = folder / name
    starts = {
        "line.csv": b"query_id,item_id,score\nq,a,",
        "quoted.csv": b'query_id,item_id,score\nq,"a',
        "zeros.trec": b"q Q0 a 1 2.5 tag\n",
        "zeros.json": b'{"positions": [',
    }
    path.write_bytes(starts.get(name, b"query_id,item_id,score\nq,a,1\n"))
    if path.suffix == ".json":
        call = f"ope slates.parquet -e click_ips --position-bias {name}"
    else:
        call = f"evaluate {name} --judgements qrels.txt"
    os.truncate(path, 8 << 30)
    try:
        process = started(
            shlex.split(call), folder, lambda: resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        )
        ended = finished(process)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return "endless input: hang", [f"{name}: still runs"]
    finally:
        path.unlink()
    return f"endless input: status {ended.status}", [f"{name}: {each}" for each in _wrong_end(ended)]


def _judged(what: str, command: Prepared, ended: Ended) -> tuple[str, list[str]]:
    """The class of a run that may fail, but not leave anything but the old or the new output."""
    wrong = _wrong_end(ended)
    wanted = command.new if ended.status == 0 else command.old
    if (found := snapshot(command.out)) != wanted:
        wrong.append(f"status {ended.status} with {sorted(found)} in the folder")
    if command.leftover():
        wrong.append(f"left {command.leftover()}")
    return f"{what}: status {ended.status}", wrong


def _wrong_end(ended: Ended) -> list[str]:
    lines = ended.err.splitlines()
    errors = sum(line.startswith("rankeval: error: ") for line in lines)
    if ended.status not in (0, 1, 2):
        return [f"status {ended.status}: {ended.err[-300:]!r}"]
    if errors != (ended.status != 0) or not all(line.startswith("rankeval: ") for line in lines):
        return [f"status {ended.status} with stderr {ended.err[-300:]!r}"]
    return []
