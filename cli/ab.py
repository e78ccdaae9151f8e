"""``rankeval ab``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rankeval.cli.options import (
    ab_metric_options,
    be_quiet,
    common_options,
    engine_option,
    inference_options_with,
    null_reward_option,
    numbers_of,
    pairs,
    report_option,
    require_gates,
    require_outputs,
    show,
    side_option,
)
from rankeval.options import listed

#: What ``--fail-on`` can be given; repeated here so that errors and help import no more.
GATES = ("guardrail", "sample_ratio")
EPILOG = """\b
Examples:
  rankeval ab test.parquet --arm arm --control a --metric clicks=click
  rankeval ab test.parquet --arm arm --metric revenue \\
    --covariate revenue=revenue_before --cluster user_id
  rankeval ab test.parquet --arm arm --ratio ctr=click:rows \\
    --guardrail latency=ms:+5% --fail-on guardrail
  rankeval ab test.parquet --arm arm --looks 5 --look 2

LOG is a table with one row per session or user, or a ranking log with a column session_id, whose rows are
added by session. Every unit is in one arm.

\b
Tests and intervals (two-sided):
  values 0 and 1        Pearson's chi-square, score intervals
  other means, ratios   Welch's t; ratios by the delta method
  --covariate           CUPED: the difference adjusted by a value of before
                        the test, with one coefficient for all arms
  --cluster             the values of a column are the independent units
  --quantile            bootstrap over 4,096 buckets of hashed units
  several arms          each against the control; also a test that all are
                        equal (Welch's analysis of variance, chi-square)
  --looks K --look i    planned looks: repeated p-values and intervals
  --ci sequence         unplanned looks: an asymptotic confidence sequence

Without --metric and --ratio the metric is reward, session_reward or click, the
first of them that the log has.

\b
A guardrail holds if its interval excludes the margin:
  --guardrail ctr=click:-0.01     more is better: at most 0.01 less
  --guardrail latency=ms:+5%      less is better: at most 5 % more
"""


@click.command(epilog=EPILOG)
@click.argument("log")
@click.option("--arm", required=True, metavar="COLUMN", help="Column with the arm of each unit.")
@click.option(
    "--control", metavar="NAME", help="Arm to compare with. Default: control, or the first in order."
)
@ab_metric_options
@click.option(
    "--covariate-time",
    metavar="COLUMN",
    help="Time up to which covariates are measured; later than the unit's timestamp is an error.",
)
@click.option(
    "--guardrail",
    multiple=True,
    metavar="NAME=EXPR:MARGIN",
    help="Metric (or NUM:DEN) not to be harmed by more than MARGIN, a difference or N%. Repeatable.",
)
@click.option(
    "--quantile",
    multiple=True,
    metavar="NAME=EXPR:SHARE",
    help="Quantile of the units' values, such as p95=ms:0.95. Repeatable.",
)
@click.option(
    "--expected",
    metavar="ARM=SHARE,...",
    help="Expected shares of units, for the sample-ratio check. Default: equal.",
)
@click.option(
    "--adjust",
    type=click.Choice(["holm", "bh"]),
    default="holm",
    show_default=True,
    help="Adjusted p-values: Holm, or Benjamini-Hochberg.",
)
@click.option(
    "--family",
    metavar="all|metric|segment",
    default="all",
    show_default=True,
    help="Tests that are adjusted together.",
)
@click.option("--looks", type=int, metavar="K", help="Number of planned looks.")
@click.option("--look", type=int, metavar="i", help="Number of this look, from 1.")
@click.option(
    "--boundary",
    type=click.Choice(["obrien_fleming", "pocock"]),
    default="obrien_fleming",
    show_default=True,
    help="How planned looks spend the error probability (Lan-DeMets).",
)
@click.option(
    "--information",
    metavar="SHARE,...",
    help="Share of the final units at each look. Default: equal steps.",
)
@click.option(
    "--sequence-at",
    type=float,
    default=10_000,
    show_default=True,
    metavar="N",
    help="For --ci sequence: units, chosen before the test, at which it is narrowest.",
)
@click.option(
    "--fail-on",
    metavar="GATE,...",
    default="",
    help="Exit 3 if a guardrail does not hold (guardrail) or the sample-ratio check warns (sample_ratio).",
)
@null_reward_option
@inference_options_with(
    "auto",
    "Interval methods: auto (score for values 0 and 1, else student), student, normal, score, bootstrap, "
    "bootstrap_t, sequence.",
)
@report_option
@side_option
@engine_option
@common_options
def command(
    log: str,
    arm: str,
    information: str | None,
    fail_on: str,
    ci: str,
    columns: tuple[str, ...],
    format_: str,
    out: Path | None,
    report: Path | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Analyse an A/B test: differences between arms with intervals and tests."""
    be_quiet(quiet)
    require_outputs({"--out": out, "--report": report}, log)
    gates = require_gates(fail_on, GATES)
    from rankeval import ab

    result = ab(
        log,
        arm,
        information=numbers_of("--information", information),
        ci=listed(ci),
        columns=pairs("--column", columns),
        **options,
    )
    show(result, format_, out, report)
    if any(result.failed(gate) for gate in gates):
        raise SystemExit(3)
