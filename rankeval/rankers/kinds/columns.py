"""``column:NAME``: a column of the data that holds the scores."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from rankeval.array_types import Floats
from rankeval.errors import UsageError
from rankeval.logs import require_scores
from rankeval.rankers import Ranker
from rankeval.rankers.kinds.shared import matrix_of


class ScoreColumn:
    """The scores are the numbers in a column of the data."""

    def __init__(self, name: str, trust: Sequence[str] = ()) -> None:
        """``name``: the column.

        Raises:
            UsageError: ``name`` is empty, or the column holds ranks.
        """
        if not name:
            raise UsageError("column: found no name, wanted column:NAME")
        require_scores("column:", name, "log")
        self.columns = (name,)

    def score(self, rows: pa.RecordBatch) -> Floats:
        """(n,) float64, the values of the column; NaN where it is null."""
        return matrix_of(rows, f"column:{self.columns[0]}")[:, 0]


def column_of(ranker: Ranker) -> str | None:
    """The column that holds the scores of a ranker; None for other kinds of rankers."""
    return ranker.columns[0] if isinstance(ranker, ScoreColumn) else None
