"""Metrics of the lists of all queries together: how much of the catalogue they show, and how evenly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from rankeval.array_types import Ints
from rankeval.errors import UsageError
from rankeval.metrics.parameters import Value
from rankeval.metrics.synonyms import translated

if TYPE_CHECKING:
    from rankeval.metrics.judged_items import Pooled

#: The largest cutoff of metrics beyond accuracy.
MOST_SHOWN = 1000


@dataclass(frozen=True, slots=True)
class CatalogueDefinition:
    """An entry of :data:`OF_CATALOGUE`.

    Attributes:
        name: the name that :func:`parse_of_catalogue` reads.
        description: one line for help and documentation.
        lower_is_better: whether a smaller value means better lists.
        range: the least and the largest possible value.
    """

    name: str
    description: str
    lower_is_better: bool
    range: tuple[float, float] = (0.0, 1.0)


@dataclass(frozen=True, slots=True)
class CatalogueMetric:
    """A metric of the top ``k`` of all lists together."""

    base: str
    k: int
    params: Mapping[str, Value] = field(default_factory=dict, hash=False)

    @property
    def name(self) -> str:
        """The text from which :func:`parse_of_catalogue` makes this metric, such as ``coverage@10``."""
        return f"{self.base}@{self.k}"

    @property
    def definition(self) -> CatalogueDefinition:
        """The metric's entry."""
        return OF_CATALOGUE[self.base]

    def of(self, offsets: Ints, item: Ints, size: int) -> Pooled:
        """The value with the influence of each of n queries.

        Args:
            offsets: (n + 1,) int64, where the top items of each query start and end.
            item: flat int64, the top items of each query, best first: rows of the catalogue.
            size: number of items of the catalogue.
        """
        place = np.arange(len(item)) - np.repeat(offsets[:-1], np.diff(offsets))
        kept = place < self.k
        query = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))[kept]
        return {"coverage": coverage, "gini": gini}[self.base](query, item[kept], len(offsets) - 1, size)


def coverage(query: Ints, item: Ints, n: int, size: int) -> Pooled:
    """Share of the ``size`` items of the catalogue that are in the top k of any of ``n`` queries, in [0, 1].

    It grows with the number of queries. The influence of a query is that of the jackknife: the share of items
    that it alone shows, less its mean, times ``(n - 1) / n``. Its variance errs on the large side (Efron &
    Stein 1981; Ge, Delgado-Battenfeld & Jannach 2010).
    """
    from rankeval.metrics.judged_items import Pooled

    counts = np.bincount(item, minlength=size)
    alone = np.bincount(query, weights=counts[item] == 1, minlength=n) / size
    share = float(np.count_nonzero(counts)) / size
    return Pooled(share, (alone - alone.mean() if n else alone) * (n - 1) / max(n, 1))


def gini(query: Ints, item: Ints, n: int, size: int) -> Pooled:
    """Gini index of how often the items of the catalogue are in the top k, from 0 (evenly) to below 1.

    ``sum over pairs of items of |c_i - c_j| / (N C)`` with the counts c of the items, their number N and the
    sum C of counts; items that are never shown count. The influence of a query is that of the jackknife, from
    the exact index without its list. Undefined where nothing is shown (Gini 1912; Fleder & Hosanagar 2009).
    """
    from rankeval.metrics.judged_items import Pooled

    counts, total = np.bincount(item, minlength=size), len(item)
    if not total:
        return Pooled(np.nan, np.zeros(n), "no item is shown")
    ordered = np.sort(counts)
    apart = float((2.0 * np.arange(1, size + 1) - size - 1.0) @ ordered)
    at_least = size - np.searchsorted(
        ordered, counts[item]
    )  # items with the count of each shown one, or more
    moved = 2.0 * (at_least - _earlier_alike(query, counts[item])) - 1.0 - size
    rest = total - np.bincount(query, minlength=n)
    changed = apart + np.bincount(query, weights=moved, minlength=n)
    without = np.divide(changed, size * rest, out=np.zeros(n), where=rest > 0)
    return Pooled(apart / (size * total), (without.mean() - without) * (n - 1) / n)


def _earlier_alike(query: Ints, count: Ints) -> Ints:
    """For each shown item, the number of items before it in its list that have the same count."""
    order = np.lexsort((count, query))
    keys = np.stack([query[order], count[order]])
    first = np.flatnonzero(np.append(True, (np.diff(keys, axis=1) != 0).any(axis=0)))
    lengths = np.diff(np.append(first, len(order)))
    earlier = np.empty(len(order), np.int64)
    earlier[order] = np.arange(len(order)) - np.repeat(first, lengths)
    return earlier


OF_CATALOGUE: dict[str, CatalogueDefinition] = {
    definition.name: definition
    for definition in (
        CatalogueDefinition("coverage", "share of the catalogue in the top k of any query", False),
        CatalogueDefinition("gini", "how unevenly the top k show the items of the catalogue", True),
    )
}


def parse_of_catalogue(text: str) -> CatalogueMetric:
    """Read ``NAME@K`` with a name of :data:`OF_CATALOGUE`, such as ``coverage@10``.

    Raises:
        UsageError: there is no cutoff from 1 to :data:`MOST_SHOWN`, or a parameter.
    """
    base, cutoff, settings = translated(text)
    if settings:
        raise UsageError(f"metric '{text}': '{base}' has no parameter '{settings[0].partition('=')[0]}'")
    return CatalogueMetric(base, shown_cutoff(text, base, cutoff))


def shown_cutoff(text: str, name: str, cutoff: str | None) -> int:
    """The cutoff of a metric beyond accuracy, which must be there.

    Raises:
        UsageError: it is not an integer from 1 to :data:`MOST_SHOWN`.
    """
    digits = cutoff is not None and cutoff.isascii() and cutoff.isdigit() and len(cutoff) <= 4
    if cutoff is None or not digits or not 1 <= int(cutoff) <= MOST_SHOWN:
        found = "none" if cutoff is None else f"'{cutoff}'"
        wanted = f"an integer from 1 to {MOST_SHOWN:,}, as in {name}@10"
        raise UsageError(f"metric '{text}': the cutoff is {found}, wanted {wanted}")
    return int(cutoff)
