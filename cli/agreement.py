"""``rankeval agreement``."""

from __future__ import annotations

from pathlib import Path

import click

from rankeval.cli.options import be_quiet, common_options, pairs, report_option, require_outputs, show

EPILOG = """\b
Examples:
  rankeval agreement experiments.csv
  rankeval agreement experiments.csv --column offline=uplift --level 0.9

\b
Columns (one row per experiment and offline metric):
  offline, online              gains; in the same unit for the slope
  offline_error, online_error  their standard errors (optional)
  name                         name of the experiment (optional)
  metric                       the offline metric, if there are several

\b
Statistics, each with an interval:
  pearson, spearman            correlations; errors weaken them
  sign_agreement               share of experiments with one sign
  calibration_slope            of online on offline gains, with errors in
  calibration_intercept        both (York 2004; Deming without errors)
"""


@click.command(epilog=EPILOG)
@click.argument("data", metavar="FILE")
@click.option("--level", type=float, default=0.95, show_default=True, help="Confidence level.")
@report_option
@common_options
def command(
    data: str,
    level: float,
    columns: tuple[str, ...],
    where: str | None,
    threads: int | None,
    format_: str,
    out: Path | None,
    report: Path | None,
    quiet: bool,
) -> None:
    """Compare offline gains of past experiments with online ones."""
    be_quiet(quiet)
    require_outputs({"--out": out, "--report": report}, data)
    from rankeval import agreement

    result = agreement(data, level=level, columns=pairs("--column", columns), where=where, threads=threads)
    show(result, format_, out, report)
