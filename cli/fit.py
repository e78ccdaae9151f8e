"""``rankeval fit``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rankeval.cli.options import (
    be_quiet,
    click_log_options,
    common_options,
    pairs,
    report_option,
    require_outputs,
    show,
)
from rankeval.options import listed

EPILOG = """\b
Example:
  rankeval fit log.parquet --click-model pbm,dbn --test 0.2 --smoothing 0.1

\b
Click models:
  pbm pbm_trust cascade dcm dbn sdbn ccm ubm, mixtures like mixture:pbm+dbn

The log is Parquet, Arrow IPC, CSV or JSON (file, folder, glob, URL or -), long or nested. Columns:
session_id, item_id, position (from 1), click (0 or 1), and query_id unless there is only one query.
"""


@click.command(epilog=EPILOG)
@click.argument("log", metavar="LOG")
@click.option(
    "--click-model",
    "click_model",
    multiple=True,
    default=["pbm"],
    show_default=True,
    metavar="NAME,...",
    help="Click models to fit and compare. Repeatable.",
)
@click.option("--test", type=float, default=0.0, metavar="SHARE", help="Share of sessions to hold out.")
@click.option("--test-where", metavar="EXPR", help="Hold out the sessions for which this filter is true.")
@click.option(
    "--smoothing",
    type=float,
    default=0.0,
    show_default=True,
    help="Pseudo-clicks, and pseudo-skips, to add to each query-item pair.",
)
@click.option(
    "--tolerance",
    type=float,
    default=1e-6,
    show_default=True,
    help="Stop when log-likelihood and shared parameters change by at most this.",
)
@click.option("--max-iterations", type=int, default=10_000, show_default=True, help="Maximum iterations.")
@click.option("--restarts", type=int, default=3, show_default=True, help="Extra random starts for a mixture.")
@click.option(
    "--level", type=float, default=0.95, show_default=True, help="Confidence level of held-out differences."
)
@click.option(
    "--cluster",
    metavar="COLUMN",
    help="Column of independent units, such as the user. Whole clusters are held out; errors of differences, "
    "and of pbm_trust, count clusters.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed for the split and the restarts.")
@click.option(
    "--parameters",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write attractiveness and satisfaction per query-item pair to this file "
    "(.parquet .csv .json .jsonl .arrow).",
)
@click_log_options
@report_option
@common_options
def command(
    log: str,
    click_model: tuple[str, ...],
    columns: tuple[str, ...],
    format_: str,
    out: Path | None,
    report: Path | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Fit click models to a log and compare them on held-out sessions.

    Uses maximum likelihood, with standard errors for shared parameters. Perplexity is 2^(-mean log2 P),
    where P is the probability of the observed click or skip at a position; 1 is a perfect model.
    """
    be_quiet(quiet)
    require_outputs({"--out": out, "--report": report, "--parameters": options["parameters"]}, log)
    from rankeval import fit

    result = fit(log, listed(click_model), columns=pairs("--column", columns), **options)
    show(result, format_, out, report)
