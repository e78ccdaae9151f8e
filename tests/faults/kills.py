"""A signal at a random moment, and what must then be true."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from pathlib import Path

from tests.faults.commands import MARK, Ended, Prepared, Snapshot, finished, snapshot

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
#: Seconds in which a process must end, and after which it counts as hanging.
AT_ONCE, PATIENCE = 2.0, 30.0


def kill(command: Prepared, number: signal.Signals, rng: random.Random) -> tuple[str, list[str]]:
    """Send a signal to a command that has written before.

    Returns:
        the class of what happened, and what is wrong.
    """
    command.reset()
    process, begun = command.start(), time.monotonic()
    writing = rng.random() < 0.5
    moment = rng.random() * (0.05 if writing else 1.1 * command.seconds)
    if writing:
        _wait_for_writing(command, process)
    time.sleep(moment)
    ready = _waits_for_signals(process)
    sent = time.monotonic() - begun
    process.send_signal(number)
    try:
        ended = finished(process, PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return "hang", [f"still runs {PATIENCE:.0f} s after {number.name}"]
    found = snapshot(command.out)
    kind = _class(number, ended, ready, found == command.new)
    wrong = wrong_end(number, ended, ready) + wrong_files(command, number, found)
    if number == signal.SIGKILL:
        wrong += _wrong_next_run(command)
    elif command.leftover():
        wrong.append(f"left {command.leftover()}")
    when = f"{sent:.2f} s after the start{'' if ready else ', before the command began'}"
    return kind, [f"{each} (sent {when})" for each in wrong]


def _wait_for_writing(command: Prepared, process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + PATIENCE
    while process.poll() is None and not command.leftover() and time.monotonic() < end:
        time.sleep(0.001)


def _waits_for_signals(process: subprocess.Popen[str]) -> bool:
    """Whether the process has come so far that it blocks the signals, and a thread waits for them."""
    try:
        lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    except OSError:
        return process.poll() is None
    blocked = [int(line.split()[1], 16) for line in lines if line.startswith("SigBlk:")]
    return any(bits >> (signal.SIGTERM - 1) & 1 for bits in blocked)


def _class(number: signal.Signals, ended: Ended, ready: bool, new: bool) -> str:
    if ended.status == 0:
        return f"{number.name}: finished before"
    if not ready and number != signal.SIGKILL:
        return f"{number.name}: before the command began"
    return f"{number.name}: {'new' if new else 'old'} output"


def wrong_end(number: signal.Signals, ended: Ended, ready: bool) -> list[str]:
    wrong = []
    if ended.seconds > AT_ONCE:
        wrong.append(f"took {ended.seconds:.1f} s to end with status {ended.status}")
    if number == signal.SIGKILL or not ready:
        return wrong
    if ended.status not in (0, 128 + number):
        wrong.append(f"status {ended.status}")
    if not all(line.startswith("rankeval: ") for line in ended.err.splitlines()):
        wrong.append(f"stderr {ended.err[-300:]!r}")
    return wrong


def wrong_files(command: Prepared, number: signal.Signals, found: Snapshot) -> list[str]:
    """Nothing if the old or the new output is whole.

    Each file counts alone where there is no old one, and where a kill may come between two of them.
    """
    if found in (command.old, command.new):
        return []
    marked = any(Path(name).name == MARK for name in found)
    if (number == signal.SIGKILL and not marked) or not command.old:
        broken = [
            name
            for name, digest in found.items()
            if digest not in (command.old.get(name), command.new.get(name))
        ]
        return [f"broken {broken}"] if broken else []
    return [f"old and new are mixed: {sorted(found)}"]


def _wrong_next_run(command: Prepared) -> list[str]:
    """What a call after the killed one does wrong: it must work, and remove what is left of that."""
    ended = finished(command.start())
    wrong = []
    if ended.status != 0 or snapshot(command.out) != command.new:
        wrong.append(f"the next run: status {ended.status}, {ended.err[-300:]!r}")
    if command.leftover():
        wrong.append(f"the next run left {command.leftover()}")
    return wrong
