"""Text tables, and the texts of numbers that tables, sentences and charts share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Table:
    """A text table with a title. Columns whose header starts with ``>`` are right-aligned.

    Attributes:
        title: what it shows.
        header: the heads of the columns.
        rows: the cells.
        note: how to read it, in sentences that stand above the table; empty: nothing.
    """

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


def number(value: float | None, digits: int = 4) -> str:
    """A number as text with ``digits`` significant digits; a dash for None (not computed)."""
    if value is None:
        return "-"
    if value == 0:
        return f"{0:.{digits}f}"
    if 1e-4 <= abs(value) < 1e6:
        exponent = int(f"{value:e}".split("e")[1])
        return f"{value:.{max(digits - 1 - exponent, 0)}f}"
    return f"{value:.{digits}g}"


def p_text(p: float | None) -> str:
    """A p-value as text; an underflow to 0 is shown as ``<1e-300``."""
    return "<1e-300" if p == 0.0 else number(p, 3)


def interval_text(ci: Mapping[str, Any] | None, digits: int = 4) -> str:
    """An interval as text: ``0.31 .. 0.35``, ``>= 0.31`` or ``<= 0.35``; a dash where it is not known."""
    ends = (None, None) if ci is None else (ci["low"], ci["high"])
    if ci is None or ends == (None, None) or (None in ends and ci.get("side", "two") == "two"):
        return "-"
    if None in ends:
        return f">= {number(ci['low'], digits)}" if ci["high"] is None else f"<= {number(ci['high'], digits)}"
    return f"{number(ci['low'], digits)} .. {number(ci['high'], digits)}"


def percent(level: float) -> str:
    """A share as text: 0.95 gives ``95 %``."""
    return f"{100 * level:g} %"


def segment_text(segment: Any) -> str:
    """The name of a segment as text: ``all`` for None, the whole data."""
    return "all" if segment is None else str(segment)


def signed(value: float | None) -> str:
    """A number as text, with ``+`` or ``-`` where it is not 0; a dash for None."""
    return "-" if value is None else ("+" if value > 0 else "") + number(value + 0.0)


def counted(n: float) -> str:
    """A number of units as text; it is not whole where it is a sum of weights."""
    return f"{n:,.0f}" if float(n).is_integer() else number(n)
