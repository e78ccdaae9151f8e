"""The reliability curve: mean score and share of relevant items in each bin of scores."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import NormalDist

import numpy as np
import pyarrow as pa

from rankeval.array_types import Hashes, Ints
from rankeval.evaluation.alignment import Aligned
from rankeval.evaluation.measures import OfAllItems
from rankeval.evaluation.query_units import QueryUnits
from rankeval.evaluation.request import Request
from rankeval.metrics import BINS, JudgedItems, PooledMetric

_SCHEMA = pa.schema(
    [
        ("run", pa.string()),
        ("bin", pa.int64()),
        *((name, pa.float64()) for name in ("low", "high")),
        ("n", pa.int64()),
        *((name, pa.float64()) for name in ("mean_score", "relevant", "ci_low", "ci_high")),
    ]
)


def reliability_table(aligned: Aligned, units: QueryUnits, request: Request) -> pa.Table:
    """The curve of every run over all queries, one row for each bin that holds an item.

    Columns: ``run``; ``bin``, from 1; ``low`` and ``high``, the smallest and the largest score in the bin;
    ``n``, its number of judged items; ``mean_score``; ``relevant``, the share of relevant items; and
    ``ci_low``, ``ci_high``, its interval at the level of the request. Perfect probabilities have ``relevant``
    equal to ``mean_score`` but for sampling noise.

    The interval is Wilson's (1927) with an effective number of items: ``n`` divided by the design effect,
    which is the variance of the share between queries (or clusters) over that of independent items, at least
    1 (Kish 1965). Where the share is 0 or 1 no design effect can be known, and items count as independent.
    """
    metric, records = request.rules.bins, []
    for name, run in aligned.runs.items():
        rows = np.flatnonzero(OfAllItems(metric).counted(run))
        items = run.scored.items.of(run.places[rows])
        records += [{"run": name, **row} for row in _curve(items, units.keys[rows], metric, request)]
    return pa.Table.from_pylist(records, _SCHEMA)


def _curve(
    items: JudgedItems, keys: Hashes, metric: PooledMetric, request: Request
) -> Iterator[dict[str, float]]:
    bins = BINS[metric.base](items.score, metric.bins)
    unit = np.unique(keys, return_inverse=True)[1][items.query]
    quantile = NormalDist().inv_cdf(0.5 + request.infer.level / 2.0)
    for value in np.unique(bins):
        chosen = np.flatnonzero(bins == value)
        scores, share = items.score[chosen], float(np.mean(items.relevant[chosen]))
        low, high = _wilson(share, _effective(items, chosen, unit, share), quantile)
        yield {
            "bin": int(value) + 1,
            "low": float(scores.min()),
            "high": float(scores.max()),
            "n": len(chosen),
            "mean_score": float(np.mean(scores)),
            "relevant": share,
            "ci_low": low,
            "ci_high": high,
        }


def _effective(items: JudgedItems, chosen: Ints, unit: Ints, share: float) -> float:
    """The number of independent items whose share has the same variance as that of the ``chosen`` ones."""
    n = len(chosen)
    sums = np.bincount(unit[chosen], weights=items.relevant[chosen] - share)
    independent = len(np.unique(unit[chosen]))
    if independent < 2 or share in (0.0, 1.0):
        return n
    variance = float(np.sum(np.square(sums))) * independent / (independent - 1)
    return min(n, n * n * share * (1.0 - share) / variance) if variance > 0.0 else n


def _wilson(share: float, n: float, quantile: float) -> tuple[float, float]:
    """Wilson's interval of a share of ``n`` independent items."""
    z2 = quantile * quantile
    middle = (share + z2 / (2.0 * n)) / (1.0 + z2 / n)
    margin = quantile / (1.0 + z2 / n) * math.sqrt(share * (1.0 - share) / n + z2 / (4.0 * n * n))
    return max(middle - margin, 0.0), min(middle + margin, 1.0)
