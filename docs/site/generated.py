"""Pages that come from the code: the help of every command, the API from docstrings, and the examples."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from typing import Any

import click

import rankeval
from docs.site.navigation import EXAMPLES, REPO
from rankeval.cli.main import NAME
from rankeval.cli.main import rankeval as command_line
from rankeval.results import Result

#: Width of the help in a terminal of 80 columns.
WIDTH = 78


def generated_pages() -> dict[str, str]:
    """Name of each generated page -> its Markdown."""
    return {"commands.md": commands(), **api(), **examples()}


def commands() -> str:
    """The help of every command and of its own commands, as it is printed."""
    parts = ["# Commands", "What `--help` prints, for every command."]
    for path, command in _walk(command_line, NAME):
        parts += [f"{'#' * min(2 + path.count(' '), 3)} {path}", _block("text", help_text(path, command))]
    return "\n\n".join(parts) + "\n"


def help_text(path: str, command: click.Command) -> str:
    """What ``path --help`` prints."""
    context = click.Context(command, info_name=path, terminal_width=WIDTH, max_content_width=WIDTH)
    return command.get_help(context)


def _walk(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=path)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                yield from _walk(inner, f"{path} {name}")


def api() -> dict[str, str]:
    """A page of each public name, and the list of them all."""
    groups = {"Functions": [], "Results": [], "Data and errors": []}  # type: dict[str, list[str]]
    for name in rankeval.__all__:
        if not name.startswith("_"):
            groups[_group(getattr(rankeval, name))].append(name)
    groups["Results"].insert(0, "Result")
    pages = {f"api/{name}.md": _api_page(name) for names in groups.values() for name in names}
    listed = ["# Python", "Everything that `import rankeval` offers; what else the packages hold may change."]
    for title, names in groups.items():
        tree = ["```{toctree}", ":maxdepth: 1", ":titlesonly:", "", *names, "```"]
        listed += [f"## {title}", "\n".join(tree)]
    return {"api/index.md": "\n\n".join(listed) + "\n", **pages}


def _group(value: Any) -> str:
    if not inspect.isclass(value):
        return "Functions"
    return "Results" if issubclass(value, Result) else "Data and errors"


def _api_page(name: str) -> str:
    where = "rankeval.results" if name == "Result" else "rankeval"
    value = Result if name == "Result" else getattr(rankeval, name)
    lines = [f".. autofunction:: {where}.{name}"]
    if inspect.isclass(value):
        lines = [f".. autoclass:: {where}.{name}", "   :members:"]
        if not issubclass(value, Result):  # what results inherit stands at Result
            lines.append("   :inherited-members: Exception")
    return f"# {name}\n\n" + _block("{eval-rst}", "\n".join(lines)) + "\n"


def examples() -> dict[str, str]:
    """A page of each example: what it shows, its code, and what it prints."""
    paths = sorted(EXAMPLES.glob("*.py"))
    pages = {f"examples/{path.stem}.md": _example(path.stem) for path in paths}
    tree = ["```{toctree}", ":maxdepth: 1", "", *(path.stem for path in paths), "```"]
    lead = "Complete scripts on simulated data, with what they print. A test runs each and compares."
    return {"examples/index.md": f"# Examples\n\n{lead}\n\n" + "\n".join(tree) + "\n", **pages}


def _example(name: str) -> str:
    code = (EXAMPLES / f"{name}.py").read_text()
    tree = ast.parse(code)
    said = ast.get_docstring(tree) or ""
    rest = code.split('"""', 2)[2].strip()
    printed = (EXAMPLES / "output" / f"{name}.txt").read_text().rstrip()
    parts = [f"# {name}.py", said, _block("python", rest), "## What it prints"]
    parts.append(_block("console", f"$ python {(EXAMPLES / name).relative_to(REPO)}.py\n{printed}"))
    return "\n\n".join(parts) + "\n"


def _block(kind: str, text: str) -> str:
    return f"```{kind}\n{text}\n```"
