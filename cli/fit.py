"""``rankeval fit``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rankeval.atomic_files import require_no_input
from rankeval.cli.options import be_quiet, common_options, pairs, show
from rankeval.options import listed

EPILOG = """\b
Example:
  rankeval fit log.parquet --click-model pbm,dbn --test 0.2 --smoothing 0.1

\b
Click models:
  pbm pbm_trust cascade dcm dbn sdbn ccm ubm, mixtures such as mixture:pbm+dbn

Files: Parquet, Arrow IPC, CSV; a file, a folder, a glob or a URL, long or nested, with session_id, item_id,
position (1-based), click (0 or 1) and, unless all have one query, query_id.
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
    help="Pseudo-clicks, and as many skips, of each pair of query and item.",
)
@click.option(
    "--tolerance",
    type=float,
    default=1e-6,
    show_default=True,
    help="Stop when a step gains no more log-likelihood, and moves no shared parameter by more.",
)
@click.option("--max-iterations", type=int, default=10_000, show_default=True, help="Iterations at most.")
@click.option(
    "--restarts", type=int, default=3, show_default=True, help="Random starts of a mixture, beside its own."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the split and the restarts.")
@click.option(
    "--parameters",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write attractiveness and satisfaction of each pair as Parquet.",
)
@common_options
def command(
    log: str,
    click_model: tuple[str, ...],
    columns: tuple[str, ...],
    format_: str,
    out: Path | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Fit click models to a log, and compare them on sessions that were held out.

    By maximum likelihood, with standard errors of what all sessions share. Perplexity is 2 to the mean
    surprise, in bits, by the click or skip at a position: 1 for a model that knows them all.
    """
    be_quiet(quiet)
    require_no_input(out, log)
    require_no_input(options["parameters"], log)
    from rankeval import fit

    result = fit(log, listed(click_model), columns=pairs("--column", columns), **options)
    show(result, format_, out)
