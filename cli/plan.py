"""``rankeval plan``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rankeval.atomic_files import require_separate
from rankeval.cli.options import be_quiet, click_log_options, common_options, pairs, show

EPILOG = """\b
Examples:
  rankeval plan shuffle world.json --sessions-per-day 1e6 --share 0.01
  rankeval plan shuffle world.json --relative-error 0.05 --top 5
  rankeval plan shuffle log.parquet --position-bias bias.json

\b
Designs:
  full      shuffle the first N positions; estimate: clicks at k / clicks at 1
  swap      draw k from 2 to N, swap 1 and k with probability 1/2
  adjacent  draw k from 1 to N - 1, swap k and k + 1 with probability 1/2
  pair      swap one random pair; estimate: clicks / propensity, all sessions

A world is a file that ends in .json, as written by simulate.

Columns of a log (one row per item, or per session with lists):
  session_id, item_id, position, click, query_id, shuffled (optional)
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
    """Plan an experiment: the traffic it needs and the clicks it costs."""


@command.command(epilog=EPILOG)
@click.argument("source", metavar="WORLD|LOG")
@click.option(
    "--sessions",
    type=int,
    default=100_000,
    show_default=True,
    metavar="N",
    help="Sessions for which to show standard errors.",
)
@click.option(
    "--relative-error",
    type=float,
    default=0.1,
    show_default=True,
    metavar="SHARE",
    help="Required standard error / propensity at every position.",
)
@click.option(
    "--top", type=int, metavar="N", help="Number of positions to shuffle. [default: the world's, or all]"
)
@click.option(
    "--share",
    type=float,
    metavar="SHARE",
    help="Share of the traffic in the experiment. [default: the world's, or 1]",
)
@click.option("--sessions-per-day", type=float, metavar="N", help="Traffic per day, to compute the days.")
@click.option(
    "--position-bias",
    metavar="FILE",
    help="For a log: the JSON file from propensity. By default, fit examination by maximum likelihood.",
)
@click_log_options
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
    """Compare shuffle designs: errors, sessions, days, lost clicks."""
    be_quiet(quiet)
    require_separate({"--out": out}, source, position_bias)
    from rankeval import plan_shuffle

    result = plan_shuffle(source, position_bias=position_bias, columns=pairs("--column", columns), **options)
    show(result, format_, out)
