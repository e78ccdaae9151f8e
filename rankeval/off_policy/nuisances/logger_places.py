"""Which element of the lists ``logger_propensities`` belongs to which named logging policy.

The lists have no names. But ``propensity`` is that of the logging policy of the round, so that the element of
a policy equals it in all of the policy's rounds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rankeval.array_types import Bools
from rankeval.arrays import as_float64, encoded, to_numpy
from rankeval.errors import DataError
from rankeval.logs import Log, Sessions, fold, list_parts
from rankeval.off_policy.samples import TOLERANCE

_LISTS = "logger_propensities"
#: Name of a policy -> (J,) bool, whether the element is the propensity in all of its rounds.
Fits = Mapping[Any, Bools]


def places_of(log: Log, names: Sequence[str], threads: int | None) -> tuple[int, ...]:
    """The index in the lists of each of the policies ``names``, from one pass over the log.

    Raises:
        DataError: no element is the propensity of a policy in all its rounds, or several are, or one is that
            of several policies; lists differ in length.
    """
    fits = fold(log, ["logger", "propensity", _LISTS], _fits, _both, threads)
    open_places = {name: set(np.flatnonzero(fits[name]).tolist()) for name in names}
    found: dict[str, int] = {}
    while open_places:
        name = min(open_places, key=lambda name: len(open_places[name]))
        places = open_places.pop(name)
        if len(places) != 1:
            raise _unclear(log, name, sorted(places))
        found[name] = places.pop()
        for others in open_places.values():
            others.discard(found[name])
    return tuple(found[name] for name in names)


def _unclear(log: Log, name: str, places: Sequence[int]) -> DataError:
    found = f"elements {', '.join(map(str, places))}" if places else "no other element"
    lists, given, loggers = (repr(log.name(role)) for role in (_LISTS, "propensity", "logger"))
    return DataError(
        f"{log.origin}: found {found} of {lists} equal to {given} in all rows of logger {name!r}, "
        f"wanted one; or indices from 0 in {loggers}"
    )


def _fits(rounds: Sessions) -> Fits:
    lengths, flat = list_parts(rounds.column(_LISTS), rounds.names[_LISTS], rounds.locate)
    if (lengths != lengths[0]).any():
        row = int(np.argmax(lengths != lengths[0]))
        raise rounds.error(_LISTS, row, f"a list of {lengths[row]}", f"{lengths[0]} values as in other rows")
    matrix = as_float64(flat).reshape(len(lengths), -1)
    given = rounds.numbers("propensity")[:, np.newaxis]
    equal = np.abs(matrix - given) <= TOLERANCE * np.maximum(np.abs(matrix), np.abs(given))
    loggers = encoded(rounds.column("logger"))
    codes = to_numpy(loggers.indices)
    names = loggers.dictionary.to_pylist()
    return {name: equal[codes == code].all(axis=0) for code, name in enumerate(names)}


def _both(left: Fits, right: Fits) -> Fits:
    both = dict(left)
    for name, fits in right.items():
        if name in both and len(both[name]) != len(fits):
            raise DataError(f"{_LISTS}: found lists of {len(both[name])} and {len(fits)}, wanted one length")
        both[name] = both[name] & fits if name in both else fits
    return both
