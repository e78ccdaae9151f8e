"""What a reader must know before trusting a number: a code for programs, a sentence for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Note:
    """A warning that goes with a result.

    Attributes:
        code: what it is about, the same for every text of this kind, such as ``few_clusters``.
        text: one line.
        numbers: what the text says in figures, by name, and the threshold that was crossed if there is one.
    """

    code: str
    text: str
    numbers: Mapping[str, float] = field(default_factory=dict, compare=False)

    def under(self, prefix: str) -> Note:
        """The same, its text after a prefix that says what it is of."""
        return Note(self.code, f"{prefix}: {self.text}", self.numbers)


def distinct(notes: Iterable[Note]) -> list[Note]:
    """Each note once, in the order in which they first come."""
    return list(dict.fromkeys(notes))


def listing(names: Iterable[str], most: int = 5) -> str:
    """``a, b, c and 4 more``: the first names of a list that may be long."""
    every = list(names)
    rest = len(every) - most
    return ", ".join(every[:most]) + (f" and {rest} more" if rest > 0 else "")
