"""``rankeval propensity``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rankeval.cli.options import (
    be_quiet,
    click_log_options,
    common_options,
    engine_option,
    fail_under_option,
    inference_options,
    pairs,
    report_option,
    require_level,
    require_outputs,
    show,
)
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
Columns of the log (one row per item, or per session with lists):
  session_id, position, click    position from 1, click 0 or 1

\b
Methods and their additional columns:
  shuffle    shuffled (true or false): true if the order is random. Use
             --top N if only the first N positions were shuffled.
  swap       swap_low, swap_high: the two positions that were swapped with
             probability 1/2; null in other sessions
  pair       propensity of the item at its position
  pivot chain allpairs
             item_id, query_id: intervention harvesting from several
             rankers. It compares each position with position 1 (pivot),
             with the next position (chain), or with all (allpairs).
  em         item_id, query_id: position-based model by maximum likelihood;
             with --features, regression EM

The curve is relative to position 1. `ope --position-bias` reads its JSON.
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
    help="Weights of query-item pairs, for pivot, chain, allpairs: uniform (default), harmonic or min.",
)
@click.option("--top", type=int, metavar="N", help="Use only positions 1 to N.")
@click.option("--smooth", metavar="power", help="Also fit a power law of position to the curve.")
@click.option(
    "--features",
    metavar="COLUMN,...",
    default="",
    help="For em: model relevance from these columns (LightGBM); gives no errors.",
)
@click_log_options
@inference_options
@fail_under_option
@report_option
@engine_option
@common_options
def command(
    log: str,
    ci: str,
    features: str,
    columns: tuple[str, ...],
    fail_under: str | None,
    format_: str,
    out: Path | None,
    report: Path | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Estimate how likely users are to examine each position, relative to position 1."""
    be_quiet(quiet)
    require_outputs({"--out": out, "--report": report}, log)
    from rankeval import propensity

    result = propensity(
        log, features=listed(features), ci=listed(ci), columns=pairs("--column", columns), **options
    )
    show(result, format_, out, report)
    require_level(result, fail_under)
