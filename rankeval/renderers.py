"""Results as text: tables for a terminal, JSON, CSV, Markdown and LaTeX."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from rankeval.errors import printable
from rankeval.reasons import Verdict
from rankeval.table_texts import Table

if TYPE_CHECKING:
    from rich.table import Table as RichTable

Format = Literal["table", "json", "csv", "markdown", "latex"]
#: The widest line of prose.
_PROSE = 80
#: Rows of a text table that are printed.
_SHOWN_ROWS = 50


class Shown(Protocol):
    """What a result has to show; :class:`rankeval.results.Result` describes it."""

    judged: bool

    @property
    def conclusion(self) -> str | None: ...

    @property
    def verdict(self) -> Verdict: ...

    @property
    def remarks(self) -> list[str]: ...

    def to_dict(self) -> dict[str, Any]: ...

    def rows(self) -> list[dict[str, Any]]: ...

    def tables(self) -> list[Table]: ...


def _json(result: Shown, _: int | None) -> str:
    return json_text(result)


def json_text(result: Shown, command_line: str | None = None) -> str:
    """A result as JSON; with the command that made it, after the name of the command, if it is given."""
    document = result.to_dict()
    if command_line is not None:
        head: dict[str, Any] = {
            name: document.pop(name) for name in ("schema", "command") if name in document
        }
        document = {**head, "command_line": command_line, **document}
    return json.dumps(document, indent=2, allow_nan=False, default=_plain) + "\n"


def _plain(value: Any) -> Any:
    """A NumPy scalar as a Python number: options may be NumPy scalars, which ``json`` cannot write."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def _csv(result: Shown, _: int | None) -> str:
    out = io.StringIO()
    rows = result.rows()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _markdown(result: Shown, _: int | None) -> str:
    said = result.conclusion
    parts = [] if said is None else [f"**{printable(said)}**\n"]
    if result.judged:
        head, *reasons = result.verdict.lines()
        parts.append("\n".join([f"**{printable(head)}**", "", *map(printable, reasons)]).rstrip() + "\n")
    for table in result.tables():
        titles = [name.removeprefix(">") for name in table.header]
        rule = ["---:" if name.startswith(">") else "---" for name in table.header]
        lines = [titles, rule, *([_markdown_cell(cell) for cell in row] for row in table.rows)]
        title = f"**{printable(table.title)}**\n\n" if table.title else ""
        title += f"{printable(table.note)}\n\n" if table.note else ""
        parts.append(title + "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n")
    parts += [f"- {printable(warning)}\n" for warning in result.remarks]
    return "\n".join(parts)


def _markdown_cell(text: str) -> str:
    return printable(" ".join(text.splitlines())).replace("|", "\\|")


def _table(result: Shown, width: int | None) -> str:
    from rich.console import Console

    out = io.StringIO()
    console, tables = Console(file=out, width=width, highlight=False), result.tables()
    said, prose = result.conclusion, min(console.width, _PROSE)
    lines = [] if said is None else [_wrapped(printable(said), prose, "")]
    lines += [_wrapped(printable(line), prose) for line in (result.verdict.lines() if result.judged else [])]
    if lines:
        for line in lines:
            console.print(line, markup=False, soft_wrap=True)
        if tables and tables[0].title:  # a table without a title begins with an empty line
            console.print()
    for table in tables:
        if table.title:
            console.print(printable(table.title), markup=False, soft_wrap=True)
        if table.note:
            console.print(_wrapped(printable(table.note), prose), markup=False, soft_wrap=True)
        shown = _laid_out(table)
        narrowest = console.measure(shown).minimum
        console.print(shown, width=max(console.width, narrowest), crop=False)
        if len(table.rows) > _SHOWN_ROWS:
            console.print(
                f"{_SHOWN_ROWS} of {len(table.rows):,} rows; csv, json and markdown have all of them\n"
            )
    for warning in result.remarks:
        told = _wrapped(f"warning: {printable(warning)}", console.width)
        console.print(told, markup=False, soft_wrap=True)
    return "\n".join(line.rstrip() for line in out.getvalue().rstrip().splitlines()) + "\n"


def _wrapped(line: str, width: int, indent: str | None = None) -> str:
    """The line in several of this width; words are not cut, and no number is parted from its sign of percent.

    All but the first begin with ``indent``: by default as much as the line, or two blanks.
    """
    if indent is None:
        indent = line[: len(line) - len(line.lstrip())] or "  "
    joined = line.replace(" %", "\0%")
    wrapped = fill(joined, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return wrapped.replace("\0", " ")


_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    **{letter: f"\\{letter}" for letter in "&%$#_{}"},
}


def _latex_text(text: str) -> str:
    """Text for LaTeX, with every letter escaped that it would read as a command."""
    return "".join(_LATEX.get(letter, letter) for letter in printable(" ".join(text.splitlines())))


def _latex(result: Shown, _: int | None) -> str:
    """The tables, each as a ``tabular`` of the package booktabs, after comments with all that is told."""
    said = result.conclusion
    told = [
        *([] if said is None else [said]),
        *(result.verdict.lines() if result.judged else []),
        *result.remarks,
    ]
    parts = ["".join(f"% {printable(' '.join(line.split()))}\n" for line in told)] if told else []
    for table in result.tables():
        columns = "".join("r" if name.startswith(">") else "l" for name in table.header)
        heads = [name.removeprefix(">") for name in table.header]
        lines = [rf"\begin{{tabular}}{{{columns}}}", r"\toprule", *_latex_rows([heads]), r"\midrule"]
        lines += [*_latex_rows(table.rows), r"\bottomrule", r"\end{tabular}"]
        title = [f"% {printable(text)}" for text in (table.title, table.note) if text]
        parts.append("\n".join([*title, *lines]) + "\n")
    return "\n".join(parts)


def _latex_rows(rows: Sequence[Sequence[str]]) -> list[str]:
    return [" & ".join(map(_latex_text, row)) + r" \\" for row in rows]


def _laid_out(table: Table) -> RichTable:
    """The table for rich. Cells (such as intervals) wrap between words; no word or number is cut."""
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    shown = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    rows = [[printable(cell) for cell in row] for row in table.rows[:_SHOWN_ROWS]]
    for column, name in enumerate(table.header):
        words = " ".join([name, *(row[column] for row in rows)]).split()
        longest = max(map(len, words), default=0)
        justify: Literal["left", "right"] = "right" if name.startswith(">") else "left"
        shown.add_column(Text(name.removeprefix(">")), justify=justify, min_width=longest)
    for row in rows:
        shown.add_row(*(Text(cell) for cell in row))
    return shown


#: Format -> the function that writes a result in it, for a width in columns where that matters.
RENDERERS: Mapping[str, Callable[[Shown, int | None], str]] = {
    "table": _table,
    "json": _json,
    "csv": _csv,
    "markdown": _markdown,
    "latex": _latex,
}
