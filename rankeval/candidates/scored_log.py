"""The log with a column of scores for each candidate: all are scored in one pass, whatever is read later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial

import numpy as np
import pyarrow as pa

from rankeval.array_types import Floats
from rankeval.arrays import take, to_arrow
from rankeval.logs import Locate, Log, Stretch, read_from, require_own_ids, role_names, unnested, user_column
from rankeval.parallel import THREADS
from rankeval.rankers import Ranker, checked_scores, feature_role, with_columns
from rankeval.rankers.kinds import column_of
from rankeval.readers import Compute, ComputedColumns, Leaf, extended_on_disk

#: Values of features that rankers get at a time.
PIECE_VALUES = 1 << 20


@contextmanager
def scored(
    log: Log, rankers: Mapping[str, Ranker], also: Iterable[str], threads: int
) -> Iterator[tuple[Log, dict[str, str]]]:
    """A context with a log whose candidates are scored, and the column of each candidate.

    Where all candidates are columns, it is the log itself. Else the scores are kept in a temporary file, with
    the columns that play a role: later passes, of which refits make hundreds, score nothing again. Workers of
    another engine than threads do not reach that file: they score what they read in each pass.

    Args:
        log: the log.
        rankers: name -> candidate.
        also: further columns to keep.
        threads: number of threads.

    Raises:
        DataError: the log lacks a column of a candidate; a candidate fails, or gives a score that is no
            finite number.
    """
    from threadpoolctl import threadpool_limits

    known = {name: column_of(ranker) for name, ranker in rankers.items()}
    if None not in known.values():
        yield log, {name: column for name, column in known.items() if column is not None}
        return
    reads = {name: _with_columns_of(log, ranker, name) for name, ranker in rankers.items()}
    roles = [role for role in sorted(role_names()) if log.has(role)]
    users = user_column(log)
    further = [*also, *([] if users is None else [users])]
    kept = list(dict.fromkeys([*log.names(roles), *(name for name in further if name in log.schema.names)]))
    read = [reads[name].name(feature_role(each)) for name, one in rankers.items() for each in one.columns]
    columns = {name: _free(f"score of {name}", kept) for name in rankers}
    kind = pa.list_(pa.float64()) if log.nested else pa.float64()
    shape = (
        [role for role in ("item_id", "position", "click", "reward") if role in roles] if log.nested else []
    )

    def compute(leaf: Leaf, index: int, rows: pa.RecordBatch) -> list[pa.Array]:
        piece = Stretch(leaf, index, rows)
        return [_scores(reads[name], ranker, name, piece, shape) for name, ranker in rankers.items()]

    added = pa.schema([(column, kind) for column in columns.values()])
    piece_rows = max(PIECE_VALUES // max(len(set(read)), 1), 1)
    if log.engine is not THREADS:
        alone, needed = partial(_with_one_thread, compute), list(dict.fromkeys([*log.names(shape), *read]))
        sources = [ComputedColumns(each, added, alone, needed, piece_rows) for each in log.sources]
        yield read_from(log, sources), columns
        return
    with ExitStack() as kept_file:
        # Rankers may use BLAS, and the last bits of its results depend on the number of its threads.
        with threadpool_limits(1):
            source = kept_file.enter_context(
                extended_on_disk(log.sources, kept, log.row_filter, added, compute, read, piece_rows, threads)
            )
        yield log.over(source), columns


def _with_one_thread(compute: Compute, leaf: Leaf, index: int, rows: pa.RecordBatch) -> list[pa.Array]:
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        return compute(leaf, index, rows)


def _with_columns_of(log: Log, ranker: Ranker, name: str) -> Log:
    if "item_id" in ranker.columns:
        require_own_ids(log, name)
    return with_columns(log, list(ranker.columns), name)


def _free(name: str, taken: Iterable[str]) -> str:
    """A name that no column has."""
    while name in taken:
        name += "_"
    return name


def _scores(log: Log, ranker: Ranker, name: str, rows: Stretch, shape: Sequence[str]) -> pa.Array:
    """One score a row; in nested layout one list a row."""
    roles = {role: log.name(role) for role in dict.fromkeys([*shape, *map(feature_role, ranker.columns)])}
    columns = {role: rows.rows.column(column) for role, column in roles.items()}
    locate = partial(log.place_in, [rows])
    if not log.nested:
        return to_arrow(_checked(ranker, name, columns, locate))
    offsets, items, once = unnested(columns, roles, locate)
    row_of = np.repeat(np.arange(len(rows)), np.diff(offsets))
    repeated = {role: take(values, row_of) for role, values in once.items()}
    scores = _checked(ranker, name, {**items, **repeated}, lambda item: locate(int(row_of[item])))
    return pa.ListArray.from_arrays(to_arrow(offsets.astype(np.int32)), to_arrow(scores))


def _checked(ranker: Ranker, name: str, columns: Mapping[str, pa.Array], locate: Locate) -> Floats:
    arrays = [columns[feature_role(each)] for each in ranker.columns]
    return checked_scores(
        ranker, pa.RecordBatch.from_arrays(arrays, names=list(ranker.columns)), name, locate
    )
