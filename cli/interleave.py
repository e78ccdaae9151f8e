"""``rankeval interleave``: lists, simulate, analyse, power."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rankeval.atomic_files import require_no_input
from rankeval.cli.options import (
    be_quiet,
    common_options,
    inference_options,
    output_options,
    pairs,
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
Methods, as NAME[:PARAMETER=VALUE]:
  team_draft      credit=team (marginal)
  balanced
  probabilistic   tau=3, credit=team (marginal)
  optimised       credit=linear (inverse, binary)
marginal is the expectation of team credit given the list (Rao-Blackwell).
"""
LISTS_EXAMPLES = f"""\b
Examples:
  rankeval interleave lists --a a,b,c,d --b b,c,d,a
  rankeval interleave lists --a 1,2,3 --b 3,9 --draw 5 --seed 7

{METHODS}"""
WORLDS = """\b
WORLD is a world file with policies of kind fixed, or one whose queries have
keys a and b, their rankings:
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
Columns, a row an item, or a row a session with lists:
  session_id, position, click
  team                 the ranking that chose the item, null for neither
With --method, instead of team:
  rank_a, rank_b       ranks in A and B from 1, null where absent
  length_a, length_b   items of A and B; of use where the two differ
  method               the method, checked where the log has it

\b
Methods: team_draft balanced probabilistic[:tau=3]
  optimised[:credit=linear|inverse|binary]

Of team_draft and probabilistic, team credit is then replaced by its
expectation given the list (Rao-Blackwell): the same mean with less noise.
"""
POWER_EXAMPLES = f"""\b
Example:
  rankeval interleave power world.json --sessions 10000

{WORLDS}
{METHODS}"""

method_option = click.option(
    "--method", default="team_draft", show_default=True, metavar="NAME", help="How lists are made."
)
policy_options = together(
    click.option("--a", metavar="NAME", help="Policy A: logging, or a candidate.  [default: logging]"),
    click.option("--b", metavar="NAME", help="Policy B.  [default: the only candidate]"),
)


@click.group(name="interleave", epilog=EXAMPLES)
def command() -> None:
    """Mix two rankings into one list, and learn from clicks on it which of them users prefer."""


@command.command(epilog=LISTS_EXAMPLES)
@click.option("--a", required=True, metavar="ID,...", help="Ranking A from the top.")
@click.option("--b", required=True, metavar="ID,...", help="Ranking B from the top.")
@method_option
@click.option("--length", type=int, help="Items of the lists.  [default: those of the longer ranking]")
@click.option("--draw", type=click.IntRange(min=1), metavar="N", help="N random lists, not all of them.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of random lists.")
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
    """Every list that a method may show for two rankings with its exact probability, or random ones."""
    be_quiet(quiet)
    from rankeval import interleave_lists

    show(interleave_lists(listed(a), listed(b), method, length, draw=draw, seed=seed), format_, out)


@command.command(epilog=SIMULATE_EXAMPLES)
@click.argument("world")
@click.argument("log", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--sessions", type=int, required=True, help="Number of sessions.")
@method_option
@policy_options
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of all that is random.")
@threads_option
@output_options
def simulate(world: str, log: Path, format_: str, out: Path | None, quiet: bool, **options: Any) -> None:
    """Write a Parquet log of interleaved sessions, and tell what it should show, exactly."""
    be_quiet(quiet)
    for written in (log, out):
        require_no_input(written, world)
    from rankeval import interleave_simulate

    show(interleave_simulate(world, log, **options), format_, out)


@command.command(epilog=ANALYSE_EXAMPLES)
@click.argument("log")
@click.option(
    "--method", metavar="NAME", help="How lists were made; credit then comes from rank_a and rank_b."
)
@click.option("--a", default="A", show_default=True, help="What column team calls A.")
@click.option("--b", default="B", show_default=True, help="What column team calls B.")
@click.option("--ranking-length", type=int, help="Items of A and of B, where the log does not tell.")
@click.option("--alpha", type=float, default=0.05, show_default=True, help="Level of the tests.")
@click.option(
    "--power", type=float, default=0.8, show_default=True, help="Power that sessions needed are for."
)
@inference_options
@common_options
def analyse(
    log: str,
    ci: str,
    columns: tuple[str, ...],
    format_: str,
    out: Path | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Which ranking users prefer, from a log of interleaved lists: wins, credit, intervals, tests."""
    be_quiet(quiet)
    require_no_input(out, log)
    from rankeval import interleave_analyse

    result = interleave_analyse(log, ci=listed(ci), columns=pairs("--column", columns), **options)
    show(result, format_, out)


@command.command(epilog=POWER_EXAMPLES)
@click.argument("world")
@click.option(
    "--method", "methods", multiple=True, metavar="NAME,...", help="Methods to compare; all unless told."
)
@policy_options
@click.option("--sessions", type=int, help="Also tell the power of so many.")
@click.option("--alpha", type=float, default=0.05, show_default=True, help="Level of the tests.")
@click.option("--power", type=float, default=0.8, show_default=True, help="Power wanted.")
@click.option(
    "--sample", type=int, default=200_000, show_default=True, help="Sessions drawn where lists are too many."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of that sample.")
@output_options
def power(
    world: str, methods: tuple[str, ...], format_: str, out: Path | None, quiet: bool, **options: Any
) -> None:
    """Sessions that each method needs to tell two rankings apart, beside an A/B test."""
    be_quiet(quiet)
    require_no_input(out, world)
    from rankeval import interleave_power

    chosen = {"method": listed(methods)} if methods else {}
    show(interleave_power(world, **chosen, **options), format_, out)
