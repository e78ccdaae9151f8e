"""Every report in Chromium at three widths, light and dark: readable, and axe-core finds nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from rankeval.reports import page
from rankeval.reports.catalogue import COMMANDS
from tests.reports.browser import AXE, CHROMIUM, WIDTHS, looked_at
from tests.reports.hostile import FORMS, document_of
from tests.reports.results import HOSTILE, results

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: .ci/browser installs it"),
    pytest.mark.skipif(not AXE.is_file(), reason="there is no axe-core: .ci/browser fetches it"),
]
NOTHING = {"faint": [], "meeting": [], "outside": [], "wide": [], "axe": []}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_a_report(command: str, dark: bool, tmp_path: Path) -> None:
    text = page([results()[command].plain()], f"rankeval {command} log.parquet --report page.html")
    found = looked_at(text, tmp_path, dark)
    assert found.keys() == set(WIDTHS)
    for width, each in found.items():
        assert {name: each[name] for name in NOTHING} == NOTHING, f"at {width} pixels"
        assert each["charts"] == text.count("<figure>")
        assert (sum(each["ground"][:3]) < 128) == dark


def test_a_page_of_several_results_and_hostile_names(hostile_page: str, tmp_path: Path) -> None:
    for width, each in looked_at(hostile_page, tmp_path, False).items():
        assert {name: each[name] for name in NOTHING} == NOTHING, f"at {width} pixels"


def test_the_look_sees_what_is_wrong(tmp_path: Path) -> None:
    """A page with a faint text, texts that meet, a text outside, a long line, and an image without a name."""
    wrong = page([results()["ab"].plain()]).replace(
        "<footer>",
        '<p style="color:#999">faint</p><p style="width:3000px">long</p><img alt>'
        '<svg width="50" height="20" role="img"><text x="0" y="15">one</text><text x="5" y="15">two</text>'
        '<text x="90" y="15">out</text></svg><footer>',
    )
    for each in looked_at(wrong, tmp_path, False).values():
        assert all(each[name] for name in NOTHING), each


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_a_report_of_hostile_or_poor_data(command: str, form: str, tmp_path: Path) -> None:
    text = page([document_of(command, form)], f"rankeval {command} {HOSTILE[0]} --report page.html")
    for width, each in looked_at(text, tmp_path, False).items():
        assert {name: each[name] for name in NOTHING} == NOTHING, f"at {width} pixels"
