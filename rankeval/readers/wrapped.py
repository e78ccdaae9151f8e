"""What a source over another one hands on unchanged."""

from __future__ import annotations

from collections.abc import Sequence

from rankeval.notes import Note
from rankeval.readers.parquet import ParquetSource
from rankeval.readers.source import Leaf, Source


def opens_elsewhere(source: Source) -> bool:
    """Whether a copy of a source elsewhere can read: it is, or stands over, a Parquet file that stays."""
    while isinstance(source, WrappedSource):
        source = source._source
    return type(source) is ParquetSource and not source.temporary


class WrappedSource:
    """Another source, whose leaves, rows and notes a subclass keeps while it changes their columns."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.name, self.made_up = source.name, source.made_up

    @property
    def has_rows(self) -> bool:
        """See ``Source.has_rows``."""
        return self._source.has_rows

    @property
    def notes(self) -> Sequence[Note]:
        """See ``Source.notes``."""
        return self._source.notes

    def leaves(self, source_index: int) -> list[Leaf]:
        """See ``Source.leaves``."""
        return self._source.leaves(source_index)
