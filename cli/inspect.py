"""``rankeval inspect``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import click

from rankeval.cli.options import (
    GATE,
    be_quiet,
    click_log_options,
    common_options,
    engine_option,
    first_action_option,
    pairs,
    report_option,
    require_outputs,
    show,
)

EPILOG = """\b
Examples:
  rankeval inspect log.parquet
  rankeval inspect log.parquet --fail-on error --format json --out report.json
  rankeval inspect today.parquet --against yesterday.parquet
  rankeval inspect log.parquet --by device --cluster user_id

\b
The log is a bandit log (one row a round) or a ranking log (session_id). It
may be broken: problems are listed with their number and the first rows.
  error      results would be wrong, or a command would refuse the log
  warning    to be looked at
  info       to be known

\b
Exit status 3: --fail-on error (or warning) found one, or worse.
"""


@click.command(epilog=EPILOG)
@click.argument("log")
@click.option("--against", metavar="LOG", help="Test the drift from LOG to this log, not between its halves.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning"]),
    help="Exit with status 3 if there is a problem of this severity, or worse.",
)
@click.option("--by", metavar="COLUMN", help="Also test propensities per value of COLUMN (bandit logs).")
@click.option("--cluster", metavar="COLUMN", help="Column that names the independent units, such as user_id.")
@click.option(
    "--reward", metavar="EXPR", help="Reward as arithmetic over columns, such as 'click + 5*purchase'."
)
@first_action_option
@click_log_options
@report_option
@engine_option
@common_options
def command(
    log: str,
    against: str | None,
    fail_on: Literal["error", "warning"] | None,
    columns: tuple[str, ...],
    format_: str,
    out: Path | None,
    report: Path | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Tell what is in a log, what is wrong with it, and which estimators it can feed."""
    be_quiet(quiet)
    require_outputs({"--out": out, "--report": report}, log, against)
    from rankeval import inspect

    result = inspect(log, against, columns=pairs("--column", columns), **options)
    show(result, format_, out, report)
    if fail_on is not None and result.has(fail_on):
        raise SystemExit(GATE)
