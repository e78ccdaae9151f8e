"""``rankeval calibrate``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rankeval.cli.options import (
    be_quiet,
    format_option,
    inference_options,
    pairs,
    quiet_option,
    reading_options,
    relevance_threshold_option,
    show,
)
from rankeval.options import listed

EPILOG = """\b
Examples:
  rankeval calibrate run.parquet qrels.txt --method platt --out platt.json
  rankeval calibrate run.parquet --column relevance=click --out map.json
  rankeval calibrate run.parquet --method prior --sampling-rate 0.1 \\
    --out prior.json

\b
Methods:
  platt        logistic regression on the score
  isotonic     the best non-decreasing map
  temperature  one factor on the score, or on the logit of a probability
  prior        correction for a model that was trained with only a share of
               the items that are not relevant: --sampling-rate SHARE

A run has the columns query_id, item_id, score, and relevance unless there is a file JUDGEMENTS. FILE is JSON
with the map that is fitted on all queries. The losses that are shown are of queries that the map was not
fitted on.
"""


@click.command(epilog=EPILOG)
@click.argument("run")
@click.argument("judgements", required=False)
@click.option(
    "--method",
    default="isotonic",
    show_default=True,
    metavar="NAME",
    help="platt, isotonic, temperature or prior.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the map to this file, as JSON.",
)
@click.option(
    "--scores",
    type=click.Choice(["auto", "raw", "probability"]),
    default="auto",
    show_default=True,
    help="Kind of the scores; auto: probabilities if all are from 0 to 1.",
)
@click.option("--sampling-rate", type=float, metavar="SHARE", help="For prior: share of items kept.")
@click.option("--smooth-targets", is_flag=True, help="For platt: Platt's targets in place of 0 and 1.")
@click.option("--folds", type=int, default=5, show_default=True, help="Number of folds of queries.")
@click.option("--bins", type=int, default=10, show_default=True, help="Bins of the calibration error.")
@relevance_threshold_option
@inference_options
@reading_options
@format_option
@quiet_option
def command(
    run: str,
    judgements: str | None,
    ci: str,
    columns: tuple[str, ...],
    format_: str,
    quiet: bool,
    **options: Any,
) -> None:
    """Fit a map from scores to probabilities, and test it on other queries.

    The result has the log loss, the Brier score and the calibration error before and after, with intervals.
    """
    be_quiet(quiet)
    from rankeval import calibrate

    result = calibrate(run, judgements, ci=listed(ci), columns=pairs("--column", columns), **options)
    show(result, format_, None)
