"""Pages of hostile and of poor data: valid, small, names as text, no direction without an interval."""

from __future__ import annotations

import html5lib
import pytest

from rankeval.reports import page
from rankeval.reports.catalogue import COMMANDS
from rankeval.reports.page import BYTES
from tests.reports.hostile import FORMS, document_of
from tests.reports.results import HOSTILE

ALL = [(command, form) for command in sorted(COMMANDS) for form in FORMS]


@pytest.mark.parametrize(("command", "form"), ALL)
def test_a_page_is_valid_small_and_holds_names_as_text(command: str, form: str) -> None:
    text = page([document_of(command, form)], f"rankeval {command} {HOSTILE[1]}")
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
    assert len(text.encode()) <= BYTES
    assert len(list(tree.iter("script"))) <= 1
    assert not [tag for tag in ("img", "iframe", "object", "link") for _ in tree.iter(tag)]
    assert not [each for each in tree.iter() if any(str(name).startswith("on") for name in each.attrib)]


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_a_hostile_name_is_shown_as_it_is(command: str) -> None:
    document = document_of(command, "named")
    text = page([document])
    assert "&lt;script&gt;" in text
    assert "<script>alert" not in text
    assert "\u202e" not in text.partition('<script type="application/json">')[0]


@pytest.mark.parametrize("command", ["ab", "ope", "uplift", "evaluate", "agreement"])
def test_without_intervals_no_direction_is_named(command: str) -> None:
    said = document_of(command, "without intervals")["conclusion"]
    assert "can tell." not in said
    assert " % more" not in said
    assert " % less" not in said
