"""What the tests of the readers share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import settings

from rankeval.errors import DataError
from rankeval.readers.open_sources import open_sources
from rankeval.readers.source import Source
from rankeval.readers.where import Where
from tests.paths import REPO

SHARED = REPO.parent / "shared"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the reference data lies beside the repository")
examples = settings(max_examples=40, deadline=None, derandomize=True, database=None)


def drain(
    sources: Sequence[Source],
    columns: Sequence[str] | None = None,
    where: Where | None = None,
    dictionary: Sequence[str] = (),
) -> pa.Table:
    """All rows of all leaves as one table."""
    chosen = list(columns or sources[0].schema.names)
    batches = [
        batch
        for index, source in enumerate(sources)
        for leaf in source.leaves(index)
        for batch in source.batches(leaf, chosen, where=where, dictionary=dictionary)
    ]
    if not batches:
        return pa.schema([sources[0].schema.field(name) for name in chosen]).empty_table()
    return pa.Table.from_batches(batches)


def read(data: Any, *args: Any, role: Any = "log", **options: Any) -> pa.Table:
    """All rows of ``data``."""
    return drain(open_sources(data, role=role), *args, **options)


def error_of(call: Callable[[], Any], *parts: str, kind: type[Exception] = DataError) -> str:
    """The one-line message of the error that ``call`` raises, after checking that it holds ``parts``."""
    with pytest.raises(kind) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    for part in parts:
        assert part in message, (part, message)
    return message
