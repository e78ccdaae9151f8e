"""Warnings that accompany a result, each with a code for programs and a sentence for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

#: How far a result can be trusted, the best first.
Level = Literal["trust", "caution", "do not trust"]
LEVELS: tuple[Level, ...] = ("trust", "caution", "do not trust")


@dataclass(frozen=True)
class Note:
    """A warning that accompanies a result.

    Attributes:
        code: the kind of warning, such as ``few_clusters``; all warnings of one kind have the same code.
        text: the warning as one line.
        numbers: name -> number, for the numbers in the text; ``threshold`` is the limit that was crossed, if
            there is one. Not part of equality.
        level: how far the result can still be trusted, ``caution`` or ``do not trust``, if the note is a
            reason of its verdict (:mod:`rankeval.reasons`); None if it is a remark.
        value: the number that was compared with a threshold; None if the reason is no number.
    """

    code: str
    text: str
    numbers: Mapping[str, float] = field(default_factory=dict, compare=False)
    level: Level | None = None
    value: float | None = field(default=None, compare=False)

    @property
    def threshold(self) -> float | None:
        """The limit that was crossed; None without one."""
        return self.numbers.get("threshold")

    def under(self, prefix: str) -> Note:
        """The same note, with ``prefix`` and a colon before its text."""
        return replace(self, text=f"{prefix}: {self.text}")


def distinct(notes: Iterable[Note]) -> list[Note]:
    """The notes without duplicates, in the order of first occurrence."""
    return list(dict.fromkeys(notes))


def listing(names: Iterable[str], most: int = 5) -> str:
    """The first ``most`` names as text, with the number of the others: ``a, b, c and 4 more``."""
    every = list(names)
    rest = len(every) - most
    return ", ".join(every[:most]) + (f" and {rest} more" if rest > 0 else "")
