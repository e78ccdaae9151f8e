"""``rankeval demo``."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from rankeval.cli.options import be_quiet

SEED = 7
ROUNDS = 200_000
ESTIMATORS = ("ips", "snips", "cips:max_weight=5", "dm", "dr", "sndr")


@click.command()
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Keep the files in this folder.")
@click.option("--quiet", is_flag=True, help="Say nothing on stderr but errors.")
def command(out: Path | None, quiet: bool) -> None:
    """Two rankers on judged queries, then a policy's value from another one's log beside the truth.

    All data is simulated, so the true value of the policy is known exactly.
    """
    be_quiet(quiet)
    with tempfile.TemporaryDirectory() as scratch:
        folder = out or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        _rankers(folder)
        _policy(folder)
    if out is not None:
        click.echo(f"The files are in {out}.")


def _rankers(folder: Path) -> None:
    from rankeval import evaluate
    from rankeval.simulators.rankings import RankingWorld, write_judged_runs

    world = RankingWorld(queries=1000, items=100, seed=SEED, judged=0.5)
    files = write_judged_runs(folder, world, {"old": 1.6, "new": 1.5})
    click.echo("1. Which ranker is better? 1,000 judged queries, 100 items each:\n")
    click.echo("   rankeval evaluate old=old.parquet new=new.parquet --judgements judgements.parquet -m ndcg@10,mrr\n")
    runs = {name: str(path) for name, path in files.runs.items()}
    click.echo(evaluate(runs, str(files.judgements), ["ndcg@10", "mrr"]).render("table", 120))


def _policy(folder: Path) -> None:
    from rankeval import ope
    from rankeval.simulators.bandit import random_policy, random_world, write_bandit_log

    world = random_world(contexts=50, actions=20, seed=SEED).with_reward_model(bias=0.0, noise=0.02, seed=SEED)
    logging = random_policy(world, seed=SEED, skill=0.2)
    target = random_policy(world, seed=SEED + 1, skill=0.5)
    log = folder / "log.parquet"
    write_bandit_log(log, world, logging, target, ROUNDS, SEED)
    click.echo(f"2. Would a new policy earn more than the one that wrote the log? {ROUNDS:,} logged rounds:\n")
    click.echo(f"   rankeval ope log.parquet {' '.join(f'-e {name}' for name in ESTIMATORS)}\n")
    result = ope(str(log), ESTIMATORS)
    click.echo(result.render("table", 120))
    truth, logged = world.value(target), world.value(logging)
    click.echo("The simulator knows the truth:\n")
    click.echo(f"   new policy {truth:.5f}, old policy {logged:.5f}, gain {truth - logged:+.5f}\n")
    covered = [row for row in result.estimates if _covers(row.value.intervals[0].low, truth, row.value.intervals[0].high)]
    names = ", ".join(row.estimator.label for row in covered) or "none"
    click.echo(f"   95 % intervals that hold it: {names}")


def _covers(low: float | None, truth: float, high: float | None) -> bool:
    return low is not None and high is not None and low <= truth <= high
