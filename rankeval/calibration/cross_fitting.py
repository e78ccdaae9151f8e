"""Scores out of fold: each query is calibrated by a map that was fitted on queries of other folds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rankeval.array_types import Floats, Hashes, Ints
from rankeval.arrays import mix64
from rankeval.calibration.calibration_file import Calibration
from rankeval.calibration.methods import Method, Settings
from rankeval.calibration.score_maps import ScoreMap
from rankeval.errors import DataError
from rankeval.metrics import JudgedItems

# Folds must be independent of the buckets of the bootstrap, which hash the same keys.
_FOLD = 0x43414C49


@dataclass(frozen=True)
class CrossFitted:
    """The maps of all folds, and the map of all queries.

    Attributes:
        mapping: the map that was fitted on all queries.
        held_out: (m,) float64, the probability of each item by a map that was not fitted on its query.
    """

    mapping: ScoreMap
    held_out: Floats


def folds_of(keys: Hashes, count: int, seed: int) -> Ints:
    """(n,) int64, the fold of each query, ``0 .. count - 1``: a hash of its key and the seed.

    Queries of one cluster have the same key, and stay together.
    """
    return (mix64(mix64(keys, seed), _FOLD) % np.uint64(count)).astype(np.int64)


def cross_fit(
    origin: str, items: JudgedItems, folds: Ints, count: int, method: Method, settings: Settings
) -> CrossFitted:
    """Fit a map for each fold, on all other folds, and one on all queries.

    Args:
        origin: name of the file, for messages.
        items: the judged items of n queries.
        folds: (n,) int64, the fold of each query.
        count: number of folds.
        method, settings: how a map is fitted.

    Raises:
        DataError: a map cannot be fitted to the items of all queries, or to those of the other folds.
    """
    mapping = _fitted(origin, items, method, settings)
    held_out = np.empty(len(items.score))
    for fold in range(count) if method.fitted else ():
        inside = folds[items.query] == fold
        if inside.any():
            place = f"{origin}, without fold {fold + 1} of {count}"
            others = items.of(np.flatnonzero(folds != fold))
            each = _fitted(place, others, method, settings)
            held_out[inside] = _applied(each, items.score[inside])
    if not method.fitted:
        held_out[:] = _applied(mapping, items.score)
    return CrossFitted(mapping, held_out)


def _fitted(place: str, items: JudgedItems, method: Method, settings: Settings) -> ScoreMap:
    if not len(items.score):
        raise DataError(f"{place}: no query is left, wanted queries (or clusters) in several folds")
    try:
        return method.fit_checked(items.score, items.relevant, settings)
    except DataError as error:
        raise DataError(f"{place}: {error}") from None


def _applied(mapping: ScoreMap, scores: Floats) -> Floats:
    return Calibration("", "", mapping).apply(scores)
