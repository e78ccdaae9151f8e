"""``make bench``: speed and memory, side by side in one run, as Markdown.

``python -m benchmarks.run [--repeats N] [--only TEXT]``: the groups whose title holds TEXT.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from statistics import median
from typing import Any

from benchmarks.jobs import GROUPS, METRICS, START_RUN, Job
from benchmarks.process import Finished, run

HEADER = ("", "median s", "ratio", "peak MB", "to reach", "")
START = "Start-up, whole process"
AGREEMENT = 1e-9
TURNS = 3


@dataclass(frozen=True)
class Measured:
    """Time and memory of one job.

    Attributes:
        job: the job.
        seconds: median time in seconds.
        megabytes: peak memory in MB.
        base: median time in seconds of the job that this job is compared with; None: there is no such job.
    """

    job: Job
    seconds: float
    megabytes: float
    base: float | None = None

    def row(self) -> tuple[str, ...]:
        """A row of the table."""
        ratio = "" if self.base is None else f"{self.seconds / self.base:.2f}"
        bounds = list(self._bounds())
        wanted = ", ".join(text for text, _ in bounds)
        verdict = "" if not bounds else "yes" if all(met for _, met in bounds) else "NO"
        return self.job.label, f"{self.seconds:.3f}", ratio, f"{self.megabytes:.0f}", wanted, verdict

    def _bounds(self) -> Iterable[tuple[str, bool]]:
        job, base = self.job, self.base or 0.0
        if job.times is not None:
            yield f"ratio <= {job.times:g}", self.seconds <= job.times * base
        if job.added is not None:
            yield f"adds < {job.added:g} s", self.seconds - base < job.added
        if job.seconds is not None:
            yield f"< {job.seconds:g} s", self.seconds < job.seconds
        if job.megabytes is not None:
            yield f"< {job.megabytes:g} MB", self.megabytes < job.megabytes


def measure_group(jobs: Mapping[str, Job], repeats: int) -> list[Measured]:
    """Time each job in its own warm processes, and measure its memory in a process that calls it once.

    The processes of the jobs take turns, so that a busy time of the machine affects more than one job.
    """
    times: dict[str, list[float]] = {name: [] for name in jobs}
    values: dict[str, float] = {}
    megabytes = dict.fromkeys(jobs, 0.0)
    for _ in range(TURNS):
        for name, job in jobs.items():
            found, finished = _measure(name, 0 if job.long else repeats)
            times[name] += [finished.seconds] if job.long else found["seconds"]
            megabytes[name] = max(finished.megabytes, megabytes[name]) if job.long else 0.0
            if found["value"] is not None:
                values[name] = found["value"]
    if values and max(values.values()) - min(values.values()) > AGREEMENT:
        raise RuntimeError(f"the tools disagree on NDCG@10: {values}")
    seconds = {name: median(all_turns) for name, all_turns in times.items()}
    return [
        Measured(
            job,
            seconds[name],
            megabytes[name] or _measure(name, 0)[1].megabytes,
            None if job.base is None else seconds[job.base],
        )
        for name, job in jobs.items()
    ]


def _measure(name: str, repeats: int) -> tuple[dict[str, Any], Finished]:
    finished = run(["-m", "benchmarks.measure", name, str(repeats)])
    return json.loads(finished.stdout), finished


def measure_start(repeats: int) -> list[Measured]:
    """Measure whole processes of the command line: help, a warm job, and the first job on a machine."""
    evaluate = ["-m", "rankeval.cli", "evaluate", str(START_RUN), "-m", ",".join(METRICS)]

    def cold() -> Finished:
        with tempfile.TemporaryDirectory() as cache:
            return run(evaluate, {"NUMBA_CACHE_DIR": cache})

    return [
        _whole("rankeval --help", lambda: run(["-m", "rankeval.cli", "--help"]), repeats, 0.25),
        _whole("rankeval evaluate, 300 queries, compiled before", lambda: run(evaluate), repeats, 1.5),
        _whole("rankeval evaluate, 300 queries, compiling", cold, 1, 15.0),
    ]


def _whole(label: str, call: Callable[[], Finished], repeats: int, seconds: float) -> Measured:
    if repeats > 1:
        call()
    runs = [call() for _ in range(repeats)]
    job = Job(label, lambda: None, seconds=seconds)
    return Measured(job, median(one.seconds for one in runs), max(one.megabytes for one in runs))


def table(title: str, rows: list[Measured]) -> str:
    """A Markdown table, with cells padded to the width of their column."""
    cells = [HEADER, *(measured.row() for measured in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(HEADER))]
    lines = ["| " + " | ".join(_padded(row, widths)) + " |" for row in cells]
    rule = (
        "|"
        + "|".join("-" * (width + 1) + (":" if 0 < i < 4 else "-") for i, width in enumerate(widths))
        + "|"
    )
    return "\n".join([f"### {title}", "", lines[0], rule, *lines[1:], ""])


def _padded(row: tuple[str, ...], widths: list[int]) -> list[str]:
    return [
        text.rjust(width) if 0 < i < 4 else text.ljust(width)
        for i, (text, width) in enumerate(zip(row, widths, strict=True))
    ]


def machine() -> str:
    """One line that describes the machine and the versions of packages."""
    packages = [
        f"{name} {found}" for name in ("numpy", "numba", "pyarrow", "polars") if (found := _version(name))
    ]
    busy = os.getloadavg()[0]
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, load {busy:.1f} before"
    return f"{system}, Python {platform.python_version()}, {', '.join(packages)}"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def tell(text: str) -> None:
    """Print progress to stderr, separate from the results."""
    print(f"rankeval: {text} ...", file=sys.stderr, flush=True)


def main() -> None:
    """Measure the jobs, and print a table for each group."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5, help=f"calls in each of {TURNS} processes")
    parser.add_argument("--only", default="", help="the groups whose title holds this text")
    options = parser.parse_args()
    tell("making the data in .bench/ (once, 9 GB)")
    run(["-m", "benchmarks.data"])
    print(machine(), end="\n\n")
    for title, group in GROUPS.items():
        if options.only.lower() in title.lower():
            tell(f"measuring: {title}")
            jobs = {name: job for name, job in group.items() if job.available}
            print(table(title, measure_group(jobs, options.repeats)), flush=True)
    if options.only.lower() in START.lower():
        tell(f"measuring: {START}")
        print(table(START, measure_start(options.repeats)), flush=True)


if __name__ == "__main__":
    main()
