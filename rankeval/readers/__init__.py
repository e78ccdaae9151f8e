"""Files and tables as record batches of Arrow, in bounded memory; row filters and arithmetic over
columns.

May import: ``arrays`` and the top modules of ``rankeval``.
To add a kind of file: a ``Source`` in a module of its own, and a line in ``kinds.py`` and
``open_sources.py``.
"""

from __future__ import annotations

from rankeval.readers.arithmetic import Arithmetic, parse_arithmetic
from rankeval.readers.external_sort import sorted_on_disk
from rankeval.readers.open_sources import open_sources
from rankeval.readers.plain import is_number, type_class
from rankeval.readers.source import Leaf, Source, check_same_columns
from rankeval.readers.where import Where, parse_where

__all__ = [
    "Arithmetic",
    "Leaf",
    "Source",
    "Where",
    "check_same_columns",
    "is_number",
    "open_sources",
    "parse_arithmetic",
    "parse_where",
    "sorted_on_disk",
    "type_class",
]
