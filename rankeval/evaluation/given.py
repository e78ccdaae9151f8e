"""Judgements and runs in the forms of other tools: folders of BEIR data sets, and lists of named tuples."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from rankeval.errors import DataError
from rankeval.notes import listing

_OF_DATA_SETS = ("corpus.jsonl", "queries.jsonl")


def judgements_in(data: Any) -> Any:
    """The file of judgements in the folder of a BEIR data set; any other data is returned as it is.

    Raises:
        DataError: the folder has several such files, such as one for each split.
    """
    if not isinstance(data, str | os.PathLike):
        return data
    folder = Path(data)
    if not any((folder / name).is_file() for name in _OF_DATA_SETS):
        return data
    found = sorted(
        path for path in (folder / "qrels").glob("*") if path.is_file() and path.name[0] not in "._"
    )
    if len(found) == 1:
        return str(found[0])
    has = listing([f"qrels/{path.name}" for path in found]) if found else "no file in qrels/"
    raise DataError(f"{folder}: a folder of a data set with {has}; wanted one file of judgements")


def is_named_tuples(data: Any) -> bool:
    """Whether data is a list of named tuples, such as ``ScoredDoc`` and ``Qrel`` of ir_measures."""
    return isinstance(data, list | tuple) and bool(data) and _is_named(data[0])


def columns_of(data: Any) -> Any:
    """A list of named tuples as a dict of columns; any other data is returned as it is.

    Raises:
        DataError: the tuples have different fields.
    """
    if not is_named_tuples(data):
        return data
    fields = data[0]._fields
    for row, each in enumerate(data, 1):
        if getattr(each, "_fields", None) != fields:
            raise DataError(
                f"<list>, row {row}: found {type(each).__name__}, wanted {type(data[0]).__name__}"
            )
    return dict(zip(fields, map(list, zip(*data, strict=True)), strict=True))


def _is_named(row: Any) -> bool:
    return isinstance(row, tuple) and hasattr(row, "_fields")
