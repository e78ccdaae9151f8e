"""``rankeval demo``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from rankeval.cli.options import be_quiet, quiet_option, say, text_width
from rankeval.errors import DataError
from rankeval.temporary_files import temporary_folder

SEED = 7
ROUNDS = 200_000
SESSIONS = 200_000
ESTIMATORS = ("ips", "snips", "cips:max_weight=5", "dm", "dr", "sndr")

EPILOG = """\b
Example:
  rankeval demo --out demo
"""


@click.command(epilog=EPILOG)
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Keep the files in this folder."
)
@quiet_option
def command(out: Path | None, quiet: bool) -> None:
    """Evaluate two rankers, the value of a policy, and position bias from a shuffle experiment.

    All data is simulated, so the exact true values are known and shown next to the estimates.
    """
    be_quiet(quiet)
    with temporary_folder() as scratch:
        folder = out or scratch
        folder.mkdir(parents=True, exist_ok=True)
        written = [*_rankers(folder), *_policy(folder), *_clicks(folder)]
        _require_all(written)
    if out is not None:
        say(f"\nThe files are in {out}.\n")


def _require_all(written: list[Path]) -> None:
    """Check that all files are still there: a part that makes its own folder does not see that others go."""
    if gone := [path for path in written if not path.exists()]:
        raise DataError(f"{gone[0]}: is gone, and {len(gone) - 1} other files; wanted a folder that stays")


def _rankers(folder: Path) -> list[Path]:
    from rankeval import evaluate
    from rankeval.simulators import RankingWorld, write_judged_runs

    world = RankingWorld(queries=1000, items=100, seed=SEED, judged=0.5)
    files = write_judged_runs(folder, world, {"old": 1.6, "new": 1.5})
    say("1. Which ranker is better? 1,000 judged queries, 100 items each:\n\n")
    say("   rankeval evaluate old=old.parquet new=new.parquet \\\n")
    say("     --judgements judgements.parquet -m ndcg@10,mrr\n\n")
    runs = {name: str(path) for name, path in files.runs.items()}
    say(evaluate(runs, str(files.judgements), ["ndcg@10", "mrr"]).render("table", text_width()) + "\n")
    return [files.judgements, *files.runs.values()]


def _policy(folder: Path) -> list[Path]:
    from rankeval import ope
    from rankeval.simulators.bandits import random_policy, random_world, write_bandit_log

    world = random_world(contexts=50, actions=20, seed=SEED).with_model_error(bias=0.0, noise=0.02, seed=SEED)
    logging = random_policy(world, seed=SEED, skill=0.2)
    target = random_policy(world, seed=SEED + 1, skill=0.5)
    log = folder / "log.parquet"
    write_bandit_log(log, world, logging, target, ROUNDS, SEED)
    say(f"2. Would a new policy earn more than the logging policy? {ROUNDS:,} logged rounds:\n\n")
    say(f"   rankeval ope log.parquet {' '.join(f'-e {name}' for name in ESTIMATORS)}\n\n")
    result = ope(str(log), ESTIMATORS)
    say(result.render("table", text_width()) + "\n")
    truth, logged = world.value(target), world.value(logging)
    say(f"True values from the simulator: new policy {truth:.5f}, old policy {logged:.5f}, ")
    say(f"gain {truth - logged:+.5f}.\n")
    intervals = {row.estimator.label: row.value.intervals[0] for row in result.estimates}
    covered = [label for label, interval in intervals.items() if interval.holds(truth)]
    say(f"95 % intervals that contain the true value: {', '.join(covered) or 'none'}.\n")
    say("dm and clipped weights are biased but less noisy: their intervals can miss the true value.\n")
    return [log]


def _clicks(folder: Path) -> list[Path]:
    from rankeval import ope, propensity, simulate

    out = folder / "clicks"
    simulate(out, SESSIONS, SEED, overwrite=True, queries=100, logging="fixed", shuffle="full:share=0.2")
    log, truth = str(out / "log.parquet"), json.loads((out / "truth.json").read_text())
    say(f"\n3. Would a new ranking get more clicks? {SESSIONS:,} sessions, 20 % of them in random order,\n")
    say("   to estimate position bias:\n\n")
    say("   rankeval propensity clicks/log.parquet --method shuffle --format json --out bias.json\n")
    say(
        "   rankeval ope clicks/log.parquet -e click_ips --position-bias bias.json --where 'not shuffled'\n\n"
    )
    curve = propensity(log, "shuffle")
    say(curve.render("table", text_width()) + "\n")
    result = ope(log, "click_ips", position_bias=curve.to_dict(), where="not shuffled")
    say(result.render("table", text_width()) + "\n")
    new, old = truth["candidates"]["new"]["expected_clicks"], truth["unshuffled"]["expected_clicks"]
    say(f"True values from the simulator: new ranking {new:.4f} clicks a session, old ranking {old:.4f}, ")
    say(f"gain {new - old:+.4f}.\n")
    return [Path(log), out / "truth.json"]
