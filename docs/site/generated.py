"""Pages that come from the code: the help of every command, the API from docstrings, and the examples."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping
from typing import Any

import click

import rankeval
from docs.site.navigation import EXAMPLES, REPO
from rankeval.cli.main import NAME
from rankeval.cli.main import rankeval as command_line
from rankeval.results import Result
from rankeval.schemas import SCHEMAS
from rankeval.schemas.parts import INTERVAL

#: Width of the help in a terminal of 80 columns.
WIDTH = 78


def generated_pages() -> dict[str, str]:
    """Name of each generated page -> its Markdown."""
    return {"commands.md": commands(), "schemas.md": schemas(), **api(), **examples()}


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


def schemas() -> str:
    """A table of the entries of every result."""
    lead = "What `--format json` writes, for every command. `rankeval schema COMMAND` prints the JSON Schema."
    parts = [
        "# JSON of results",
        lead,
        "`[]` is each element of a list, `{}` each value under a name of the data.",
    ]
    for command, schema in SCHEMAS.items():
        rows = [f"| `{path}` | {kind} | {said} |" for path, kind, said in _entries(schema, "")]
        parts += [
            f"## {command}",
            schema["title"] + ".",
            "\n".join(["| entry | type | is |", "|---|---|---|", *rows]),
        ]
    return "\n\n".join(parts) + "\n"


def _entries(schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, str, str]]:
    """Path, type and meaning of all that is inside; an interval, which many hold, is one entry."""
    for name, value in schema.get("properties", {}).items():
        yield from _entry(value, f"{path}.{name}".removeprefix("."))


def _entry(schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, str, str]]:
    inner = schema["anyOf"][0] if "anyOf" in schema else schema
    said = [str(part["description"]) for part in (inner, schema) if "description" in part]
    yield path, _kind(schema), "; ".join(dict.fromkeys(said)).replace("|", "\\|")
    if inner == INTERVAL:
        return
    if "items" in inner and inner["items"] != INTERVAL:
        yield from _entries(inner["items"], f"{path}[]")
    if isinstance(inner.get("additionalProperties"), dict):
        yield from _entries(inner["additionalProperties"], f"{path}.{{}}")
    yield from _entries(inner, path)


def _kind(schema: Mapping[str, Any]) -> str:
    if "anyOf" in schema:
        return f"{_kind(schema['anyOf'][0])} or null"
    if schema == INTERVAL:
        return "interval"
    if "enum" in schema or "const" in schema:
        return ", ".join(f"`{value}`" for value in schema.get("enum", [schema.get("const")]))
    kinds = schema.get("type", "any")
    return kinds if isinstance(kinds, str) else " or ".join(kinds)


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
