"""Speed of ``uplift``: the work that ``make bench`` times, and the share of LightGBM's own predictions.

``python -m benchmarks.uplift_speed`` prints that share: processor time of LightGBM's calls within ``uplift``,
out of that of the whole call, in one thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from benchmarks.data import FEATURES, FOLDER, RANKERS, make_ranker, ranker_file

if TYPE_CHECKING:
    import pyarrow as pa

POSITIONS = 10
UPLIFT_SESSIONS, FEATURE_SESSIONS, BLOCK = 1_000_000, 100_000, 25_000
SCORES = ("score_0", "score_1", "score_2")
CURVE = [1.0 / k for k in range(1, POSITIONS + 1)]


def score_log(sessions: int) -> Path:
    """A log of clicks on ten positions with three columns of scores."""
    return FOLDER / f"uplift-{sessions}.parquet"


def feature_log() -> Path:
    """A log of clicks on ten positions with the features of :func:`benchmarks.data.ranker_file`."""
    return FOLDER / f"uplift-features-{FEATURE_SESSIONS}.parquet"


def make_logs(sessions: int = UPLIFT_SESSIONS) -> None:
    """Write both logs, if they are missing."""
    from rankeval.simulators import write_blocks

    logs = ((score_log(sessions), sessions, 0), (feature_log(), FEATURE_SESSIONS, FEATURES))
    for path, size, features in logs:
        if not path.exists():
            write_blocks(path, _blocks(size, features), BLOCK * POSITIONS)


def _blocks(sessions: int, features: int) -> Iterator[pa.Table]:
    import numpy as np
    import pyarrow as pa

    rng = np.random.default_rng(1)
    for start in range(0, sessions, BLOCK):
        count = min(BLOCK, sessions - start)
        relevance = rng.beta(0.5, 2.0, (count, POSITIONS))
        clicks = rng.random(relevance.shape) < relevance * CURVE
        columns = {
            "session_id": np.repeat(np.arange(start, start + count), POSITIONS),
            "item_id": rng.integers(0, 1_000_000, count * POSITIONS),
            "position": np.tile(np.arange(1, POSITIONS + 1, dtype=np.int32), count),
            "click": clicks.ravel().astype(np.int8),
        }
        columns |= {name: (relevance + rng.random(relevance.shape)).ravel() for name in SCORES}
        columns |= {f"f{i}": rng.normal(size=count * POSITIONS) for i in range(features)}
        yield pa.table(columns)


def of_columns(sessions: int) -> None:
    """The gains of three columns of scores."""
    from rankeval import uplift

    uplift(str(score_log(sessions)), {name: f"column:{name}" for name in SCORES}, position_bias=CURVE)


def of_models(threads: int | None = None) -> None:
    """The gains of two models of LightGBM."""
    from rankeval import uplift

    models = {f"trees_{trees}": f"lightgbm:{ranker_file(trees, leaves)}" for trees, leaves in RANKERS}
    uplift(str(feature_log()), models, position_bias=CURVE, threads=threads)


def share() -> tuple[float, float]:
    """Of one call with models: seconds of processor time, and those of LightGBM in it."""
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
        start = process_time()
        of_models(threads=1)
        return process_time() - start, inside


def main() -> None:
    """Print the share, after one call that compiles."""
    make_logs()
    for trees, leaves in RANKERS:
        make_ranker(trees, leaves)
    share()
    busy, inside = share()
    print(f"processor time {busy:.1f} s, in LightGBM {inside:.1f} s, {inside / busy:.1%}")


if __name__ == "__main__":
    main()
