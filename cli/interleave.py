"""``rankeval interleave``: lists, simulate, analyse, power."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rankeval.cli.options import (
    be_quiet,
    click_log_options,
    common_options,
    fail_under_option,
    inference_options,
    output_options,
    pairs,
    report_option,
    require_level,
    require_outputs,
    show,
    threads_option,
    together,
)
from rankeval.options import listed

EXAMPLES = """\b
Examples:
  rankeval interleave lists --a a,b,c,d --b b,c,d,a
  rankeval interleave power world.json
  rankeval interleave simulate world.json log.parquet --sessions 100000
  rankeval interleave analyse log.parquet --a control --b treatment
"""
METHODS = """\b
Methods, as NAME[:PARAMETER=VALUE], with the default value first:
  team_draft      credit=team|marginal
  balanced
  probabilistic   tau=3, credit=team|marginal
  optimised       credit=linear|inverse|binary
credit=marginal is the expected team credit given the list (Rao-Blackwell).
"""
LISTS_EXAMPLES = f"""\b
Examples:
  rankeval interleave lists --a a,b,c,d --b b,c,d,a
  rankeval interleave lists --a 1,2,3 --b 3,9 --draw 5 --seed 7

{METHODS}"""
WORLDS = """\b
WORLD is a world file with fixed policies, or a world file in which each
query has its two rankings as keys a and b:
  {"click_model": {"name": "pbm", "eta": 1}, "positions": 2, "queries": [
    {"query_id": "q1", "items": ["x", "y"], "attractiveness": [0.9, 0.5],
     "a": ["x", "y"], "b": ["y"]}]}
"""
SIMULATE_EXAMPLES = f"""\b
Example:
  rankeval interleave simulate world.json log.parquet --sessions 100000

{WORLDS}
{METHODS}"""
ANALYSE_EXAMPLES = """\b
Examples:
  rankeval interleave analyse log.parquet --a control --b treatment
  rankeval interleave analyse log.parquet --method team_draft
  rankeval interleave analyse log.parquet --cluster user_id --by country

\b
Columns (one row per item, or per session with lists):
  session_id, position, click
  team                 the ranking that chose the item; null for neither
With --method, instead of team:
  rank_a, rank_b       ranks in A and in B, from 1; null if absent
  length_a, length_b   lengths of A and B (optional; useful if they differ)
  method               optional; must be the same as --method

\b
Methods: team_draft balanced probabilistic[:tau=3]
  optimised[:credit=linear|inverse|binary]

With --method, team_draft and probabilistic use the expected team credit
given the list (Rao-Blackwell): the same mean with less noise.
"""
POWER_EXAMPLES = f"""\b
Example:
  rankeval interleave power world.json --sessions 10000

{WORLDS}
{METHODS}"""

method_option = click.option(
    "--method", default="team_draft", show_default=True, metavar="NAME", help="Interleaving method."
)
policy_options = together(
    click.option("--a", metavar="NAME", help="Policy A: logging or a candidate.  [default: logging]"),
    click.option("--b", metavar="NAME", help="Policy B.  [default: the only candidate]"),
)


@click.group(name="interleave", epilog=EXAMPLES)
def command() -> None:
    """Mix two rankings into one list and estimate from its clicks which ranking users prefer."""


@command.command(epilog=LISTS_EXAMPLES)
@click.option("--a", required=True, metavar="ID,...", help="Items of ranking A, best first.")
@click.option("--b", required=True, metavar="ID,...", help="Items of ranking B, best first.")
@method_option
@click.option("--length", type=int, help="Length of the lists.  [default: length of the longer ranking]")
@click.option("--draw", type=click.IntRange(min=1), metavar="N", help="Draw N random lists.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed for --draw.")
@output_options
def lists(
    a: str,
    b: str,
    method: str,
    length: int | None,
    draw: int | None,
    seed: int,
    format_: str,
    out: Path | None,
    quiet: bool,
) -> None:
    """Show all lists of a method for two rankings, with probabilities.

    The probabilities are exact. With --draw, random lists are shown instead.
    """
    be_quiet(quiet)
    from rankeval import interleave_lists

    show(interleave_lists(listed(a), listed(b), method, length, draw=draw, seed=seed), format_, out)


@command.command(epilog=SIMULATE_EXAMPLES)
@click.argument("world")
@click.argument("log", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--sessions", type=int, required=True, help="Number of sessions.")
@method_option
@policy_options
@click.option("--seed", type=int, default=0, show_default=True, help="Random seed.")
@threads_option
@output_options
def simulate(world: str, log: Path, format_: str, out: Path | None, quiet: bool, **options: Any) -> None:
    """Simulate interleaved sessions and write a log (.parquet .csv .json .jsonl .arrow).

    Also shows the expected results, exact if possible.
    """
    be_quiet(quiet)
    require_outputs({"log": log, "--out": out}, world)
    from rankeval import interleave_simulate

    show(interleave_simulate(world, log, **options), format_, out)


@command.command(epilog=ANALYSE_EXAMPLES)
@click.argument("log")
@click.option(
    "--method", metavar="NAME", help="Interleaving method; credit then follows from rank_a and rank_b."
)
@click.option("--a", default="A", show_default=True, help="Name of A in column team.")
@click.option("--b", default="B", show_default=True, help="Name of B in column team.")
@click.option(
    "--ranking-length", type=int, help="Length of A and of B, if the log has no length_a and length_b."
)
@click.option("--alpha", type=float, default=0.05, show_default=True, help="Significance level.")
@click.option(
    "--power", type=float, default=0.8, show_default=True, help="Power for the required number of sessions."
)
@click.option(
    "--effect",
    type=float,
    metavar="CREDIT",
    help="Mean credit of a session for which to count the required sessions.  [default: as seen in the log, "
    "with its interval]",
)
@click_log_options
@inference_options
@fail_under_option
@report_option
@common_options
def analyse(
    log: str,
    ci: str,
    columns: tuple[str, ...],
    fail_under: str | None,
    format_: str,
    out: Path | None,
    report: Path | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Estimate from an interleaved log which ranking users prefer.

    Shows wins, credit, intervals and tests.
    """
    be_quiet(quiet)
    require_outputs({"--out": out, "--report": report}, log)
    from rankeval import interleave_analyse

    result = interleave_analyse(log, ci=listed(ci), columns=pairs("--column", columns), **options)
    show(result, format_, out, report)
    require_level(result, fail_under)


@command.command(epilog=POWER_EXAMPLES)
@click.argument("world")
@click.option(
    "--method", "methods", multiple=True, metavar="NAME,...", help="Methods to compare; default: all."
)
@policy_options
@click.option("--sessions", type=int, help="Sessions for which to show the power.")
@click.option("--alpha", type=float, default=0.05, show_default=True, help="Significance level.")
@click.option("--power", type=float, default=0.8, show_default=True, help="Required power.")
@click.option(
    "--sample",
    type=int,
    default=200_000,
    show_default=True,
    help="Sessions to draw if there are too many lists.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed for --sample.")
@output_options
def power(
    world: str, methods: tuple[str, ...], format_: str, out: Path | None, quiet: bool, **options: Any
) -> None:
    """Compare the sessions that each method and an A/B test need."""
    be_quiet(quiet)
    require_outputs({"--out": out}, world)
    from rankeval import interleave_power

    chosen = {"method": listed(methods)} if methods else {}
    show(interleave_power(world, **chosen, **options), format_, out)
