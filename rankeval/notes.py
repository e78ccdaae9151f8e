"""Warnings that accompany a result, each with a code for programs and a sentence for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Note:
    """A warning that accompanies a result.

    Attributes:
        code: the kind of warning, such as ``few_clusters``; all warnings of one kind have the same code.
        text: the warning as one line.
        numbers: name -> number, for the numbers in the text; ``threshold`` is the limit that was crossed, if
            there is one. Not part of equality.
    """

    code: str
    text: str
    numbers: Mapping[str, float] = field(default_factory=dict, compare=False)

    def under(self, prefix: str) -> Note:
        """The same note, with ``prefix`` and a colon before its text."""
        return Note(self.code, f"{prefix}: {self.text}", self.numbers)


def distinct(notes: Iterable[Note]) -> list[Note]:
    """The notes without duplicates, in the order of first occurrence."""
    return list(dict.fromkeys(notes))


def listing(names: Iterable[str], most: int = 5) -> str:
    """The first ``most`` names as text, with the number of the others: ``a, b, c and 4 more``."""
    every = list(names)
    rest = len(every) - most
    return ", ".join(every[:most]) + (f" and {rest} more" if rest > 0 else "")
