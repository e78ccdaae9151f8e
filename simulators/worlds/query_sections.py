"""The queries of a world file: reads and checks them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from rankeval.array_types import Floats
from rankeval.arrays import offsets_of
from rankeval.errors import DataError
from rankeval.simulators import checked_number
from rankeval.simulators.list_policies import Queries
from rankeval.simulators.worlds.sections import Section, is_text, range_text

EXAMPLE = '{"query_id": "q1", "items": ["a", "b"], "attractiveness": [0.9, 0.6]}'
_ID = "an integer or a string"
#: Highest grade allowed. The gain of a grade is ``2^grade - 1``.
MOST_RELEVANT = 100.0


def parse_queries(
    world: Section, positions: int, short_lists: bool, satisfaction_for: str | None = None
) -> Queries:
    """The queries of a world file.

    Args:
        world: the whole world file.
        positions: length of lists.
        short_lists: whether a query may have fewer items than ``positions``.
        satisfaction_for: name of the click model that needs the satisfaction of all items; None: no model
            needs it.

    Raises:
        DataError: there are no queries; a query has too few items; an id occurs twice, or is neither an
            integer nor a string; there are ids of both kinds; a value is missing, of another type or out
            of range; items have no attractiveness; a key is unknown.
    """
    entries = world.items("queries", f"a list of queries such as {EXAMPLE}")
    if not entries:
        raise world.error("queries", "an empty list", f"queries such as {EXAMPLE}")
    sections = [
        Section(entry, f"queries[{index}]", world.origin, EXAMPLE) for index, entry in enumerate(entries)
    ]
    parsed = [_Query(section, satisfaction_for) for section in sections]
    for query in parsed:
        query.section.done()
        if len(query.items) < positions and not short_lists:
            raise world.error(
                "positions",
                f"{positions}, more than the {len(query.items)} items of {query.section.where}",
                f"at most {len(query.items)}, or more items",
            )
    _require_ids([query.section for query in parsed], "query_id", [query.id for query in parsed])
    _require_one_kind(parsed)
    return Queries(
        ids=[query.id for query in parsed],
        weights=_shares(world, [query.weight for query in parsed]),
        offsets=offsets_of(np.array([len(query.items) for query in parsed])),
        item_ids=[item for query in parsed for item in query.items],
        attractiveness=np.concatenate([query.attractiveness for query in parsed]),
        satisfaction=_together(parsed, "satisfaction"),
        relevance=_together(parsed, "relevance"),
    )


class _Query:
    """One query of a world file, read from its section."""

    def __init__(self, section: Section, satisfaction_for: str | None) -> None:
        self.section = section
        self.id = section.value("query_id", wanted=_ID)
        self.weight = section.number("weight", 0.0, default=1.0)
        self.items = section.items("items", "a list of the query's items")
        if not self.items:
            raise section.error("items", "an empty list", "at least one item")
        _require_ids([section] * len(self.items), "items", self.items)
        self.attractiveness = self._numbers("attractiveness", 1.0)
        wanted = satisfaction_for is not None or section.has("satisfaction")
        self.satisfaction = self._numbers("satisfaction", 1.0, satisfaction_for) if wanted else None
        self.relevance = self._numbers("relevance", MOST_RELEVANT) if section.has("relevance") else None

    def _numbers(self, name: str, high: float = np.inf, needed_by: str | None = None) -> Floats:
        """(items,) one number in [0, ``high``] for each item; ``needed_by`` names a model in messages."""
        count, section = len(self.items), self.section
        wanted = f"{range_text(0.0, high)} for each of {count} items" + (
            f", which {needed_by} needs" if needed_by else ""
        )
        values = section.items(name, wanted)
        if len(values) != count:
            raise section.error(name, f"{len(values)} values", wanted)
        for index, value in enumerate(values):
            checked_number(value, 0.0, high, False, partial(self._not, f"{name}[{index}]", value, high))
        return np.array(values, np.float64)

    def _not(self, place: str, value: Any, high: float) -> DataError:
        return self.section.error(place, "null" if value is None else repr(value), range_text(0.0, high))


def _require_ids(sections: Sequence[Section], name: str, ids: Sequence[Any]) -> None:
    """Raise an error unless ids are 64-bit integers or strings, all of one kind, and none occurs twice."""
    seen: set[Any] = set()
    for index, (section, value) in enumerate(zip(sections, ids, strict=True)):
        key = name if name == "query_id" else f"{name}[{index}]"
        fits = is_text(value) or (type(value) is int and -(2**63) <= value < 2**63)
        if not fits:
            raise section.error(key, repr(value), _ID)
        if type(value) is not type(ids[0]):
            raise section.error(key, repr(value), f"ids of one kind, as {ids[0]!r} is")
        if value in seen:
            raise section.error(key, f"{value!r} again", "each id once")
        seen.add(value)


def _require_one_kind(queries: Sequence[_Query]) -> None:
    """Raise an error unless the item ids of all queries are of one kind."""
    first = queries[0].items[0]
    for query in queries:
        if type(query.items[0]) is not type(first):
            raise query.section.error("items[0]", repr(query.items[0]), f"ids of one kind, as {first!r} is")


def _shares(world: Section, weights: Sequence[float]) -> Floats:
    """(Q,) weights of the queries, scaled to sum to 1."""
    total = float(np.sum(weights))
    if not 0.0 < total < np.inf:
        raise world.error("queries", f"weights that sum to {total:g}", "a finite sum above 0")
    return np.array(weights) / total


def _together(queries: Sequence[_Query], name: str) -> Floats | None:
    """(items,) values of all queries; None if no query has them. It is an error if only some have them."""
    values = [getattr(query, name) for query in queries]
    if all(value is None for value in values):
        return None
    for query, value in zip(queries, values, strict=True):
        if value is None:
            raise _missing(query, name)
    return np.concatenate(values)


def _missing(query: _Query, name: str) -> DataError:
    return query.section.error(name, "nothing", "values for each item, as other queries have")
