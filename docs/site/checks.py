"""Looks at the HTML of the site: nothing is loaded from elsewhere, and every link inside leads somewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

#: Attributes whose address a browser fetches by itself, by tag; of ``link`` only those of some relations.
_FETCHED = {
    "audio": ("src",),
    "embed": ("src",),
    "iframe": ("src",),
    "image": ("href", "xlink:href"),
    "img": ("src", "srcset"),
    "input": ("src",),
    "link": ("href",),
    "object": ("data",),
    "script": ("src",),
    "source": ("src", "srcset"),
    "track": ("src",),
    "video": ("src", "poster"),
}
_NAMED_ONLY = {"canonical", "next", "prev", "search", "index", "author", "license", "help"}
_CSS_ADDRESS = re.compile(r"""(?:url\(\s*["']?|@import\s+["'])([^"')\s]+)""")


@dataclass
class Page:
    """What a page names: addresses that it loads, links, and the ids of its elements."""

    loaded: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self._in_style = tag == "style"
        self.page.ids |= {values[name] for name in ("id", "name") if name in values}
        self.page.loaded += _CSS_ADDRESS.findall(values.get("style", ""))
        if tag == "a" and "href" in values:
            self.page.links.append(values["href"])
        if tag == "link" and set(values.get("rel", "").split()) & _NAMED_ONLY:
            return
        self.page.loaded += [values[name] for name in _FETCHED.get(tag, ()) if values.get(name)]

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.page.loaded += _CSS_ADDRESS.findall(data)


@cache
def read(path: Path) -> Page:
    """What a file of HTML names."""
    reader = _Reader()
    reader.feed(path.read_text())
    return reader.page


def pages(folder: Path) -> list[Path]:
    """The pages of the site in ``folder``; files of the theme may be templates, which are none."""
    return sorted(path for path in folder.rglob("*.html") if "_static" not in path.relative_to(folder).parts)


def problems(folder: Path) -> list[str]:
    """One line for each fault of the site in ``folder``; none for a good site."""
    found = []
    for path in pages(folder):
        page, name = read(path), path.relative_to(folder)
        found += [f"{name}: loads {address}" for address in page.loaded if _elsewhere(address)]
        inner = [each for each in page.loaded + page.links if each and not _leads_out(each)]
        found += [f"{name}: {fault}" for address in inner if (fault := _broken(address, path))]
    for path in sorted(folder.rglob("*.css")):
        addresses = _CSS_ADDRESS.findall(path.read_text())
        found += [
            f"{path.relative_to(folder)}: loads {address}" for address in addresses if _elsewhere(address)
        ]
    return found


def outer_links(folder: Path) -> list[str]:
    """The links that lead out of the site."""
    found = [read(path) for path in pages(folder)]
    return sorted({link for page in found for link in page.links if link.startswith("http")})


def _elsewhere(address: str) -> bool:
    return _leads_out(address) and urlsplit(address).scheme != "data"


def _leads_out(address: str) -> bool:
    return address.startswith("//") or bool(urlsplit(address).scheme)


def _broken(address: str, page: Path) -> str | None:
    parts = urlsplit(address)
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page.resolve()
    target = target / "index.html" if target.is_dir() else target
    if not target.is_file():
        return f"links to {address}, which is not there"
    anchor = unquote(parts.fragment)
    if anchor and target.suffix == ".html" and anchor not in read(target).ids:
        return f"links to {address}, but the page has no such place"
    return None
