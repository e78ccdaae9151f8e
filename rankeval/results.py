"""Base class of command results: the JSON contract, rows for data frames, the conclusion and the report."""

from __future__ import annotations

import json
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rankeval.atomic_files import write_text
from rankeval.errors import UsageError
from rankeval.notes import Note
from rankeval.reasons import Verdict
from rankeval.renderers import RENDERERS, Format, json_text
from rankeval.table_texts import (
    Table,
    counted,
    interval_text,
    number,
    p_text,
    percent,
    segment_text,
    signed,
)

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from rankeval.charts import Chart

__all__ = [
    "Result",
    "Table",
    "counted",
    "interval_text",
    "number",
    "p_text",
    "percent",
    "segment_text",
    "signed",
]
SCHEMA = 1


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
        from rankeval.reports import conclusion

        content = self.content()
        if self.judged:
            content["verdict"] = {**self.verdict.to_dict(), **content.get("verdict", {})}
        head = {"schema": SCHEMA, "command": self.command}
        document = {**head, "inputs": dict(self.inputs), **content, "warnings": list(self.warnings)}
        said = conclusion(document)
        return document if said is None else {**head, "conclusion": said, **document}

    @property
    def conclusion(self) -> str | None:
        """What the result says, in one or two plain sentences; None for commands that conclude nothing.

        It never says more than the numbers do: it names no direction where an interval holds 0, and no number
        where the verdict is ``do not trust``.
        """
        said: str | None = self.to_dict().get("conclusion")
        return said

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

    def to_polars(self) -> pl.DataFrame:
        """:meth:`rows` as a Polars data frame.

        Raises:
            UsageError: Polars is not installed.
        """
        try:
            import polars as pl
        except ImportError:
            raise UsageError("to_polars needs Polars: pip install polars; or use to_arrow") from None
        return pl.DataFrame(self.to_arrow())

    def to_arrow(self) -> pa.Table:
        """:meth:`rows` as an Arrow table; a column of values of several types is a column of texts."""
        import pyarrow as pa

        rows = self.rows()
        columns = {name: [row[name] for row in rows] for name in (rows[0] if rows else ())}
        return pa.table({name: _arrow(values) for name, values in columns.items()})

    def to_json(self, command_line: str | None = None) -> str:
        """:meth:`to_dict` as text.

        Args:
            command_line: the command that made the result, which ``command_line`` of the document then is;
                without the options that change no number, so that the same result is the same text.
        """
        return json_text(self, command_line)

    def to_latex(self) -> str:
        """The tables in LaTeX, for the packages booktabs and, for letters beyond ASCII, a Unicode engine."""
        return self.render("latex")

    def plot(self, kind: str | None = None) -> Chart:
        """A chart of the result.

        Args:
            kind: its name, such as ``gains``; None: the most important one.

        Returns:
            A chart that notebooks show, with ``save(path)`` for SVG and PNG, and ``table()``.

        Raises:
            UsageError: the result has no chart of this name.
        """
        from rankeval.reports import charts_of

        charts = {chart.key: chart for chart in charts_of(self.plain())}
        if not charts:
            raise UsageError(f"plot: results of {self.command} have no chart")
        if kind is not None and kind not in charts:
            raise UsageError(f"plot: found {kind!r}, wanted {', '.join(charts)}")
        return next(iter(charts.values())) if kind is None else charts[kind]

    def report(self, path: str | os.PathLike[str], command: str | None = None) -> None:
        """Write the result as one HTML page that needs no other file.

        Args:
            path: of the page; it appears only when it is complete.
            command: how the result was made, to be shown in the page; None: it is not shown.

        Raises:
            DataError: the file cannot be written.
        """
        from rankeval.reports import page

        write_text(page([self.plain()], command), Path(path))

    def plain(self, command_line: str | None = None) -> dict[str, Any]:
        """:meth:`to_json` as it is read back: names of segments, say, are no NumPy scalars."""
        found: dict[str, Any] = json.loads(self.to_json(command_line))
        return found

    def render(self, format: Format = "table", width: int | None = None) -> str:
        """The result as text: a table (``width`` columns wide), JSON, CSV or Markdown."""
        return RENDERERS[format](self, width)

    def __repr__(self) -> str:
        return self.render("table", 120).rstrip()

    def _repr_html_(self) -> str:
        from rankeval.reports import fragment

        return fragment(self.plain())


def _arrow(values: Sequence[Any]) -> Any:
    """A column of Arrow; texts if its values have several types, as names of segments may."""
    import pyarrow as pa

    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if value is None else str(value) for value in values])
