"""The kind of a text, determined from its first line of data.

A header has no number in the fields in which a file without a header has numbers.
"""

from __future__ import annotations

import re
from typing import Literal

Text = Literal[
    "CSV",
    "TREC qrels",
    "a TREC run",
    "three columns",
    "LETOR",
    "JSON lines",
    "a JSON array",
    "JSON by query",
    "dsjson",
]
Role = Literal["run", "judgements", "log", "features"]

#: A number as readers of text take it.
NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+|inf|infinity|nan)(?:e[+-]?\d+)?"
_FORMS: tuple[tuple[Text, re.Pattern[str]], ...] = (
    ("LETOR", re.compile(r"\S+\s+qid:\S")),
    ("TREC qrels", re.compile(r"(\S*[^\s,;]\s+){3}[+-]?\d+\s*$")),
    ("a TREC run", re.compile(rf"(\S*[^\s,;]\s+){{4}}{NUMBER}(\s|$)", re.IGNORECASE)),
)
#: What separates three columns without a header -> a field; the first under which the line has the form.
SEPARATORS = {"\t": r"[^\t]+", ",": r"[^,\"]+", ";": r"[^;\"]+", r"\s+": r"\S+"}
_TEXT = r'"(?:[^"\\]|\\.)*"'
_BY_QUERY = re.compile(rf"\{{\s*{_TEXT}\s*:\s*\{{\s*(?:\}}|{_TEXT}\s*:\s*-?(?:\d|NaN|Infinity))")
#: A decision has this key, or all of those.
_LABEL = re.compile(r'"_label_cost"\s*:')
_DECISION = tuple(map(re.compile, (r'"a"\s*:\s*\[', r'"p"\s*:\s*\[', r'"c"\s*:\s*\{')))


def text_kind(line: str, head: str, role: Role) -> Text | None:
    """The kind of a text.

    Args:
        line: the first line that is neither blank nor a comment, without blanks at either end.
        head: the begin of the whole text.
        role: the use of the text; only runs and judgements may be three columns without a header, or JSON
            objects of objects.

    Returns:
        The kind, None if the line shows none.
    """
    joined = role in ("run", "judgements")
    if re.match(r'\{\s*("|\}|$)', line):
        return _json_kind(line, head, joined)
    if re.match(r"\[\s*([\[\]{]|$)", line):
        return "a JSON array"
    form = next((kind for kind, pattern in _FORMS if pattern.match(line)), None)
    separator = separator_of(line) if joined and form != "LETOR" else None
    if form and separator:
        return None  # three cells between tabs, with blanks in them, or more fields between tabs and blanks
    if form or separator:
        return form or "three columns"
    if any(mark in line for mark in ",;\t"):
        return "CSV"
    # A first line that is nearly TREC counts as TREC: the reader's error then names the line and the form.
    fields = len(line.split())
    if fields == 4 or fields >= 6:
        return "TREC qrels" if fields == 4 else "a TREC run"
    return None


def separator_of(line: str) -> str | None:
    """What separates the fields of a line of three fields, the last a number; None if it has another form."""
    for separator, field in SEPARATORS.items():
        if re.fullmatch(rf"{field}{separator}{field}{separator}\s*{NUMBER}\s*", line, re.IGNORECASE):
            return separator
    return None


def _json_kind(line: str, head: str, joined: bool) -> Text:
    if joined and _BY_QUERY.match(head.lstrip()):
        return "JSON by query"
    logged = _LABEL.search(line) or all(each.search(line) for each in _DECISION)
    return "dsjson" if logged else "JSON lines"
