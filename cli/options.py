"""Options that several commands share, and functions that print results."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import click

from rankeval.cli.typed import command_line, typed_command
from rankeval.errors import UsageError
from rankeval.options import listed
from rankeval.progress import notice

#: Exit status when a gate such as ``--fail-under`` does not hold.
GATE = 3
#: A width that no line of a table exceeds.
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
    type=click.Choice(["table", "json", "csv", "markdown", "latex"]),
    default="table",
    show_default=True,
    help="Output format.",
)
out_option = click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write results to this file, not to stdout.",
)
report_option = click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.html",
    help="Also write one page with conclusion, charts and tables, which needs no other file.",
)
threads_option = click.option(
    "--threads", type=click.IntRange(min=1), help="Number of threads; results do not depend on it."
)
quiet_option = click.option("--quiet", is_flag=True, help="Print only errors on stderr.")

relevance_threshold_option = click.option(
    "--relevance-threshold",
    type=float,
    default=1.0,
    show_default=True,
    help="Lowest grade of a relevant item.",
)

engine_option = click.option(
    "--engine",
    metavar="local|spark[:MASTER_URL]",
    help="What works on the pieces of Parquet files: threads of this process, or Spark (spark:yarn, "
    "spark:sc://HOST:15002, ...), with the same results.",
)

#: For commands that read no log.
output_options = together(format_option, out_option, quiet_option)

reading_options = together(
    threads_option,
    click.option(
        "--column",
        "columns",
        multiple=True,
        metavar="ROLE=NAME",
        help="Use column NAME in place of column ROLE. Repeatable. Usual names (qid, docno, ...) are found. "
        "Several columns make one id: session_id=day,session_id.",
    ),
    click.option(
        "--where", metavar="EXPR", help="Row filter, such as 'position <= 3 and country == \"de\"'."
    ),
)
common_options = together(format_option, out_option, reading_options, quiet_option)

null_reward_option = click.option(
    "--null-reward",
    type=click.Choice(["error", "zero"]),
    default="error",
    show_default=True,
    help="A null (or NaN) reward or click: an error, or 0.",
)
first_action_option = click.option(
    "--first-action",
    type=click.IntRange(0, 1),
    default=0,
    show_default=True,
    help="Number of the first candidate in column action.",
)

#: For commands that read clicks or rewards of a ranking log.
click_log_options = together(
    null_reward_option,
    click.option(
        "--first-position",
        type=click.IntRange(0, 1),
        default=1,
        show_default=True,
        help="Number of the first position in the log.",
    ),
)

side_option = click.option(
    "--side",
    type=click.Choice(["two", "lower", "upper"]),
    default="two",
    show_default=True,
    help="Two-sided intervals, or one-sided bounds.",
)

_other_inference_options = together(
    click.option("--level", type=float, default=0.95, show_default=True, help="Confidence level."),
    click.option(
        "--replicates", type=int, default=1000, show_default=True, help="Number of bootstrap replicates."
    ),
    click.option("--by", metavar="COLUMN", help="Also report results per value of COLUMN."),
    click.option(
        "--cluster", metavar="COLUMN", help="Column that names the independent units, such as user_id."
    ),
    click.option("--seed", type=int, default=0, show_default=True, help="Seed for bootstrap and tests."),
)


def inference_options_with(default: str, help_: str) -> Callable[[Any], Any]:
    """The options of intervals, with this default and help of ``--ci``."""
    ci = click.option("--ci", metavar="METHOD,...", default=default, show_default=True, help=help_)
    return together(ci, _other_inference_options)


inference_options = together(
    inference_options_with(
        "normal", "Interval methods: normal, student, bootstrap (percentile), bootstrap_t (studentised)."
    ),
    side_option,
)

#: For commands about A/B tests.
ab_metric_options = together(
    click.option(
        "--metric",
        multiple=True,
        metavar="NAME=EXPR",
        help="Mean per unit of arithmetic over columns. Repeatable.",
    ),
    click.option(
        "--ratio",
        multiple=True,
        metavar="NAME=NUM:DEN",
        help="Ratio of two means, such as ctr=click:rows, with rows for the rows of a session. Repeatable.",
    ),
    click.option(
        "--covariate",
        multiple=True,
        metavar="METRIC=EXPR",
        help="Adjust a metric by a value of before the test (CUPED), one per unit. Repeatable.",
    ),
)

#: For commands that compare several candidates.
many_options = together(
    click.option(
        "--family",
        metavar="all|metric|segment",
        help="Tests that are adjusted together, beside all pairs: of all metrics (or estimators) and "
        "segments; of one metric; of one segment. Default: all with --by, else metric.",
    ),
    click.option(
        "--simultaneous",
        is_flag=True,
        help="Also intervals of differences that hold for the whole family at once (max_t).",
    ),
)


fail_under_option = click.option(
    "--fail-under",
    type=click.Choice(["trust", "caution"]),
    help="Exit with status 3 if the verdict is worse than this level.",
)


def pairs(option: str, values: Sequence[str]) -> dict[str, str]:
    """``NAME=VALUE`` options as a dict."""
    split = [value.partition("=") for value in values]
    for value, (name, equals, rest) in zip(values, split, strict=True):
        if not (name and equals and rest):
            raise UsageError(f"{option}: found {value!r}, wanted NAME=VALUE")
    return {name: rest for name, _, rest in split}


def numbers_of(option: str, text: str | None) -> list[float] | None:
    """``NUMBER,...`` as a list; None without the option."""
    if text is None:
        return None
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise UsageError(f"{option}: found {text!r}, wanted numbers such as 0.5,1") from None


def require_outputs(outputs: Mapping[str, Path | None], *inputs: object) -> None:
    """Check, before any work, that all outputs can be written and that none is an input or another one."""
    from rankeval.atomic_files import require_folder, require_separate

    require_separate(outputs, *inputs)
    for path in outputs.values():
        if path is not None:
            require_folder(Path(path))


def require_gates(text: str, known: Sequence[str]) -> list[str]:
    """The gates of ``--fail-on``, checked before any work."""
    gates = listed(text)
    for gate in gates:
        if gate not in known:
            raise UsageError(f"--fail-on: found {gate!r}, wanted one of {', '.join(known)}")
    return gates


def be_quiet(quiet: bool) -> None:
    """Turn off progress messages and notices if ``--quiet`` is given."""
    if quiet:
        from rankeval.progress import silence

        silence()


def show(result: Any, format_: str, out: Path | None, report: Path | None = None) -> None:
    """Print a result, or write it to a file that appears only when it is complete; likewise its report."""
    made_by = command_line(sys.argv[1:], writes=out is not None)
    if report is not None:
        from rankeval.atomic_files import write_text
        from rankeval.reports import page

        write_text(page([result.plain(made_by)], typed_command()), report)
    if format_ == "csv":  # has no place for warnings
        for warning in result.warnings:
            notice(f"warning: {warning}")
    width = text_width() if out is None else UNLIMITED
    shown = result.to_json(made_by) if format_ == "json" else result.render(format_, width)
    if out is None:
        say(shown)
        return
    from rankeval.atomic_files import write_text

    write_text(shown, out)


def require_level(result: Any, level: str | None) -> None:
    """Exit with :data:`GATE` if the verdict of a result is worse than a level; without a level do nothing."""
    if level is not None and result.verdict.is_below(level):
        notice(f"verdict: {result.verdict.level}, below --fail-under {level}")
        raise SystemExit(GATE)


def text_width() -> int | None:
    """Width of text output: None (the width of the terminal), or unlimited in a pipe."""
    if sys.stdout is None:
        raise UsageError("stdout is closed; wanted one to write to, or --out FILE")
    return None if sys.stdout.isatty() or "COLUMNS" in os.environ else UNLIMITED


def say(text: str) -> None:
    """Write to stdout and flush. If the reader has closed the pipe (``| head``), exit quietly."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        abandon_stdout()
        raise SystemExit(128 + signal.SIGPIPE) from None


def abandon_stdout() -> None:
    """Redirect stdout to the null device, so that the final flush cannot fail again."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
