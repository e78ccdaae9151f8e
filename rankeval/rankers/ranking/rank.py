"""``rank``: score data with a ranker."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from rankeval.arrays import to_numpy
from rankeval.atomic_files import require_separate
from rankeval.calibration import read_calibration
from rankeval.errors import DataError, UsageError
from rankeval.logs import Log, made_up_notes, reader_notes
from rankeval.notes import Note, distinct
from rankeval.options import require_types, shown
from rankeval.parallel import default_threads, streamed
from rankeval.rankers.kinds import candidate_name, open_ranker
from rankeval.rankers.ranking.groups import Distinct, group_ids, whole_groups
from rankeval.rankers.ranking.policies import parse_policy
from rankeval.rankers.ranking.request import Request, open_data, prepared
from rankeval.rankers.ranking.result import Ranking
from rankeval.rankers.ranking.run_writer import run_file
from rankeval.rankers.ranking.scored import scored
from rankeval.readers import sorted_on_disk
from rankeval.table_files import require_table_name

Write = Callable[[pa.RecordBatch], None]


class _Scattered(Exception):
    """The rows of a query are not adjacent."""


def rank(
    model: Any,
    data: Any,
    out: str | os.PathLike[str] | None = None,
    *,
    policy: str | None = None,
    top: int | None = None,
    seed: int = 0,
    trust: str | Sequence[str] = (),
    calibration: str | os.PathLike[str] | None = None,
    columns: Mapping[str, str] | None = None,
    where: str | None = None,
    threads: int | None = None,
) -> Ranking:
    """Score data with a ranker, and write a run: ``query_id, item_id, score``, in the order of the rows.

    Data with a column ``session_id`` is a ranking log, whose run also has ``session_id``. Memory does not
    grow with the data, and the run has the same bytes for any number of threads.

    With a policy, a ranking of each query (of each session of a ranking log) is drawn, and the run also has

    - ``position``: from 1; null for items below the last position;
    - ``propensity``: P(this item at this position). Exact for ``greedy`` and ``epsilon``; for
      ``plackett_luce`` one numerical integral, with an error below 1e-9;
    - ``propensity_prefix``: P(these items at positions 1..k, in this order), exact;
    - ``propensity_list``: P(this whole ranking), exact.

    Rows of a query that are not adjacent are then sorted on disk first, and the run is in that order.

    Args:
        model: the ranker, as :func:`rankeval.rankers.kinds.open_ranker` takes it: ``lightgbm:FILE``,
            ``module:object`` and so on, or an object that keeps the protocol ``Ranker``.
        data: a path, folder, glob, URL, Arrow table, pandas or polars frame, dict of arrays or ``Log`` with
            ``query_id`` (or ``session_id``), ``item_id`` and the columns that the ranker reads.
        out: the file to write, ``.parquet, .csv, .json, .jsonl`` or ``.arrow``; None keeps the run in memory.
        policy: ``greedy``, ``epsilon:epsilon=E`` or ``plackett_luce:temperature=T``.
        top: number of positions of the policy, 10 if it is not given.
        seed: seed of the policy.
        trust: types that a ``sklearn`` model may hold beside those that skops trusts.
        calibration: a file that :func:`rankeval.calibrate` wrote; its map turns the scores into
            probabilities, before a policy draws.
        columns: role -> column name, for ``query_id``, ``item_id`` and ``session_id``.
        where: row filter, such as ``split == "test"``.
        threads: number of threads.

    Returns:
        :class:`Ranking`, with ``to_dict()``, ``run`` (a table, if there is no ``out``) and a readable repr.

    Raises:
        DataError: the data or the model is wrong: a column is missing, a score is no finite number.
        UsageError: an argument is wrong, or a package is missing.

    Example:
        >>> import rankeval
        >>> data = {"query_id": [1, 1], "item_id": ["a", "b"], "price": [3.0, 5.0]}
        >>> rankeval.rank("column:price", data).run.to_pylist()[1]
        {'query_id': 1, 'item_id': 'b', 'score': 5.0}
    """
    require_types(locals())
    threads = default_threads() if threads is None else threads
    if threads < 1:
        raise UsageError(f"threads: found {threads}, wanted at least 1")
    if out is not None and not isinstance(out, str | os.PathLike):
        raise UsageError(f"out: found {shown(out)}, wanted a path")
    drawn = parse_policy(policy, top, seed)
    path = None if out is None else Path(out)
    if path is not None:
        require_table_name("out", path)
        require_separate({"out": path}, data, _file(model), calibration)
    name = candidate_name(model)
    ranker = open_ranker(model, trust=trust)
    log, ids = prepared(open_data(data, columns, where), ranker, name)
    apply = None if calibration is None else read_calibration(calibration).apply
    request = Request(ranker, name, log, ids, drawn, threads, apply)
    inputs = {
        "model": name,
        "data": log.origin,
        "where": log.where,
        "calibration": None if calibration is None else os.fspath(calibration),
        "policy": policy,
        "top": None if drawn is None else drawn.top,
        "seed": None if drawn is None else seed,
    }
    try:
        return _ranked(request, request.log, path, inputs)
    except _Scattered:
        with sorted_on_disk(
            log.sources, log.names(request.roles), log.name(request.group), log.row_filter, threads
        ) as source:
            return _ranked(request, log.over(source), path, inputs)


def _ranked(request: Request, log: Log, path: Path | None, inputs: Mapping[str, Any]) -> Ranking:
    from threadpoolctl import threadpool_limits

    tables: list[pa.RecordBatch] = []
    queries, rows, rounded, vanished = Distinct(), 0, 0, 0

    def pieces() -> Iterator[pa.RecordBatch]:
        nonlocal rounded
        for piece in scored(request, log):
            rounded += piece.rounded
            yield piece.rows

    # Rankers may use BLAS, and the last bits of its results depend on the number of its threads.
    with threadpool_limits(1), _target(path, tables) as write:
        for batch in _drawn(request, pieces()):
            write(batch)
            rows += batch.num_rows
            queries.add(group_ids(batch.column(request.group)))
            if request.policy is not None:
                vanished += int(np.count_nonzero(to_numpy(batch.column("propensity_list")) == 0.0))
                if queries.repeated:
                    raise _scattered(log)
        if not rows:
            where = f" match {log.where!r}" if log.where else ""
            raise DataError(f"{log.origin}: no rows{where}, wanted at least one")
        count = len(queries)
        if request.policy is not None and queries.repeated:
            raise _scattered(log)
    run = pa.Table.from_batches(tables) if path is None else None
    notes = _notes(request, rounded, vanished)
    return Ranking(request.name, rows, count, None if path is None else str(path), inputs, notes, run)


def _drawn(request: Request, pieces: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The rows with the columns of the policy; without a policy, the rows as they are."""
    policy, group = request.policy, request.group
    if policy is None:
        yield from pieces
        return

    def draw(block: pa.RecordBatch) -> pa.RecordBatch:
        columns = policy.columns(block, group)
        names = [*block.schema.names, *columns]
        return pa.RecordBatch.from_arrays([*block.columns, *columns.values()], names=names)

    yield from streamed(draw, whole_groups(pieces, group), request.threads)


@contextmanager
def _target(path: Path | None, tables: list[pa.RecordBatch]) -> Iterator[Write]:
    """A function that takes the rows of the run: into a file, or into ``tables``."""
    if path is None:
        yield tables.append
        return
    with run_file(path) as write:
        yield write


def _scattered(log: Log) -> Exception:
    if log.nested:
        return DataError(f"{log.origin}: has a query or session in two rows, wanted one row for each")
    return _Scattered()


def _notes(request: Request, rounded: int, vanished: int) -> list[Note]:
    notes = distinct(
        [
            *reader_notes(request.log),
            *getattr(request.ranker, "notes", ()),
            *made_up_notes(request.log, "the run"),
        ]
    )
    if rounded:
        text = (
            f"{request.name}: reads features in single precision, which changes {rounded:,} values; "
            "items whose features differ only there may change their order"
        )
        notes.append(Note("single_precision", text, {"values": float(rounded)}))
    if vanished:
        text = (
            f"propensity_list is 0 in {vanished:,} rows: rankings so long have probabilities below the "
            "smallest number; use a smaller --top"
        )
        notes.append(Note("vanished_propensity", text, {"rows": float(vanished)}))
    return notes


def _file(model: Any) -> str | None:
    """The path in the text that names a model."""
    if not isinstance(model, str | os.PathLike):
        return None
    text = os.fspath(model)
    return text.partition(":")[2] or text
