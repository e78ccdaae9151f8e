"""The command line: ``rankeval COMMAND``; a command is a file of this folder, loaded when it is called."""

from __future__ import annotations

import os
import sys
from importlib import import_module

import click

from rankeval import __version__
from rankeval.errors import RankevalError

#: Command -> its one-line help, so that ``rankeval --help`` imports none of them.
COMMANDS = {
    "demo": "Evaluate rankers and estimate a policy's value on a small simulated world.",
    "evaluate": "Ranking metrics of one or several runs, with intervals and paired comparisons.",
    "ope": "Value of a policy from a bandit log, before any A/B test.",
}


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"rankeval.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="`rankeval COMMAND --help` explains a command, with an example.",
)
@click.version_option(__version__, prog_name="rankeval")
def rankeval() -> None:
    """Evaluate rankers on logs: which is better, by how much, and how sure that is."""


def main() -> None:
    """Run the command line; errors raised on purpose become one line and an exit status."""
    try:
        rankeval.main(standalone_mode=False)
    except RankevalError as error:
        _fail(f"rankeval: error: {error}", error.exit_code)
    except click.exceptions.Abort:
        _fail("rankeval: interrupted", 130)
    except KeyboardInterrupt:
        _fail("rankeval: interrupted", 130)
    except click.ClickException as error:
        hint = f" (try: rankeval {error.ctx.info_name} --help)" if isinstance(error, click.UsageError) and error.ctx else ""
        _fail(f"rankeval: error: {error.format_message()}{hint}", error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except MemoryError:
        _fail("rankeval: error: out of memory", 1)


def _fail(message: str, status: int) -> None:
    print(" ".join(message.split()), file=sys.stderr)
    sys.exit(status)
