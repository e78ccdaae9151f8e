"""``rankeval simulate``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rankeval.atomic_files import require_separate
from rankeval.cli.options import be_quiet, common_options, engine_option, pairs, show

EPILOG = """\b
Examples:
  rankeval simulate OUT --sessions 100000 --seed 1
  rankeval simulate OUT --sessions 100000 --logging fixed \\
    --candidate new=fixed:skill=0.9 --shuffle full:share=0.05
  rankeval simulate OUT --sessions 100000 --judgements qrels.txt \\
    --click-model dbn --param gamma=0.9 --logging epsilon:epsilon=0.2
  rankeval simulate AGAIN --sessions 100000 --seed 1 --world OUT/world.json

Writes log.parquet (or part files), world.json and truth.json to OUT. The same world.json, sessions and seed
give the same log. truth.json has exact means per session for the logging traffic and every candidate.

\b
Click models and their parameters. --param NAME=VALUE sets a parameter (a
number, or a list by position); all have defaults:
  pbm         examination, or --eta
  pbm_trust   examination or --eta, eps_plus, eps_minus
  cascade
  dcm         continuation
  dbn         gamma
  sdbn
  ccm         tau1, tau2, tau3
  ubm         gamma
  mixture     models

\b
Policies, as NAME[:PARAMETER=VALUE,...]. skill is the correlation of scores
with attractiveness (default: 0.5 for logging, 0.8 for candidates):
  fixed          skill
  plackett_luce  temperature (1), skill
  noisy          noise (1), skill
  epsilon        epsilon (0.1), skill
  mixture        rankers (2), skill
  uniform

\b
Columns of the log (one row per item):
  session_id query_id user_id context arm timestamp ranker
  shuffled swap_low swap_high
  position item_id click
  propensity                  of the item at its position
  propensity_prefix           of the items up to its position
  propensity_list             of the whole list
  exposure                    expected examination of the item
  target_*                    the same under a candidate policy
  score                       score by which a fixed candidate ranks
With several candidates, target_* and score end in _NAME.
"""


@click.command(epilog=EPILOG)
@click.argument("folder", metavar="OUT", type=click.Path(path_type=Path))
@click.option("--sessions", type=int, required=True, help="Number of sessions.")
@click.option("--seed", type=int, default=0, show_default=True, help="Random seed.")
@click.option("--world", metavar="FILE", help="World file, instead of the options that describe a world.")
@click.option("--overwrite", is_flag=True, help="Replace an earlier simulation in OUT.")
@click.option("--layout", metavar="long|nested", help="One row per item (default) or session.")
@click.option(
    "--propensities",
    metavar="all|item|none",
    help="Probabilities in the log: all (default), only of single items (item), or none.",
)
@click.option("--part-sessions", type=int, help="Sessions per part file; default: one file.")
@click.option("--click-model", metavar="NAME", help="Click model; default pbm.")
@click.option("--eta", type=float, help="Examination of position k is k^-eta; default 1.")
@click.option("--param", multiple=True, metavar="NAME=VALUE", help="Click model parameter. Repeatable.")
@click.option("--queries", type=int, help="Number of queries; default 1000.")
@click.option("--items", type=int, help="Items per query; default 10, or positions if that is more.")
@click.option("--positions", type=int, help="Length of the lists; default 10, or items if that is less.")
@click.option(
    "--judgements", metavar="FILE", help="Use real queries, items and grades, in any format of evaluate."
)
@click.option(
    "--grades", metavar="P0,P1,...", help="Probabilities of grades 0, 1, ...; default 0.5,0.2,0.15,0.1,0.05."
)
@click.option("--epsilon", type=float, help="Attractiveness of grade 0; default 0.1.")
@click.option(
    "--max-grade",
    type=float,
    help="Grade max, in attractiveness epsilon + (1 - epsilon) (2^grade - 1) / (2^max - 1); default 4.",
)
@click.option(
    "--popularity",
    metavar="zipf:EXPONENT|uniform",
    help="Query frequency: zipf gives query r the weight r^-EXPONENT; default zipf:1.",
)
@click.option("--logging", metavar="POLICY", help="Logging policy; default plackett_luce.")
@click.option(
    "--candidate",
    multiple=True,
    metavar="NAME=POLICY",
    help="Candidate policy. Repeatable; default: new, which is --logging with better scores.",
)
@click.option(
    "--shuffle",
    metavar="DESIGN",
    help="Shuffle a share of the sessions: full, swap, adjacent or pair, with :share=0.01,top=N.",
)
@click.option("--arms", metavar="NAME[=SHARE],...", help="A/B test of logging and candidates.")
@click.option("--users", type=int, help="Number of users (column user_id).")
@click.option("--user-spread", type=float, help="Users like items more or less by this share; default 0.3.")
@click.option(
    "--context",
    multiple=True,
    metavar="NAME[=WEIGHT][:PARAMETER=VALUE,...]",
    help="A part of the sessions that has its own click model parameters. Repeatable.",
)
@click.option("--days", type=int, help="Number of days (column timestamp).")
@click.option("--drift", type=float, help="Relative growth of attractiveness over all days.")
@engine_option
@common_options
def command(
    folder: Path,
    columns: tuple[str, ...],
    format_: str,
    out: Path | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Simulate a click log and compute the exact true values."""
    be_quiet(quiet)
    written = {f"the folder's {name}": folder / name for name in ("log.parquet", "world.json", "truth.json")}
    require_separate({**written, "--out": out}, options["judgements"])
    require_separate({"--out": out}, options["world"])
    from rankeval.simulators.logs import simulate

    given = {name: value for name, value in options.items() if value not in (None, ())}
    if columns:
        given["columns"] = pairs("--column", columns)
    show(simulate(folder, **given), format_, out)
