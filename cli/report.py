"""``rankeval report``."""

from __future__ import annotations

from pathlib import Path

import click

from rankeval.atomic_files import write_text
from rankeval.cli.options import require_outputs
from rankeval.cli.typed import typed_command

EPILOG = """\b
Example:
  rankeval report ope.json ab.json --out page.html

The files are what --format json --out FILE of other commands writes.

\b
The page begins with the conclusion of each result. It needs no other file and
no script, fits phones and paper, and holds the results as JSON. The option
--report FILE.html of a command makes such a page at once.
"""


@click.command(epilog=EPILOG)
@click.argument("results", nargs=-1, required=True, metavar="RESULT.json...", type=click.Path(path_type=Path))
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.html",
    help="Path of the page.",
)
def command(results: tuple[Path, ...], out: Path) -> None:
    """Put results that were written with --format json on one HTML page."""
    require_outputs({"--out": out}, list(results))
    from rankeval.reports import page, saved_result

    write_text(page([saved_result(path) for path in results], typed_command()), out)
