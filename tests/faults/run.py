"""``python -m tests.faults.run``: commands that are killed at random moments, and disks that fail."""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.faults.commands import COMMANDS, DEMO, Prepared, prepared, snapshot, write_inputs
from tests.faults.disks import ENDLESS, endless, fill, fill_up, remove, write_protect
from tests.faults.kills import SIGNALS, kill

Happened = tuple[str, str, list[str]]


def kills(commands: list[Prepared], number: int, seed: int) -> Iterator[Happened]:
    """Name, class and what is wrong of ``number`` kills of random commands."""
    rng = random.Random(seed)
    for _ in range(number):
        command = rng.choice(commands)
        yield command.name, *kill(command, rng.choice(SIGNALS), rng)


def disks(commands: list[Prepared], seed: int) -> Iterator[Happened]:
    """The same of four faults of the disk for each command."""
    rng = random.Random(seed)
    for command in commands:
        yield command.name, *fill(command, rng)
        yield command.name, *fill_up(command, rng)
        yield command.name, *write_protect(command)
        yield command.name, *remove(command, rng)


def main() -> int:
    """Read the options, run, and print counts; the status is 1 if something was wrong."""
    options = _options()
    # A shell lets what it starts in the background ignore interrupts, and so would each command.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    classes: Counter[str] = Counter()
    problems = 0
    with tempfile.TemporaryDirectory(prefix="rankeval-faults-") as name:
        folder = Path(name) / "work"
        folder.mkdir()
        write_inputs(folder)
        for _, kind, wrong in _all(folder, options):
            classes[kind] += 1
            problems += bool(wrong)
    print(f"\n{classes.total()} faults, {problems} with something wrong")
    for kind, number in sorted(classes.items()):
        print(f"{number:6}  {kind}")
    return 1 if problems else 0


def _all(folder: Path, options: argparse.Namespace) -> Iterator[Happened]:
    names = [name for name in {**COMMANDS, **DEMO} if options.only in name]
    commands = [prepared(name, folder) for name in names]
    inputs = _inputs(folder)
    yield from _shown(kills(commands, options.kills, options.seed))
    if options.disks:
        yield from _shown(disks(commands, options.seed))
        yield from _shown((name, *endless(name, folder)) for name in ENDLESS)
    if _inputs(folder) != inputs:
        yield from _shown(iter([("all", "inputs changed", ["an input was changed"])]))


def _shown(all_happened: Iterator[Happened]) -> Iterator[Happened]:
    for name, kind, wrong in all_happened:
        for each in wrong:
            print(f"{name}: {kind}: {each}", flush=True)
        yield name, kind, wrong


def _inputs(folder: Path) -> dict[str, str]:
    return {
        name: digest for name, digest in snapshot(folder).items() if not name.startswith(("out/", "tmp/"))
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.run", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="commands whose names hold this text")
    parser.add_argument("--no-disks", dest="disks", action="store_false", help="only kills")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
