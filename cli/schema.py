"""``rankeval schema``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from rankeval.cli.options import out_option, say

EPILOG = """\b
Examples:
  rankeval schema ope
  rankeval schema plan ab --out plan-ab.schema.json

\b
The schema (JSON Schema, draft 2020-12) describes what the command writes with
--format json. Numbers that cannot be computed are null; NaN never appears.
"""


@click.command(epilog=EPILOG)
@click.argument("words", metavar="COMMAND", nargs=-1, required=True)
@out_option
def command(words: tuple[str, ...], out: Path | None) -> None:
    """Print the JSON Schema of the result of a command."""
    from rankeval.schemas import schema

    text = json.dumps(schema(" ".join(words)), indent=2) + "\n"
    if out is None:
        say(text)
        return
    from rankeval.atomic_files import write_text

    write_text(text, out)
