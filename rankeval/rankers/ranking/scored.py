"""The scores of data, piece by piece in the order of the rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rankeval.arrays import as_float64, decoded, is_null, to_arrow
from rankeval.errors import DataError
from rankeval.logs import Log, Sessions, Stretch
from rankeval.parallel import streamed
from rankeval.progress import progress
from rankeval.rankers import checked_scores, feature_role
from rankeval.rankers.ranking.request import Request

#: Values that a ranker gets at a time.
PIECE_VALUES = 1 << 19


@dataclass(frozen=True)
class Piece:
    """Some scored rows.

    Attributes:
        rows: the ids and ``score``.
        rounded: number of features that change when a ranker reads them in single precision.
    """

    rows: pa.RecordBatch
    rounded: int


def scored(request: Request, log: Log) -> Iterator[Piece]:
    """The scored rows of a log, in their order.

    The calling thread reads, and ``request.threads`` threads score. Pieces depend only on the data.

    Raises:
        DataError: the data cannot be read; an id is null; the ranker fails, or gives a score that is no
            finite number.
    """
    rows = [leaf.rows for leaf in log.leaves()]
    known = log.row_filter is None and not log.nested
    total = sum(count for count in rows if count is not None) if known and None not in rows else None
    with progress("scored rows", total) as advance:
        for piece in streamed(
            lambda stretch: _piece(request, log.sessions_of(stretch)),
            _stretches(request, log),
            request.threads,
        ):
            advance(steps=piece.rows.num_rows)
            yield piece


def _stretches(request: Request, log: Log) -> Iterator[Stretch]:
    rows = max(PIECE_VALUES // len(request.roles), 1)
    for leaf in log.leaves():
        for stretch in log.batches(leaf, request.roles):
            step = len(stretch) if log.nested else rows
            for start in range(0, len(stretch), step):
                yield stretch.slice(start, min(start + step, len(stretch)))


def _piece(request: Request, sessions: Sessions) -> Piece:
    names = list(request.ranker.columns)
    rows = pa.RecordBatch.from_arrays([sessions.column(feature_role(name)) for name in names], names=names)
    scores = checked_scores(request.ranker, rows, request.name, sessions.place)
    if request.calibrate is not None:
        try:
            scores = request.calibrate(scores)
        except DataError as error:
            raise DataError(f"{request.name}, {len(scores)} rows from {sessions.place(0)}: {error}") from None
    ids = [_known(sessions, role) for role in request.ids]
    single = getattr(request.ranker, "single_precision", ())
    return Piece(
        pa.RecordBatch.from_arrays([*ids, to_arrow(scores)], names=[*request.ids, "score"]),
        sum(_rounded(rows.column(name)) for name in single),
    )


def _known(sessions: Sessions, role: str) -> pa.Array:
    ids = decoded(sessions.column(role))
    if ids.null_count:
        raise sessions.error(role, int(np.argmax(is_null(ids))), None, "an id")
    return ids


def _rounded(column: pa.Array) -> int:
    """Number of values that change when they are rounded to float32."""
    values = as_float64(column)
    with np.errstate(over="ignore"):
        changed = values.astype(np.float32) != values
    return int(np.count_nonzero(changed & ~np.isnan(values)))
