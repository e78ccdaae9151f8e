"""What the site is made of: its pages, their links, the pages from the code, and the checks of the HTML."""

from __future__ import annotations

from pathlib import Path

import pytest

import rankeval
from docs.site import staging
from docs.site.checks import outer_links, problems
from docs.site.generated import generated_pages
from docs.site.navigation import DOCS, SECTIONS, written
from rankeval.cli.main import COMMANDS
from tests.cli.helpers import call

PAGES = {page for section in SECTIONS for page in section.pages}


def test_every_page_has_its_place_and_every_place_its_page() -> None:
    generated = {name.removesuffix(".md") for name in generated_pages()}
    assert {path.stem for path in DOCS.glob("*.md")} <= PAGES | {"index"}
    assert {page for page in PAGES if written(page) is None} <= generated


def test_every_command_has_the_help_that_it_prints() -> None:
    page = generated_pages()["commands.md"]
    for words in (*([name] for name in COMMANDS), ["plan", "ab"], ["interleave", "analyse"]):
        assert f" {' '.join(words)}\n" in page
        assert call(*words, "--help", columns=80).out.rstrip() in page


def test_every_public_name_has_a_page() -> None:
    pages = generated_pages()
    assert {f"api/{name}.md" for name in rankeval.__all__ if name != "__version__"} <= set(pages)
    assert "autofunction:: rankeval.ope" in pages["api/ope.md"]
    assert "autoclass:: rankeval.Uplift" in pages["api/Uplift.md"]


def test_an_example_is_shown_with_what_it_prints() -> None:
    page = generated_pages()["examples/policy_value.md"]
    assert "exact value of the target policy: {world.value(target):.4f}" in page
    assert "exact value of the target policy: 0." in page


@pytest.mark.parametrize("page", ["README", "report", "ARCHITECTURE"])
def test_links_lead_to_pages_of_the_site(page: str, tmp_path: Path) -> None:
    path = written(page)
    assert path is not None
    text = staging.turned(path, tmp_path)
    assert "](docs/" not in text
    assert "](../" not in text
    for link in staging._LINK.findall(text):
        if ":" not in link[0]:
            assert (
                link[0].removesuffix(".md") in PAGES | {"index"} | set_of_examples()
                or (tmp_path / link[0]).is_file()
            )


def set_of_examples() -> set[str]:
    return {name.removesuffix(".md") for name in generated_pages() if name.startswith("examples/")}


def test_a_broken_link_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "REPO", tmp_path)
    page = tmp_path / "page.md"
    page.write_text("[a](missing.md)\n")
    with pytest.raises(staging.BrokenLink, match=r"page.md: links to .*missing.md, which is not there"):
        staging.turned(page, tmp_path)
    page.write_text("```text\n[a](missing.md)\n```\n[b](https://example.org/) [c](#here)\n")
    assert staging.turned(page, tmp_path) == page.read_text()


def test_checks_find_what_is_loaded_from_elsewhere_and_what_leads_nowhere(tmp_path: Path) -> None:
    page = '<h1 id="top">A</h1><a href="b.html#there">b</a><a href="https://example.org/">c</a>'
    (tmp_path / "a.html").write_text(page)
    (tmp_path / "b.html").write_text('<p id="there">B</p><a href="a.html#top">a</a><a href="#there">b</a>')
    assert problems(tmp_path) == []
    assert outer_links(tmp_path) == ["https://example.org/"]
    (tmp_path / "c.html").write_text(
        '<script src="https://cdn.example.org/a.js"></script>'
        '<link rel="stylesheet" href="//example.org/a.css">'
        '<style>@import "https://fonts.example.org/f.css"; p { background: url(data:image/png;base64,AA) }'
        '</style><img src="no.png"><a href="b.html#nowhere">b</a><a href="d.html">d</a>'
    )
    (tmp_path / "c.css").write_text("@font-face { src: url('https://fonts.example.org/f.woff2') }")
    assert problems(tmp_path) == [
        "c.html: loads https://cdn.example.org/a.js",
        "c.html: loads //example.org/a.css",
        "c.html: loads https://fonts.example.org/f.css",
        "c.html: links to no.png, which is not there",
        "c.html: links to b.html#nowhere, but the page has no such place",
        "c.html: links to d.html, which is not there",
        "c.css: loads https://fonts.example.org/f.woff2",
    ]
