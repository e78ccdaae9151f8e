"""Speed of ``rank`` beside LightGBM's own: ``python -m benchmarks.rank`` prints both by stage, as Markdown.

The share of LightGBM is the processor time of its calls within ``rank``, out of that of the whole call, in
one thread. Processor time leaves out the work of other processes. ``make bench`` compares whole processes.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from time import perf_counter, process_time
from typing import Any
from unittest.mock import patch

from benchmarks.data import (
    FEATURE_ROWS,
    FEATURES,
    RANKERS,
    feature_file,
    make_features,
    make_ranker,
    ranker_file,
)
from benchmarks.process import run

#: Rows that LightGBM gets at a time, about as many as from ``rank``.
PIECE = 20_000


def rank_file(trees: int, leaves: int) -> None:
    """Rank the feature file in one thread, and write the run."""
    from rankeval import rank

    with tempfile.TemporaryDirectory(dir=feature_file().parent) as folder:
        rank(
            f"lightgbm:{ranker_file(trees, leaves)}", feature_file(), Path(folder) / "run.parquet", threads=1
        )


def predict_alone(trees: int, leaves: int) -> None:
    """Predict as many rows of features from memory, in one thread; the same rows again and again."""
    import lightgbm
    import numpy as np

    booster = lightgbm.Booster(model_file=ranker_file(trees, leaves))
    matrix = np.random.default_rng(3).normal(size=(PIECE, FEATURES))
    for _ in range(FEATURE_ROWS // PIECE):
        booster.predict(matrix, num_threads=1)


def shares(trees: int, leaves: int) -> tuple[float, float, float]:
    """Of one call of ``rank``: seconds, seconds of processor time, and those of LightGBM in it."""
    import lightgbm

    inside = 0.0
    predict = lightgbm.Booster.predict

    def timed(*arguments: Any, **options: Any) -> Any:
        nonlocal inside
        start = process_time()
        found = predict(*arguments, **options)
        inside += process_time() - start
        return found

    with patch.object(lightgbm.Booster, "predict", timed):
        start, busy = perf_counter(), process_time()
        rank_file(trees, leaves)
        return perf_counter() - start, process_time() - busy, inside


def main() -> None:
    """Print the shares of both models, each measured in a process of its own."""
    if len(sys.argv) > 1:
        print(json.dumps(shares(*map(int, sys.argv[1:]))))
        return
    make_features()
    print("| model | seconds | processor time | in LightGBM | share | peak MB |")
    print("|---|---:|---:|---:|---:|---:|")
    for trees, leaves in RANKERS:
        make_ranker(trees, leaves)
        finished = run(["-m", "benchmarks.rank", str(trees), str(leaves)])
        seconds, busy, inside = json.loads(finished.stdout)
        figures = f"{seconds:.1f} | {busy:.1f} | {inside:.1f} | {inside / busy:.1%}"
        print(f"| {trees} trees of {leaves} leaves | {figures} | {finished.megabytes:.0f} |", flush=True)


if __name__ == "__main__":
    main()
