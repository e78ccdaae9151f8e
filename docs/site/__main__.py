"""``python -m docs.site``: build the site into ``.site/html``, with every warning an error, and check it.

``python -m docs.site links`` looks up the links that lead out of the site; it needs a network.
"""

from __future__ import annotations

import shutil
import sys

from sphinx.cmd.build import main as sphinx

from docs.site.checks import outer_links, pages, problems
from docs.site.navigation import REPO
from docs.site.staging import BrokenLink, stage

SITE = REPO / ".site"
SOURCES, HTML = SITE / "source", SITE / "html"
_OPTIONS = ["-q", "-W", "--keep-going", "-c", str(REPO / "docs" / "site"), "-d", str(SITE / "doctrees")]


def build() -> list[str]:
    """Build the site; the faults found."""
    try:
        stage(SOURCES)
    except BrokenLink as error:
        return [str(error)]
    shutil.rmtree(HTML, ignore_errors=True)
    if sphinx(["-b", "html", *_OPTIONS, str(SOURCES), str(HTML)]):
        return ["Sphinx warns; its lines stand above"]
    return problems(HTML)


def look_up() -> int:
    """Look up the links that lead out of the site that was built; the exit status."""
    return int(sphinx(["-b", "linkcheck", *_OPTIONS, str(SOURCES), str(SITE / "links")]))


def main(arguments: list[str]) -> int:
    """The exit status."""
    found = build()
    for fault in found:
        print(f"rankeval: {fault}", file=sys.stderr)
    if found:
        return 1
    count, outer = len(pages(HTML)), len(outer_links(HTML))
    print(f"{HTML.relative_to(REPO) / 'index.html'}: {count} pages, {outer} links lead out of the site")
    return look_up() if arguments == ["links"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
