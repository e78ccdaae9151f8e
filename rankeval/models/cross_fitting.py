"""Cross-fitting: folds by hashed ids, a bounded random sample to learn from, and one model a fold.

The model of a fold has learnt from no unit of it, in nothing: categories, means and scales too are those
of the other folds (Chernozhukov et al. 2018).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rankeval.array_types import Floats, Hashes, Ints
from rankeval.arrays import mix64, offsets_of, places_of, take
from rankeval.errors import DataError, UsageError
from rankeval.logs import Log, Sessions, fold, unit_keys
from rankeval.models.design import Encoding
from rankeval.models.learners import LEARNERS, Learnt
from rankeval.notes import Note

MAX_FOLDS = 100
#: Outcomes may be as large, so that neither their differences nor, over a small examination, they overflow.
LARGEST = 1e100
#: Cases predicted at a time.
AT_A_TIME = 1 << 17
# Keys are hashed for two purposes that must have nothing in common, nor with the buckets of the bootstrap.
_FOLD, _SAMPLE = 0x464F4C44, 0x53414D50


@dataclass(frozen=True)
class Folds:
    """Which of ``count`` folds a unit belongs to by the hash of its key, and in what order units are sampled.

    Attributes:
        key: the column that names what stays together in a fold; None: rows are on their own.
        id: the column that names a unit; None: its row does.
        first_rows: the row at which each file starts, where there is no id.
    """

    key: str | None
    id: str | None
    first_rows: tuple[int, ...]
    count: int
    seed: int

    @classmethod
    def over(cls, log: Log, cluster: str | None, count: int, seed: int) -> Folds:
        """Folds by cluster, else by the id of the rounds or sessions, else by row.

        Raises:
            UsageError: ``count`` is not from 2 to 100.
        """
        if not 2 <= count <= MAX_FOLDS:
            raise UsageError(f"folds: found {count}, wanted 2 to {MAX_FOLDS}")
        id = log.session or ("round_id" if log.has("round_id") else None)
        first_rows = () if id else tuple(log.first_rows())
        return cls(id if cluster is None else cluster, id, first_rows, count, seed)

    @property
    def roles(self) -> list[str]:
        """Columns that folds follow from."""
        return [] if self.key is None else [self.key]

    @property
    def sample_roles(self) -> list[str]:
        """Columns that a sample follows from."""
        return [*self.roles, *([] if self.id is None else [self.id])]

    def of(self, sessions: Sessions) -> Ints:
        """(n,) int64, the fold of each unit."""
        return (self._hashes(sessions, self.key, _FOLD) % np.uint64(self.count)).astype(np.int64)

    def order(self, sessions: Sessions) -> Hashes:
        """(n,) uint64 by which units are sampled, each for itself whatever stays together in a fold."""
        return self._hashes(sessions, self.id, _SAMPLE)

    def _hashes(self, sessions: Sessions, key: str | None, purpose: int) -> Hashes:
        return mix64(mix64(unit_keys(sessions, key, self.first_rows), self.seed), purpose)


@dataclass(frozen=True)
class Sample:
    """Units of a log and their rows to learn from.

    Attributes:
        order: (u,) uint64, hash of each unit.
        folds: (u,) int64.
        offsets: (u + 1,) int64, rows of each unit.
        features: feature -> one value per row.
        numbers: outcome, weight and the like -> one number per row.
    """

    order: Hashes
    folds: Ints
    offsets: Ints
    features: Mapping[str, pa.Array]
    numbers: Mapping[str, Floats]

    def __len__(self) -> int:
        return len(self.order)

    def smallest(self, size: int) -> Sample:
        """The ``size`` units of smallest hash, in the order of their hashes."""
        return self._taken(np.argsort(self.order, kind="stable")[:size])

    def merge(self, other: Sample, size: int) -> Sample:
        """The ``size`` units of smallest hash out of both."""
        both = Sample(
            np.concatenate([self.order, other.order]),
            np.concatenate([self.folds, other.folds]),
            np.concatenate([self.offsets, self.offsets[-1] + other.offsets[1:]]),
            {name: pa.concat_arrays([self.features[name], other.features[name]]) for name in self.features},
            {name: np.concatenate([self.numbers[name], other.numbers[name]]) for name in self.numbers},
        )
        return both.smallest(size)

    def outside(self, fold: int) -> Sample:
        """The units that are not of a fold."""
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
    """What has been learnt from all folds but one."""

    encoding: Encoding
    learnt: Learnt

    def predict(self, columns: Mapping[str, pa.Array], rows: Ints, actions: Ints | None) -> Floats:
        """(m,) float64, the prediction for each case: a row of the columns, and its action."""
        return self.learnt.predict(self.encoding.design(columns, rows, actions))


def sampled(
    log: Log, roles: Sequence[str], of: Callable[[Sessions], Sample], size: int, threads: int | None
) -> Sample:
    """The ``size`` units of smallest hash of a log, in one pass; ``of`` turns a part of it into a sample."""
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
    """Predictions for units by models that have not seen their fold.

    Attributes:
        features: columns that the models read.
        folds: which model is whose.
        models: one for each fold, learnt from all others.
        notes: what a reader should know of the fits.
    """

    features: tuple[str, ...]
    folds: Folds
    models: tuple[FoldModel, ...]
    notes: tuple[Note, ...]

    @property
    def roles(self) -> list[str]:
        """Columns that predictions read."""
        return list(dict.fromkeys([*self.features, *self.folds.roles]))


def crossfitted(
    log: Log, sample: Sample, count: int, learn: Callable[[Sample], FoldModel]
) -> tuple[FoldModel, ...]:
    """The model of each of ``count`` folds.

    Raises:
        DataError: no row to learn from, or all of them in one fold.
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

    with threadpool_limits(1):  # else last bits follow the number of threads that BLAS finds
        return tuple(learn(part) for part in parts)


def notes_of(models: Sequence[FoldModel]) -> tuple[Note, ...]:
    """What is to be said of the models, the same things once."""
    said: dict[str, list[str]] = {}
    for number, model in enumerate(models, 1):
        if model.learnt.note:
            said.setdefault(model.learnt.note, []).append(str(number))
    return tuple(
        Note("model_fit", f"model of fold {', '.join(folds)} of {len(models)}: {note}")
        for note, folds in said.items()
    )


def parts_of(folds: Ints, fold: int, offsets: Ints) -> Iterator[Ints]:
    """The units of a fold, so many at a time that they have about 131,072 items together."""
    units = np.flatnonzero(folds == fold)
    before = np.cumsum(offsets[units + 1] - offsets[units]) // AT_A_TIME
    starts = np.flatnonzero(np.diff(before)) + 1
    yield from (part for part in np.split(units, starts) if len(part))


def require_options(kind: str, sample: int) -> None:
    """Check the options that all models have.

    Raises:
        UsageError: an unknown kind, a sample of less than 1.
    """
    if kind not in LEARNERS:
        raise UsageError(f"reward_model: found {kind!r}, wanted {', '.join(LEARNERS)}")
    if sample < 1:
        raise UsageError(f"sample: found {sample}, wanted at least 1")


def require_outcomes(sessions: Sessions, role: str, outcomes: Floats, *, binary: bool) -> None:
    """Check that outcomes can be learnt from: 0 or 1 if ``binary``, else of at most 1e100 in size.

    Raises:
        DataError: naming the first that cannot.
    """
    wanted = "0 or 1 for a logistic model" if binary else f"a finite number of at most {LARGEST:g} in size"
    good = (outcomes == 0.0) | (outcomes == 1.0) if binary else np.abs(outcomes) <= LARGEST
    if not good.all():
        item = int(np.argmin(good))
        found = None if np.isnan(outcomes[item]) else outcomes[item]
        raise sessions.error(role, item, found, wanted)
