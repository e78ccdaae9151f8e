"""The verdict of a result, and the catalogue of its reasons."""

from __future__ import annotations

import ast
import re

import pytest

from rankeval.notes import Note
from rankeval.reasons import ADVICE, Verdict, gathered
from tests.paths import REPO

PAGE = (REPO / "docs" / "verdict.md").read_text()


def codes_of_reasons() -> set[str]:
    """The codes of all notes of the package that are made with a level."""
    found = set()
    for path in (REPO / "rankeval").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            made = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Note"
            if made and any(keyword.arg == "level" for keyword in node.keywords):
                found.add(ast.literal_eval(node.args[0]))
    return found


def test_every_reason_has_an_advice_and_a_section_and_no_other_has():
    assert codes_of_reasons() == set(ADVICE)
    assert set(re.findall(r"^### `(\w+)`$", PAGE, re.M)) == set(ADVICE)


def test_the_worst_reason_decides():
    fine, doubt = Note("few_rows", "a remark"), Note("few_queries", "few", level="caution")
    worse = Note("mean_weight", "off", {"threshold": 0.05}, level="do not trust", value=0.5)
    assert Verdict.of([fine]).level == "trust"
    assert Verdict.of([fine, doubt]).level == "caution"
    found = Verdict.of([doubt, fine, worse])
    assert (found.level, found.reasons) == ("do not trust", (worse, doubt))
    assert found.to_dict()["reasons"][0] == {
        "code": "mean_weight",
        "level": "do not trust",
        "text": "off",
        "value": 0.5,
        "threshold": 0.05,
        "advice": ADVICE["mean_weight"],
    }


@pytest.mark.parametrize(
    ("levels", "below_trust", "below_caution"),
    [([], False, False), (["caution"], True, False), (["do not trust", "caution"], True, True)],
)
def test_gates(levels, below_trust, below_caution):
    verdict = Verdict.of(Note("few_queries", "few", level=level) for level in levels)
    assert (verdict.is_below("trust"), verdict.is_below("caution")) == (below_trust, below_caution)


def test_reasons_of_many_places_are_told_once():
    def few(value):
        return Note("few_rewards", f"only {value}", {"threshold": 100.0}, level="caution", value=value)

    (one,) = gathered({"a": [few(90.0)], "b": [few(40.0)], "c": [few(50.0)]})
    assert one.text == "b, a, c: only 40.0"
    assert gathered({"": [few(90.0)]}) == [few(90.0)]
    assert gathered({"a": []}) == []
