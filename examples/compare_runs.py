"""Compares two runs over judged queries: which is better, by how much, and how certain this is.

The script first simulates the files. Then it does what you would do with your own files.
"""

from __future__ import annotations

import tempfile

import rankeval
from rankeval.simulators import RankingWorld, write_judged_runs


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = RankingWorld(queries=500, items=50, seed=3, judged=0.5)
        files = write_judged_runs(folder, world, {"old": 1.6, "new": 1.5})
        result = rankeval.evaluate(
            {name: str(path) for name, path in files.runs.items()},
            str(files.judgements),
            ["ndcg@10", "map"],
            ci=["normal", "bootstrap"],
        )
    print(result)
    difference = result.comparisons[0]
    print(f"{difference.a} - {difference.b}: {difference.estimate.value:+.4f} {difference.metric}")


if __name__ == "__main__":
    main()
