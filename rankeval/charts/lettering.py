"""How wide texts are, without a font: estimates that are rather too wide, so that labels never meet."""

from __future__ import annotations

import unicodedata

from rankeval.charts.markup import plain_text

#: Size of all letters, in pixels.
FONT = 13.0
_NARROW = frozenset("iljtfrI.,:;!'|()[]{} /\\")
_WIDE = frozenset("mwMW%@")


def text_width(text: str, font: float = FONT) -> float:
    """Pixels of a text, by classes of letters."""
    return font * sum(map(_em, text))


def _em(letter: str) -> float:
    if letter in _NARROW:
        return 0.42
    if letter in _WIDE:
        return 0.98
    if letter.isascii():
        return 0.73 if letter.isupper() else 0.645
    if unicodedata.east_asian_width(letter) in "WF" or unicodedata.bidirectional(letter) in ("R", "AL"):
        return 1.05
    return 0.0 if unicodedata.combining(letter) else 0.8


def shortened(text: str, width: float, font: float = FONT) -> str:
    """The text as it is printed, or its beginning and its end, in at most so many pixels."""
    text = plain_text(text)
    if text_width(text, font) <= width:
        return text
    kept = len(text)
    while kept > 2:
        kept -= max(1, kept // 10)
        cut = text[: (kept + 1) // 2] + "…" + text[len(text) - kept // 2 :]
        if text_width(cut, font) <= width:
            return cut
    return "…"
