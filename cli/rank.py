"""``rankeval rank``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rankeval.cli.options import (
    be_quiet,
    format_option,
    pairs,
    quiet_option,
    reading_options,
    show,
)
from rankeval.options import listed

EPILOG = """\b
Examples:
  rankeval rank lightgbm:model.txt test.parquet --out run.parquet
  rankeval rank sklearn:model.skops test.parquet --out run.csv
  rankeval rank mypackage.rankers:Mine log.parquet --out run.parquet
  rankeval rank xgboost:model.ubj test.parquet --out run.parquet \\
      --policy plackett_luce:temperature=0.5 --top 10 --seed 1
  rankeval rank model.txt test.parquet --out run.parquet --calibration m.json
  rankeval evaluate run.parquet --judgements test.parquet -m ndcg@10

\b
MODEL is one of:
  lightgbm:FILE       a text model of LightGBM
  xgboost:FILE        .json or .ubj of XGBoost (extra [xgboost])
  onnx:FILE           an ONNX model (extra [onnx])
  sklearn:FILE        a file of skops (extra [sklearn])
  column:NAME         a column of DATA that holds the scores
  run:FILE            the scores of a run, by query_id and item_id
  module:object       a Python object with columns and score(rows), or a
                      class that makes one; this runs code of the module
  NAME                an installed ranker (entry point of the group
                      rankeval.rankers); this runs code of its package
  FILE                a model file whose content shows its kind
Pickles are refused: loading one runs the code in it.

\b
DATA has query_id, item_id and the features of the model, by name. With
session_id it is a ranking log. RUN gets the ids and score, and with
--policy also position, propensity, propensity_prefix, propensity_list:
  greedy                          by descending score
  epsilon:epsilon=E               greedy, with probability E random
  plackett_luce:temperature=T     P proportional to exp(score / T)
"""


@click.command(epilog=EPILOG)
@click.argument("model")
@click.argument("data")
@click.option(
    "--out",
    required=True,
    metavar="RUN",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the run to this file (.parquet .csv .json .jsonl .arrow).",
)
@click.option("--policy", metavar="NAME[:PARAMETER=VALUE]", help="Also draw a ranking of each query.")
@click.option("--top", type=int, metavar="K", help="Positions of the drawn rankings.  [default: 10]")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the policy.")
@click.option(
    "--trust", metavar="TYPE,...", default="", help="Types that a sklearn model may hold; runs their code."
)
@click.option(
    "--calibration", metavar="FILE", help="Write probabilities: map the scores as `calibrate` fitted it."
)
@reading_options
@format_option
@quiet_option
def command(
    model: str,
    data: str,
    out: Path,
    trust: str,
    columns: tuple[str, ...],
    format_: str,
    quiet: bool,
    **options: Any,
) -> None:
    """Score DATA with a ranker, and write a run."""
    be_quiet(quiet)
    from rankeval import rank

    result = rank(model, data, out, trust=listed(trust), columns=pairs("--column", columns), **options)
    show(result, format_, None)
