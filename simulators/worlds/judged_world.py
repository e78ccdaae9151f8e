"""Queries and items of a world, read from real judgements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from rankeval.errors import DataError
from rankeval.logs import Log


def judged_queries(
    judgements: Any, max_grade: float, columns: Mapping[str, str] | None = None, where: str | None = None
) -> list[dict[str, Any]]:
    """A dict with ``query_id, items, relevance`` for each judged query, in the order of the file.

    Args:
        judgements: a :class:`rankeval.Log`, or anything that it opens, with ``query_id, item_id, relevance``.
        max_grade: the highest grade allowed. Grades below 0 count as 0.
        columns: role -> column name, for roles whose column has another name.
        where: row filter.

    Raises:
        DataError: a column or a value is missing, a grade is above ``max_grade``, or a query has two
            judgements of one item.
    """
    log = judgements
    if not isinstance(judgements, Log):
        log = Log(judgements, "judgements", dict(columns or {}), where)
    from rankeval.evaluation import JudgementRows  # worlds without judgements do not need its kernels

    rows = JudgementRows.read(log, ["query_id", "item_id", "relevance"])
    above = int(np.argmax(rows.grade))
    if rows.grade[above] > max_grade:
        raise DataError(
            f"{rows.place(above)}: column {log.name('relevance')!r} is {rows.grade[above]:g}, "
            f"wanted at most {max_grade:g}, or a higher --max-grade"
        )
    found: dict[Any, dict[Any, float]] = {}
    queries, items = rows.columns["query_id"].to_pylist(), rows.columns["item_id"].to_pylist()
    for row, (query, item) in enumerate(zip(queries, items, strict=True)):
        judged = found.setdefault(query, {})
        if item in judged:
            raise DataError(f"{rows.place(row)}: item {item!r} again, wanted each judged once")
        judged[item] = max(float(rows.grade[row]), 0.0)
    return [
        {"query_id": query, "items": list(judged), "relevance": list(judged.values())}
        for query, judged in found.items()
    ]
