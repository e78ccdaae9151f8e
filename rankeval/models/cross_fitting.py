"""Cross-fitting: folds by hashed ids, a random training sample of bounded size, and one model per fold.

The model of a fold is fitted only on units of the other folds, including its categories, means and scales
(Chernozhukov et al. 2018).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rankeval.array_types import Floats, Hashes, Ints
from rankeval.arrays import mix64, offsets_of, places_of, take
from rankeval.errors import DataError, UsageError
from rankeval.logs import Log, Sessions, first_rows, fold, unit_keys
from rankeval.models.design import Encoding
from rankeval.models.learners import LEARNERS, Learnt
from rankeval.notes import Note

MAX_FOLDS = 100
#: Largest size of an outcome. Differences of outcomes, and outcomes over a small examination, stay finite.
LARGEST = 1e100
#: Number of cases that are predicted together.
AT_A_TIME = 1 << 17
# Folds and samples hash the same keys. The two hashes must be independent of each other, and of the buckets
# of the bootstrap.
_FOLD, _SAMPLE = 0x464F4C44, 0x53414D50


@dataclass(frozen=True)
class Folds:
    """Assigns units to folds by the hash of their key, and defines the order in which units are sampled.

    Attributes:
        key: role of the column whose values stay together in one fold; None: each row is on its own.
        id: role of the column that identifies a unit; None: the row number does.
        first_rows: number of rows before each file, if there is no id; else empty.
        count: number of folds.
        seed: seed of the hashes.
    """

    key: str | None
    id: str | None
    first_rows: tuple[int, ...]
    count: int
    seed: int

    @classmethod
    def over(cls, log: Log, cluster: str | None, count: int, seed: int) -> Folds:
        """Folds by cluster; without a cluster column by the id of sessions or rounds; without an id by row.

        Raises:
            UsageError: ``count`` is not from 2 to 100.
        """
        if not 2 <= count <= MAX_FOLDS:
            raise UsageError(f"folds: found {count}, wanted 2 to {MAX_FOLDS}")
        id = log.session or ("round_id" if log.has("round_id") else None)
        before = () if id else tuple(first_rows(log.sources))
        return cls(id if cluster is None else cluster, id, before, count, seed)

    @property
    def roles(self) -> list[str]:
        """Roles of the columns that determine the folds."""
        return [] if self.key is None else [self.key]

    @property
    def sample_roles(self) -> list[str]:
        """Roles of the columns that determine the folds and the sample."""
        return [*self.roles, *([] if self.id is None else [self.id])]

    def of(self, sessions: Sessions) -> Ints:
        """(n,) int64, the fold of each unit, ``0 .. count - 1``."""
        return (self._hashes(sessions, self.key, _FOLD) % np.uint64(self.count)).astype(np.int64)

    def order(self, sessions: Sessions) -> Hashes:
        """(n,) uint64, the hash of each unit; the sample takes the smallest hashes.

        Units are sampled independently, even if they stay together in a fold.
        """
        return self._hashes(sessions, self.id, _SAMPLE)

    def _hashes(self, sessions: Sessions, key: str | None, purpose: int) -> Hashes:
        return mix64(mix64(unit_keys(sessions, key, self.first_rows), self.seed), purpose)


@dataclass(frozen=True)
class Sample:
    """A training sample: ``u`` units of a log and their rows.

    Attributes:
        order: (u,) uint64, the hash of each unit.
        folds: (u,) int64, the fold of each unit.
        offsets: (u + 1,) int64, the rows of unit ``i`` are ``offsets[i]:offsets[i + 1]``.
        features: feature -> Arrow array with one value per row.
        numbers: name, such as outcome or weight -> float64 array with one number per row.
    """

    order: Hashes
    folds: Ints
    offsets: Ints
    features: Mapping[str, pa.Array]
    numbers: Mapping[str, Floats]

    def __len__(self) -> int:
        return len(self.order)

    def smallest(self, size: int) -> Sample:
        """The ``size`` units with the smallest hashes, in ascending order of the hash."""
        return self._taken(np.argsort(self.order, kind="stable")[:size])

    def merge(self, other: Sample, size: int) -> Sample:
        """The ``size`` units with the smallest hashes of both samples."""
        both = Sample(
            np.concatenate([self.order, other.order]),
            np.concatenate([self.folds, other.folds]),
            np.concatenate([self.offsets, self.offsets[-1] + other.offsets[1:]]),
            {name: pa.concat_arrays([self.features[name], other.features[name]]) for name in self.features},
            {name: np.concatenate([self.numbers[name], other.numbers[name]]) for name in self.numbers},
        )
        return both.smallest(size)

    def outside(self, fold: int) -> Sample:
        """The units that are not in a fold."""
        return self._taken(np.flatnonzero(self.folds != fold))

    def _taken(self, units: Ints) -> Sample:
        rows = places_of(self.offsets, units)
        return Sample(
            self.order[units],
            self.folds[units],
            offsets_of(np.diff(self.offsets)[units]),
            {name: take(column, rows) for name, column in self.features.items()},
            {name: values[rows] for name, values in self.numbers.items()},
        )


@dataclass(frozen=True)
class FoldModel:
    """A model fitted on all folds but one.

    Attributes:
        encoding: the encoding of the features.
        learnt: the fitted model.
    """

    encoding: Encoding
    learnt: Learnt

    def predict(self, columns: Mapping[str, pa.Array], rows: Ints, actions: Ints | None) -> Floats:
        """(m,) float64, the prediction for each case. Arguments are those of :meth:`Encoding.design`."""
        return self.learnt.predict(self.encoding.design(columns, rows, actions))


def sampled(
    log: Log, roles: Sequence[str], of: Callable[[Sessions], Sample], size: int, threads: int | None
) -> Sample:
    """A random sample of a log, made in one pass: the ``size`` units with the smallest hashes.

    Args:
        log: the log.
        roles: roles of the columns to read.
        of: function that turns a batch of sessions into a sample of all its units.
        size: largest number of units.
        threads: number of threads; None: one for each available processor.

    Raises:
        DataError: as in :func:`rankeval.logs.passes.scan`.
        UsageError: as in :func:`rankeval.logs.passes.scan`.
    """
    sample: Sample = fold(
        log,
        roles,
        lambda part: of(part).smallest(size),
        lambda left, right: left.merge(right, size),
        threads,
    )
    return sample


@dataclass(frozen=True)
class CrossFitted:
    """Cross-fitted models: the prediction for a unit comes from a model fitted without its fold.

    Attributes:
        features: roles of the columns that the models read.
        folds: assigns each unit to a fold.
        models: one model for each fold, fitted on all other folds.
        notes: warnings about the fits.
    """

    features: tuple[str, ...]
    folds: Folds
    models: tuple[FoldModel, ...]
    notes: tuple[Note, ...]

    @property
    def roles(self) -> list[str]:
        """Roles of the columns to read for predictions."""
        return list(dict.fromkeys([*self.features, *self.folds.roles]))


def crossfitted(
    log: Log, sample: Sample, count: int, learn: Callable[[Sample], FoldModel]
) -> tuple[FoldModel, ...]:
    """Fit the model of each of ``count`` folds on the units of the other folds.

    Args:
        log: the log, for messages.
        sample: the training sample.
        count: number of folds.
        learn: function that fits a model on a sample.

    Raises:
        DataError: the sample is empty, or all its units are in one fold.
    """
    if not len(sample):
        what = "rounds" if log.session is None else "items shown where users look,"
        raise DataError(f"{log.origin}: found nothing to learn from, wanted {what} of weight above 0")
    parts = [sample.outside(fold) for fold in range(count)]
    if not all(len(part) for part in parts):
        raise DataError(
            f"{log.origin}: all {len(sample)} units to learn from are in one of {count} folds, "
            "wanted rounds, sessions or clusters in several"
        )
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):  # the last bits of results depend on the number of BLAS threads
        return tuple(learn(part) for part in parts)


def notes_of(models: Sequence[FoldModel]) -> tuple[Note, ...]:
    """The warnings about the models of the folds; models with the same warning share one note."""
    said: dict[str, list[str]] = {}
    for number, model in enumerate(models, 1):
        if model.learnt.note:
            said.setdefault(model.learnt.note, []).append(str(number))
    return tuple(
        Note("model_fit", f"model of fold {', '.join(folds)} of {len(models)}: {note}")
        for note, folds in said.items()
    )


def parts_of(folds: Ints, fold: int, offsets: Ints) -> Iterator[Ints]:
    """Yields the units of a fold in parts with about 131,072 items each.

    Args:
        folds: (n,) int64, the fold of each unit.
        fold: the fold.
        offsets: (n + 1,) int64, the items of unit ``i`` are ``offsets[i]:offsets[i + 1]``.
    """
    units = np.flatnonzero(folds == fold)
    before = np.cumsum(offsets[units + 1] - offsets[units]) // AT_A_TIME
    starts = np.flatnonzero(np.diff(before)) + 1
    yield from (part for part in np.split(units, starts) if len(part))


def require_options(kind: str, sample: int) -> None:
    """Check the options that all models share: the kind of model and the size of the sample.

    Raises:
        UsageError: the kind is not known, or the sample is less than 1.
    """
    if kind not in LEARNERS:
        raise UsageError(f"reward_model: found {kind!r}, wanted {', '.join(LEARNERS)}")
    if sample < 1:
        raise UsageError(f"sample: found {sample}, wanted at least 1")


def require_outcomes(sessions: Sessions, role: str, outcomes: Floats, *, binary: bool) -> None:
    """Check the outcomes of a training sample: 0 or 1 if ``binary``, else at most 1e100 in size.

    Args:
        sessions: the sessions, for messages.
        role: role of the outcome column.
        outcomes: (n,) float64, one outcome per item.
        binary: whether outcomes must be 0 or 1.

    Raises:
        DataError: an outcome is not allowed; the message names the first one.
    """
    wanted = "0 or 1 for a logistic model" if binary else f"a finite number of at most {LARGEST:g} in size"
    good = (outcomes == 0.0) | (outcomes == 1.0) if binary else np.abs(outcomes) <= LARGEST
    if not good.all():
        item = int(np.argmin(good))
        found = None if np.isnan(outcomes[item]) else outcomes[item]
        raise sessions.error(role, item, found, wanted)
