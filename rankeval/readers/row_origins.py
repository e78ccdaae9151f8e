"""Where the rows of a temporary file come from: the places in the files of the caller."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from rankeval.readers.source import Leaf, Source
from rankeval.readers.where import Where


@dataclass
class RowOrigins:
    """The leaves of some sources, and the ordinal of the first row of each after the filter.

    Attributes:
        sources: the files or tables.
        where: the filter with which their rows were read.
        leaves: the leaves read so far, in their order.
        starts: the ordinal of the first row of each.
    """

    sources: Sequence[Source]
    where: Where | None
    leaves: list[Leaf] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)

    def begin(self, leaf: Leaf, ordinal: int) -> None:
        """Note that the rows of ``leaf`` start at this ordinal."""
        self.leaves.append(leaf)
        self.starts.append(ordinal)

    def place(self, ordinal: int) -> str:
        """The place in the original files of the row with this ordinal."""
        at = bisect_right(self.starts, ordinal) - 1
        leaf = self.leaves[at]
        return self.sources[leaf.source_index].place(leaf, ordinal - self.starts[at], self.where)
