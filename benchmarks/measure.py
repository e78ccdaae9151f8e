"""Call one job in this process: ``python -m benchmarks.measure JOB REPEATS`` prints JSON.

The repeats follow one warm-up call and one another, with nothing between them. Jobs that take turns in one
process hand their memory back and fault it in again, which slows the plain reads that all else is compared
with most of all (up to nine times) and would flatter every ratio.
"""

from __future__ import annotations

import json
import sys
from time import perf_counter

from benchmarks.jobs import JOBS


def main() -> None:
    """Print the number that the job returned and its times in seconds."""
    call, repeats = JOBS[sys.argv[1]].call, int(sys.argv[2])
    value = call()
    seconds = []
    for _ in range(repeats):
        start = perf_counter()
        call()
        seconds.append(perf_counter() - start)
    print(json.dumps({"value": value, "seconds": seconds}))


if __name__ == "__main__":
    main()
