"""Base class of command results: the JSON contract, flat rows for data frames and CSV, and text tables."""

from __future__ import annotations

import csv
import io
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from rankeval.errors import printable
from rankeval.notes import Note
from rankeval.reasons import Verdict

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table as RichTable

Format = Literal["table", "json", "csv", "markdown"]
SCHEMA = 1
#: The widest line of prose.
_PROSE = 80
#: Rows of a text table that are printed.
_SHOWN_ROWS = 50


@dataclass(frozen=True)
class Table:
    """A text table with a title. Columns whose header starts with ``>`` are right-aligned."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


class Result(ABC):
    """The result of a command.

    Attributes:
        command: name of the command that computes the result.
        inputs: the inputs and options of the command, as JSON values.
        notes: the warnings about the numbers.
        judged: whether the result has a verdict: whether notes say how far it can be trusted.
    """

    command: str
    inputs: Mapping[str, Any]
    notes: Sequence[Note]
    judged: bool = False

    @abstractmethod
    def content(self) -> dict[str, Any]:
        """The computed entries of :meth:`to_dict`."""

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON values: plain numbers, strings, lists, dicts and None; never NaN."""
        content = self.content()
        if self.judged:
            content["verdict"] = {**self.verdict.to_dict(), **content.get("verdict", {})}
        return {
            "schema": SCHEMA,
            "command": self.command,
            "inputs": dict(self.inputs),
            **content,
            "warnings": list(self.warnings),
        }

    @property
    def verdict(self) -> Verdict:
        """How far the result can be trusted, with the reasons."""
        return Verdict.of(self.notes)

    @property
    def remarks(self) -> list[str]:
        """The warnings that a text form shows: without those of a verdict, which stands above the tables."""
        return [note.text for note in self.notes if not (self.judged and note.level)]

    @property
    def warnings(self) -> tuple[str, ...]:
        """The texts of the notes."""
        return tuple(note.text for note in self.notes)

    @abstractmethod
    def rows(self) -> list[dict[str, Any]]:
        """One flat record for each estimate and its interval; all records have the same keys."""

    @abstractmethod
    def tables(self) -> list[Table]:
        """The result as text tables."""

    def to_pandas(self) -> pd.DataFrame:
        """:meth:`rows` as a data frame."""
        import pandas as pd

        return pd.DataFrame(self.rows())

    def render(self, format: Format = "table", width: int | None = None) -> str:
        """The result as text: a table (``width`` columns wide), JSON, CSV or Markdown."""
        return RENDERERS[format](self, width)

    def __repr__(self) -> str:
        return self.render("table", 120).rstrip()


def _json(result: Result, _: int | None) -> str:
    return json.dumps(result.to_dict(), indent=2, allow_nan=False, default=_plain) + "\n"


def _plain(value: Any) -> Any:
    """A NumPy scalar as a Python number: options may be NumPy scalars, which ``json`` cannot write."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def _csv(result: Result, _: int | None) -> str:
    out = io.StringIO()
    rows = result.rows()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _markdown(result: Result, _: int | None) -> str:
    parts = []
    if result.judged:
        head, *reasons = result.verdict.lines()
        parts.append("\n".join([f"**{printable(head)}**", "", *map(printable, reasons)]).rstrip() + "\n")
    for table in result.tables():
        titles = [name.removeprefix(">") for name in table.header]
        rule = ["---:" if name.startswith(">") else "---" for name in table.header]
        lines = [titles, rule, *([_markdown_cell(cell) for cell in row] for row in table.rows)]
        title = f"**{printable(table.title)}**\n\n" if table.title else ""
        parts.append(title + "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n")
    parts += [f"- {printable(warning)}\n" for warning in result.remarks]
    return "\n".join(parts)


def _markdown_cell(text: str) -> str:
    return printable(" ".join(text.splitlines())).replace("|", "\\|")


def _table(result: Result, width: int | None) -> str:
    from rich.console import Console

    out = io.StringIO()
    console, tables = Console(file=out, width=width, highlight=False), result.tables()
    if result.judged:
        for line in result.verdict.lines():
            console.print(_wrapped(printable(line), min(console.width, _PROSE)), markup=False, soft_wrap=True)
        if tables and tables[0].title:  # a table without a title begins with an empty line
            console.print()
    for table in tables:
        if table.title:
            console.print(printable(table.title), markup=False, soft_wrap=True)
        shown = _laid_out(table)
        narrowest = console.measure(shown).minimum
        console.print(shown, width=max(console.width, narrowest), crop=False)
        if len(table.rows) > _SHOWN_ROWS:
            console.print(
                f"{_SHOWN_ROWS} of {len(table.rows):,} rows; csv, json and markdown have all of them\n"
            )
    for warning in result.remarks:
        console.print(f"warning: {printable(warning)}", markup=False, soft_wrap=True)
    return "\n".join(line.rstrip() for line in out.getvalue().rstrip().splitlines()) + "\n"


def _wrapped(line: str, width: int) -> str:
    """The line in several of this width, of which all but the first are indented; words are not cut."""
    from textwrap import fill

    indent = line[: len(line) - len(line.lstrip())]
    return fill(line, width, subsequent_indent=indent or "  ", break_long_words=False, break_on_hyphens=False)


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


RENDERERS = {"table": _table, "json": _json, "csv": _csv, "markdown": _markdown}


def number(value: float | None, digits: int = 4) -> str:
    """A number as text with ``digits`` significant digits; a dash for None (not computed)."""
    if value is None:
        return "-"
    if value == 0:
        return f"{0:.{digits}f}"
    if 1e-4 <= abs(value) < 1e6:
        exponent = int(f"{value:e}".split("e")[1])
        return f"{value:.{max(digits - 1 - exponent, 0)}f}"
    return f"{value:.{digits}g}"


def p_text(p: float | None) -> str:
    """A p-value as text; an underflow to 0 is shown as ``<1e-300``."""
    return "<1e-300" if p == 0.0 else number(p, 3)


def interval_text(ci: Mapping[str, Any] | None, digits: int = 4) -> str:
    """An interval as text: ``0.31 .. 0.35``, ``>= 0.31`` or ``<= 0.35``; a dash where it is not known."""
    ends = (None, None) if ci is None else (ci["low"], ci["high"])
    if ci is None or ends == (None, None) or (None in ends and ci.get("side", "two") == "two"):
        return "-"
    if None in ends:
        return f">= {number(ci['low'], digits)}" if ci["high"] is None else f"<= {number(ci['high'], digits)}"
    return f"{number(ci['low'], digits)} .. {number(ci['high'], digits)}"


def percent(level: float) -> str:
    """A share as text: 0.95 gives ``95 %``."""
    return f"{100 * level:g} %"


def segment_text(segment: Any) -> str:
    """The name of a segment as text: ``all`` for None, the whole data."""
    return "all" if segment is None else str(segment)


def signed(value: float | None) -> str:
    """A number as text, with ``+`` or ``-`` where it is not 0; a dash for None."""
    return "-" if value is None else ("+" if value > 0 else "") + number(value + 0.0)


def counted(n: float) -> str:
    """A number of units as text; it is not whole where it is a sum of weights."""
    return f"{n:,.0f}" if float(n).is_integer() else number(n)
