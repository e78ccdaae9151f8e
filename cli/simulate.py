"""``rankeval simulate``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rankeval.atomic_files import require_no_input
from rankeval.cli.options import be_quiet, common_options, pairs, show

EPILOG = """\b
Examples:
  rankeval simulate OUT --sessions 100000 --seed 1
  rankeval simulate OUT --sessions 100000 --logging fixed \\
    --candidate new=fixed:skill=0.9 --shuffle full:share=0.05
  rankeval simulate OUT --sessions 100000 --judgements qrels.txt \\
    --click-model dbn --param gamma=0.9 --logging epsilon:epsilon=0.2
  rankeval simulate AGAIN --sessions 100000 --seed 1 --world OUT/world.json

OUT gets log.parquet (or part files), world.json, from which the same sessions and seed make the same log,
and truth.json: exact means of a session under the logging policy, as users see it, and every candidate.

\b
Click models, and parameters that --param NAME=VALUE may set (numbers or
lists by position), else usual ones:
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
Policies, as NAME[:PARAMETER=VALUE,...]; skill is the correlation of a
ranker's scores with attractiveness (0.5 for logging, 0.8 for candidates):
  fixed          skill
  plackett_luce  temperature (1), skill
  noisy          noise (1), skill
  epsilon        epsilon (0.1), skill
  mixture        rankers (2), skill
  uniform

\b
Columns of the log, a row an item:
  session_id query_id user_id context arm timestamp ranker
  shuffled swap_low swap_high
  position item_id click
  propensity                  of the item at its position
  propensity_prefix           of the items down to there
  propensity_list             of the whole list
  exposure                    expected examination of the item
  target_*                    the same under a candidate
  score                       by which a fixed candidate ranks
With several candidates the last two have _NAME at the end.
"""


@click.command(epilog=EPILOG)
@click.argument("folder", metavar="OUT", type=click.Path(path_type=Path))
@click.option("--sessions", type=int, required=True, help="Number of sessions.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of all draws.")
@click.option("--world", metavar="FILE", help="World file; it takes the place of all options of the world.")
@click.option("--overwrite", is_flag=True, help="Replace an earlier simulation in OUT.")
@click.option("--layout", metavar="long|nested", help="A row an item (default), or a row a session.")
@click.option(
    "--propensities",
    metavar="all|item|none",
    help="Which probabilities the log has; item: those of items at their positions alone. Default all.",
)
@click.option("--part-sessions", type=int, help="Sessions of each part file; one file by default.")
@click.option("--click-model", metavar="NAME", help="How users click; default pbm.")
@click.option("--eta", type=float, help="Users examine position k with k^-eta; default 1.")
@click.option("--param", multiple=True, metavar="NAME=VALUE", help="Parameter of the model. Repeatable.")
@click.option("--queries", type=int, help="Number of queries; default 1000.")
@click.option("--items", type=int, help="Items of each query; default 10, or as many as positions.")
@click.option("--positions", type=int, help="Length of the lists; default 10, or as many as items.")
@click.option(
    "--judgements", metavar="FILE", help="Real queries, items and grades instead, in any form evaluate reads."
)
@click.option("--grades", metavar="P0,P1,...", help="Probabilities of grades; default 0.5,0.2,0.15,0.1,0.05.")
@click.option("--epsilon", type=float, help="Attractiveness of grade 0; default 0.1.")
@click.option(
    "--max-grade",
    type=float,
    help="Grade of attractiveness 1, in epsilon + (1 - epsilon) (2^grade - 1) / (2^max - 1); default 4.",
)
@click.option(
    "--popularity",
    metavar="zipf:EXPONENT|uniform",
    help="How often queries are asked: the r-th as r^-EXPONENT; default zipf:1.",
)
@click.option("--logging", metavar="POLICY", help="The policy that writes the log; default plackett_luce.")
@click.option(
    "--candidate",
    multiple=True,
    metavar="NAME=POLICY",
    help="Another policy, whose truth is wanted. Repeatable; default new, as --logging with better scores.",
)
@click.option(
    "--shuffle",
    metavar="DESIGN",
    help="full, swap, adjacent or pair, with :share=0.01,top=N; sessions whose order chance decides.",
)
@click.option("--arms", metavar="NAME[=SHARE],...", help="A/B test between logging and candidates.")
@click.option("--users", type=int, help="Number of users; column user_id.")
@click.option("--user-spread", type=float, help="How much more and less users click; default 0.3.")
@click.option(
    "--context",
    multiple=True,
    metavar="NAME[=WEIGHT][:PARAMETER=VALUE,...]",
    help="A part of the sessions with parameters of the click model of its own. Repeatable.",
)
@click.option("--days", type=int, help="Number of days; column timestamp.")
@click.option("--drift", type=float, help="Relative growth of attractiveness over the days.")
@common_options
def command(
    folder: Path,
    columns: tuple[str, ...],
    format_: str,
    out: Path | None,
    quiet: bool,
    **options: Any,
) -> None:
    """A log of simulated users, and what is true of them exactly."""
    be_quiet(quiet)
    require_no_input(out, options["world"], options["judgements"])
    from rankeval.simulators.logs import simulate

    given = {name: value for name, value in options.items() if value not in (None, ())}
    if columns:
        given["columns"] = pairs("--column", columns)
    show(simulate(folder, **given), format_, out)
