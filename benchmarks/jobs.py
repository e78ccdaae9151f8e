"""The jobs that are measured. The numbers that jobs of one group return must agree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.data import (
    AB_METRICS,
    CANDIDATE_ROUNDS,
    CLICK_SESSIONS,
    FOLDER,
    SESSIONS,
    ab_log,
    bandit_log,
    bare_run,
    candidate_log,
    click_log,
    judged_run,
    judgements,
    slate_log,
)
from benchmarks.rank import predict_alone, rank_file
from benchmarks.uplift_speed import SCORES, UPLIFT_SESSIONS, of_columns, of_models, score_log

METRICS = ["ndcg@10", "map", "mrr", "recall@100"]
EIGHT = ["ips", "cips", "snips", "csnips", "dm", "dr", "cdr", "sndr"]
TWELVE = [*EIGHT, "switch_dr", "dros", "sg_ips", "sg_dr"]
#: The run that start-up measurements read.
START_RUN = judged_run(300)
NEEDED = ["reward", "propensity", "target_propensity", "q_logged", "q_target"]
LISTS = ["action", "reward", "candidate_propensities", "candidate_target_propensities", "candidate_q"]


@dataclass(frozen=True)
class Job:
    """A job, and the bounds that its time and memory should keep.

    Attributes:
        label: text of the table.
        call: runs the job; may return a number.
        base: name of the job whose time the time of this job is compared with.
        times: largest ratio of this time to that of ``base``.
        added: largest difference in seconds between this time and that of ``base``.
        seconds: largest time in seconds.
        megabytes: largest peak memory, in MB.
        needs: package that the job measures.
        long: whether the job is timed as whole processes, each of which calls it once.
    """

    label: str
    call: Callable[[], float | None]
    base: str | None = None
    times: float | None = None
    added: float | None = None
    seconds: float | None = None
    megabytes: float | None = None
    needs: str = "rankeval"
    long: bool = False

    @property
    def available(self) -> bool:
        """Whether the package that the job measures is installed."""
        return find_spec(self.needs) is not None


def read_judged(queries: int) -> None:
    """Read the columns that metrics need, with query ids as a dictionary.

    Metrics need item ids to resolve ties and to find duplicates.
    """
    import pyarrow.parquet as pq

    columns = ["query_id", "item_id", "score", "relevance"]
    pq.read_table(judged_run(queries), columns=columns, read_dictionary=["query_id"])


def read_both(queries: int) -> None:
    """Read a run and its judgements, with query ids as dictionaries."""
    import pyarrow.parquet as pq

    pq.read_table(bare_run(queries), read_dictionary=["query_id"])
    pq.read_table(judgements(queries), read_dictionary=["query_id"])


def evaluate_judged(queries: int) -> float:
    """Evaluate a run whose file has the relevance; returns NDCG@10."""
    from rankeval import evaluate

    return _first(evaluate(str(judged_run(queries)), metrics=METRICS))


def evaluate_both(queries: int) -> float:
    """Evaluate a run joined with its judgements; returns NDCG@10."""
    from rankeval import evaluate

    return _first(evaluate(str(bare_run(queries)), str(judgements(queries)), metrics=METRICS))


def pytrec(queries: int) -> float:
    """Compute the same metrics with pytrec_eval, from dicts, as it requires; returns NDCG@10."""
    import pyarrow.parquet as pq
    import pytrec_eval

    columns = {name: column.to_pylist() for name, column in _columns(pq.read_table(judged_run(queries)))}
    run: dict[str, dict[str, float]] = {}
    grades: dict[str, dict[str, int]] = {}
    for query, item, score, grade in zip(*columns.values(), strict=True):
        run.setdefault(query, {})[item] = score
        grades.setdefault(query, {})[item] = int(grade)
    measures = {"ndcg_cut.10", "map", "recip_rank", "recall.100"}
    results = pytrec_eval.RelevanceEvaluator(grades, measures).evaluate(run)
    return sum(result["ndcg_cut_10"] for result in results.values()) / len(results)


def polars_ndcg(queries: int) -> float:
    """Compute NDCG@10 alone, with Polars."""
    import polars as pl

    discount = pl.int_range(2, pl.len() + 2).log(2.0).head(10)

    def gain(order: str) -> pl.Expr:
        return (pl.col("relevance").sort_by(order, descending=True).head(10) / discount).sum()

    sums = pl.scan_parquet(judged_run(queries)).group_by("query_id").agg(
        dcg=gain("score"), ideal=gain("relevance")
    )  # fmt: skip
    mean: Any = sums.select((pl.col("dcg") / pl.col("ideal")).fill_nan(0.0).mean()).collect().item()
    return float(mean)


def read(log: Path, columns: list[str]) -> None:
    """Read the columns that the estimators need."""
    import pyarrow.parquet as pq

    pq.read_table(log, columns=columns)


def ope(log: Path, estimators: list[str], ci: list[str]) -> None:
    """Estimate values of policies from a log."""
    from rankeval import ope as estimate

    estimate(str(log), estimators=estimators, ci=ci)


THREE = ["ips", "snips", "dr"]


def ope_alone(log: Path, estimators: list[str]) -> None:
    """Estimate values of policies without the sums that only the verdict needs."""
    from unittest.mock import PropertyMock, patch

    from rankeval.off_policy.plan import Plan
    from rankeval.off_policy.propensity_checks import PropensityChecks
    from rankeval.off_policy.sensitivity_sums import SensitivitySums

    with (
        patch.object(PropensityChecks, "of", return_value=None),
        patch.object(SensitivitySums, "of", return_value=SensitivitySums()),
        patch.object(Plan, "tails", PropertyMock(return_value=())),
    ):
        ope(log, estimators, ["normal"])


def _columns(table: Any) -> list[tuple[str, Any]]:
    return list(zip(table.column_names, table.columns, strict=True))


def _first(result: Any) -> float:
    return float(result.to_dict()["results"][0]["value"])


def _evaluate(queries: int, seconds: float | None, megabytes: float | None) -> dict[str, Job]:
    read, size = f"read-{queries}", f"{queries:,} queries"
    return {
        read: Job(f"pyarrow: read 4 columns, {size}", partial(read_judged, queries)),
        f"evaluate-{queries}": Job(
            f"rankeval.evaluate: NDCG@10, MAP, MRR, recall@100, {size}",
            partial(evaluate_judged, queries), read, times=3.0, seconds=seconds, megabytes=megabytes,
        ),
        f"polars-{queries}": Job(
            f"Polars: NDCG@10 alone, {size}", partial(polars_ndcg, queries), read, needs="polars"
        ),
    }  # fmt: skip


def _actions() -> dict[str, Job]:
    normal, both = ["normal"], ["normal", "bootstrap"]
    small, middle, large = (bandit_log(millions * 1_000_000) for millions in (1, 10, 30))
    return {
        "read-log": Job("pyarrow: read 5 columns, 10 M rounds", partial(read, middle, NEEDED)),
        "ope": Job(
            "rankeval.ope: 8 estimators, 10 M rounds",
            partial(ope, middle, EIGHT, normal), "read-log", times=2.5, megabytes=500,
        ),
        "ope-bootstrap": Job(
            "the same with 1,000 bootstrap replicates",
            partial(ope, middle, EIGHT, both), "ope", added=0.5, megabytes=500,
        ),
        "ope-all": Job(
            "rankeval.ope: all 12 estimators, 10 M rounds",
            partial(ope, middle, TWELVE, normal), "read-log", times=3.0, megabytes=600,
        ),
        "ope-1": Job("the same, 1 M rounds", partial(ope, small, TWELVE, normal), megabytes=600),
        "ope-30": Job("the same, 30 M rounds", partial(ope, large, TWELVE, normal), megabytes=600),
        "ope-alone": Job(
            f"rankeval.ope: {', '.join(THREE)}, 10 M rounds, without the sums of the verdict",
            partial(ope_alone, middle, THREE),
        ),
        "ope-verdict": Job(
            "the same with them", partial(ope, middle, THREE, normal), "ope-alone", times=1.2
        ),
    }  # fmt: skip


def _candidates() -> dict[str, Job]:
    log = candidate_log(CANDIDATE_ROUNDS)
    return {
        "read-lists": Job("pyarrow: read 3 lists and 2 columns", partial(read, log, LISTS)),
        "ope-lists": Job(
            "rankeval.ope: ips, snips, dr", partial(ope, log, THREE, ["normal"]),
            "read-lists", times=3.0, megabytes=1000,
        ),
        "ope-lists-alone": Job("the same without the sums of the verdict", partial(ope_alone, log, THREE)),
        "ope-lists-verdict": Job(
            "the same with them", partial(ope, log, THREE, ["normal"]), "ope-lists-alone", times=1.2
        ),
    }  # fmt: skip


SIX = ["sips", "iips", "rips", "pi", "aips", "snsips"]
PROPENSITIES = ["propensity", "propensity_prefix", "propensity_list"]
RANKED = ["session_id", "position", "reward", *PROPENSITIES, *(f"target_{name}" for name in PROPENSITIES)]
CLICKS = ["click_ips", "click_cips", "click_snips", "click_dcg@10"]
CLICKED = ["session_id", "position", "item_id", "reward", "target_propensity"]


def ope_of_clicks(log: Path) -> None:
    """Estimate values of rankings from clicks.

    The probability of an item under the target policy serves as its score. Users examine position k with
    probability ``1 / k``.
    """
    from rankeval import ope as estimate

    curve = [1.0 / k for k in range(1, 11)]
    estimate(str(log), CLICKS, position_bias=curve, columns={"score": "target_propensity"})


def _rankings() -> dict[str, Job]:
    small, large = (slate_log(sessions) for sessions in SESSIONS)
    return {
        "read-slates": Job("pyarrow: read 10 columns", partial(read, small, [*RANKED, "behaviour"])),
        "ope-slates": Job(
            f"rankeval.ope: {', '.join(SIX)}", partial(ope, small, SIX, ["normal"]),
            "read-slates", times=4.0, megabytes=600,
        ),
        "ope-slates-4": Job(
            "the same, 4 M slates", partial(ope, large, SIX, ["normal"]), megabytes=600
        ),
        "read-clicks": Job("pyarrow: read 5 columns", partial(read, small, CLICKED)),
        "ope-clicks": Job(
            f"rankeval.ope: {', '.join(CLICKS)}", partial(ope_of_clicks, small),
            "read-clicks", megabytes=600,
        ),
    }  # fmt: skip


def simulate_clicks() -> None:
    """Simulate a log of two rankers, with ten positions a session and 100,000 pairs of query and item."""
    from rankeval import simulate

    simulate(
        FOLDER / "simulated", CLICK_SESSIONS, seed=1, overwrite=True, queries=10_000, logging="mixture",
        candidate={"new": "fixed"}, propensities="item",
    )  # fmt: skip


def examination() -> None:
    """Fit the examination curve of a position-based model by maximum likelihood."""
    from rankeval import propensity

    propensity(str(click_log("pbm")), "em")


def dynamic_bayesian() -> None:
    """Fit a dynamic Bayesian network by expectation maximisation."""
    from rankeval import fit

    fit(str(click_log("dbn")), "dbn")


def _clicks() -> dict[str, Job]:
    pairs = "10 M sessions, 100,000 pairs"
    return {
        "simulate": Job(
            "rankeval.simulate: 10 M sessions of a position-based model to Parquet",
            simulate_clicks, seconds=30.0, megabytes=1000, long=True,
        ),
        "em": Job(f"rankeval.propensity: em, {pairs}", examination, seconds=60.0, long=True),
        "dbn": Job(f"rankeval.fit: dbn, {pairs}", dynamic_bayesian, seconds=120.0, long=True),
    }  # fmt: skip


def _ranker(trees: int, leaves: int) -> dict[str, Job]:
    alone, model = f"predict-{trees}", f"{trees} trees of {leaves} leaves"
    return {
        alone: Job(
            f"LightGBM: predict from memory, {model}", partial(predict_alone, trees, leaves), long=True
        ),
        f"rank-{trees}": Job(
            f"rankeval.rank: the same from Parquet to Parquet, {model}",
            partial(rank_file, trees, leaves), alone, times=1.25, megabytes=1000, long=True,
        ),
    }  # fmt: skip


AB_COLUMNS = [f"{kind}_{i}" for i in range(AB_METRICS) for kind in ("metric", "before")]


def ab_test(clustered: bool) -> None:
    """Compare five metrics with covariates between two arms."""
    from rankeval import ab

    metrics = range(AB_METRICS)
    ab(
        str(ab_log()), "arm", metric=[f"metric_{i}" for i in metrics],
        covariate=[f"metric_{i}=before_{i}" for i in metrics], cluster="user_id" if clustered else None,
    )  # fmt: skip


def tea_tasting(clustered: bool) -> None:
    """Do the same with tea-tasting on a lazy frame of Polars; of users it compares ratios of totals."""
    import polars as pl
    import tea_tasting as tt

    log, metrics = pl.scan_parquet(ab_log()), range(AB_METRICS)
    if not clustered:
        means = {f"m{i}": tt.Mean(f"metric_{i}", f"before_{i}") for i in metrics}
        tt.Experiment(means, variant="arm").analyze(log)
        return
    counts = [pl.len().alias(name) for name in ("n", "n_before")]  # it wants another name for each part
    totals = log.group_by("user_id").agg(pl.col("arm").first(), *counts, pl.col(AB_COLUMNS).sum())
    ratios = {f"m{i}": tt.RatioOfMeans(f"metric_{i}", "n", f"before_{i}", "n_before") for i in metrics}
    tt.Experiment(ratios, variant="arm").analyze(totals)


def _ab() -> dict[str, Job]:
    columns = ["arm", "user_id", *AB_COLUMNS]
    return {
        "read-ab": Job("pyarrow: read 12 columns", partial(read, ab_log(), columns)),
        "ab": Job(
            "rankeval.ab: 5 metrics, CUPED", partial(ab_test, False), "read-ab", times=3.0, megabytes=600
        ),
        "ab-clusters": Job(
            "the same, clusters of users", partial(ab_test, True), "read-ab", times=3.0, megabytes=600
        ),
        "tea-tasting": Job(
            "tea-tasting on Polars: 5 metrics, CUPED", partial(tea_tasting, False), "read-ab",
            needs="tea_tasting",
        ),
        "tea-tasting-users": Job(
            "the same, ratios of totals of users", partial(tea_tasting, True), "read-ab", needs="tea_tasting"
        ),
    }  # fmt: skip


UPLIFT_COLUMNS = ["session_id", "item_id", "position", "click", *SCORES]


def _uplift() -> dict[str, Job]:
    small, large = UPLIFT_SESSIONS, 4 * UPLIFT_SESSIONS
    return {
        "read-uplift": Job("pyarrow: read 7 columns", partial(read, score_log(small), UPLIFT_COLUMNS)),
        "uplift": Job(
            "rankeval.uplift: 3 columns of scores, 4 estimators",
            partial(of_columns, small), "read-uplift", times=3.0, megabytes=600,
        ),
        "uplift-4": Job("the same, 40 M impressions", partial(of_columns, large), megabytes=600),
        "uplift-models": Job(
            "rankeval.uplift: 2 models of LightGBM, 1 M impressions of 50 features", of_models, megabytes=1000
        ),
    }  # fmt: skip


#: Title of a table -> its jobs. The numbers that the jobs of one table return must agree.
GROUPS: dict[str, dict[str, Job]] = {
    "Metrics, 10,000 queries x 100": {
        **_evaluate(10_000, None, None),
        "pytrec-10000": Job(
            "pytrec_eval: the same metrics, 10,000 queries", partial(pytrec, 10_000), "read-10000",
            needs="pytrec_eval",
        ),
    },
    "Metrics, 100,000 queries x 100": _evaluate(100_000, 0.6, 600),
    "Metrics, with a file of 0.3 M judgements": {
        "read-both": Job("pyarrow: read both files, 100,000 queries", partial(read_both, 100_000)),
        "evaluate-both": Job(
            "rankeval.evaluate: the same metrics", partial(evaluate_both, 100_000), "read-both", times=3.0
        ),
    },
    "Off-policy evaluation of actions": _actions(),
    "Off-policy evaluation of actions, lists of 100 candidates, 1 M rounds": _candidates(),
    "Off-policy evaluation of rankings, 1 M slates of 10": _rankings(),
    "Clicks on lists of 10, whole processes": _clicks(),
    "A/B test, 10 M sessions of 3.3 M users": _ab(),
    "Gain before an A/B test, 10 M impressions": _uplift(),
    "Ranking, 5 M rows of 50 features, one thread": _ranker(300, 31) | _ranker(100, 15),
}  # fmt: skip
JOBS = {name: job for group in GROUPS.values() for name, job in group.items()}
