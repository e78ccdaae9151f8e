"""The subtopics of judged items, beside a :class:`Ranking`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rankeval.array_types import Floats, Ints


@dataclass(frozen=True, slots=True)
class Subtopics:
    """The subtopics of the ``j`` judged items of ``n`` queries, and which item each entry of a ranking is.

    Attributes:
        offsets: (n + 1,) int64, where the judged items of each query start and end.
        start, stop: (j,) int64, slice of ``code`` and ``grade`` that holds the subtopics of each item.
        code: flat int64 from 0 to ``codes - 1``, the subtopic.
        grade: flat float64, the grade of the item for the subtopic.
        codes: number of different subtopics.
        id_rank: (j,) int64, the place of each item among those of its query by ascending id.
        item: (m,) int64, the judged item of each entry of the ranking.
    """

    offsets: Ints
    start: Ints
    stop: Ints
    code: Ints
    grade: Floats
    codes: int
    id_rank: Ints
    item: Ints

    @property
    def topics(self) -> tuple[Ints, Ints, Ints, Floats]:
        """``start, stop, code, grade``, as kernels take them."""
        return self.start, self.stop, self.code, self.grade

    @property
    def unseen(self) -> Ints:
        """(codes,) int64: zeros, in which a kernel counts the items of each subtopic."""
        return np.zeros(self.codes, np.int64)
