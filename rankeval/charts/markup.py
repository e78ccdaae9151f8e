"""Elements of SVG as text, with everything escaped that is not markup already."""

from __future__ import annotations

import re
from html import escape

from rankeval.errors import printable

#: What HTML and XML do not allow as a character, beside those that :func:`printable` writes as escapes.
_NO_CHARACTERS = re.compile(
    "[\ufdd0-\ufdef"
    + "".join(chr(plane * 0x10000 + end) for plane in range(17) for end in (0xFFFE, 0xFFFF))
    + "]"
)


class Markup(str):
    """Text that is markup; templates take it as it is."""

    def __html__(self) -> str:
        return self


def plain_text(text: str) -> str:
    """Any text with nothing in it that moves a cursor, turns its direction, or is no character."""
    return _NO_CHARACTERS.sub("?", printable(text))


def escaped(text: str) -> Markup:
    """Any text as the content of an element or an attribute."""
    return text if isinstance(text, Markup) else Markup(escape(plain_text(text)))


def element(tag: str, *content: str, **attributes: object) -> Markup:
    """An element. ``class_`` stands for ``class``, and ``_`` for ``-``; numbers have at most two decimals."""
    named = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escaped(_text(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    inner = "".join(map(escaped, content))
    return Markup(f"<{tag}{named}>{inner}</{tag}>" if inner else f"<{tag}{named}/>")


def _text(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
