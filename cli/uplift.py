"""``rankeval uplift``."""

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
    inference_options_with,
    many_options,
    pairs,
    report_option,
    require_level,
    require_outputs,
    show,
    side_option,
)
from rankeval.options import listed

EPILOG = """\b
Examples:
  rankeval uplift log.parquet --candidate new=lightgbm:model.txt
  rankeval uplift log.parquet --candidate new=lightgbm:model.txt \\
      --candidate old=column:score --position-bias bias.json --by country
  rankeval uplift log.parquet --candidate new=model.txt -e click_dr \\
      --reward-model logistic --features f1,f2 --cluster user_id
  rankeval uplift log.parquet --candidate new=run:new.run \\
      --reward 'click + 5*purchase' --position-bias bias.json
  rankeval uplift log.parquet --candidate new=model.txt --format json \\
      --out uplift.json
  rankeval plan ab log.parquet --metric clicks=click --gain uplift.json

\b
LOG is a ranking log: session_id, item_id, position, click (or reward), and
the columns that the candidates read. Rows without a position are candidate
items that were not shown. shuffled marks sessions in random order, ranker
names the ranker of each session.

\b
SPEC of a candidate is one of:
  lightgbm:FILE       a text model of LightGBM
  xgboost:FILE        .json or .ubj of XGBoost (extra [xgboost])
  onnx:FILE           an ONNX model (extra [onnx])
  sklearn:FILE        a file of skops (extra [sklearn])
  column:NAME         a column of LOG that holds the scores
  run:FILE            the scores of a run, by query_id and item_id
  module:object       a Python object with columns and score(rows), or a
                      class that makes one; this runs code of the module
  NAME                an installed ranker (entry point of the group
                      rankeval.rankers); this runs code of its package
  FILE                a model file whose content shows its kind
All are scored in one pass. Equal scores rank by item_id, descending.

\b
Without -e the estimators follow from the log and the call:
  with propensities of the ranker     sips, iips or rips, by their columns
  with a curve                        click_ips
  and --reward-model or q_logged      click_dr too
  with a curve of alpha and beta      click_affine
and metrics by clicks: click_dcg@10, click_precision@5, click_arp.

\b
Without --position-bias the curve is learned from LOG: from sessions in
random order (column shuffled), from swaps (swap_low, swap_high), or from
several rankers (column ranker). Sessions in random order are left out of
the estimates.
"""


@click.command(epilog=EPILOG)
@click.argument("log")
@click.option(
    "--candidate",
    "candidates",
    multiple=True,
    required=True,
    metavar="NAME=SPEC",
    help="A candidate ranker. Repeat to compare several on the same sessions.",
)
@click.option(
    "--position-bias",
    metavar="FILE|learn:METHOD",
    help="Examination by position: JSON of rankeval propensity, or a list; or learn:em, learn:allpairs, ... "
    "which learn it from LOG. Default: learned from what LOG randomised.",
)
@click.option(
    "-e",
    "--estimator",
    "estimators",
    multiple=True,
    metavar="NAME,...",
    help="Estimators, as of rankeval ope. Default: chosen from LOG. Repeatable.",
)
@click.option(
    "--estimand",
    metavar="auto|rerank|full",
    default="auto",
    show_default=True,
    help="The candidate ranks the shown items (rerank) or all logged candidates (full). auto: full where "
    "LOG has candidates that were not shown.",
)
@click.option(
    "--user-models",
    metavar="NAME,...",
    help="Also gains under other models of users, fitted to LOG: pbm_trust, cascade, dcm, sdbn, dbn, ... or "
    "none. Default: pbm_trust and dbn where LOG can tell them from position bias alone.",
)
@click.option(
    "--reward",
    metavar="EXPR",
    help="Reward as arithmetic over columns, such as 'click + 5*purchase'; put `my column` in back-quotes.",
)
@click.option("--reward-range", metavar="LOW,HIGH", help="Range of rewards. A reward outside is an error.")
@click.option(
    "--reward-model",
    metavar="KIND",
    help="Fit a relevance model for click_dr by cross-fitting: lightgbm, logistic or ridge.",
)
@click.option("--features", metavar="COLUMN,...", default="", help="Feature columns of the reward model.")
@click.option(
    "--folds",
    type=click.IntRange(2, 100),
    default=5,
    show_default=True,
    help="Number of cross-fitting folds.",
)
@click.option(
    "--trust", metavar="TYPE,...", default="", help="Types that a sklearn model may hold; runs their code."
)
@click.option(
    "--refits",
    type=int,
    default=200,
    show_default=True,
    help="Number of refits, where the curve is learned from the clicks of the estimates, or for --ci refit.",
)
@click_log_options
@inference_options_with(
    "auto",
    "Interval methods: auto (normal where it holds, else what does), normal, student, bootstrap, "
    "bootstrap_t, refit.",
)
@side_option
@many_options
@click.option(
    "--pessimistic",
    is_flag=True,
    help="Report the worst end of the bounds where items were not shown.",
)
@fail_under_option
@report_option
@engine_option
@common_options
def command(
    log: str,
    candidates: tuple[str, ...],
    position_bias: str | None,
    estimators: tuple[str, ...],
    user_models: str | None,
    ci: str,
    columns: tuple[str, ...],
    fail_under: str | None,
    format_: str,
    out: Path | None,
    report: Path | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Estimate what candidate rankers would gain over the ranker of a click log, before any A/B test."""
    be_quiet(quiet)
    specs = [text.partition("=")[2] for text in candidates]
    files = [*specs, *(spec.partition(":")[2] for spec in specs)]  # FILE, and KIND:FILE
    require_outputs({"--out": out, "--report": report}, log, position_bias, files)
    from rankeval import uplift

    result = uplift(
        log,
        list(candidates),
        position_bias=position_bias,
        estimators=listed(estimators),
        user_models=None if user_models is None else listed(user_models),
        ci=listed(ci),
        columns=pairs("--column", columns),
        **options,
    )
    show(result, format_, out, report)
    require_level(result, fail_under)
