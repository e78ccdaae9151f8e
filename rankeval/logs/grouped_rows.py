"""Rows of a log, grouped into sessions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Protocol

import numpy as np
import pyarrow as pa

from rankeval.arrays import is_null, read_only
from rankeval.errors import DataError
from rankeval.logs.layout import Stretch, has_null, joined, run_starts, unnested
from rankeval.logs.sessions import Sessions, counting


class Grouped(Protocol):
    """What is known of the sessions of a log; see :class:`~rankeval.logs.log.Log`."""

    @property
    def session(self) -> str | None: ...

    @property
    def nested(self) -> bool: ...

    @property
    def first_action(self) -> int: ...

    @property
    def first_position(self) -> int: ...

    def name(self, role: str) -> str: ...

    def place_in(self, stretches: Sequence[Stretch], row: int) -> str: ...


def sessions_of(log: Grouped, stretches: Sequence[Stretch]) -> Sessions:
    """All rows of some stretches, grouped by equal neighbouring ids, by row, or by list.

    Raises:
        DataError: a session id or a list is null, or the lists of a row differ in length.
    """
    batch = joined(stretches)
    names = {role: log.name(role) for role in batch.schema.names}
    columns = {role: batch.column(role) for role in batch.schema.names}
    offsets, items = counting(batch.num_rows + 1), columns
    fields: dict[str, pa.Array] = {}
    locate = partial(log.place_in, stretches)
    require_known(log, stretches)
    if log.nested:
        offsets, items, fields = unnested(columns, names, locate)
    elif log.session is not None:
        offsets = read_only(np.append(run_starts(columns[log.session]), batch.num_rows))
    leaf, index = stretches[0].leaf, stretches[0].index
    return Sessions(
        offsets=offsets,
        items=items,
        fields=fields,
        names=names,
        locate=locate,
        session=log.session,
        nested=log.nested,
        first_row=leaf.first_row + index,
        source=leaf.source_index,
        first_action=log.first_action,
        first_position=log.first_position,
    )


def require_known(log: Grouped, stretches: Sequence[Stretch]) -> None:
    """Check that no session id is null.

    Raises:
        DataError: a session id is null.
    """
    if log.session is None:
        return
    for stretch in stretches:
        ids = stretch.rows.column(log.session)
        unknown = is_null(ids) if has_null(ids) else np.zeros(1, bool)
        if unknown.any():
            place = log.place_in([stretch], int(np.argmax(unknown)))
            raise DataError(f"{place}: column {log.name(log.session)!r} is null, wanted an id")
