"""Copies the pages into one folder for Sphinx, with links to files turned to pages of the site."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path, PurePosixPath

from docs.site.generated import generated_pages
from docs.site.navigation import DOCS, EXAMPLES, REPO, SECTIONS, Section, written

_FENCE = re.compile(r"^(?:```|~~~)")
_LINK = re.compile(r"\]\(([^)\s#]+)(#[^)\s]*)?\)")


class BrokenLink(Exception):
    """A page links to what is neither a page of the site nor a file that it takes along."""


def stage(folder: Path) -> None:
    """Write all sources of the site into ``folder``, which is emptied first.

    Raises:
        BrokenLink: a page links to a file that is not there, or that the site does not hold.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    pages = ["index", *(page for section in SECTIONS for page in section.pages)]
    for page in pages:
        path = written(page)
        if path is not None:
            put(folder, f"{page}.md", turned(path, folder))
    for name, text in generated_pages().items():
        put(folder, name, text)
    for section in SECTIONS:
        put(folder, f"{section.name}.md", _contents(section))
    with (folder / "index.md").open("a") as index:
        index.write("\n" + _tree([section.name for section in SECTIONS]))


def put(folder: Path, name: str, text: str) -> None:
    """Write a file in ``folder``, with the folders above it."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def turned(path: Path, folder: Path) -> str:
    """The text of a page with its links turned; files that it links to are copied to ``folder``."""
    lines, inside = [], False
    for line in path.read_text().splitlines():
        inside ^= bool(_FENCE.match(line))
        lines.append(line if inside else _LINK.sub(lambda link: _turn(link, path, folder), line))
    return "\n".join(lines) + "\n"


def _turn(link: re.Match[str], page: Path, folder: Path) -> str:
    target, anchor = link[1], link[2] or ""
    if ":" in target:
        return link[0]
    path = Path(os.path.normpath(page.parent / target))
    return f"]({_place(path, page, folder)}{anchor})"


def _place(path: Path, page: Path, folder: Path) -> str:
    """Where the site has a file of the repository; pages that link stand at the top of the site."""
    if not path.exists():
        raise BrokenLink(f"{page.name}: links to {path}, which is not there")
    if path == EXAMPLES:
        return "examples/index.md"
    if path.parent == EXAMPLES:
        return f"examples/{path.stem}.md"
    if path.suffix == ".md" and path.parent in (DOCS, REPO):
        return path.name
    if path.is_file() and path.is_relative_to(DOCS):
        place = PurePosixPath(path.relative_to(DOCS))
    elif path == REPO / "LICENSE":
        place = PurePosixPath(path.name)
    else:
        raise BrokenLink(f"{page.name}: links to {path.relative_to(REPO)}, which the site does not hold")
    (folder / place).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, folder / place)
    return str(place)


def _contents(section: Section) -> str:
    return f"# {section.title}\n\n{_tree(section.pages, visible=True)}"


def _tree(pages: tuple[str, ...] | list[str], visible: bool = False) -> str:
    options = ":titlesonly:\n:maxdepth: 1" if visible else ":hidden:"
    return "\n".join(["```{toctree}", options, "", *pages, "```", ""])
