"""Time or call jobs in this process: ``python -m benchmarks.measure REPEATS JOB...`` prints JSON.

With several repeats the jobs take turns after one warm-up each, so that a busy moment of the machine hits
all of them alike. With none, each is called once: what a process needs that does nothing else.
"""

from __future__ import annotations

import json
import sys
from time import perf_counter

from benchmarks.jobs import JOBS


def main() -> None:
    """Print, for every job, its times in seconds and the number it returned."""
    repeats, names = int(sys.argv[1]), sys.argv[2:]
    values = {name: JOBS[name].call() for name in names}
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(repeats):
        for name in names:
            start = perf_counter()
            JOBS[name].call()
            seconds[name].append(perf_counter() - start)
    print(json.dumps({"seconds": seconds, "values": values}))


if __name__ == "__main__":
    main()
