"""The files that the benchmarks read. The simulators make them once, in the folder ``.bench/``.

Only the functions that make files import the simulators. A process that only needs a path then uses little
memory. This matters to a process that measures the memory of other processes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

FOLDER = Path(".bench")
ITEMS = 100
QUERIES = (300, 10_000, 100_000)
ROUNDS = (1_000_000, 10_000_000, 30_000_000)
CANDIDATE_ROUNDS = 1_000_000
SESSIONS = (1_000_000, 4_000_000)
CLICK_SESSIONS = 10_000_000
CLICK_MODELS = ("pbm", "dbn")
AB_ROWS, AB_METRICS, AB_BLOCK = 10_000_000, 5, 250_000
FEATURE_ROWS, FEATURES, FEATURE_BLOCK = 5_000_000, 50, 250_000
#: Trees and leaves of the LightGBM models that rank.
RANKERS = ((300, 31), (100, 15))
# 2 % of the items have a grade above 0, and 1 % of the others have a judgement: about 3 judgements a query.
FEW_GRADES, FEW_JUDGED = (0.98, 0.01, 0.005, 0.003, 0.002), 0.0102


def judged_run(queries: int) -> Path:
    """A run whose file also has the relevance of every item."""
    return FOLDER / f"judged-{queries}" / "run.parquet"


def bare_run(queries: int) -> Path:
    """A run without relevance, for use with :func:`judgements`."""
    return FOLDER / f"bare-{queries}" / "run.parquet"


def judgements(queries: int) -> Path:
    """About 3 judgements a query, for :func:`bare_run`."""
    return FOLDER / f"bare-{queries}" / "judgements.parquet"


def bandit_log(rounds: int) -> Path:
    """A bandit log of 20,000 contexts and 50 actions with a reward model's predictions."""
    return FOLDER / f"bandit-{rounds}.parquet"


def candidate_log(rounds: int) -> Path:
    """The same kind of log with lists of 100 candidates."""
    return FOLDER / f"candidates-{rounds}.parquet"


def slate_log(sessions: int) -> Path:
    """A ranking log, ten positions a session, with propensities of items, prefixes and lists."""
    return FOLDER / f"slates-{sessions}.parquet"


def click_log(click_model: str) -> Path:
    """A log of 10 M sessions of ten positions, 100,000 pairs of query and item, two rankers and a shuffle."""
    return FOLDER / f"clicks-{click_model}" / "log.parquet"


def ab_log() -> Path:
    """An A/B test of 10 M sessions of 3.3 M users, with five metrics and five covariates."""
    return FOLDER / f"ab-{AB_ROWS}.parquet"


def feature_file() -> Path:
    """5 M rows of 50 float64 features, queries of 100 items, in row groups of 250,000 rows."""
    return FOLDER / f"features-{FEATURE_ROWS}.parquet"


def ranker_file(trees: int, leaves: int) -> Path:
    """A LambdaMART model for :func:`feature_file`."""
    return FOLDER / f"ranker-{trees}-{leaves}.txt"


def make_runs(queries: int) -> None:
    """Write the runs with ``queries`` queries, if they are missing."""
    from rankeval.simulators import RankingWorld, write_judged_runs

    if not judged_run(queries).exists():
        world = RankingWorld(queries, ITEMS, seed=1)
        write_judged_runs(judged_run(queries).parent, world, {"run": 1.0}, relevance=True)
    if not bare_run(queries).exists():
        few = RankingWorld(queries, ITEMS, seed=2, grades=FEW_GRADES, judged=FEW_JUDGED)
        write_judged_runs(bare_run(queries).parent, few, {"run": 1.0})


def make_log(rounds: int) -> None:
    """Write the bandit log with ``rounds`` rounds, if it is missing."""
    from rankeval.simulators.bandits import random_policy, random_world, write_bandit_log

    if not bandit_log(rounds).exists():
        world = random_world(20_000, 50, seed=1).with_model_error(bias=0.0, noise=0.1, seed=2)
        logging, target = random_policy(world, 3, skill=0.3), random_policy(world, 4, skill=0.6)
        write_bandit_log(bandit_log(rounds), world, logging, target, rounds, seed=5)


def make_candidates(rounds: int) -> None:
    """Write the log with candidate lists, if it is missing."""
    from rankeval.simulators.bandits import random_policy, random_world, write_bandit_log

    if not candidate_log(rounds).exists():
        world = random_world(5_000, 100, seed=1).with_model_error(bias=0.0, noise=0.1, seed=2)
        logging, target = random_policy(world, 3, skill=0.3), random_policy(world, 4, skill=0.6)
        path, rows = candidate_log(rounds), 1 << 16
        write_bandit_log(path, world, logging, target, rounds, 5, layout="candidates", rows_per_group=rows)


def make_slates(sessions: int) -> None:
    """Write the ranking log, if it is missing."""
    from rankeval.simulators.bandits import random_slate_policy, random_slate_world, write_slate_log

    if not slate_log(sessions).exists():
        world = random_slate_world(10, 20, seed=1)
        logging, target = random_slate_policy(world, 2), random_slate_policy(world, 3, skill=0.3)
        write_slate_log(slate_log(sessions), world, logging, target, sessions, seed=4)


def make_clicks(click_model: str) -> None:
    """Write the log of clicks, if it is missing."""
    from rankeval import simulate

    if not click_log(click_model).exists():
        simulate(
            click_log(click_model).parent, CLICK_SESSIONS, seed=1, queries=10_000, click_model=click_model,
            logging="mixture", shuffle="full:share=0.05", propensities="none",
        )  # fmt: skip


def make_ab() -> None:
    """Write the A/B test, if it is missing."""
    if ab_log().exists():
        return
    import numpy as np
    import pyarrow as pa

    from rankeval.simulators import write_blocks

    rng = np.random.default_rng(1)

    def blocks() -> Iterator[pa.Table]:
        for _ in range(0, AB_ROWS, AB_BLOCK):
            user = rng.integers(0, AB_ROWS // 3, AB_BLOCK)
            arm = pa.DictionaryArray.from_arrays(pa.array(user % 2, pa.int8()), ["control", "new"])
            columns = {"arm": arm, "user_id": user}
            for i in range(AB_METRICS):
                before = rng.gamma(2.0, 1.0, AB_BLOCK)
                columns |= {f"before_{i}": before, f"metric_{i}": before + rng.normal(size=AB_BLOCK)}
            yield pa.table(columns)

    write_blocks(ab_log(), blocks(), AB_BLOCK)


def make_features() -> None:
    """Write the feature file, if it is missing."""
    if feature_file().exists():
        return
    import numpy as np
    import pyarrow as pa

    from rankeval.simulators import write_blocks

    rng = np.random.default_rng(1)

    def blocks() -> Iterator[pa.Table]:
        for start in range(0, FEATURE_ROWS, FEATURE_BLOCK):
            rows = np.arange(start, start + FEATURE_BLOCK)
            ids = {"query_id": rows // ITEMS, "item_id": rows % ITEMS}
            yield pa.table(ids | {f"f{i}": rng.normal(size=FEATURE_BLOCK) for i in range(FEATURES)})

    write_blocks(feature_file(), blocks(), FEATURE_BLOCK)


def make_ranker(trees: int, leaves: int) -> None:
    """Train a model on 100,000 rows in which ten features matter, if it is missing."""
    if ranker_file(trees, leaves).exists():
        return
    import lightgbm
    import numpy as np

    rng = np.random.default_rng(2)
    matrix = rng.normal(size=(100_000, FEATURES))
    merit = matrix[:, :10].sum(axis=1) + rng.normal(size=len(matrix))
    grades = np.digitize(merit, [0.0, 2.0, 4.0, 6.0])
    data = lightgbm.Dataset(
        matrix,
        grades,
        group=[ITEMS] * (len(matrix) // ITEMS),
        feature_name=[f"f{i}" for i in range(FEATURES)],
    )
    options = {"objective": "lambdarank", "num_leaves": leaves, "seed": 0, "verbosity": -1}
    FOLDER.mkdir(exist_ok=True)
    lightgbm.train(options, data, trees).save_model(ranker_file(trees, leaves))


def main() -> None:
    """Make every file that is missing."""
    from benchmarks.uplift_speed import UPLIFT_SESSIONS, make_logs  # it needs this module

    for queries in QUERIES:
        make_runs(queries)
    for rounds in ROUNDS:
        make_log(rounds)
    make_candidates(CANDIDATE_ROUNDS)
    for sessions in SESSIONS:
        make_slates(sessions)
    for click_model in CLICK_MODELS:
        make_clicks(click_model)
    make_ab()
    make_features()
    for trees, leaves in RANKERS:
        make_ranker(trees, leaves)
    for sessions in (UPLIFT_SESSIONS, 4 * UPLIFT_SESSIONS):
        make_logs(sessions)


if __name__ == "__main__":
    main()
