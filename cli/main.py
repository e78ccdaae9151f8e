"""The command line, ``rankeval COMMAND``. Each command is a file of this folder, loaded when it is called."""

from __future__ import annotations

import difflib
import sys
from importlib import import_module

import click

from rankeval.cli.options import abandon_stdout
from rankeval.errors import DataError, RankevalError, UsageError, one_line
from rankeval.progress import tell
from rankeval.versions import __version__

#: Command -> one line of help, so that ``rankeval --help`` imports no command.
COMMANDS = {
    "ab": "Analyse an A/B test: differences with intervals and tests.",
    "agreement": "Compare offline gains of past experiments with online ones.",
    "calibrate": "Turn scores into probabilities, and test them on other queries.",
    "demo": "From a click log to an A/B test, on simulated users whose truth is known.",
    "evaluate": "Compute ranking metrics of runs, with intervals and paired comparisons.",
    "fit": "Fit click models to a log and compare likelihood and perplexity.",
    "inspect": "Tell what is in a log, what is wrong with it, and what it can feed.",
    "interleave": "Mix two rankings into one list to find out which one users prefer.",
    "ope": "Estimate the value of a policy from a log, before any A/B test.",
    "plan": "Plan an experiment: the traffic it needs and the clicks it costs.",
    "propensity": "Estimate position bias from shuffles, swaps or several rankers.",
    "rank": "Score data with a model or plug-in, and draw rankings from the scores.",
    "report": "Put results of earlier runs on one HTML page.",
    "schema": "Print the JSON Schema of the result of a command.",
    "simulate": "Simulate a click log, with the exact true values.",
    "train": "Train a ranker (LightGBM) from judgements or clicks.",
    "uplift": "Estimate what a new ranker would gain, before any A/B test.",
}


NAME = "rankeval"


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            near = difflib.get_close_matches(cmd_name, COMMANDS, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise UsageError(f"unknown command {cmd_name!r}: {hint}known are {', '.join(COMMANDS)}")
        command: click.Command = import_module(f"rankeval.cli.{cmd_name}").command
        return command

    def invoke(self, ctx: click.Context) -> None:
        try:
            super().invoke(ctx)
        except EOFError as error:  # click would take it for an interrupt
            raise DataError(f"a file ends too early: {error}") from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.group(
    cls=_LazyGroup,
    invoke_without_command=True,
    subcommand_metavar="COMMAND [ARGS]...",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="`rankeval COMMAND --help` explains a command, with an example.",
)
@click.version_option(__version__, prog_name=NAME)
@click.pass_context
def rankeval(context: click.Context) -> None:
    """Evaluate rankers on logs: which one is better, by how much, and how certain the result is."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help(), err=True)
        raise SystemExit(UsageError.exit_code)


def main() -> None:
    """Run the command line. Each expected error gives one line and an exit status."""
    try:
        rankeval.main(prog_name=NAME, standalone_mode=False)
    except RankevalError as error:
        _fail(f"error: {error}", error.exit_code)
    except (click.exceptions.Abort, KeyboardInterrupt):
        _fail("interrupted", 130)
    except click.ClickException as error:
        context = error.ctx if isinstance(error, click.UsageError) else None
        hint = f" (try: {context.command_path} --help)" if context else ""
        _fail(f"error: {error.format_message()}{hint}", error.exit_code)
    except OSError as error:
        abandon_stdout()
        _fail(f"error: {error}", 1)
    except MemoryError:
        _fail("error: out of memory", 1)


def _fail(message: str, status: int) -> None:
    tell(one_line(" ".join(f"{NAME}: {message}".split())))
    sys.exit(status)
