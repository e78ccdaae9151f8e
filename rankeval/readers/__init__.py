"""Readers of files and tables as Arrow record batches in bounded memory; row filters and column arithmetic.

May import: ``arrays`` and the top modules of ``rankeval``.
To add a kind of file: write a ``Source`` in a new module, and add a line to ``kinds.py`` or, for text, to
``text_forms.py``, and to ``open_sources.py``.
"""

from __future__ import annotations

from rankeval.readers.arithmetic import Arithmetic, parse_arithmetic
from rankeval.readers.extension import Compute, ComputedColumns, extended_on_disk
from rankeval.readers.external_sort import sorted_on_disk
from rankeval.readers.numbered import ROW_NUMBER, NumberedSource
from rankeval.readers.open_sources import open_sources
from rankeval.readers.plain import is_number, type_class
from rankeval.readers.records import are_records, is_by_query
from rankeval.readers.source import Leaf, Source, check_columns, check_same_columns
from rankeval.readers.where import Where, parse_where
from rankeval.readers.wrapped import opens_elsewhere

__all__ = [
    "ROW_NUMBER",
    "Arithmetic",
    "Compute",
    "ComputedColumns",
    "Leaf",
    "NumberedSource",
    "Source",
    "Where",
    "are_records",
    "check_columns",
    "check_same_columns",
    "extended_on_disk",
    "is_by_query",
    "is_number",
    "open_sources",
    "opens_elsewhere",
    "parse_arithmetic",
    "parse_where",
    "sorted_on_disk",
    "type_class",
]
