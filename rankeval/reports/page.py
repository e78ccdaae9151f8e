"""Results as one HTML page that needs nothing else: no script, no font, no file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from rankeval.charts import NARROW, STYLE, WIDE, Chart, Markup, plain_text
from rankeval.notes import LEVELS
from rankeval.reports.catalogue import charts_of, conclusion, tables_of
from rankeval.reports.documents import Document
from rankeval.table_texts import Table
from rankeval.versions import __version__

if TYPE_CHECKING:
    from jinja2 import Template

#: Rows of a table, and charts of a result, that a page has; the next where it would be longer than BYTES.
DETAILS = ((100, 12), (30, 6), (10, 3))
BYTES = 300_000
#: Characters of JSON that a page holds; a longer result is left out, and the page says so.
MOST_JSON = 120_000
_TITLE = 200
#: Names that HTML would read as the end of the element.
_IN_SCRIPT = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


@dataclass(frozen=True)
class Section:
    """A result as the template shows it.

    Attributes:
        document: the result in its JSON form.
        conclusion: its first sentence; the name of the command if it concludes nothing.
        figures: the first charts, each with the table of its numbers.
        left_out: the number of further charts.
        tables: further tables.
        level: the level of the verdict; None for commands without one.
        reasons, remarks: the reasons of the verdict, and the other warnings.
    """

    document: Document
    conclusion: str
    figures: list[tuple[Chart, Table]]
    left_out: int
    tables: list[Table]
    level: str | None
    reasons: list[dict[str, Any]]
    remarks: list[str]

    @classmethod
    def of(cls, document: Document, charts: int) -> Section:
        """The section of a result, with at most so many charts."""
        every = charts_of(document)
        verdict = document.get("verdict") or {}
        level = verdict.get("level")
        reasons = [] if level is None else verdict.get("reasons", [])
        told = {reason["text"] for reason in reasons}
        return cls(
            document=document,
            conclusion=document.get("conclusion")
            or conclusion(document)
            or f"rankeval {document['command']}",
            figures=[(chart, chart.table()) for chart in every[:charts]],
            left_out=max(0, len(every) - charts),
            tables=tables_of(document),
            level=level,
            reasons=reasons,
            remarks=[text for text in document.get("warnings", []) if text not in told],
        )

    @property
    def source(self) -> str:
        """The command and its input."""
        inputs = self.document["inputs"]
        read = next((inputs[name] for name in ("log", "source", "data", "runs") if inputs.get(name)), "")
        names = ", ".join(dict.fromkeys(map(str, read.values()))) if isinstance(read, dict) else str(read)
        return f"rankeval {self.document['command']}" + (f" · {names}" if names else "")

    @property
    def made_by(self) -> str | None:
        """The command that made the result; None for results that were made from Python."""
        found: str | None = self.document.get("command_line")
        return found

    @property
    def judged(self) -> str:
        """What the verdict is on."""
        levels = {one["verdict"]["level"] for one in self.document.get("results", []) if "verdict" in one}
        worst = max(levels, key=LEVELS.index, default=None)
        return "Worst verdict of all estimates" if len(levels) > 1 and worst == self.level else "Verdict"

    @property
    def json(self) -> Markup | None:
        """The result for a ``script`` element; None if it is too long for a page."""
        text = json.dumps(self.document, allow_nan=False, separators=(",", ":"), default=str)
        if len(text) > MOST_JSON:
            return None
        for letter, code in _IN_SCRIPT.items():
            text = text.replace(letter, code)
        return Markup(text)


def page(documents: Sequence[Document], command: str | None = None) -> str:
    """A page of results, of at most ``BYTES`` unless these are many.

    Args:
        documents: the results in their JSON form, at least one.
        command: the command that made the page, as one would type it; None: it is not known.
    """
    text = ""
    for rows, charts in DETAILS:
        text = _page([Section.of(document, charts) for document in documents], command, rows)
        if len(text.encode()) <= BYTES:
            break
    return text


def _page(sections: Sequence[Section], command: str | None, rows: int) -> str:
    title = sections[0].conclusion if len(sections) == 1 else f"{len(sections)} results of rankeval"
    # The page of a single run shows the command once, with the options that wrote the page.
    runs = command is None or not command.startswith(f"rankeval {sections[0].document['command']}")
    return _template("page.html").render(
        runs=runs, sections=sections, title=_cut(title), command=command, version=__version__, **_shared(rows)
    )


def fragment(document: Document) -> str:
    """A result for a notebook: conclusion, charts and tables, without its JSON."""
    rows, charts = DETAILS[1]
    return _template("fragment.html").render(section=Section.of(document, charts), **_shared(rows))


def _cut(title: str) -> str:
    return title if len(title) <= _TITLE else title[: _TITLE - 1] + "…"


def _shared(rows: int) -> dict[str, Any]:
    return {
        "chart_style": Markup(STYLE.read_text(encoding="utf-8")),
        "wide": WIDE,
        "narrow": NARROW,
        "shown_rows": rows,
    }


@cache
def _template(name: str) -> Template:
    """The template of this name; everything in it is escaped that is not markup already."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    templates = Environment(
        loader=PackageLoader("rankeval.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    return templates.get_template(name)


def _shown(value: object) -> object:
    """Texts without control characters; markup as it is."""
    return plain_text(value) if isinstance(value, str) and not hasattr(value, "__html__") else value
