"""``python -m tests.fuzz.run``: changed inputs through all commands, until the time is over."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, count
from pathlib import Path

from tests.fuzz.checks import Problem, outcome_class, problem
from tests.fuzz.corpus import CORPUS, read_cases, write_case
from tests.fuzz.pool import Worker
from tests.fuzz.seeds import write_seeds
from tests.fuzz.targets import Case, targets

#: Cases of one cause that are kept.
_KEPT = 3


class Findings:
    """Counts by class, and the first cases of each cause, which it writes into ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.classes: Counter[str] = Counter()
        self.causes: Counter[str] = Counter()
        self._lock = threading.Lock()

    def add(self, worker: Worker, case: Case) -> None:
        """Run a case and count it."""
        outcome = worker.run(case)
        found = problem(case, outcome)
        cases = [case]
        if found is not None and found.kind == "crash":
            cases = worker.recent
            again = problem(case, worker.run(case))  # in a new process
            cases = [case] if again is not None else cases
        with self._lock:
            if found is None:
                self.classes[outcome_class(case, outcome)] += 1
            else:
                self._keep(cases, found, outcome.traceback or outcome.err)

    def _keep(self, cases: list[Case], found: Problem, messages: str) -> None:
        if len(cases) > 1:
            found = Problem("crash", "after others in one process")
        cause = f"{found.kind}: {found.detail}"
        self.classes[f"FOUND {found.kind}"] += 1
        self.causes[cause] += 1
        if self.causes[cause] > _KEPT:
            return
        if len(cases) == 1:
            place = write_case(self.folder, cases[0], found, messages)
        else:
            place = self.folder / f"together-{self.causes[cause]}"
            for number, each in enumerate(cases):
                write_case(place / f"{number:02}", each, found, messages)
        print(f"found {cause} ({place})", flush=True)


def drawn(draw: dict[str, Callable[[random.Random], Case]], seed: int) -> Iterator[Case]:
    """Cases without end, the same for the same seed."""
    for number in count():
        rng = random.Random(f"{seed}:{number}")
        yield draw[rng.choice(sorted(draw))](rng)


def run_all(cases: Iterable[Case], seeds: Path, folder: Path, findings: Findings, workers: int = 1) -> None:
    """Run cases by ``workers`` processes, whose folders are made in ``folder``."""
    shared, lock = iter(cases), threading.Lock()

    def work(number: int) -> None:
        with Worker(seeds, folder / f"worker-{number}") as worker:
            while True:
                with lock:
                    case = next(shared, None)
                if case is None:
                    return
                findings.add(worker, case)

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(work, range(workers)))


def _until(cases: Iterator[Case], end: float) -> Iterator[Case]:
    for case in cases:
        if time.monotonic() >= end:
            return
        yield case


def main() -> int:
    """Read the options, run, and print counts; the status is 1 if something was found."""
    options = _options()
    findings = Findings(options.folder)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="rankeval-fuzz-") as name:
        seeds = Path(name) / "seeds"
        seeds.mkdir()
        write_seeds(seeds)
        draw = {key: each for key, each in targets(seeds).items() if options.only in key}
        kept = [case for _, case in read_cases(options.replay or CORPUS)]
        endless = iter(()) if options.replay else drawn(draw, options.seed)
        end = time.monotonic() + 60 * options.minutes
        workers = 1 if options.replay else options.workers
        run_all(chain(kept, _until(endless, end)), seeds, Path(name), findings, workers)
    return _report(findings, time.monotonic() - started)


def _report(findings: Findings, seconds: float) -> int:
    total = findings.classes.total()
    print(f"\n{total} cases in {seconds:.0f} s")
    for name, number in sorted(findings.classes.items()):
        print(f"{number:8}  {name}")
    for cause, number in findings.causes.most_common():
        print(f"{number:8}  {cause}")
    if findings.causes:
        print(f"the cases are in {findings.folder}; --replay {findings.folder} runs them again")
    return 1 if findings.causes else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.run", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", default="", help="targets whose names hold this text")
    parser.add_argument("--folder", type=Path, default=Path(".fuzz"), help="where findings are written")
    parser.add_argument("--replay", type=Path, help="run only the cases in this folder, in one process")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
