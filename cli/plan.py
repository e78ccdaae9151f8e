"""``rankeval plan``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rankeval.cli.options import (
    ab_metric_options,
    be_quiet,
    click_log_options,
    common_options,
    null_reward_option,
    pairs,
    report_option,
    require_outputs,
    show,
)

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


AB_EPILOG = """\b
Examples:
  rankeval plan ab log.parquet --metric clicks=click --effect 0.02
  rankeval plan ab log.parquet --ratio ctr=click:rows --gain uplift.json
  rankeval plan ab log.parquet --metric clicks=click --cluster user_id \\
    --sessions-per-day 50000 --days 14

LOG is a table with one row per session or user, or a ranking log with a column session_id, whose rows are
added by session. The test is that of `rankeval ab`. Variances are those of the log.
"""


@click.group(
    no_args_is_help=False,
    epilog="""\b
Examples:
  rankeval plan shuffle world.json --sessions-per-day 1e6 --share 0.01
  rankeval plan ab log.parquet --metric clicks=click --effect 0.02

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
@report_option
@common_options
def shuffle(
    source: str,
    position_bias: str | None,
    columns: tuple[str, ...],
    format_: str,
    out: Path | None,
    report: Path | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Compare shuffle designs: errors, sessions, days, lost clicks."""
    be_quiet(quiet)
    require_outputs({"--out": out, "--report": report}, source, position_bias)
    from rankeval import plan_shuffle

    result = plan_shuffle(source, position_bias=position_bias, columns=pairs("--column", columns), **options)
    show(result, format_, out, report)


@command.command(epilog=AB_EPILOG)
@click.argument("log")
@ab_metric_options
@click.option("--effect", metavar="SHARE,...", help="Relative effects to find, such as 0.02 for 2 %.")
@click.option(
    "--gain",
    metavar="FILE",
    help="JSON of ope: plan for its relative gain and the low end of its interval.",
)
@click.option(
    "--beside",
    multiple=True,
    metavar="FILE",
    help="JSON of interleave power or plan shuffle, to show its sessions beside. Repeatable.",
)
@click.option("--sessions-per-day", type=float, metavar="N", help="Traffic per day in the test.")
@click.option("--days", type=float, metavar="N", help="Show the smallest effect that so many days find.")
@click.option("--power", type=float, default=0.8, show_default=True, help="Probability to find the effect.")
@click.option("--level", type=float, default=0.95, show_default=True, help="1 - probability of a false find.")
@click.option("--arms", type=int, default=2, show_default=True, help="Number of arms, with the control.")
@click.option(
    "--share", type=float, metavar="SHARE", help="Share of each treatment arm. [default: equal arms]"
)
@click.option("--cluster", metavar="COLUMN", help="Column that names the units assigned, such as user_id.")
@null_reward_option
@report_option
@common_options
def ab(
    log: str,
    gain: str | None,
    beside: tuple[str, ...],
    columns: tuple[str, ...],
    format_: str,
    out: Path | None,
    report: Path | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Plan an A/B test: sessions an arm, days, the smallest effect."""
    be_quiet(quiet)
    require_outputs({"--out": out, "--report": report}, log, gain, *beside)
    from rankeval import plan_ab

    result = plan_ab(log, gain=gain, beside=beside, columns=pairs("--column", columns), **options)
    show(result, format_, out, report)
