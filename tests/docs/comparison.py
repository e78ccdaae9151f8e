"""Compares what a page shows with what was printed: texts, and numbers to the digits shown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

#: A line that stands for any number of lines.
ELLIPSIS = "..."
_NUMBER = re.compile(r"(?<![\w.])[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?(?![\w])")


def difference(shown: Sequence[str], printed: Sequence[str]) -> str | None:
    """What differs first; None if nothing does."""
    shown, printed = _trimmed(shown), _trimmed(printed)
    place, floating = 0, False
    for line in shown:
        if line.strip() == ELLIPSIS:
            floating = True
            continue
        if floating:
            place = next((i for i in range(place, len(printed)) if same(line, printed[i])), len(printed))
        if place >= len(printed):
            return f"shown, but not printed: {line!r}"
        if not same(line, printed[place]):
            return f"shown: {line!r}, printed: {printed[place]!r}"
        place, floating = place + 1, False
    if place < len(printed) and not floating:
        return f"printed, but not shown: {printed[place]!r}"
    return None


def same(shown: str, printed: str) -> bool:
    """Whether two lines have the same text and, to one unit of the last digit shown, the same numbers."""
    if shown == printed:
        return True
    if _NUMBER.sub("0", shown) != _NUMBER.sub("0", printed):
        return False
    pairs = zip(_NUMBER.findall(shown), _NUMBER.findall(printed), strict=True)
    return all(_near(first, second) for first, second in pairs)


def _near(shown: str, printed: str) -> bool:
    """Integers are counts, and must be equal."""
    first, second = (Decimal(text.replace(",", "")) for text in (shown, printed))
    exponent = first.as_tuple().exponent
    whole = "." not in shown and "e" not in shown
    return first == second if whole else abs(first - second) <= Decimal(1).scaleb(int(exponent))


def _trimmed(lines: Sequence[str]) -> list[str]:
    """The lines without blanks at their ends, and without empty lines at the end."""
    return "\n".join(line.rstrip() for line in lines).rstrip("\n").split("\n")
