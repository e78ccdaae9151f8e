"""Reading results in their JSON form: the records of the whole data, their names, and tables of records."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rankeval.charts import Row
from rankeval.table_texts import Table, interval_text, number, p_text

#: A result in its JSON form.
Document = Mapping[str, Any]
#: Names that are longer are cut in sentences; charts and tables have all of them.
_NAME = 48
_DAY = re.compile(r"\d{4}-\d\d(-\d\d)?\b")


def whole(records: Iterable[Document]) -> list[Document]:
    """The records of all data, not of a segment."""
    return [record for record in records if record.get("segment") is None]


def is_day(segment: object) -> bool:
    """Whether a segment is a day or a month."""
    return _DAY.match(str(segment)) is not None


def at(record: Document, path: str) -> Any:
    """The entry at a path such as ``gain.ci``; None where there is none."""
    value: Any = record
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def estimator(record: Document) -> str:
    """An estimator with its parameters, such as ``cips:max_weight=5``."""
    settings = ",".join(f"{name}={_setting(value)}" for name, value in record.get("params", {}).items())
    return f"{record['name']}:{settings}" if settings else str(record["name"])


def _setting(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def short(name: object) -> str:
    """A name in a sentence, with its middle left out if it is long."""
    text = str(name)
    return text if len(text) <= _NAME else f"{text[: _NAME // 2]}…{text[-_NAME // 2 :]}"


def row(label: str, value: float | None, ci: Document | None, *cells: str) -> Row:
    """The row of a chart."""
    ends = ci or {}
    return Row(label, value, ends.get("low"), ends.get("high"), ends.get("side", "two"), cells)


def level(records: Sequence[Document], path: str = "ci") -> str:
    """The head of a column of intervals, such as ``>95 % interval``."""
    known = next((found for record in records if (found := at(record, path))), None)
    return ">interval" if known is None else f">{100 * known['level']:g} % interval"


def table(title: str, records: Iterable[Document], columns: Mapping[str, str]) -> Table:
    """A table of records.

    Args:
        title: of the table.
        records: its rows.
        columns: head of each column -> path of its entry; a column without any entry is left out.
    """
    found = list(records)
    kept = {
        head: path
        for head, path in columns.items()
        if any(at(each, path) not in (None, []) for each in found)
    }
    rows = [[cell(at(each, path), path) for path in kept.values()] for each in found]
    return Table(title, list(kept), rows)


def cell(value: Any, path: str = "") -> str:
    """An entry as text: an interval, a number, or what it is."""
    if isinstance(value, Mapping):
        return interval_text(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer() and 1000.0 <= abs(value) < 1e15:
        return f"{value:,.0f}"
    if value is None or isinstance(value, float):
        return p_text(value) if path.rpartition(".")[2].startswith("p_") else number(value)
    if isinstance(value, int):
        return f"{value:,}"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
