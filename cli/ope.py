"""``rankeval ope``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rankeval.cli.options import be_quiet, common_options, inference_options, listed, pairs, show

EPILOG = """\b
Example:
  rankeval ope log.parquet --estimator snips --estimator cips:max_weight=5 --ci normal,bootstrap
\b
Estimators (NAME[:PARAMETER=VALUE]): ips cips snips csnips dm dr cdr sndr
\b
A bandit log has reward, propensity, target_propensity, and q_logged, q_target for
  dm, dr, cdr, sndr; or candidate sets as lists: action, candidate_propensities,
  candidate_target_propensities, candidate_q.
"""


@click.command(epilog=EPILOG)
@click.argument("log")
@click.option("-e", "--estimator", "estimators", multiple=True, metavar="NAME[:param=value]",
              help="Estimators; by default ips, snips, and dr where the log has a model's predictions. Repeatable.")  # fmt: skip
@inference_options
@common_options
def command(
    log: str, estimators: tuple[str, ...], ci: str, columns: tuple[str, ...], format_: str,
    out: Path | None, quiet: bool, **options: Any,
) -> None:  # fmt: skip
    """Value of a target policy from the log of another one, its gain over that log, and how far to trust it."""
    be_quiet(quiet)
    from rankeval import ope

    result = ope(log, listed(estimators), ci=listed(ci), columns=pairs("--column", columns), **options)
    show(result, format_, out)
