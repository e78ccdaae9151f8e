"""Results of a command: the JSON contract, flat rows for data frames and CSV, tables for people."""

from __future__ import annotations

import csv
import io
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from rankeval.notes import Note

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table as RichTable

Format = Literal["table", "json", "csv", "markdown"]
SCHEMA = 1


@dataclass(frozen=True)
class Table:
    """A titled table of text for people; columns whose header starts with ``>`` are right-aligned."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


class Result(ABC):
    """What a command computed.

    A result has the attributes ``inputs`` (what the command was asked, as JSON takes it) and ``notes`` (what
    a reader must know before trusting the numbers).
    """

    #: The command that computes it.
    command: str
    inputs: Mapping[str, Any]
    notes: Sequence[Note]

    @abstractmethod
    def content(self) -> dict[str, Any]:
        """The computed part of :meth:`to_dict`."""

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON takes it: plain numbers, strings, lists and None; never NaN."""
        return {
            "schema": SCHEMA,
            "command": self.command,
            "inputs": dict(self.inputs),
            **self.content(),
            "warnings": list(self.warnings),
        }

    @property
    def warnings(self) -> tuple[str, ...]:
        """The texts of the notes."""
        return tuple(note.text for note in self.notes)

    @abstractmethod
    def rows(self) -> list[dict[str, Any]]:
        """One flat record for each number with its interval, all with the same keys."""

    @abstractmethod
    def tables(self) -> list[Table]:
        """The result for people."""

    def to_pandas(self) -> pd.DataFrame:
        """:meth:`rows` as a data frame."""
        import pandas as pd

        return pd.DataFrame(self.rows())

    def render(self, format: Format = "table", width: int | None = None) -> str:
        """The result as text: a table, JSON, CSV or Markdown."""
        return RENDERERS[format](self, width)

    def __repr__(self) -> str:
        return self.render("table", 120).rstrip()


def _json(result: Result, _: int | None) -> str:
    return json.dumps(result.to_dict(), indent=2, allow_nan=False, default=_plain) + "\n"


def _plain(value: Any) -> Any:
    """Options may be NumPy's numbers, which JSON does not know."""
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
    for table in result.tables():
        titles = [name.removeprefix(">") for name in table.header]
        rule = ["---:" if name.startswith(">") else "---" for name in table.header]
        lines = [titles, rule, *([_markdown_cell(cell) for cell in row] for row in table.rows)]
        title = f"**{table.title}**\n\n" if table.title else ""
        parts.append(title + "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n")
    parts += [f"- {warning}\n" for warning in result.warnings]
    return "\n".join(parts)


def _markdown_cell(text: str) -> str:
    return " ".join(text.splitlines()).replace("|", "\\|")


def _table(result: Result, width: int | None) -> str:
    from rich.console import Console

    out = io.StringIO()
    console = Console(file=out, width=width, highlight=False)
    for table in result.tables():
        if table.title:
            console.print(table.title, markup=False, soft_wrap=True)
        shown = _laid_out(table)
        narrowest = console.measure(shown).minimum
        console.print(shown, width=max(console.width, narrowest), crop=False)
    for warning in result.warnings:
        console.print(f"warning: {warning}", markup=False, soft_wrap=True)
    return "\n".join(line.rstrip() for line in out.getvalue().rstrip().splitlines()) + "\n"


def _laid_out(table: Table) -> RichTable:
    """For rich: cells wrap between words, as intervals may, but a word or number is never cut."""
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    shown = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for column, name in enumerate(table.header):
        words = " ".join([name, *(row[column] for row in table.rows)]).split()
        longest = max(map(len, words), default=0)
        justify: Literal["left", "right"] = "right" if name.startswith(">") else "left"
        shown.add_column(Text(name.removeprefix(">")), justify=justify, min_width=longest)
    for row in table.rows:
        shown.add_row(*(Text(cell) for cell in row))
    return shown


RENDERERS = {"table": _table, "json": _json, "csv": _csv, "markdown": _markdown}


def number(value: float | None, digits: int = 4) -> str:
    """A number for people: ``digits`` significant ones, a dash for what could not be computed."""
    if value is None:
        return "-"
    if value == 0:
        return f"{0:.{digits}f}"
    if 1e-4 <= abs(value) < 1e6:
        exponent = int(f"{value:e}".split("e")[1])
        return f"{value:.{max(digits - 1 - exponent, 0)}f}"
    return f"{value:.{digits}g}"


def p_text(p: float | None) -> str:
    """A p-value for people; one that is too small for a float is not 0."""
    return "<1e-300" if p == 0.0 else number(p, 3)


def interval_text(ci: Mapping[str, Any] | None, digits: int = 4) -> str:
    """``0.31 .. 0.35`` for people."""
    if ci is None or ci["low"] is None or ci["high"] is None:
        return "-"
    return f"{number(ci['low'], digits)} .. {number(ci['high'], digits)}"


def percent(level: float) -> str:
    """``95 %``."""
    return f"{100 * level:g} %"


def segment_text(segment: Any) -> str:
    """A segment's name for people."""
    return "all" if segment is None else str(segment)


def signed(value: float | None) -> str:
    """A number with its sign, for people."""
    return "-" if value is None else ("+" if value > 0 else "") + number(value + 0.0)


def counted(n: float) -> str:
    """How many units there are, for people; the sum of weights that are not whole is no count."""
    return f"{n:,.0f}" if float(n).is_integer() else number(n)
