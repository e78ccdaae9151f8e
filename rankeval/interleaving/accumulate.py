"""The moments of credit and wins in a log of interleaved lists, from one pass."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rankeval.array_types import Floats, Hashes, Ints
from rankeval.arrays import Segmented
from rankeval.errors import DataError
from rankeval.inference import Mean, Moments, NamedKeys, pairs_needed
from rankeval.interleaving.outcome_tests import DELTA
from rankeval.interleaving.session_credit import CREDIT, Crediting, Tally
from rankeval.logs import Grouping, Sessions, Units, fold, nothing_counts

PAIRS = pairs_needed([Mean(CREDIT), DELTA])


@dataclass(frozen=True)
class Sums:
    """The sums of one pass.

    Attributes:
        moments: moments of the terms of all sessions and of each segment.
        tally: counts of sessions, items and clicks, for warnings.
    """

    moments: Segmented[Moments]
    tally: Tally

    def merge(self, other: Sums) -> Sums:
        """The sums of both parts. The result is reproducible if parts are merged in the order of the log."""
        return Sums(self.moments.merge(other.moments, Moments.merge), self.tally.merge(other.tally))


def accumulate(crediting: Crediting, grouping: Grouping, threads: int | None) -> Sums:
    """The moments of credit and wins of the sessions of a log, from one pass.

    Raises:
        DataError: as :meth:`Crediting.terms`; no item has a team; every session has weight 0.
        UsageError: there are more than 10,000 segments, or 1,000 with a bootstrap or clusters.
    """
    log = crediting.log
    units = Units.of(log, "session_id", grouping)

    def work(sessions: Sessions) -> Sums:
        terms, tally = crediting.terms(sessions)
        keys, counts = units.keys(sessions), units.counts(sessions)
        users = units.users_of(sessions)
        named = None if units.users is None or users is None else NamedKeys(units.users, users)
        whole = Moments.of(terms, PAIRS, keys, counts, named)
        parts = units.segments(sessions)
        segments = {value: _of_rows(terms, keys, counts, rows) for value, rows in parts.items()}
        return Sums(Segmented(whole, segments, units.most_segments), tally)

    found = fold(log, list(dict.fromkeys([*crediting.roles, *units.roles])), work, Sums.merge, threads)
    if found.tally.items and found.tally.items_without_team == found.tally.items:
        raise DataError(
            f"{log.origin}: column {log.name('team')!r} is null in all rows, wanted the teams of items, or a "
            f"method with {log.name('rank_a')!r} and {log.name('rank_b')!r}"
        )
    if not found.moments.whole.n:
        raise nothing_counts(log)
    return replace(found, moments=found.moments.where(lambda part: part.n > 0))


def _of_rows(
    terms: Floats,
    keys: Hashes | None,
    counts: Floats | None,
    rows: Ints,
) -> Moments:
    chosen_keys = None if keys is None else keys[rows]
    return Moments.of(terms[:, rows], PAIRS, chosen_keys, None if counts is None else counts[rows])
