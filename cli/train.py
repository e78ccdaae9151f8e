"""``rankeval train``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rankeval.cli.options import (
    be_quiet,
    click_log_options,
    format_option,
    pairs,
    quiet_option,
    reading_options,
    show,
)
from rankeval.options import listed

EPILOG = """\b
Examples:
  rankeval train judged.parquet --out model.txt
  rankeval train judged.parquet --out model.txt --objective rank_xendcg
  rankeval train judged.parquet --out model.txt \\
      --split fold --train S1,S2,S3 --valid S4
  rankeval train clicks.parquet --out model.txt \\
      --clicks pairs --position-bias bias.json
  rankeval train clicks.parquet --out model.txt --clicks naive --time day

\b
Columns of judgements: query_id, item_id, relevance, and features.
Columns of a click log: session_id, item_id, position, click, features, and
query_id if it is known: then sessions of one query stay together.

\b
Splits (one of them; a query is never split):
  --valid FILE            its queries stop the training
  --split COLUMN          values train, valid, others test; or named by
                          --train V,... and --valid V,...
  --folds K               one fold tests, one stops, the others train
  --time COLUMN           the latest fifth stops the training
  none                    5 folds up to 2,000 queries, else a fifth stops

\b
Ways to learn from clicks:
  pairs      pairwise lambdas weighted by 1 / examination: the robust way
  position   LightGBM learns factors by position itself
  rows       rows weighted by 1 / examination: hardly a correction
  naive      clicks as grades

\b
The model file is LightGBM's text. Its card, OUT.json, holds data, split,
parameters, metrics and importance.
"""


@click.command(epilog=EPILOG)
@click.argument("data")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Path of the model; the card is OUT.json.",
)
@click.option(
    "--objective",
    metavar="NAME",
    help="lambdarank (default), rank_xendcg, binary (grade of at least 1) or regression.",
)
@click.option("--clicks", metavar="WAY", help="Learn from clicks: pairs, position, rows or naive.")
@click.option(
    "--position-bias",
    metavar="FILE",
    help="Examination by position, from `rankeval propensity`; pairs and rows need it.",
)
@click.option("--valid", metavar="FILE|V,...", help="Data that stops the training, or values of --split.")
@click.option("--folds", type=int, metavar="K", help="Number of folds, at least 3.")
@click.option("--split", metavar="COLUMN", help="Column that names the part of each query.")
@click.option("--train", metavar="V,...", help="Values of --split that train.")
@click.option("--time", metavar="COLUMN", help="Column with the time of each query or session.")
@click.option(
    "--features",
    metavar="COLUMN,...",
    default="",
    help="Features; texts are categories. Default: all columns of numbers that play no role.",
)
@click.option("--param", multiple=True, metavar="NAME=VALUE", help="A parameter of LightGBM. Repeatable.")
@click.option(
    "--tune",
    type=int,
    metavar="N",
    help="Search parameters with N trials (extra tune); metrics are of nested folds.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of split, training and search.")
@click.option("--level", type=float, default=0.95, show_default=True, help="Confidence level.")
@click_log_options
@reading_options
@format_option
@quiet_option
def command(
    data: str, out: Path, features: str, columns: tuple[str, ...], format_: str, quiet: bool, **options: Any
) -> None:
    """Train a ranker (LightGBM) from judgements or clicks.

    Training stops on ndcg@10 (for clicks, on dcg@10 of clicks over examination) of queries that do not train.
    Metrics are of queries that the model did not see.
    The same data, seed and version give the same model, byte for byte.
    """
    be_quiet(quiet)
    from rankeval import train

    result = train(data, out, features=listed(features), columns=pairs("--column", columns), **options)
    show(result, format_, None)
