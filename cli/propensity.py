"""``rankeval propensity``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rankeval.atomic_files import require_no_input
from rankeval.cli.options import be_quiet, common_options, inference_options, pairs, show
from rankeval.options import listed

EPILOG = """\b
Examples:
  rankeval propensity log.parquet --method shuffle
  rankeval propensity log.parquet --method em --format json --out bias.json
  rankeval propensity log.parquet --method allpairs --weights harmonic
  rankeval propensity log.parquet --method em --by device --cluster user_id
  rankeval propensity log.parquet --method swap --smooth power
  rankeval ope clicks.parquet -e click_ips --position-bias bias.json

\b
Columns of the log, a row an item, or a row a session with lists:
  session_id, position, click    position from 1, click 0 or 1

\b
Methods, and the columns they need besides:
  shuffle    shuffled (true or false): sessions that showed a random order;
             --top N where only the first N were shuffled
  swap       swap_low, swap_high: the two positions that were exchanged with
             probability 1/2; null in other sessions
  pair       propensity, of the item at its position
  pivot chain allpairs
             item_id, query_id: intervention harvesting from several rankers,
             by pairs shown at position 1 too, at neighbouring positions, at
             any two
  em         item_id, query_id: the position-based model by maximum
             likelihood; with --features regression EM

The curve is relative to position 1. Its JSON is what ope --position-bias takes.
"""


@click.command(epilog=EPILOG)
@click.argument("log")
@click.option(
    "--method",
    default="allpairs",
    show_default=True,
    metavar="NAME",
    help="shuffle, swap, pair, pivot, chain, allpairs or em.",
)
@click.option(
    "--weights",
    metavar="NAME",
    help="Of pairs of query and item for pivot, chain and allpairs: uniform (default), harmonic, min.",
)
@click.option("--top", type=int, metavar="N", help="Only positions 1 to N.")
@click.option("--smooth", metavar="power", help="A power of the position too, fitted to the curve.")
@click.option(
    "--features",
    metavar="COLUMN,...",
    default="",
    help="For em: relevance is regressed on these columns (LightGBM); without errors.",
)
@inference_options
@common_options
def command(
    log: str,
    ci: str,
    features: str,
    columns: tuple[str, ...],
    format_: str,
    out: Path | None,
    quiet: bool,
    **options: Any,
) -> None:
    """How likely users are to examine each position, relative to position 1."""
    be_quiet(quiet)
    require_no_input(out, log)
    from rankeval import propensity

    result = propensity(
        log, features=listed(features), ci=listed(ci), columns=pairs("--column", columns), **options
    )
    show(result, format_, out)
