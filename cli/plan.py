"""``rankeval plan``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rankeval.atomic_files import require_no_input
from rankeval.cli.options import be_quiet, common_options, pairs, show

EPILOG = """\b
Examples:
  rankeval plan shuffle world.json --sessions-per-day 1e6 --share 0.01
  rankeval plan shuffle world.json --relative-error 0.05 --top 5
  rankeval plan shuffle log.parquet --position-bias bias.json

\b
Designs:
  full      the first N positions in random order; clicks at k over those at 1
  swap      positions 1 and k exchanged or not, k drawn from 2 to N
  adjacent  positions k and k + 1 exchanged or not, k drawn from 1 to N - 1
  pair      one of all pairs exchanged; clicks over propensities, all sessions

A world is a file that ends in .json, as simulate writes it.

Columns of a log, a row an item, or a row a session with lists:
  session_id, item_id, position, click, query_id; shuffled, if some were
"""


@click.group(
    no_args_is_help=False,
    epilog="""\b
Example:
  rankeval plan shuffle world.json --sessions-per-day 1e6 --share 0.01

`rankeval plan EXPERIMENT --help` explains an experiment.""",
    subcommand_metavar="EXPERIMENT [ARGS]...",
)
def command() -> None:
    """How much traffic an experiment needs, and what it costs."""


@command.command(epilog=EPILOG)
@click.argument("source", metavar="WORLD|LOG")
@click.option(
    "--sessions",
    type=int,
    default=100_000,
    show_default=True,
    metavar="N",
    help="Sessions in the experiment, for the standard errors.",
)
@click.option(
    "--relative-error",
    type=float,
    default=0.1,
    show_default=True,
    metavar="SHARE",
    help="Standard error over the propensity that is wanted at every position.",
)
@click.option(
    "--top", type=int, metavar="N", help="Positions that are shuffled. [default: the world's, or all]"
)
@click.option(
    "--share",
    type=float,
    metavar="SHARE",
    help="Share of the traffic in the experiment. [default: the world's, or 1]",
)
@click.option("--sessions-per-day", type=float, metavar="N", help="Traffic, from which days follow.")
@click.option(
    "--position-bias",
    metavar="FILE",
    help="For a log: examination by position, as propensity writes it; else fitted by maximum likelihood.",
)
@common_options
def shuffle(
    source: str,
    position_bias: str | None,
    columns: tuple[str, ...],
    format_: str,
    out: Path | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Standard errors, sessions, days and lost clicks of the designs that learn position bias."""
    be_quiet(quiet)
    require_no_input(out, source, position_bias)
    from rankeval import plan_shuffle

    result = plan_shuffle(source, position_bias=position_bias, columns=pairs("--column", columns), **options)
    show(result, format_, out)
