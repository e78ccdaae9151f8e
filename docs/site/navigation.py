"""The sections of the site and their pages, in the order of the sidebar."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
DOCS = REPO / "docs"
EXAMPLES = REPO / "examples"


@dataclass(frozen=True)
class Section:
    """A part of the site.

    Attributes:
        name: its page, without extension.
        title: what the page and the header call it.
        pages: its pages, as names in ``docs/`` or of generated pages, without extension.
    """

    name: str
    title: str
    pages: tuple[str, ...]


SECTIONS = (
    Section("start", "Start", ("start-rankers", "start-uplift", "start-shuffles", "choose-an-estimator")),
    Section(
        "guides",
        "Guides",
        (
            "verdict",
            "metrics",
            "calibration",
            "off-policy",
            "intervals",
            "uplift",
            "position-bias",
            "ab-tests",
            "interleaving",
            "inspect",
            "rankers",
            "simulation",
            "spark",
            "report",
            "examples/index",
        ),
    ),
    Section(
        "reference",
        "Reference",
        (
            "definitions",
            "files",
            "columns",
            "tables-and-lakes",
            "schemas",
            "commands",
            "api/index",
        ),
    ),
    Section("evidence", "Evidence", ("benchmarks", "coverage", "promises", "glossary", "compare")),
    Section("project", "Project", ("README", "ARCHITECTURE", "CONTRIBUTING", "CHANGELOG", "licences")),
)
#: Pages that stand at the top of the repository.
TOP = ("README", "ARCHITECTURE", "CONTRIBUTING", "CHANGELOG")


def written(page: str) -> Path | None:
    """The Markdown file of a page; None for a page that is generated."""
    path = (REPO if page in TOP else DOCS) / f"{page}.md"
    return path if path.is_file() else None
