"""Ids of rounds that occur in several rows, as a join leaves them that matches a round with several rows.

Such rows look like further rounds, and errors are too small. Memory is bounded: neighbouring rows are
compared one by one, all others by a sample of ids.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from rankeval.array_types import Floats, Hashes
from rankeval.arrays import is_unknown, kernel, mix64, quick_hashes_of, read_only, seeded, take
from rankeval.logs.log import Log
from rankeval.logs.sessions import Sessions
from rankeval.notes import Level, Note

#: The largest number of hashes that are kept. With more rows, only the ids are kept whose hash ends with
#: enough zeros (distinct sampling, Gibbons 2001): of an id all rows are kept, or none.
SAMPLE_SIZE = 1 << 16
#: Shares of repeated rows above which errors are too small, each with its level, the worst first.
MANY_REPEATED: tuple[tuple[Level, float], ...] = (("do not trust", 0.05), ("caution", 0.0))
_NO_HASHES = np.zeros(0, np.uint64)


@dataclass(frozen=True, eq=False)
class RepeatedRounds:
    """The rows that repeat the id of an earlier row.

    Attributes:
        rows: number of rows with an id.
        neighbours: number of rows with the id of the row before.
        zeros: the number of zeros with which the hashes of kept ids end.
        sample: hashes of the kept ids, once for each row that does not repeat the row before.
        ends: (2,) hashes of the first and the last row; (0,) without rows.
    """

    rows: int = 0
    neighbours: int = 0
    zeros: int = 0
    sample: Hashes = field(default_factory=lambda: _NO_HASHES)
    ends: Hashes = field(default_factory=lambda: _NO_HASHES)

    @classmethod
    def of(cls, sessions: Sessions, role: str, counts: Floats | None) -> RepeatedRounds:
        """Those among the rounds of a batch that count."""
        ids = sessions.per_session(role)
        known = ~is_unknown(ids)
        if counts is not None:
            known &= counts > 0.0
        keys = quick_hashes_of(ids if known.all() else take(ids, np.flatnonzero(known)))
        if not len(keys):
            return cls()
        zeros = max((len(keys) // SAMPLE_SIZE).bit_length() - 1, 0)
        sample, neighbours = _sampled(read_only(keys), np.uint64((1 << zeros) - 1))
        return cls(len(keys), neighbours, zeros, sample, mix64(keys[[0, -1]]))._within()

    def merge(self, other: RepeatedRounds) -> RepeatedRounds:
        """The repeated rows of both parts; ``other`` must follow ``self`` in the order of the log."""
        if not self.rows or not other.rows:
            return self if self.rows else other
        zeros = max(self.zeros, other.zeros)
        left, right = self._ending(zeros).sample, other._ending(zeros).sample
        joined = bool(self.ends[1] == other.ends[0])
        if joined and len(right) and right[0] == other.ends[0]:
            right = right[1:]
        return RepeatedRounds(
            self.rows + other.rows,
            self.neighbours + other.neighbours + joined,
            zeros,
            np.concatenate([left, right]),
            np.array([self.ends[0], other.ends[1]]),
        )._within()

    def _within(self) -> RepeatedRounds:
        """The same with a sample that is not too large."""
        found = self
        while len(found.sample) > SAMPLE_SIZE:
            found = found._ending(found.zeros + 1)
        return found

    def _ending(self, zeros: int) -> RepeatedRounds:
        """The same with only the ids whose hashes end with this number of zeros."""
        if zeros == self.zeros:
            return self
        kept = self.sample[self.sample & np.uint64((1 << zeros) - 1) == 0]
        return RepeatedRounds(self.rows, self.neighbours, zeros, kept, self.ends)

    @property
    def number(self) -> int:
        """About how many rows repeat an id; exact if they follow the first one, or if no id was left out."""
        apart = len(self.sample) - len(np.unique(self.sample))
        return min(self.neighbours + (apart << self.zeros), self.rows)

    @property
    def exact(self) -> bool:
        """Whether :attr:`number` is exact."""
        return self.zeros == 0 or self.number == self.neighbours

    def notes(self, log: Log, role: str, cluster: str | None) -> Iterator[Note]:
        """A warning if ids are repeated, unless they are the clusters.

        Args:
            log: the log.
            role: the role of the ids.
            cluster: the role of the clusters; None: there are none.
        """
        number, name = self.number, log.name(role)
        if not number or (cluster is not None and log.name(cluster) == name):
            return
        about = "" if self.exact else "about "
        each = self.rows / max(self.rows - number, 1)
        text = (
            f"{about}{number:,} of {self.rows:,} rows repeat the {name!r} of another row ({each:.3g} rows "
            "each), as a join that fans out leaves them: each counts as a round of its own, and errors are "
            f"too small; wanted one row a round, or --cluster {name}"
        )
        share = number / self.rows
        level, limit = next(one for one in MANY_REPEATED if share > one[1])
        numbers = {"rows": number, "each": each, "threshold": limit}
        yield Note("repeated_rounds", text, numbers, level=level, value=share)


@kernel
def _sampled(keys: Hashes, mask: np.uint64) -> tuple[Hashes, int]:
    """Hashes whose bits of a mask are 0, of keys that do not repeat the one before; and the repeats."""
    kept, m, repeats = np.empty(keys.size, np.uint64), 0, 0
    for i in range(keys.size):
        again = i > 0 and keys[i] == keys[i - 1]
        repeats += again
        kept[m] = seeded(keys[i], np.uint64(0))
        m += (not again) and (kept[m] & mask) == 0
    return kept[:m].copy(), repeats
