"""Call one job in this process: ``python -m benchmarks.measure JOB REPEATS`` prints JSON.

The repeats directly follow one warm-up call, and one another. If jobs took turns in one process, they would
return their memory to the system and fault it in again. This slows plain reads most, up to nine times. All
other jobs are compared with plain reads, so every ratio would look better than it is.
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
