"""Options that several commands share, and what they do with a result."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import click

from rankeval.errors import UsageError
from rankeval.progress import notice

#: Width of text that no line of a table exceeds.
UNLIMITED = 10_000
Command = TypeVar("Command", bound=Callable[..., Any])


def together(*options: Callable[[Any], Any]) -> Callable[[Command], Command]:
    """Several options as one decorator, in the order of the help."""

    def decorate(function: Command) -> Command:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


format_option = click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "json", "csv", "markdown"]),
    default="table",
    show_default=True,
    help="How results are shown.",
)
out_option = click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write results to this file, not to stdout.",
)
threads_option = click.option(
    "--threads", type=click.IntRange(min=1), help="Number of threads; results do not depend on it."
)
quiet_option = click.option("--quiet", is_flag=True, help="Say nothing on stderr but errors.")

#: Of commands that read no log.
output_options = together(format_option, out_option, quiet_option)

common_options = together(
    format_option,
    out_option,
    threads_option,
    click.option(
        "--column",
        "columns",
        multiple=True,
        metavar="ROLE=NAME",
        help="The column that plays a role, where it has another name. Repeatable.",
    ),
    click.option(
        "--where", metavar="EXPR", help="Row filter, such as 'position <= 3 and country == \"de\"'."
    ),
    quiet_option,
)

inference_options = together(
    click.option(
        "--ci",
        metavar="METHOD,...",
        default="normal",
        show_default=True,
        help="Intervals: normal, bootstrap (percentile), bootstrap_t (studentised).",
    ),
    click.option("--level", type=float, default=0.95, show_default=True, help="Confidence level."),
    click.option(
        "--replicates", type=int, default=1000, show_default=True, help="Replicates of the bootstrap."
    ),
    click.option("--by", metavar="COLUMN", help="Results for each value of this column too."),
    click.option("--cluster", metavar="COLUMN", help="Column of the independent units, such as user_id."),
    click.option("--seed", type=int, default=0, show_default=True, help="Seed of bootstrap and tests."),
)


def pairs(option: str, values: Sequence[str]) -> dict[str, str]:
    """``NAME=VALUE`` options as a dict."""
    split = [value.partition("=") for value in values]
    for value, (name, equals, rest) in zip(values, split, strict=True):
        if not (name and equals and rest):
            raise UsageError(f"{option}: found {value!r}, wanted NAME=VALUE")
    return {name: rest for name, _, rest in split}


def be_quiet(quiet: bool) -> None:
    """Silence progress and notices, as ``--quiet`` asks."""
    if quiet:
        from rankeval.progress import silence

        silence()


def show(result: Any, format_: str, out: Path | None) -> None:
    """Print a result, or write it to a file that appears only when it is whole."""
    if format_ == "csv":  # which has no place for them
        for warning in result.warnings:
            notice(f"warning: {warning}")
    if out is None:
        say(result.render(format_, text_width()))
        return
    from rankeval.atomic_files import write_text

    write_text(result.render(format_, UNLIMITED), out)


def text_width() -> int | None:
    """Columns of text: those of the terminal (None: as it says), any number in a pipe."""
    if sys.stdout is None:
        raise UsageError("stdout is closed; wanted one to write to, or --out FILE")
    return None if sys.stdout.isatty() or "COLUMNS" in os.environ else UNLIMITED


def say(text: str) -> None:
    """Write to stdout at once; where nobody reads on, as under ``| head``, end quietly as other tools do."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        abandon_stdout()
        raise SystemExit(128 + signal.SIGPIPE) from None


def abandon_stdout() -> None:
    """What is still buffered must not fail once more when the process ends."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
